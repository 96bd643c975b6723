-- +goose Up
-- Each attempt of a step that was tried more than once, in order.
ALTER TABLE steps ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';

-- Who ended an execution from outside; 0 = nobody did.
ALTER TABLE executions ADD COLUMN ended_by BIGINT NOT NULL DEFAULT 0;
