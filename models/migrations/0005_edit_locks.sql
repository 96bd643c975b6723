-- +goose Up
-- Who edits a workflow now: a lease that lapses by itself.
CREATE TABLE edit_locks (
  workflow_id BIGINT PRIMARY KEY REFERENCES workflows (id) ON DELETE CASCADE,
  user_id     BIGINT NOT NULL,
  edited_at   BIGINT NOT NULL,
  until       BIGINT NOT NULL,
  asked_by    BIGINT NOT NULL DEFAULT 0,
  asked_at    BIGINT NOT NULL DEFAULT 0
);

-- What undo and redo would do next is asked for with every edit.
CREATE INDEX draft_commands_state ON draft_commands (workflow_id, state, revision);
