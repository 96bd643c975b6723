package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Application is one request that people decide. It lives through one or more
// rounds, each one execution.
type Application struct {
	ID           string
	Number       string
	WorkflowID   int64
	ApplicantID  int64 // 0 = nobody
	ResourceType string
	ResourceID   string
	Title        string
	Status       string // submitted, processing, approved, rejected, failed, cancelled, timed_out
	Round        int64
	Snapshot     string // JSON of what was submitted in this round
	CreatedAt    Millis
}

// ApplicationOf finds the application and round of an execution; nil when it has none.
func ApplicationOf(ctx context.Context, q Querier, executionID string) (*Application, error) {
	var (
		a         Application
		applicant sql.NullInt64
	)
	err := q.QueryRow(ctx, `SELECT a.id, a.number, a.workflow_id, a.applicant_id, a.resource_type, a.resource_id, a.title, a.status, r.round, r.snapshot, a.created_at
		FROM application_rounds r JOIN applications a ON a.id = r.application_id WHERE r.execution_id = ?`, executionID).
		Scan(&a.ID, &a.Number, &a.WorkflowID, &applicant, &a.ResourceType, &a.ResourceID, &a.Title, &a.Status, &a.Round, &a.Snapshot, &a.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // an execution without application is ordinary
	}
	if err != nil {
		return nil, fmt.Errorf("load application: %w", storageError(err))
	}
	a.ApplicantID = applicant.Int64
	return &a, nil
}

// OpenApplication inserts an application with its first round.
func OpenApplication(ctx context.Context, tx *Tx, a *Application, executionID string) error {
	a.Status, a.Round, a.CreatedAt = "submitted", 1, At(tx.Now())
	var applicant any
	if a.ApplicantID != 0 {
		applicant = a.ApplicantID
	}
	err := tx.Queue(ctx, `INSERT INTO applications (id, number, workflow_id, applicant_id, resource_type, resource_id, title, status, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.ID, a.Number, a.WorkflowID, applicant, a.ResourceType, a.ResourceID, a.Title, a.Status, a.CreatedAt, a.CreatedAt)
	if err != nil {
		return fmt.Errorf("open application: %w", err)
	}
	err = tx.Queue(ctx, "INSERT INTO application_rounds (id, application_id, round, execution_id, snapshot, created_at) VALUES (?, ?, 1, ?, ?, ?)",
		NewID(), a.ID, executionID, a.Snapshot, a.CreatedAt)
	if err != nil {
		return fmt.Errorf("open round: %w", err)
	}
	return nil
}

// MoveApplication sets the status of an open application.
func MoveApplication(ctx context.Context, tx *Tx, id, status string) error {
	err := tx.Queue(ctx, "UPDATE applications SET status = ?, version = version + 1, updated_at = ? WHERE id = ? AND status IN ('submitted', 'processing')",
		status, At(tx.Now()), id)
	if err != nil {
		return fmt.Errorf("move application: %w", err)
	}
	return nil
}

// settleApplication gives the application of an ended execution its outcome: the
// execution's own, or that of the last decided approval when it succeeded.
func settleApplication(ctx context.Context, tx *Tx, executionID string, status Status, reason string) error {
	outcome := "'" + string(status) + "'"
	if status == Succeeded {
		outcome = `CASE COALESCE((SELECT a.action FROM task_actions a JOIN tasks t ON t.id = a.task_id
			WHERE t.execution_id = ? AND t.kind = 'approval' AND a.action IN ('approved', 'rejected') ORDER BY a.id DESC LIMIT 1), 'approved')
			WHEN 'rejected' THEN 'rejected' ELSE 'approved' END`
	}
	if status == Cancelled && reason == "withdrawn" {
		outcome = "'withdrawn'"
	}
	var args []any
	if status == Succeeded {
		args = append(args, executionID)
	}
	args = append(args, At(tx.Now()), executionID)
	err := tx.Queue(ctx, `UPDATE applications SET status = `+outcome+`, version = version + 1, updated_at = ?
		WHERE status IN ('submitted', 'processing') AND id = (SELECT application_id FROM application_rounds WHERE execution_id = ?)`, args...)
	if err != nil {
		return fmt.Errorf("settle application: %w", err)
	}
	return nil
}

// ApplicationsBy lists the applications of a person, newest first.
func ApplicationsBy(ctx context.Context, q Querier, userID int64, limit int) ([]*Application, error) {
	var out []*Application
	rows, err := q.Query(ctx, `SELECT a.id, a.number, a.workflow_id, a.resource_type, a.resource_id, a.title, a.status, a.created_at
		FROM applications a WHERE a.applicant_id = ? ORDER BY a.updated_at DESC, a.id DESC LIMIT ?`, userID, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		a := Application{ApplicantID: userID}
		err := r.Scan(&a.ID, &a.Number, &a.WorkflowID, &a.ResourceType, &a.ResourceID, &a.Title, &a.Status, &a.CreatedAt)
		out = append(out, &a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	return out, nil
}
