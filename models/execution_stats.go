package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// WorkflowStats counts the executions of a workflow by status, also those that have
// been removed from history since.
type WorkflowStats struct {
	Total, Succeeded, Failed, Live int64
	LastAt                         Millis // when the latest one was started
}

// ExecutionStats counts executions for each workflow.
func ExecutionStats(ctx context.Context, q Querier) (map[int64]WorkflowStats, error) {
	out := map[int64]WorkflowStats{}
	rows, err := q.Query(ctx, "SELECT workflow_id, "+happened("started")+", "+happened("succeeded")+", "+happened(allFailed)+", "+happened("started - ("+allEnded+")")+`,
		MAX(last_at) FROM stats_hourly WHERE node = '' AND hour = 0 GROUP BY workflow_id`)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			id int64
			s  WorkflowStats
		)
		err := r.Scan(&id, &s.Total, &s.Succeeded, &s.Failed, &s.Live, &s.LastAt)
		out[id] = s
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count executions: %w", err)
	}
	return out, nil
}

// CountOfVersion counts the executions of a version, also those that have been removed.
func CountOfVersion(ctx context.Context, q Querier, v *Version) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, "SELECT "+happened("started")+" FROM stats_hourly WHERE node = '' AND hour = 0 AND workflow_id = ? AND version_id = ?", v.WorkflowID, v.ID).Scan(&n)
	return n, storageError(err)
}

// How far back the numbers of a workflow look.
const (
	SuccessDays  = 30 // share of success
	ActivityDays = 10 // executions of each day
)

// RecentStats are the executions of a workflow that were started lately.
type RecentStats struct {
	Succeeded, Failed int64               // in the last SuccessDays
	Days              [ActivityDays]int64 // all that started, oldest day first; a day ends with the hour of asking
}

// RecentExecutions counts the executions that were started in the days before now,
// for each workflow that has any.
func RecentExecutions(ctx context.Context, q Querier, now time.Time) (map[int64]RecentStats, error) {
	out := map[int64]RecentStats{}
	const day = Millis(24 * time.Hour / time.Millisecond)
	end := hourOf(At(now)) + Millis(time.Hour/time.Millisecond)
	rows, err := q.Query(ctx, "SELECT workflow_id, (? - hour) / ? AS ago, "+happened("started")+", "+happened("succeeded")+", "+happened(allFailed)+`
		FROM stats_hourly WHERE node = '' AND hour >= ? AND hour < ? GROUP BY workflow_id, ago`, end-1, day, end-SuccessDays*day, end)
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

// ExecutionHour counts the executions that were started in one hour, also those that
// have been removed since.
type ExecutionHour struct {
	Hour                       Millis // its begin
	Started, Succeeded, Failed int64
}

// ExecutionHours counts the executions of all workflows by hour, from the one of an
// instant on; hours without any are left out.
func ExecutionHours(ctx context.Context, q Querier, since Millis) ([]ExecutionHour, error) {
	var out []ExecutionHour
	rows, err := q.Query(ctx, "SELECT hour, "+happened("started")+", "+happened("succeeded")+", "+happened(allFailed)+`
		FROM stats_hourly WHERE node = '' AND hour >= ? AND hour > 0 GROUP BY hour ORDER BY hour`, hourOf(since))
	err = Rows(rows, err, func(r *sql.Rows) error {
		var h ExecutionHour
		err := r.Scan(&h.Hour, &h.Started, &h.Succeeded, &h.Failed)
		out = append(out, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count executions by hour: %w", err)
	}
	return out, nil
}

// HourOf is the begin of the hour of an instant: what is counted by hours is counted from it.
func HourOf(at Millis) Millis { return hourOf(at) }
