package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// LeaseTTL is how long a stored lease lives without renewal.
const LeaseTTL = 15 * time.Second

// LeaseRenewal is how often a holder renews its lease.
const LeaseRenewal = 5 * time.Second

// Lease is the stored claim of a process on an execution. It says to others that
// somebody works there and lives; what may be committed only the token decides.
type Lease struct {
	ExecutionID string
	Token       int64 // the holder's
	Next        int64 // the one after a commit that is under way; equal to Token without one
}

// LeasedByOther reports whether a process other than self holds a lease that has not ended.
func (e *Execution) LeasedByOther(self string, now time.Time) bool {
	return e.LeaseOwner != "" && e.LeaseOwner != self && e.LeaseUntil > At(now)
}

// RenewLeases lengthens the leases of a process, or takes those that nobody has. It lists
// the executions that are not the process's any more.
func RenewLeases(ctx context.Context, tx *Tx, process string, held []Lease) (lost []string, err error) {
	now := tx.Now()
	for _, l := range held {
		n, err := tx.Exec(ctx, `UPDATE executions SET lease_until = ?, lease_owner = ? WHERE id = ? AND lease_token IN (?, ?)
			AND `+liveExecution+` AND (lease_owner IN ('', ?) OR lease_until < ?)`,
			At(now.Add(LeaseTTL)), process, l.ExecutionID, l.Token, l.Next, process, At(now))
		if err != nil {
			return nil, fmt.Errorf("renew lease of %s: %w", l.ExecutionID, err)
		}
		if n == 0 {
			lost = append(lost, l.ExecutionID)
		}
	}
	return lost, nil
}

// GiveLeaseBack ends the lease of a process on one execution.
func GiveLeaseBack(ctx context.Context, tx *Tx, process, executionID string) error {
	_, err := tx.Exec(ctx, "UPDATE executions SET lease_until = 0, lease_owner = '' WHERE id = ? AND lease_owner = ?", executionID, process)
	if err != nil {
		return fmt.Errorf("give lease of %s back: %w", executionID, err)
	}
	return nil
}

// GiveLeasesBack ends the leases of a process that stops.
func GiveLeasesBack(ctx context.Context, tx *Tx, process string) error {
	_, err := tx.Exec(ctx, `UPDATE executions SET lease_until = 0, lease_owner = '' WHERE `+liveExecution+` AND lease_owner = ?`, process)
	if err != nil {
		return fmt.Errorf("give leases back: %w", err)
	}
	return nil
}

// StrandedWakeups lists wake-ups that have been due since before at and that no living
// lease explains, longest due first, one for each execution.
func StrandedWakeups(ctx context.Context, q Querier, at, now time.Time, limit int) ([]PendingWakeup, error) {
	rows, err := q.Query(ctx, `SELECT w.execution_id, e.workflow_id, MIN(w.lane), MIN(w.due_at) FROM wakeups w JOIN executions e ON e.id = w.execution_id
		WHERE w.state <> 'done' AND w.due_at <= ? AND e.lease_until < ? GROUP BY w.execution_id, e.workflow_id ORDER BY MIN(w.due_at) LIMIT ?`,
		At(at), At(now), limit)
	return pendingWakeups(rows, err)
}

// ComingWakeups lists wake-ups that become due after since and until an instant.
func ComingWakeups(ctx context.Context, q Querier, since, until time.Time, limit int) ([]PendingWakeup, error) {
	rows, err := q.Query(ctx, `SELECT w.execution_id, COALESCE(e.workflow_id, 0), MIN(w.lane), MIN(w.due_at) FROM wakeups w LEFT JOIN executions e ON e.id = w.execution_id
		WHERE w.state <> 'done' AND w.due_at > ? AND w.due_at <= ? GROUP BY w.execution_id, e.workflow_id ORDER BY MIN(w.due_at) LIMIT ?`, At(since), At(until), limit)
	return pendingWakeups(rows, err)
}

// CountDue says how many executions have a wake-up that is due, at most limit.
func CountDue(ctx context.Context, q Querier, now time.Time, limit int) (int, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM wakeups WHERE state <> 'done' AND due_at <= ? LIMIT ?) d", At(now), limit).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count due wake-ups: %w", storageError(err))
	}
	return n, nil
}

// NextWakeup gives when the next wake-up of an execution is due; the zero time without one.
func NextWakeup(ctx context.Context, q Querier, executionID string) (time.Time, error) {
	var due sql.Null[Millis]
	err := q.QueryRow(ctx, "SELECT MIN(due_at) FROM wakeups WHERE execution_id = ? AND state <> 'done'", executionID).Scan(&due)
	if err != nil || !due.Valid {
		return time.Time{}, storageError(err)
	}
	return due.V.Time(), nil
}
