package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrorGroup are failures that look alike, as one error workflow hears of them.
type ErrorGroup struct {
	WorkflowID  int64
	Signature   string
	StartedAt   Millis // when the workflow was last started for them
	ExecutionID string // what it started then
	Since       int64  // failures that came after that
}

// JoinErrorGroup counts a failure. When the workflow was started for its like within
// the window, joined is true and the group names that execution; otherwise the group
// says how many came since, and the caller starts the workflow and calls
// [StartErrorGroup].
func JoinErrorGroup(ctx context.Context, tx *Tx, workflowID int64, signature string, window time.Duration) (g ErrorGroup, joined bool, err error) {
	g = ErrorGroup{WorkflowID: workflowID, Signature: signature}
	err = tx.QueryRow(ctx, "SELECT started_at, execution_id, since FROM error_groups WHERE workflow_id = ? AND signature = ?", workflowID, signature).
		Scan(&g.StartedAt, &g.ExecutionID, &g.Since)
	if errors.Is(err, sql.ErrNoRows) {
		return g, false, nil
	}
	if err != nil {
		return g, false, fmt.Errorf("read group of errors: %w", storageError(err))
	}
	if !g.StartedAt.Time().Add(window).After(tx.Now()) {
		return g, false, nil
	}
	_, err = tx.Exec(ctx, "UPDATE error_groups SET since = since + 1 WHERE workflow_id = ? AND signature = ?", workflowID, signature)
	if err != nil {
		return g, false, fmt.Errorf("count in group of errors: %w", err)
	}
	return g, true, nil
}

// StartErrorGroup remembers that an execution was started for the failures of a group.
func StartErrorGroup(ctx context.Context, tx *Tx, g ErrorGroup, executionID string) error {
	_, err := tx.Exec(ctx, `INSERT INTO error_groups (workflow_id, signature, started_at, execution_id, since) VALUES (?, ?, ?, ?, 0)
		ON CONFLICT (workflow_id, signature) DO UPDATE SET started_at = excluded.started_at, execution_id = excluded.execution_id, since = 0`,
		g.WorkflowID, g.Signature, At(tx.Now()), executionID)
	if err != nil {
		return fmt.Errorf("start group of errors: %w", err)
	}
	return nil
}

// DropErrorGroups forgets the groups that were last started before a time.
func DropErrorGroups(ctx context.Context, tx *Tx, before time.Time) error {
	if _, err := tx.Exec(ctx, "DELETE FROM error_groups WHERE started_at < ?", At(before)); err != nil {
		return fmt.Errorf("drop groups of errors: %w", err)
	}
	return nil
}
