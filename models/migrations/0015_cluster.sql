-- +goose Up
-- Several processes on one PostgreSQL: who works on an execution, and who leads.
ALTER TABLE executions ADD COLUMN lease_owner TEXT NOT NULL DEFAULT '';

CREATE TABLE leaders (
  name    TEXT PRIMARY KEY,
  process TEXT NOT NULL,
  until   BIGINT NOT NULL
);
