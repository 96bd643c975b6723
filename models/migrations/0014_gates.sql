-- +goose Up
-- What lets only some executions of a workflow go at a time. A workflow without limits
-- that was never paused has no row.
CREATE TABLE gates (
  workflow_id BIGINT PRIMARY KEY,

  -- Limits; 0 = none.
  concurrency BIGINT NOT NULL DEFAULT 0,
  rate_count  BIGINT NOT NULL DEFAULT 0,
  rate_ms     BIGINT NOT NULL DEFAULT 0,

  -- Counted in the transactions that move permits.
  turns  BIGINT NOT NULL DEFAULT 0,
  starts BIGINT NOT NULL DEFAULT 0,
  given  BIGINT NOT NULL DEFAULT 0,
  kept   BIGINT NOT NULL DEFAULT 0,

  -- When to look again; 0 = when an execution ends.
  next_at BIGINT NOT NULL DEFAULT 0,

  paused_at   BIGINT NOT NULL DEFAULT 0,
  paused_by   BIGINT NOT NULL DEFAULT 0,
  paused_why  TEXT NOT NULL DEFAULT '',
  paused_note TEXT NOT NULL DEFAULT '',

  -- What was kept up to this turn is dropped, or of each record only the newest stays.
  drop_upto   BIGINT NOT NULL DEFAULT 0,
  newest_upto BIGINT NOT NULL DEFAULT 0,
  dropped_by  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX gates_next ON gates (next_at) WHERE next_at > 0;
CREATE INDEX gates_dropping ON gates (workflow_id) WHERE drop_upto > 0 OR newest_upto > 0;

-- The leave of an execution to go: it waits for it, or it has it until it ends.
CREATE TABLE permits (
  execution_id TEXT PRIMARY KEY,
  workflow_id  BIGINT NOT NULL,
  turn         BIGINT NOT NULL,
  lane         BIGINT NOT NULL DEFAULT 1,
  state        TEXT NOT NULL,
  order_key    TEXT NOT NULL DEFAULT '',
  record       TEXT NOT NULL DEFAULT '',
  settle_key   TEXT,
  settle_at    BIGINT NOT NULL DEFAULT 0,
  settle_by    BIGINT NOT NULL DEFAULT 0,
  created_at   BIGINT NOT NULL
);
CREATE INDEX permits_next ON permits (workflow_id, state, lane, turn);
CREATE INDEX permits_key ON permits (workflow_id, order_key, turn) WHERE order_key <> '';
CREATE INDEX permits_record ON permits (workflow_id, record, turn) WHERE record <> '' AND state <> 'given';
CREATE INDEX permits_settle ON permits (settle_at) WHERE state = 'settling';
CREATE UNIQUE INDEX permits_settle_key ON permits (workflow_id, settle_key) WHERE state = 'settling';

-- The last starts of a workflow with a rate.
CREATE TABLE gate_starts (
  workflow_id BIGINT NOT NULL,
  number      BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  PRIMARY KEY (workflow_id, number)
);

-- Keys of starts that joined one which had not gone yet.
CREATE TABLE joined_starts (
  workflow_id  BIGINT NOT NULL,
  idem_key     TEXT NOT NULL,
  execution_id TEXT NOT NULL,
  at           BIGINT NOT NULL,
  PRIMARY KEY (workflow_id, idem_key)
);
CREATE INDEX joined_starts_at ON joined_starts (at);

-- It has a permit, or waits for one.
ALTER TABLE executions ADD COLUMN gated BIGINT NOT NULL DEFAULT 0;
