-- +goose Up

-- History is append-only: the database itself refuses changes.
-- +goose StatementBegin
CREATE FUNCTION fr_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% never changes', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION fr_refuse();
CREATE TRIGGER task_actions_append_only BEFORE UPDATE OR DELETE ON task_actions FOR EACH ROW EXECUTE FUNCTION fr_refuse();
CREATE TRIGGER workflow_versions_no_update BEFORE UPDATE OF definition, hash, grants, elevated, number ON workflow_versions
  FOR EACH ROW EXECUTE FUNCTION fr_refuse();
CREATE TRIGGER executions_final BEFORE UPDATE OF status ON executions FOR EACH ROW
  WHEN (OLD.status NOT IN ('queued', 'running', 'waiting') AND NEW.status <> OLD.status) EXECUTE FUNCTION fr_refuse();

-- fr_fold is the comparison key of text filters: case folded, the same on every server locale.
CREATE FUNCTION fr_fold(TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT lower($1 COLLATE "und-x-icu")';
