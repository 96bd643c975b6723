-- +goose Up
-- Finds the passes of a container in which a step failed, in their order.
CREATE INDEX steps_failed ON steps (parent_step_id, LENGTH(path), path) WHERE status = 'failed';

-- Edits that a published version holds are not undone any more.
UPDATE draft_commands SET state = 'published' WHERE state = 'done' AND EXISTS (
  SELECT 1 FROM workflow_versions WHERE workflow_versions.workflow_id = draft_commands.workflow_id AND workflow_versions.published_at >= draft_commands.at
);
