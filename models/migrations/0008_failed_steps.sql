-- +goose Up
-- Finds the passes of a container in which a step failed, in their order.
CREATE INDEX steps_failed ON steps (parent_step_id, LENGTH(path), path) WHERE status = 'failed';
