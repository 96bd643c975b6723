-- +goose Up
-- What the queries that must find nothing have found. A row that comes twice in a row is
-- an alarm; one that is gone again is kept as long as it was one.
CREATE TABLE watchdog_findings (
  id          @PK@,
  check_name  TEXT NOT NULL,
  says        TEXT NOT NULL,
  found       TEXT NOT NULL,
  first_at    BIGINT NOT NULL,
  last_at     BIGINT NOT NULL,
  times       BIGINT NOT NULL DEFAULT 1,
  alarmed_at  BIGINT NOT NULL DEFAULT 0,
  repaired_at BIGINT NOT NULL DEFAULT 0,
  cleared_at  BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX watchdog_findings_open ON watchdog_findings (check_name, found) WHERE cleared_at = 0;
