package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Schedule says how far the slots of a workflow are planned.
type Schedule struct {
	WorkflowID int64
	VersionID  int64  // the slots follow this version
	PlannedAt  Millis // since then
	EnabledAt  Millis // slots before were passed while it was switched off
	CountsFrom Millis // executions before do not count for the limit

	// Existing records get their slots in the background, in the order of their keys.
	Filling   bool
	FillAfter string // key of the last record that has them
	FillDone  int64
	FillTotal int64
}

const scheduleColumns = "workflow_id, version_id, planned_at, enabled_at, counts_from, filling, fill_after, fill_done, fill_total"

func scanSchedule(scan func(...any) error) (s Schedule, err error) {
	var filling int64
	err = scan(&s.WorkflowID, &s.VersionID, &s.PlannedAt, &s.EnabledAt, &s.CountsFrom, &filling, &s.FillAfter, &s.FillDone, &s.FillTotal)
	s.Filling = filling != 0
	return s, err
}

// ScheduleByWorkflow loads how far a workflow is planned; nil when it never was
// switched on.
func ScheduleByWorkflow(ctx context.Context, q Querier, workflowID int64) (*Schedule, error) {
	s, err := scanSchedule(q.QueryRow(ctx, "SELECT "+scheduleColumns+" FROM schedules WHERE workflow_id = ?", workflowID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load schedule of workflow %d: %w", workflowID, storageError(err))
	}
	return &s, nil
}

// Schedules lists how far all workflows are planned.
func Schedules(ctx context.Context, q Querier) ([]Schedule, error) {
	var out []Schedule
	rows, err := q.Query(ctx, "SELECT "+scheduleColumns+" FROM schedules ORDER BY workflow_id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		s, err := scanSchedule(r.Scan)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return out, nil
}

// SaveSchedule stores how far a workflow is planned.
func SaveSchedule(ctx context.Context, tx *Tx, s Schedule) error {
	err := tx.Queue(ctx, `INSERT INTO schedules (`+scheduleColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (workflow_id) DO UPDATE SET version_id = excluded.version_id, planned_at = excluded.planned_at, enabled_at = excluded.enabled_at,
		counts_from = excluded.counts_from, filling = excluded.filling, fill_after = excluded.fill_after, fill_done = excluded.fill_done,
		fill_total = excluded.fill_total`,
		s.WorkflowID, s.VersionID, s.PlannedAt, s.EnabledAt, s.CountsFrom, asInt(s.Filling), s.FillAfter, s.FillDone, s.FillTotal)
	if err != nil {
		return fmt.Errorf("save schedule of workflow %d: %w", s.WorkflowID, err)
	}
	return nil
}

// ResetCount makes the limit of a workflow count from now on.
func ResetCount(ctx context.Context, tx *Tx, workflowID int64) error {
	if err := tx.Queue(ctx, "UPDATE schedules SET counts_from = ? WHERE workflow_id = ?", At(tx.Now()), workflowID); err != nil {
		return fmt.Errorf("reset count of workflow %d: %w", workflowID, err)
	}
	return nil
}

// DeleteSchedule forgets how far a workflow is planned.
func DeleteSchedule(ctx context.Context, tx *Tx, workflowID int64) error {
	if err := tx.Queue(ctx, "DELETE FROM schedules WHERE workflow_id = ?", workflowID); err != nil {
		return fmt.Errorf("delete schedule of workflow %d: %w", workflowID, err)
	}
	return nil
}
