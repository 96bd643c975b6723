package models

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// BinTime is how long a deleted workflow can be brought back.
const BinTime = 30 * 24 * time.Hour

// BinnedMark stands between the key of a deleted workflow and its number, so that the
// key is free for another one. No other key holds it.
const BinnedMark = "#"

// RemoveWorkflow moves a workflow to the bin, switched off. Its key is free again;
// versions and executions stay.
func RemoveWorkflow(ctx context.Context, tx *Tx, w *Workflow) error {
	_, err := tx.Exec(ctx, `UPDATE workflows SET deleted_at = ?, enabled = 0, wf_key = wf_key || ? WHERE id = ? AND deleted_at = 0`,
		At(tx.Now()), BinnedMark+strconv.FormatInt(w.ID, 10), w.ID)
	if err != nil {
		return fmt.Errorf("remove workflow %s: %w", w.Key, err)
	}
	return tx.bump(ctx, workflowsVersion)
}

// OwnKey is the key of a workflow as it was before it was moved to the bin.
func (w *Workflow) OwnKey() string {
	key, _, _ := strings.Cut(w.Key, BinnedMark)
	return key
}

// BinnedWorkflows lists what the bin holds at a time, newest first.
func BinnedWorkflows(ctx context.Context, q Querier, now time.Time) ([]*Workflow, error) {
	var out []*Workflow
	rows, err := q.Query(ctx, "SELECT "+workflowColumns+" FROM workflows WHERE deleted_at > ? ORDER BY deleted_at DESC, id DESC", At(now.Add(-BinTime)))
	err = Rows(rows, err, func(r *sql.Rows) error {
		w, err := scanWorkflow(r.Scan)
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deleted workflows: %w", err)
	}
	return out, nil
}

// BinnedWorkflow loads a workflow that the bin holds at a time. Others are NotFound.
func BinnedWorkflow(ctx context.Context, q Querier, id int64, now time.Time) (*Workflow, error) {
	w, err := WorkflowByID(ctx, q, id)
	if err == nil && w.DeletedAt <= At(now.Add(-BinTime)) {
		return nil, NotFound()
	}
	return w, err
}

// RestoreWorkflow brings a workflow back from the bin under a key that is free. It
// stays switched off.
func RestoreWorkflow(ctx context.Context, tx *Tx, w *Workflow, key string) error {
	n, err := tx.Exec(ctx, "UPDATE workflows SET deleted_at = 0, wf_key = ? WHERE id = ? AND deleted_at > 0", key, w.ID)
	if err != nil {
		return fmt.Errorf("restore workflow %s: %w", key, err)
	}
	if n != 1 {
		return NotFound()
	}
	w.Key, w.DeletedAt = key, 0
	return tx.bump(ctx, workflowsVersion)
}
