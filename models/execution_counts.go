package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ExecutionCounts are the numbers of executions beside the tabs of a list.
type ExecutionCounts struct {
	All, Running, Waiting, Failed, Succeeded, Stopped int64
}

// CountExecutions counts the executions that match a filter. What narrows only to a
// workflow, a version and whole hours is read from roll-ups, without looking at the
// executions that have ended.
func CountExecutions(ctx context.Context, q Querier, f ExecutionFilter) (ExecutionCounts, error) {
	if f.rolledUp() && len(f.Statuses) == 0 && !f.Stopped && !f.Faulty {
		return f.countRolledUp(ctx, q)
	}
	var n ExecutionCounts
	if err := f.bound(ctx, q); err != nil {
		return n, err
	}
	where, args := f.where()
	err := q.QueryRow(ctx, `SELECT COUNT(*), `+countIf("e.status IN ('queued', 'running')")+`, `+countIf("e.status = 'waiting'")+`, `+countIf("e.status = 'failed' AND NOT "+byRule)+`,
		`+countIf("e.status = 'succeeded'")+`, `+countIf("e.status IN ('rejected', 'cancelled', 'timed_out') OR e.status = 'failed' AND "+byRule)+`
		FROM executions e JOIN workflows w ON w.id = e.workflow_id WHERE `+where, args...).Scan(&n.All, &n.Running, &n.Waiting, &n.Failed, &n.Succeeded, &n.Stopped)
	if err != nil {
		return n, fmt.Errorf("count executions: %w", storageError(err))
	}
	return n, nil
}

func countIf(cond string) string { return "COALESCE(SUM(CASE WHEN " + cond + " THEN 1 ELSE 0 END), 0)" }

// rolledUp reports whether the roll-ups know of all that narrows, its statuses set aside.
func (f ExecutionFilter) rolledUp() bool {
	return f.From == hourOf(f.From) && f.IDs == nil && f.Within == nil && f.ResourceType == "" && f.ResourceID == "" && f.UserID == 0 && !f.NoUser && f.RootID == "" && f.Number == 0 && f.Search == "" &&
		f.Before == 0 && f.After == 0
}

// rollUps gives the condition under which rows of stats_hourly are about a filter.
func (f ExecutionFilter) rollUps() (string, []any) {
	cond, args := "node = '' AND hour = 0", []any{}
	if f.From != 0 {
		cond, args = "node = '' AND hour >= ?", []any{f.From}
	}
	if f.WorkflowID != 0 {
		cond, args = cond+" AND workflow_id = ?", append(args, f.WorkflowID)
	}
	if f.VersionID != 0 {
		cond, args = cond+" AND version_id = ?", append(args, f.VersionID)
	}
	return cond, args
}

// kept is a sum of columns of roll-ups less what has been removed.
func kept(columns string) string {
	return "CAST(COALESCE(SUM((1 - 2 * removed) * (" + columns + ")), 0) AS BIGINT)"
}

// happened is a sum of columns of roll-ups, of what has been removed too.
func happened(columns string) string {
	return "CAST(COALESCE(SUM(CASE WHEN removed = 0 THEN " + columns + " ELSE 0 END), 0) AS BIGINT)"
}

// Columns of roll-ups that are shown together.
const (
	allFailed  = "failed + refused + timed_out"
	allStopped = "refused + rejected + cancelled + timed_out"
	allEnded   = "succeeded + failed + " + allStopped
)

func (f ExecutionFilter) countRolledUp(ctx context.Context, q Querier) (n ExecutionCounts, err error) {
	cond, args := f.rollUps()
	var open int64
	err = q.QueryRow(ctx, "SELECT "+kept("started")+", "+kept("failed")+", "+kept("succeeded")+", "+kept(allStopped)+", "+kept("started - ("+allEnded+")")+
		" FROM stats_hourly WHERE "+cond, args...).Scan(&n.All, &n.Failed, &n.Succeeded, &n.Stopped, &open)
	if err != nil || open == 0 {
		return n, storageError(err)
	}
	f.Statuses = []Status{Queued, Running, Waiting}
	where, args := f.where()
	err = q.QueryRow(ctx, "SELECT "+countIf("e.status = 'waiting'")+" FROM executions e WHERE "+where, args...).Scan(&n.Waiting)
	n.Waiting = min(n.Waiting, open) // one that began to wait since is counted by the next look
	n.Running = open - n.Waiting
	if err != nil {
		return n, fmt.Errorf("count live executions: %w", storageError(err))
	}
	return n, nil
}

// bound looks up which numbers started as late as From, so that nothing earlier is
// looked at. Numbers follow the time, except while a clock is set back: an hour is allowed for.
func (f *ExecutionFilter) bound(ctx context.Context, q Querier) error {
	if f.From == 0 || f.bounded != 0 {
		return nil
	}
	wanted := f.From - Millis(time.Hour/time.Millisecond)
	var low, high int64
	if err := q.QueryRow(ctx, "SELECT COALESCE(MIN(number), 0), COALESCE(MAX(number), 0) + 1 FROM executions").Scan(&low, &high); err != nil {
		return fmt.Errorf("look for numbers of executions: %w", storageError(err))
	}
	for low < high { // every number below low is too early, none from high on
		middle := low + (high-low)/2
		var number int64
		var at Millis
		err := q.QueryRow(ctx, "SELECT number, created_at FROM executions WHERE number >= ? ORDER BY number LIMIT 1", middle).Scan(&number, &at)
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("look for numbers of executions: %w", storageError(err))
		case err != nil || at >= wanted:
			high = middle
		default:
			low = number + 1
		}
	}
	f.bounded = max(low, 1)
	return nil
}

// ExecutionBar counts the executions of one part of a time.
type ExecutionBar struct{ All, Failed int64 }

// ExecutionBars counts what matches a filter in parts of the time from its From up to
// now; the last one may be shorter.
func ExecutionBars(ctx context.Context, q Querier, f ExecutionFilter, now time.Time, part time.Duration) ([]ExecutionBar, error) {
	length := part.Milliseconds()
	out := make([]ExecutionBar, (int64(At(now))-int64(f.From))/length+1)
	query, args, err := f.bars(ctx, q, length)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(ctx, query, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			i int64
			b ExecutionBar
		)
		err := r.Scan(&i, &b.All, &b.Failed)
		i = min(max(i, 0), int64(len(out))-1)
		out[i].All, out[i].Failed = out[i].All+b.All, out[i].Failed+b.Failed
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count executions over time: %w", err)
	}
	return out, nil
}

// bars gives the statement that counts in parts of some milliseconds.
func (f ExecutionFilter) bars(ctx context.Context, q Querier, length int64) (string, []any, error) {
	if all, failed, ok := f.columns(); ok && f.rolledUp() && length%int64(time.Hour/time.Millisecond) == 0 {
		cond, args := f.rollUps()
		return "SELECT (hour - ?) / ? AS part, " + kept(all) + ", " + kept(failed) + " FROM stats_hourly WHERE " + cond + " GROUP BY part", append([]any{int64(f.From), length}, args...), nil
	}
	err := f.bound(ctx, q)
	where, args := f.where()
	return "SELECT (e.created_at - ?) / ? AS part, COUNT(*), " + countIf("e.status IN ('failed', 'timed_out')") + `
		FROM executions e JOIN workflows w ON w.id = e.workflow_id WHERE ` + where + " GROUP BY part", append([]any{int64(f.From), length}, args...), err
}

// columns says which roll-ups count the statuses of a filter; false when none do.
func (f ExecutionFilter) columns() (all, failed string, ok bool) {
	switch {
	case f.Faulty:
		return "failed", "failed", true
	case f.Stopped:
		return allStopped, "refused + timed_out", true
	case len(f.Statuses) == 0:
		return "started", allFailed, true
	case slices.Equal(f.Statuses, []Status{Succeeded}):
		return "succeeded", "0", true
	}
	return "", "", false
}
