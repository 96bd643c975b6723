package models

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Lanes of the queue.
const (
	LanePeople     = 0 // somebody waits on a page
	LaneBackground = 1
)

// DueLane is what is due in one lane and not finished, what is being worked on included.
type DueLane struct {
	Lane   int
	Count  int64
	Oldest Millis // due time of what has been due longest
}

// DueLanes says what is due in each lane that holds anything.
func DueLanes(ctx context.Context, q Querier, now time.Time) ([]DueLane, error) {
	var out []DueLane
	rows, err := q.Query(ctx, "SELECT lane, COUNT(*), MIN(due_at) FROM wakeups WHERE state <> 'done' AND due_at <= ? GROUP BY lane ORDER BY lane", At(now))
	err = Rows(rows, err, func(r *sql.Rows) error {
		var l DueLane
		err := r.Scan(&l.Lane, &l.Count, &l.Oldest)
		out = append(out, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count due wake-ups: %w", err)
	}
	return out, nil
}

// DueWorkflow is what is due of one workflow.
type DueWorkflow struct {
	WorkflowID int64
	Executions int64
	Oldest     Millis
}

// dueSample is how many due wake-ups are looked at: enough to say who is in the way.
const dueSample = 10_000

// DueWorkflows says whose executions are due, the longest waiting first, among the
// wake-ups that have been due longest.
func DueWorkflows(ctx context.Context, q Querier, now time.Time, limit int) ([]DueWorkflow, error) {
	var out []DueWorkflow
	rows, err := q.Query(ctx, `SELECT e.workflow_id, COUNT(DISTINCT e.id), MIN(w.due_at)
		FROM (SELECT execution_id, due_at FROM wakeups WHERE state <> 'done' AND due_at <= ? ORDER BY due_at LIMIT ?) w
		JOIN executions e ON e.id = w.execution_id GROUP BY e.workflow_id ORDER BY MIN(w.due_at), e.workflow_id LIMIT ?`, At(now), dueSample, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var d DueWorkflow
		err := r.Scan(&d.WorkflowID, &d.Executions, &d.Oldest)
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list due workflows: %w", err)
	}
	return out, nil
}

// NextTimer is the due time of what is due next by itself; 0 for nothing.
func NextTimer(ctx context.Context, q Querier, now time.Time) (Millis, error) {
	var at sql.NullInt64
	err := q.QueryRow(ctx, "SELECT MIN(due_at) FROM wakeups WHERE state <> 'done' AND due_at > ? AND due_at < ?", At(now), heldUntil).Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("read next timer: %w", storageError(err))
	}
	return Millis(at.Int64), nil
}

// LiveExecutions counts the executions that have not ended, by status.
func LiveExecutions(ctx context.Context, q Querier) (map[Status]int64, error) {
	out := map[Status]int64{Queued: 0, Running: 0, Waiting: 0}
	rows, err := q.Query(ctx, "SELECT status, COUNT(*) FROM executions WHERE "+liveExecution+" GROUP BY status")
	err = Rows(rows, err, func(r *sql.Rows) error {
		var s Status
		var n int64
		err := r.Scan(&s, &n)
		out[s] = n
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count live executions: %w", err)
	}
	return out, nil
}

// Bytes is the size of the database, and on SQLite of the log beside it.
func (db *DB) Bytes(ctx context.Context) (map[string]int64, error) {
	if db.dialect == Postgres {
		var n int64
		err := db.Read().QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("measure database: %w", storageError(err))
		}
		return map[string]int64{"database": n}, nil
	}
	out := map[string]int64{}
	for part, suffix := range map[string]string{"database": "", "log": "-wal"} {
		info, err := os.Stat(filepath.Join(db.dir, sqliteFile) + suffix)
		switch {
		case os.IsNotExist(err):
			out[part] = 0
		case err != nil:
			return nil, fmt.Errorf("measure database: %w", err)
		default:
			out[part] = info.Size()
		}
	}
	return out, nil
}
