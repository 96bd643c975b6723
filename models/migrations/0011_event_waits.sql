-- +goose Up
-- Steps that wait for an event. What a filter wants exactly stands in columns of its own.
CREATE TABLE event_waits (
  step_id       TEXT PRIMARY KEY,
  execution_id  TEXT NOT NULL,
  event         TEXT NOT NULL,
  resource_type TEXT NOT NULL DEFAULT '',
  resource_id   TEXT NOT NULL DEFAULT '',
  filter        TEXT NOT NULL,
  state         TEXT NOT NULL DEFAULT 'open'
);
CREATE INDEX event_waits_open ON event_waits (resource_type, resource_id) WHERE state = 'open';
CREATE INDEX event_waits_execution ON event_waits (execution_id) WHERE state = 'open';
CREATE INDEX events_at ON events (at);

-- What others sent to the address of a step, also before it was reached.
CREATE TABLE callback_calls (
  id           @PK@,
  execution_id TEXT NOT NULL,
  node         TEXT NOT NULL,
  path         TEXT NOT NULL,
  at           BIGINT NOT NULL,
  request_id   TEXT NOT NULL DEFAULT '',
  body         TEXT NOT NULL
);
CREATE INDEX callback_calls_place ON callback_calls (execution_id, node, path);
