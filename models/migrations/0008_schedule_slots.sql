-- +goose Up
-- A schedule is a workflow ("12") or one record of a workflow ("12/42").
ALTER TABLE schedule_slots ADD COLUMN workflow_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE schedule_slots ADD COLUMN record_id TEXT NOT NULL DEFAULT '';

-- Number of the slot within its schedule, from 1.
ALTER TABLE schedule_slots ADD COLUMN number BIGINT NOT NULL DEFAULT 0;

-- When it was decided; 0 = it is due.
ALTER TABLE schedule_slots ADD COLUMN decided_at BIGINT NOT NULL DEFAULT 0;

-- A run of skipped slots in one row: how many, and the last of them.
ALTER TABLE schedule_slots ADD COLUMN count BIGINT NOT NULL DEFAULT 1;
ALTER TABLE schedule_slots ADD COLUMN last_at BIGINT NOT NULL DEFAULT 0;

-- It waits until an earlier execution has ended.
ALTER TABLE schedule_slots ADD COLUMN held BIGINT NOT NULL DEFAULT 0;

CREATE INDEX schedule_slots_due ON schedule_slots (held, slot_at) WHERE state = 'due';
CREATE INDEX schedule_slots_due_of ON schedule_slots (workflow_id) WHERE state = 'due';
CREATE INDEX schedule_slots_of ON schedule_slots (workflow_id, slot_at);

-- How far the slots of a workflow are planned.
CREATE TABLE schedules (
  workflow_id BIGINT PRIMARY KEY,
  version_id  BIGINT NOT NULL DEFAULT 0,
  planned_at  BIGINT NOT NULL DEFAULT 0,
  enabled_at  BIGINT NOT NULL DEFAULT 0,
  counts_from BIGINT NOT NULL DEFAULT 0,
  filling     BIGINT NOT NULL DEFAULT 0,
  fill_after  TEXT NOT NULL DEFAULT '',
  fill_done   BIGINT NOT NULL DEFAULT 0,
  fill_total  BIGINT NOT NULL DEFAULT 0
);
