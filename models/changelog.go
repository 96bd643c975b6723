package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ChangeLogEntry is one record as one write changed it, in the record's history.
type ChangeLogEntry struct {
	ID          int64
	Collection  string
	RecordID    string
	Action      string // create, update, delete, purge, restore
	Changes     string // JSON {field: {"before": …, "after": …}}; {} when the collection keeps no history
	UserID      int64
	Principal   string
	Role        string
	Origin      string // kind of [Origin]
	PageAction  string
	RequestID   string
	ExecutionID string
	StepID      string // empty for what no step did
	EventUUID   string
	At          Millis
}

// AppendChange writes one history entry.
func (tx *Tx) AppendChange(ctx context.Context, e *ChangeLogEntry) error {
	var step any
	if e.StepID != "" {
		step = e.StepID
	}
	err := tx.Queue(ctx, `INSERT INTO change_log (collection, record_id, action, changes, user_id, principal, role, origin,
		page_action, request_id, execution_id, step_id, event_uuid, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Collection, e.RecordID, e.Action, e.Changes, e.UserID, e.Principal, e.Role, e.Origin,
		e.PageAction, e.RequestID, e.ExecutionID, step, e.EventUUID, int64(e.At))
	if err != nil {
		return fmt.Errorf("write history of %s %s: %w", e.Collection, e.RecordID, err)
	}
	return nil
}

// ChangeLogPage says which part of a record's history is read.
type ChangeLogPage struct {
	Collection string
	RecordID   string
	Before     int64 // id of the last entry already read; 0 for the first page
	Limit      int
}

// ChangesOf reads the history of one record, newest first.
func ChangesOf(ctx context.Context, q Querier, p ChangeLogPage) ([]ChangeLogEntry, error) {
	if p.Before == 0 {
		p.Before = 1<<63 - 1
	}
	out, err := changes(ctx, q, "WHERE collection = ? AND record_id = ? AND id < ? ORDER BY id DESC LIMIT ?", p.Collection, p.RecordID, p.Before, p.Limit)
	if err != nil {
		return nil, fmt.Errorf("read history of %s %s: %w", p.Collection, p.RecordID, err)
	}
	return out, nil
}

// ChangesBy reads what the steps of an execution changed, in order.
func ChangesBy(ctx context.Context, q Querier, execution string, limit int) ([]ChangeLogEntry, error) {
	out, err := changes(ctx, q, "WHERE step_id IN (SELECT id FROM steps WHERE execution_id = ?) ORDER BY id LIMIT ?", execution, limit)
	if err != nil {
		return nil, fmt.Errorf("read changes of execution %s: %w", execution, err)
	}
	return out, nil
}

func changes(ctx context.Context, q Querier, where string, args ...any) ([]ChangeLogEntry, error) {
	var out []ChangeLogEntry
	rows, err := q.Query(ctx, `SELECT id, collection, record_id, action, changes, user_id, principal, role, origin, page_action,
		request_id, execution_id, step_id, event_uuid, at FROM change_log `+where, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var e ChangeLogEntry
		var step sql.NullString
		if err := r.Scan(&e.ID, &e.Collection, &e.RecordID, &e.Action, &e.Changes, &e.UserID, &e.Principal, &e.Role, &e.Origin,
			&e.PageAction, &e.RequestID, &e.ExecutionID, &step, &e.EventUUID, &e.At); err != nil {
			return err
		}
		e.StepID = step.String
		out = append(out, e)
		return nil
	})
	return out, err
}

// LastChange gives the newest history entry of a record; ok is false when there is none.
func LastChange(ctx context.Context, q Querier, collection, record string) (e ChangeLogEntry, ok bool, err error) {
	err = q.QueryRow(ctx, `SELECT user_id, principal, at FROM change_log WHERE collection = ? AND record_id = ?
		ORDER BY id DESC LIMIT 1`, collection, record).Scan(&e.UserID, &e.Principal, &e.At)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	if err != nil {
		return e, false, fmt.Errorf("read last change of %s %s: %w", collection, record, storageError(err))
	}
	return e, true, nil
}
