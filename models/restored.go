package models

import (
	"context"
	"fmt"
	"time"

	"formrail/models/text"
)

// RestoredAt is the name of the fact that an installation came out of a backup.
// While it is set, nothing may leave the installation and nothing happens because
// time has passed: the installation that the backup is of may still be running.
const RestoredAt = "restored_at"

// heldUntil is when a wake-up is due that waits for an administrator: never by itself.
const heldUntil Millis = 253_402_214_400_000 // the last day of the year 9999

// HeldWakeup is the wake-up of a step that may leave the installation only once it is
// released.
func HeldWakeup(executionID, stepID string) Wakeup {
	return Wakeup{ExecutionID: executionID, StepID: stepID, Reason: WakeHeld, Lane: 1, DueAt: heldUntil}
}

// whileHeld makes a wake-up due at once when the installation was released meanwhile. A
// release that is under way is waited for: it makes due what it sees.
func (tx *Tx) whileHeld(ctx context.Context, w *Wakeup) error {
	query := "SELECT COUNT(*) FROM meta WHERE name = ?"
	if tx.Dialect() == Postgres {
		query = "SELECT COUNT(*) FROM (SELECT 1 FROM meta WHERE name = ? FOR SHARE) held"
	}
	var n int
	if err := tx.QueryRow(ctx, query, RestoredAt).Scan(&n); err != nil {
		return fmt.Errorf("look whether the installation is held: %w", storageError(err))
	}
	if n == 0 {
		w.DueAt = At(tx.Now())
	}
	return nil
}

// RestoredSince says when the installation came out of a backup that nobody has
// released yet; the zero time when it is not held.
func (db *DB) RestoredSince(ctx context.Context) (time.Time, error) {
	stored, err := db.Meta(ctx, RestoredAt)
	if err != nil || stored == "" {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, stored)
	if err != nil { // set by hand: held all the same
		return time.Unix(0, 0).UTC(), nil //nolint:nilerr // what cannot be read must not let anything out
	}
	return at, nil
}

// ReleaseRestored lets an installation that came out of a backup act again: steps that
// were held are due at once. It needs the right to restore, and says so in the audit
// log. An installation that is not held is a conflict.
func ReleaseRestored(ctx context.Context, tx *Tx, by Access) error {
	if err := by.Require("instance.restore"); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, "DELETE FROM meta WHERE name = ?", RestoredAt)
	if err != nil {
		return fmt.Errorf("release installation: %w", err)
	}
	if n == 0 {
		return Conflict("NOT_HELD", text.M("restored.not_held", "Nothing is held: this installation has been released already."))
	}
	_, err = tx.Exec(ctx, "UPDATE wakeups SET due_at = ? WHERE reason = ? AND state <> 'done'", At(tx.Now()), WakeHeld)
	if err != nil {
		return fmt.Errorf("release held steps: %w", err)
	}
	return Audit(ctx, tx, AuditEntry{Principal: by.Principal, Action: "instance.release"})
}

// HeldExecutions counts the executions with a step that is held.
func HeldExecutions(ctx context.Context, q Querier) (int, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(DISTINCT execution_id) FROM wakeups WHERE reason = ? AND state <> 'done'", WakeHeld).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count held executions: %w", storageError(err))
	}
	return n, nil
}
