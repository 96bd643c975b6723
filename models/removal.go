package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"formrail/models/text"
)

// RemovedAtOnce is how many executions one transaction removes, not counting those that
// they called.
const RemovedAtOnce = 50

// mostCalled is how many executions below one are removed with it; one with more stays.
const mostCalled = 500

// RemoveExecutions removes executions with their steps, payloads and all that belongs to
// them, and with the executions that they called. What may not be removed stays: see
// [Retention]. Counts of roll-ups stay as well; histories of records and decisions of
// people are never touched. It gives the ids of those of the list that are gone.
func RemoveExecutions(ctx context.Context, tx *Tx, list []string, by int64) ([]string, error) {
	var out []string
	for part := range slices.Chunk(list, RemovedAtOnce) {
		roots, err := stillRemovable(ctx, tx, part)
		if err != nil {
			return nil, err
		}
		for _, id := range roots {
			family, ok, err := removableFamily(ctx, tx, id)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if err := removeFamily(ctx, tx, family, by); err != nil {
				return nil, err
			}
			out = append(out, id)
		}
	}
	return out, nil
}

// in gives the placeholders and values of a list.
func in(list []string) (string, []any) {
	args := make([]any, len(list))
	for i, id := range list {
		args[i] = id
	}
	return "(?" + strings.Repeat(", ?", len(list)-1) + ")", args
}

func stillRemovable(ctx context.Context, q Querier, list []string) ([]string, error) {
	marks, args := in(list)
	rows, err := q.Query(ctx, "SELECT e.id FROM executions e WHERE e.id IN "+marks+" AND e.parent_id IS NULL AND "+removable()+" ORDER BY e.number", args...)
	return ids(rows, err, "look for executions to remove")
}

// removableFamily lists an execution with all that it called, at any depth; false when one
// of them may not be removed.
func removableFamily(ctx context.Context, q Querier, id string) (family []string, ok bool, err error) {
	family = []string{id}
	for level := family; len(level) > 0 && len(family) <= mostCalled; {
		marks, args := in(level)
		var next []string
		whole := true
		rows, err := q.Query(ctx, "SELECT e.id, CASE WHEN "+removable()+" THEN 1 ELSE 0 END FROM executions e WHERE e.parent_id IN "+marks, args...)
		err = Rows(rows, err, func(r *sql.Rows) error {
			var child string
			var gone int
			err := r.Scan(&child, &gone)
			next, whole = append(next, child), whole && gone != 0
			return err
		})
		if err != nil {
			return nil, false, fmt.Errorf("list executions that one called: %w", err)
		}
		if !whole {
			return nil, false, nil
		}
		family, level = append(family, next...), next
	}
	return family, len(family) <= mostCalled, nil
}

// removeFamily counts what is removed, leaves a word of it, and removes it.
func removeFamily(ctx context.Context, tx *Tx, family []string, by int64) error {
	for part := range slices.Chunk(family, RemovedAtOnce) {
		marks, args := in(part)
		if err := countRemoved(ctx, tx, marks, args); err != nil {
			return err
		}
		err := tx.Queue(ctx, `INSERT INTO removed_executions (id, number, workflow_id, user_id, removed_by, at)
			SELECT id, number, workflow_id, user_id, ?, ? FROM executions WHERE id IN `+marks, append([]any{by, At(tx.Now())}, args...)...)
		if err != nil {
			return fmt.Errorf("remove executions: %w", err)
		}
		for _, query := range []string{
			"DELETE FROM event_waits WHERE step_id IN (SELECT id FROM steps WHERE execution_id IN " + marks + ")",
			"DELETE FROM callbacks WHERE execution_id IN " + marks,
			"DELETE FROM callback_calls WHERE execution_id IN " + marks,
			"DELETE FROM steps WHERE execution_id IN " + marks,
			"DELETE FROM trigger_log WHERE execution_id IN " + marks,
			"DELETE FROM executions WHERE id IN " + marks,
		} {
			if err := tx.Queue(ctx, query, args...); err != nil {
				return fmt.Errorf("remove executions: %w", err)
			}
		}
	}
	return nil
}

// countRemoved counts executions and their steps as removed.
func countRemoved(ctx context.Context, tx *Tx, marks string, args []any) error {
	rows, err := tx.Query(ctx, "SELECT workflow_id, version_id, created_at, started_at, ended_at, status, reason FROM executions WHERE id IN "+marks, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var e Execution
		if err := r.Scan(&e.WorkflowID, &e.VersionID, &e.CreatedAt, &e.StartedAt, &e.EndedAt, &e.Status, &e.Reason); err != nil {
			return err
		}
		key := tallyKey{workflow: e.WorkflowID, version: e.VersionID, hour: hourOf(e.CreatedAt), removed: true}
		tx.count(counted{tallyKey: key, what: countStarted, times: 1})
		tx.count(counted{tallyKey: key, what: executionOutcome(e.Status, e.Reason), times: 1, ms: int64(e.EndedAt - e.StartedAt)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("count removed executions: %w", err)
	}
	rows, err = tx.Query(ctx, `SELECT e.workflow_id, e.version_id, s.node, s.ended_at - s.ended_at % 3600000 AS hour, s.status, COUNT(*),
		CAST(SUM(CASE WHEN s.ended_at > s.started_at THEN s.ended_at - s.started_at ELSE 0 END) AS BIGINT)
		FROM steps s JOIN executions e ON e.id = s.execution_id WHERE s.execution_id IN `+marks+` AND s.carried_from = ''
		GROUP BY e.workflow_id, e.version_id, s.node, hour, s.status`, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		c := counted{tallyKey: tallyKey{removed: true}}
		var status Status
		if err := r.Scan(&c.workflow, &c.version, &c.node, &c.hour, &status, &c.times, &c.ms); err != nil {
			return err
		}
		var ended bool
		if c.what, ended = stepOutcome(status); ended {
			tx.count(c)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count removed steps: %w", err)
	}
	return nil
}

// KeepExecution holds an execution that must not be removed, or lets it go.
func KeepExecution(ctx context.Context, tx *Tx, id string, keep bool) error {
	n, err := tx.Exec(ctx, "UPDATE executions SET held = ? WHERE id = ?", asInt(keep), id)
	if err == nil && n == 0 {
		err = NotFound()
	}
	if err != nil {
		return fmt.Errorf("keep execution %s: %w", id, err)
	}
	return nil
}

// Removed tells of an execution that is gone: Gone with when it was removed, for those
// who could see it, otherwise NotFound. watches says that they see all of them.
func Removed(ctx context.Context, q Querier, id string, userID int64, watches bool) error {
	var owner, by int64
	var at Millis
	err := q.QueryRow(ctx, "SELECT user_id, removed_by, at FROM removed_executions WHERE id = ?", id).Scan(&owner, &by, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return NotFound()
	case err != nil:
		return fmt.Errorf("look for removed execution: %w", storageError(err))
	case !watches && (owner == 0 || owner != userID):
		return NotFound()
	}
	day := at.Time().Format("2 January 2006")
	if by != 0 {
		return NewError(KindGone, "EXECUTION_REMOVED", text.M("execution.removed_by_person", "This execution was deleted by a person on %s.", day))
	}
	return NewError(KindGone, "EXECUTION_REMOVED", text.M("execution.removed", "This execution was removed by retention on %s.", day))
}
