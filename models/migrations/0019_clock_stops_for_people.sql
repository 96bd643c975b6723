-- +goose Up
-- The time limit of an execution may stand still while it waits for nothing but people: whether it does, and since
-- when it stands (0 = it runs).
ALTER TABLE executions ADD COLUMN pauses_for_people BIGINT NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN people_since BIGINT NOT NULL DEFAULT 0;
