package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// LoggedRequest is one request of another program that proved who it is. What proves
// that is not in it.
type LoggedRequest struct {
	ID          string
	WorkflowID  int64
	At          Millis
	Method      string
	Address     string
	Status      int
	Reason      string // why no execution was started, or the code of the refusal; empty = started
	Took        time.Duration
	Size        int64 // of the body in bytes
	ContentType string
	Headers     map[string]any
	Query       string
	Body        string
	Cut         bool // Body is not all of it
	Warnings    []string
	ExecutionID string
	RequestID   string
	ReplayOf    string
}

// Limits of what is kept of requests.
const (
	MaxKeptBody     = 64 << 10 // bytes of one body
	MaxKeptRequests = 1_000    // of one workflow
	keptRequestsAge = 7 * 24 * time.Hour
)

// InsertRequest stores a request.
func InsertRequest(ctx context.Context, tx *Tx, r LoggedRequest) error {
	err := tx.Queue(ctx, `INSERT INTO request_log (id, workflow_id, at, method, address, status, reason, took_ms, size, content_type, headers, query, body, cut,
		warnings, execution_id, request_id, replay_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.WorkflowID, r.At, r.Method, r.Address, r.Status, r.Reason, r.Took.Milliseconds(), r.Size, r.ContentType, toJSON(r.Headers), r.Query, r.Body, asInt(r.Cut),
		toJSON(orEmpty(r.Warnings)), r.ExecutionID, r.RequestID, r.ReplayOf)
	if err != nil {
		return fmt.Errorf("log request: %w", err)
	}
	return nil
}

// ForgetRequests keeps the newest requests of a workflow, none that is older than a week.
func ForgetRequests(ctx context.Context, tx *Tx, workflowID int64, keep int) error {
	err := tx.Queue(ctx, `DELETE FROM request_log WHERE workflow_id = ? AND (at < ? OR id <= COALESCE(
		(SELECT id FROM request_log WHERE workflow_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?), ''))`,
		workflowID, At(tx.Now().Add(-keptRequestsAge)), workflowID, min(max(keep, 0), MaxKeptRequests))
	if err != nil {
		return fmt.Errorf("forget requests: %w", err)
	}
	return nil
}

// ForgetOldRequests forgets all requests that are older than a week.
func (db *DB) ForgetOldRequests(ctx context.Context) error {
	return db.Write(ctx, "requests.sweep", func(tx *Tx) error {
		return tx.Queue(ctx, "DELETE FROM request_log WHERE at < ?", At(tx.Now().Add(-keptRequestsAge)))
	})
}

const requestColumns = `id, workflow_id, at, method, address, status, reason, took_ms, size, content_type, headers, query, body, cut, warnings, execution_id, request_id, replay_of`

func scanRequest(scan func(...any) error) (LoggedRequest, error) {
	var (
		r                 LoggedRequest
		took, cut         int64
		headers, warnings string
	)
	err := scan(&r.ID, &r.WorkflowID, &r.At, &r.Method, &r.Address, &r.Status, &r.Reason, &took, &r.Size, &r.ContentType, &headers, &r.Query, &r.Body, &cut,
		&warnings, &r.ExecutionID, &r.RequestID, &r.ReplayOf)
	if err != nil {
		return r, err
	}
	r.Took, r.Cut = time.Duration(took)*time.Millisecond, cut != 0
	return r, errors.Join(readJSON(headers, &r.Headers), readJSON(warnings, &r.Warnings))
}

// Requests lists the requests of a workflow, newest first. before is the id of the one
// that the list goes on behind; empty for the newest.
func Requests(ctx context.Context, q Querier, workflowID int64, before string, limit int) ([]LoggedRequest, error) {
	query, args := "SELECT "+requestColumns+" FROM request_log WHERE workflow_id = ?", []any{workflowID}
	if before != "" {
		query += " AND id < ?"
		args = append(args, before)
	}
	var out []LoggedRequest
	rows, err := q.Query(ctx, query+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		one, err := scanRequest(r.Scan)
		out = append(out, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return out, nil
}

// RequestByID loads one request of a workflow. Unknown ones are NotFound.
func RequestByID(ctx context.Context, q Querier, workflowID int64, id string) (LoggedRequest, error) {
	r, err := scanRequest(q.QueryRow(ctx, "SELECT "+requestColumns+" FROM request_log WHERE workflow_id = ? AND id = ?", workflowID, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return r, NotFound()
	}
	if err != nil {
		return r, fmt.Errorf("load request: %w", storageError(err))
	}
	return r, nil
}
