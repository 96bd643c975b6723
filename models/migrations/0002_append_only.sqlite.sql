-- +goose Up

-- History is append-only: the database itself refuses changes.
-- +goose StatementBegin
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER task_actions_no_update BEFORE UPDATE ON task_actions BEGIN SELECT RAISE(ABORT, 'task_actions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER task_actions_no_delete BEFORE DELETE ON task_actions BEGIN SELECT RAISE(ABORT, 'task_actions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER workflow_versions_no_update BEFORE UPDATE OF definition, hash, grants, elevated, number ON workflow_versions
BEGIN SELECT RAISE(ABORT, 'published versions never change'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER executions_final BEFORE UPDATE OF status ON executions
WHEN OLD.status NOT IN ('queued', 'running', 'waiting') AND NEW.status <> OLD.status
BEGIN SELECT RAISE(ABORT, 'a final execution never changes'); END;
-- +goose StatementEnd
