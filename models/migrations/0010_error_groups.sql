-- +goose Up
-- Failures that look alike, for each error workflow: when it was last started for them
-- and how many came since.
CREATE TABLE error_groups (
  workflow_id BIGINT NOT NULL,
  signature   TEXT NOT NULL,
  started_at  BIGINT NOT NULL,
  execution_id TEXT NOT NULL,
  since       BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (workflow_id, signature)
);
CREATE INDEX error_groups_at ON error_groups (started_at);
