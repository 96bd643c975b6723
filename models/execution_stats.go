package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// How far back the numbers of a workflow look.
const (
	SuccessDays  = 30 // share of success
	ActivityDays = 10 // executions of each day
)

// RecentStats are the executions of a workflow that were started lately.
type RecentStats struct {
	Succeeded, Failed int64               // in the last SuccessDays
	Days              [ActivityDays]int64 // all that started, oldest day first; a day ends at the hour of asking
}

// RecentExecutions counts the executions that were started in the days before now,
// for each workflow that has any.
func RecentExecutions(ctx context.Context, q Querier, now time.Time) (map[int64]RecentStats, error) {
	out := map[int64]RecentStats{}
	const day = int64(24 * time.Hour / time.Millisecond)
	rows, err := q.Query(ctx, `SELECT workflow_id, (? - created_at) / ? AS ago, COUNT(*), SUM(CASE WHEN status = 'succeeded' THEN 1 ELSE 0 END),
		SUM(CASE WHEN status IN ('failed', 'timed_out') THEN 1 ELSE 0 END) FROM executions WHERE created_at > ? AND created_at <= ?
		GROUP BY workflow_id, ago`, int64(At(now)), day, int64(At(now))-SuccessDays*day, int64(At(now)))
	err = Rows(rows, err, func(r *sql.Rows) error {
		var workflow, ago, all, succeeded, failed int64
		err := r.Scan(&workflow, &ago, &all, &succeeded, &failed)
		s := out[workflow]
		s.Succeeded, s.Failed = s.Succeeded+succeeded, s.Failed+failed
		if ago < ActivityDays {
			s.Days[ActivityDays-1-ago] = all
		}
		out[workflow] = s
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count recent executions: %w", err)
	}
	return out, nil
}

// ExecutionBar counts the executions of one part of a time.
type ExecutionBar struct{ All, Failed int64 }

// ExecutionBars counts what matches a filter in equal parts of the time from its From
// up to now.
func ExecutionBars(ctx context.Context, q Querier, f ExecutionFilter, now time.Time, parts int) ([]ExecutionBar, error) {
	out := make([]ExecutionBar, parts)
	length := max((int64(At(now))-int64(f.From))/int64(parts), 1)
	where, args := f.where()
	rows, err := q.Query(ctx, `SELECT (e.created_at - ?) / ? AS part, COUNT(*), SUM(CASE WHEN e.status IN ('failed', 'timed_out') THEN 1 ELSE 0 END)
		FROM executions e JOIN workflows w ON w.id = e.workflow_id WHERE `+where+" GROUP BY part", append([]any{int64(f.From), length}, args...)...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			part int64
			b    ExecutionBar
		)
		err := r.Scan(&part, &b.All, &b.Failed)
		part = min(max(part, 0), int64(parts)-1)
		out[part].All, out[part].Failed = out[part].All+b.All, out[part].Failed+b.Failed
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count executions over time: %w", err)
	}
	return out, nil
}
