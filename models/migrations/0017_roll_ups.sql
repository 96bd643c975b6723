-- +goose Up
-- Counts of executions (node = '') and of steps, by hour: of executions the one in which they were created, of steps the
-- one in which they ended. hour = 0 stands for all time. removed = 1 counts what has been removed since, so that the
-- difference is what is there. shard keeps the processes on one database out of each other's way; readers add up.
-- d0 to d11 count what succeeded by how long it took: under 10, 30, 100, 300 ms, 1, 3, 10 s, 1, 10 min, 1 h, 1 day, longer.
DROP TABLE stats_hourly;
CREATE TABLE stats_hourly (
  node        TEXT NOT NULL DEFAULT '',
  hour        BIGINT NOT NULL,
  workflow_id BIGINT NOT NULL,
  version_id  BIGINT NOT NULL,
  removed     BIGINT NOT NULL DEFAULT 0,
  shard       BIGINT NOT NULL DEFAULT 0,
  started     BIGINT NOT NULL DEFAULT 0,
  succeeded   BIGINT NOT NULL DEFAULT 0,
  failed      BIGINT NOT NULL DEFAULT 0,
  refused     BIGINT NOT NULL DEFAULT 0,
  rejected    BIGINT NOT NULL DEFAULT 0,
  cancelled   BIGINT NOT NULL DEFAULT 0,
  timed_out   BIGINT NOT NULL DEFAULT 0,
  skipped     BIGINT NOT NULL DEFAULT 0,
  total_ms    BIGINT NOT NULL DEFAULT 0,
  d0          BIGINT NOT NULL DEFAULT 0,
  d1          BIGINT NOT NULL DEFAULT 0,
  d2          BIGINT NOT NULL DEFAULT 0,
  d3          BIGINT NOT NULL DEFAULT 0,
  d4          BIGINT NOT NULL DEFAULT 0,
  d5          BIGINT NOT NULL DEFAULT 0,
  d6          BIGINT NOT NULL DEFAULT 0,
  d7          BIGINT NOT NULL DEFAULT 0,
  d8          BIGINT NOT NULL DEFAULT 0,
  d9          BIGINT NOT NULL DEFAULT 0,
  d10         BIGINT NOT NULL DEFAULT 0,
  d11         BIGINT NOT NULL DEFAULT 0,
  last_at     BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (node, hour, workflow_id, version_id, removed, shard)
) @CLUSTERED@;

-- What there is already.
INSERT INTO stats_hourly (hour, workflow_id, version_id, started, succeeded, failed, refused, rejected, cancelled, timed_out, total_ms, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, last_at)
SELECT e.created_at - e.created_at % 3600000, e.workflow_id, e.version_id, COUNT(*),
  SUM(CASE WHEN e.status = 'succeeded' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'failed' AND e.reason NOT IN ('refused', 'end_node') THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'failed' AND e.reason IN ('refused', 'end_node') THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'rejected' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'cancelled' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'timed_out' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' THEN e.ended_at - e.started_at ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at < 10 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 10 AND e.ended_at - e.started_at < 30 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 30 AND e.ended_at - e.started_at < 100 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 100 AND e.ended_at - e.started_at < 300 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 300 AND e.ended_at - e.started_at < 1000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 1000 AND e.ended_at - e.started_at < 3000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 3000 AND e.ended_at - e.started_at < 10000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 10000 AND e.ended_at - e.started_at < 60000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 60000 AND e.ended_at - e.started_at < 600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 600000 AND e.ended_at - e.started_at < 3600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 3600000 AND e.ended_at - e.started_at < 86400000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 86400000 THEN 1 ELSE 0 END),
  MAX(e.created_at)
FROM executions e GROUP BY e.created_at - e.created_at % 3600000, e.workflow_id, e.version_id;

INSERT INTO stats_hourly (hour, workflow_id, version_id, started, succeeded, failed, refused, rejected, cancelled, timed_out, total_ms, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, last_at)
SELECT 0, e.workflow_id, e.version_id, COUNT(*),
  SUM(CASE WHEN e.status = 'succeeded' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'failed' AND e.reason NOT IN ('refused', 'end_node') THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'failed' AND e.reason IN ('refused', 'end_node') THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'rejected' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'cancelled' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'timed_out' THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' THEN e.ended_at - e.started_at ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at < 10 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 10 AND e.ended_at - e.started_at < 30 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 30 AND e.ended_at - e.started_at < 100 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 100 AND e.ended_at - e.started_at < 300 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 300 AND e.ended_at - e.started_at < 1000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 1000 AND e.ended_at - e.started_at < 3000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 3000 AND e.ended_at - e.started_at < 10000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 10000 AND e.ended_at - e.started_at < 60000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 60000 AND e.ended_at - e.started_at < 600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 600000 AND e.ended_at - e.started_at < 3600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 3600000 AND e.ended_at - e.started_at < 86400000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN e.status = 'succeeded' AND e.ended_at - e.started_at >= 86400000 THEN 1 ELSE 0 END),
  MAX(e.created_at)
FROM executions e GROUP BY e.workflow_id, e.version_id;

INSERT INTO stats_hourly (node, hour, workflow_id, version_id, succeeded, failed, skipped, total_ms, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, last_at)
SELECT s.node, s.ended_at - s.ended_at % 3600000, e.workflow_id, e.version_id,
  SUM(CASE WHEN s.status = 'done' THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'failed' THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'skipped' THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at > s.started_at THEN s.ended_at - s.started_at ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at < 10 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 10 AND s.ended_at - s.started_at < 30 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 30 AND s.ended_at - s.started_at < 100 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 100 AND s.ended_at - s.started_at < 300 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 300 AND s.ended_at - s.started_at < 1000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 1000 AND s.ended_at - s.started_at < 3000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 3000 AND s.ended_at - s.started_at < 10000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 10000 AND s.ended_at - s.started_at < 60000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 60000 AND s.ended_at - s.started_at < 600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 600000 AND s.ended_at - s.started_at < 3600000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 3600000 AND s.ended_at - s.started_at < 86400000 THEN 1 ELSE 0 END),
  SUM(CASE WHEN s.status = 'done' AND s.ended_at - s.started_at >= 86400000 THEN 1 ELSE 0 END),
  MAX(s.ended_at)
FROM steps s JOIN executions e ON e.id = s.execution_id WHERE s.status IN ('done', 'failed', 'skipped') AND s.carried_from = ''
GROUP BY s.node, s.ended_at - s.ended_at % 3600000, e.workflow_id, e.version_id;
