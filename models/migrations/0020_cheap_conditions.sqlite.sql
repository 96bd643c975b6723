-- +goose Up

-- The same rules in words that cost SQLite less: for a list of more than two values it builds a table whenever it
-- writes a row.
DROP INDEX executions_live;
CREATE INDEX executions_live ON executions (status) WHERE (status = 'queued' OR status = 'running' OR status = 'waiting');
DROP INDEX steps_open;
CREATE INDEX steps_open ON steps (execution_id) WHERE (status = 'planned' OR status = 'running' OR status = 'waiting' OR status = 'unknown');
DROP INDEX steps_open_parent;
CREATE INDEX steps_open_parent ON steps (parent_step_id) WHERE (status = 'planned' OR status = 'running' OR status = 'waiting' OR status = 'unknown');
DROP TRIGGER executions_final;
-- +goose StatementBegin
CREATE TRIGGER executions_final BEFORE UPDATE OF status ON executions
WHEN OLD.status <> 'queued' AND OLD.status <> 'running' AND OLD.status <> 'waiting' AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'a final execution never changes'); END;
-- +goose StatementEnd
