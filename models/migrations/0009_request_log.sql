-- +goose Up
-- Secrets that settings of workflows refer to by their id. Each is sealed with a key of
-- its own, which is sealed with the master key; that one is never stored here.
CREATE TABLE secrets (
  id            TEXT PRIMARY KEY,
  workflow_id   BIGINT NOT NULL,
  setting       TEXT NOT NULL,
  key_version   BIGINT NOT NULL DEFAULT 1,
  sealed_key    @BYTES@ NOT NULL,
  sealed        @BYTES@ NOT NULL,
  created_by_id BIGINT NOT NULL DEFAULT 0,
  created_at    BIGINT NOT NULL
);
CREATE INDEX secrets_workflow ON secrets (workflow_id, setting);

-- Requests of other programs, without what proves who sent them.
CREATE TABLE request_log (
  id           TEXT PRIMARY KEY,
  workflow_id  BIGINT NOT NULL,
  at           BIGINT NOT NULL,
  method       TEXT NOT NULL,
  address      TEXT NOT NULL DEFAULT '',
  status       BIGINT NOT NULL,
  reason       TEXT NOT NULL DEFAULT '',
  took_ms      BIGINT NOT NULL DEFAULT 0,
  size         BIGINT NOT NULL DEFAULT 0,
  content_type TEXT NOT NULL DEFAULT '',
  headers      TEXT NOT NULL DEFAULT '{}',
  query        TEXT NOT NULL DEFAULT '',
  body         TEXT NOT NULL DEFAULT '',
  cut          BIGINT NOT NULL DEFAULT 0,
  warnings     TEXT NOT NULL DEFAULT '[]',
  execution_id TEXT NOT NULL DEFAULT '',
  request_id   TEXT NOT NULL DEFAULT '',
  replay_of    TEXT NOT NULL DEFAULT ''
);
CREATE INDEX request_log_workflow ON request_log (workflow_id, id);
