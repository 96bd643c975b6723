package models

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TriggerEntry says that a trigger looked at something and what it decided. It
// never holds payloads.
type TriggerEntry struct {
	ID           int64
	At           Millis
	WorkflowID   int64
	WorkflowKey  string
	VersionID    int64
	Started      bool
	Reason       string
	Explanation  string
	ExecutionID  string
	ResourceType string
	ResourceID   string
	UserID       int64
	RequestID    string
	Chain        []int64
	Count        int64 // equal entries of the same minute this row stands for
}

// equalEntries is how many equal refusals of one minute are kept one by one. They are looked
// for among the last entries of the workflow only: under a flood every refused start looks.
const (
	equalEntries = 20
	equalWithin  = 60
)

// LogTrigger writes an entry in the transaction of what it is about. From the
// 21st equal refusal of a minute on, the last row counts instead.
func LogTrigger(ctx context.Context, tx *Tx, e TriggerEntry) error {
	e.At = At(tx.Now())
	minute := int64(e.At) / time.Minute.Milliseconds()
	outcome := "started"
	if !e.Started {
		outcome = "not_started"
		folded, err := foldEntry(ctx, tx, e, minute)
		if err != nil || folded {
			return err
		}
	}
	err := tx.Queue(ctx, `INSERT INTO trigger_log (at, minute, workflow_id, workflow_key, version_id, outcome, reason, explanation, execution_id,
		resource_type, resource_id, user_id, request_id, chain, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.At, minute, e.WorkflowID, e.WorkflowKey, e.VersionID, outcome, e.Reason, e.Explanation, orNull(e.ExecutionID),
		e.ResourceType, e.ResourceID, e.UserID, e.RequestID, toJSON(orNone(e.Chain)), max(e.Count, 1))
	if err != nil {
		return fmt.Errorf("log trigger: %w", err)
	}
	return nil
}

func orNone(list []int64) []int64 {
	if list == nil {
		return []int64{}
	}
	return list
}

func foldEntry(ctx context.Context, tx *Tx, e TriggerEntry, minute int64) (bool, error) {
	var rows, last sql.NullInt64
	err := tx.QueryRow(ctx, `SELECT COUNT(*), MAX(id) FROM (SELECT id, workflow_key, reason, minute FROM trigger_log WHERE workflow_id = ? ORDER BY id DESC LIMIT ?) l
		WHERE workflow_key = ? AND reason = ? AND minute = ?`, e.WorkflowID, equalWithin, e.WorkflowKey, e.Reason, minute).Scan(&rows, &last)
	if err != nil {
		return false, fmt.Errorf("count trigger log: %w", storageError(err))
	}
	if rows.Int64 < equalEntries {
		return false, nil
	}
	if err := tx.Queue(ctx, "UPDATE trigger_log SET count = count + ? WHERE id = ?", max(e.Count, 1), last.Int64); err != nil {
		return false, fmt.Errorf("fold trigger log: %w", err)
	}
	return true, nil
}

// TriggerFilter narrows a reading of the trigger log; empty parts do not narrow.
type TriggerFilter struct {
	WorkflowID   int64
	ResourceType string
	ResourceID   string
	NotStarted   bool
	Before       int64 // entries with a smaller id
	Limit        int
}

// TriggerLog lists entries, newest first.
func TriggerLog(ctx context.Context, q Querier, f TriggerFilter) ([]TriggerEntry, error) {
	query := `SELECT id, at, workflow_id, workflow_key, version_id, outcome, reason, explanation, COALESCE(execution_id, ''),
		resource_type, resource_id, user_id, request_id, chain, count FROM trigger_log WHERE 1 = 1`
	var args []any
	add := func(cond string, arg any) {
		query += " AND " + cond
		args = append(args, arg)
	}
	if f.WorkflowID != 0 {
		add("workflow_id = ?", f.WorkflowID)
	}
	if f.ResourceType != "" {
		add("resource_type = ?", f.ResourceType)
	}
	if f.ResourceID != "" {
		add("resource_id = ?", f.ResourceID)
	}
	if f.NotStarted {
		add("outcome = ?", "not_started")
	}
	if f.Before > 0 {
		add("id < ?", f.Before)
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	var out []TriggerEntry
	args = append(args, f.Limit)
	rows, err := q.Query(ctx, query+" ORDER BY id DESC LIMIT ?", args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			e              TriggerEntry
			outcome, chain string
		)
		if err := r.Scan(&e.ID, &e.At, &e.WorkflowID, &e.WorkflowKey, &e.VersionID, &outcome, &e.Reason, &e.Explanation, &e.ExecutionID,
			&e.ResourceType, &e.ResourceID, &e.UserID, &e.RequestID, &chain, &e.Count); err != nil {
			return err
		}
		e.Started = outcome == "started"
		out = append(out, e)
		return readJSON(chain, &e.Chain)
	})
	if err != nil {
		return nil, fmt.Errorf("read trigger log: %w", err)
	}
	return out, nil
}

// CountRefusals counts requests that did not prove who they are: one row for each
// workflow, reason and minute, with nothing of the requests.
func CountRefusals(ctx context.Context, tx *Tx, e TriggerEntry) error {
	e.At = At(tx.Now())
	minute := int64(e.At) / time.Minute.Milliseconds()
	n, err := tx.Exec(ctx, `UPDATE trigger_log SET count = count + ? WHERE id = (SELECT MAX(id) FROM trigger_log
		WHERE workflow_id = ? AND reason = ? AND minute = ? AND id > (SELECT COALESCE(MAX(id), 0) - 10000 FROM trigger_log))`, e.Count, e.WorkflowID, e.Reason, minute)
	if err != nil || n > 0 {
		return err
	}
	err = tx.Queue(ctx, `INSERT INTO trigger_log (at, minute, workflow_id, workflow_key, version_id, outcome, reason, explanation, count)
		VALUES (?, ?, ?, ?, ?, 'not_started', ?, '', ?)`, e.At, minute, e.WorkflowID, e.WorkflowKey, e.VersionID, e.Reason, e.Count)
	if err != nil {
		return fmt.Errorf("count refusals: %w", err)
	}
	return nil
}
