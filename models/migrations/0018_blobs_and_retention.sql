-- +goose Up
-- When a blob was last written by somebody who refers to it.
ALTER TABLE blobs ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;

-- Who refers to a blob: a value that begins with @ is a reference. Small, because few values are large.
CREATE INDEX steps_input_blob ON steps (SUBSTR(input, 2, 64)) WHERE SUBSTR(input, 1, 1) = '@';
CREATE INDEX steps_output_blob ON steps (SUBSTR(output, 2, 64)) WHERE SUBSTR(output, 1, 1) = '@';
CREATE INDEX executions_trigger_blob ON executions (SUBSTR(trigger_data, 2, 64)) WHERE SUBSTR(trigger_data, 1, 1) = '@';
CREATE INDEX executions_output_blob ON executions (SUBSTR(output, 2, 64)) WHERE SUBSTR(output, 1, 1) = '@';

-- History is removed by age. held = 1 keeps an execution until somebody lets it go.
ALTER TABLE executions ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
CREATE INDEX executions_rerun ON executions (rerun_of) WHERE rerun_of <> '';
CREATE INDEX callbacks_execution ON callbacks (execution_id);

-- What is left of executions that were removed: who asks for one is told so.
CREATE TABLE removed_executions (
  id          TEXT PRIMARY KEY,
  number      BIGINT NOT NULL,
  workflow_id BIGINT NOT NULL,
  user_id     BIGINT NOT NULL DEFAULT 0,
  removed_by  BIGINT NOT NULL DEFAULT 0,
  at          BIGINT NOT NULL
);
CREATE INDEX removed_executions_number ON removed_executions (number);

-- Long work of a person goes on in chunks. chunk holds the ids that are under way, cursor what lies behind; both commit
-- with the counts, so whoever takes over knows what was done. wanted is what a person asks for: pause or cancel.
ALTER TABLE operations ADD COLUMN chunk TEXT NOT NULL DEFAULT '[]';
ALTER TABLE operations ADD COLUMN cursor_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN skipped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN rate BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN wanted TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN lease_token BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX operations_open ON operations (state) WHERE state IN ('queued', 'running', 'paused');
CREATE INDEX operations_starter ON operations (started_by, created_at);

-- What became of each item of an operation.
CREATE TABLE operation_items (
  operation_id TEXT NOT NULL,
  item         TEXT NOT NULL,
  outcome      TEXT NOT NULL,
  detail       TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (operation_id, item)
);
