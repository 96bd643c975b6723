package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Reasons of a wake-up.
const (
	WakeStart    = "start"
	WakeTimer    = "timer"
	WakeTask     = "task"
	WakeCallback = "callback"
	WakeBranch   = "branch"
	WakeRetry    = "retry"
	WakeChild    = "child"
	WakeHeld     = "held" // the installation came out of a backup and was not released
)

// Wakeup is the permission for an execution to move on, now or later.
type Wakeup struct {
	ID          int64
	ExecutionID string
	WorkflowID  int64  // of the execution, for a fair hand-over; 0 = not known. It is not stored
	StepID      string // the step that is resumed; empty starts at the beginning
	Reason      string
	Lane        int // 0 before 1: people who wait on a page come first
	DueAt       Millis
	Signal      string // JSON for the resumed step; empty = none
}

// InsertWakeup inserts a wake-up and hands it over once the transaction has
// committed; one for later is handed over when it is due.
func InsertWakeup(ctx context.Context, tx *Tx, w *Wakeup) error {
	if w.Reason == WakeHeld {
		if err := tx.whileHeld(ctx, w); err != nil {
			return err
		}
	}
	err := tx.Queue(ctx, `INSERT INTO wakeups (execution_id, step_id, reason, lane, due_at, state, signal, created_at)
		VALUES (?, ?, ?, ?, ?, 'ready', ?, ?)`,
		w.ExecutionID, orNull(w.StepID), w.Reason, w.Lane, w.DueAt, w.Signal, At(tx.Now()))
	if err != nil {
		return fmt.Errorf("insert wake-up: %w", err)
	}
	tx.announce(PendingWakeup{ExecutionID: w.ExecutionID, WorkflowID: w.WorkflowID, Lane: w.Lane, DueAt: w.DueAt.Time()})
	return nil
}

// announce hands a wake-up over once the transaction has committed. One that is never due
// is handed over by what makes it due.
func (tx *Tx) announce(w PendingWakeup) {
	if At(w.DueAt) >= Never {
		return
	}
	tx.AfterCommit(func() { tx.db.handOver(w) })
}

// OnWakeup registers who is told about each committed wake-up. It is called once,
// before the first write; fn runs on the writer and must not block.
func (db *DB) OnWakeup(fn func(PendingWakeup)) { db.onWakeup.Store(&fn) }

func (db *DB) handOver(w PendingWakeup) {
	if fn := db.onWakeup.Load(); fn != nil {
		(*fn)(w)
	}
}

// DueWakeups loads the wake-ups of one execution that are due at now, oldest first.
func DueWakeups(ctx context.Context, q Querier, executionID string, now time.Time) ([]Wakeup, error) {
	var out []Wakeup
	rows, err := q.Query(ctx, `SELECT id, COALESCE(step_id, ''), reason, lane, due_at, signal FROM wakeups
		WHERE execution_id = ? AND state <> 'done' AND due_at <= ? ORDER BY id`, executionID, At(now))
	err = Rows(rows, err, func(r *sql.Rows) error {
		w := Wakeup{ExecutionID: executionID}
		err := r.Scan(&w.ID, &w.StepID, &w.Reason, &w.Lane, &w.DueAt, &w.Signal)
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load wake-ups of %s: %w", executionID, err)
	}
	return out, nil
}

// PendingWakeup is what a queue needs to know of a wake-up.
type PendingWakeup struct {
	ExecutionID string
	WorkflowID  int64 // whose turn it is; 0 = not known
	Lane        int
	DueAt       time.Time
}

// PendingWakeups lists the next wake-ups that are not done and due before until,
// earliest first, at most limit.
func PendingWakeups(ctx context.Context, q Querier, until time.Time, limit int) ([]PendingWakeup, error) {
	rows, err := q.Query(ctx, `SELECT d.execution_id, COALESCE(e.workflow_id, 0), d.lane, d.due FROM (SELECT execution_id, MIN(lane) AS lane, MIN(due_at) AS due
		FROM wakeups WHERE state <> 'done' AND due_at <= ? GROUP BY execution_id ORDER BY MIN(due_at) LIMIT ?) d
		LEFT JOIN executions e ON e.id = d.execution_id ORDER BY d.due`, At(until), limit)
	return pendingWakeups(rows, err)
}

func pendingWakeups(rows *sql.Rows, err error) ([]PendingWakeup, error) {
	var out []PendingWakeup
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			w   PendingWakeup
			due Millis
		)
		err := r.Scan(&w.ExecutionID, &w.WorkflowID, &w.Lane, &due)
		w.DueAt = due.Time()
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load pending wake-ups: %w", err)
	}
	return out, nil
}

// FinishWakeups marks wake-ups done.
func FinishWakeups(ctx context.Context, tx *Tx, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	err := tx.Queue(ctx, "UPDATE wakeups SET state = 'done' WHERE state <> 'done' AND id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	if err != nil {
		return fmt.Errorf("finish wake-ups: %w", err)
	}
	return nil
}

// FreeLeases makes leased wake-ups ready again: those whose lease ended before
// now, or all of them when the caller has proof that no holder lives.
func FreeLeases(ctx context.Context, tx *Tx, all bool) (int64, error) {
	where, args := "lease_until < ?", []any{At(tx.Now())}
	if all {
		where, args = "1 = 1", nil
		// Attempts in flight had their look-again time set to the end of the lease.
		_, err := tx.Exec(ctx, `UPDATE wakeups SET due_at = ? WHERE state <> 'done' AND due_at > ?
			AND step_id IN (SELECT id FROM steps WHERE status = 'running')`, At(tx.Now()), At(tx.Now()))
		if err != nil {
			return 0, fmt.Errorf("free attempts in flight: %w", err)
		}
	}
	n, err := tx.Exec(ctx, "UPDATE wakeups SET state = 'ready', lease_until = 0 WHERE state = 'leased' AND "+where, args...)
	if err != nil {
		return 0, fmt.Errorf("free leases: %w", err)
	}
	return n, nil
}

// ParkedWakeups lists the wake-ups by which a holder stored where it goes on. Whoever
// still holds the execution consumes them by going on.
func ParkedWakeups(ctx context.Context, q Querier, executionID string) ([]int64, error) {
	return wakeupIDs(ctx, q, "SELECT id FROM wakeups WHERE execution_id = ? AND state <> 'done' AND reason = 'branch'", executionID)
}

// WakeupsOf lists the open wake-ups of a step.
func WakeupsOf(ctx context.Context, q Querier, stepID string) ([]int64, error) {
	return wakeupIDs(ctx, q, "SELECT id FROM wakeups WHERE step_id = ? AND state <> 'done'", stepID)
}

func wakeupIDs(ctx context.Context, q Querier, query, of string) ([]int64, error) {
	var out []int64
	rows, err := q.Query(ctx, query, of)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load wake-ups of %s: %w", of, err)
	}
	return out, nil
}

// WaitsForTime says for what a step waits when that is time: WakeTimer, or WakeRetry
// between two attempts; empty when it is neither.
func WaitsForTime(ctx context.Context, q Querier, stepID string) (reason string, err error) {
	err = q.QueryRow(ctx, "SELECT reason FROM wakeups WHERE step_id = ? AND state <> 'done' AND reason IN (?, ?) ORDER BY due_at LIMIT 1", stepID, WakeTimer, WakeRetry).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, storageError(err)
}
