package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// DraftCommand is one edit of a draft as it is remembered for undo.
type DraftCommand struct {
	ID         string // made by the client; a repeat gives the first answer
	WorkflowID int64
	Revision   int64 // of the draft after it
	Label      string
	Commands   string // JSON
	Before     string // the draft before
	After      string // the draft after
	Touched    []string
	AuthorID   int64
	State      string // done or undone
	At         Millis
}

const draftColumns = "id, workflow_id, revision, label, commands, before, after, touched, author_id, state, at"

func scanDraftCommand(scan func(...any) error) (*DraftCommand, error) {
	var (
		c       DraftCommand
		touched string
	)
	err := scan(&c.ID, &c.WorkflowID, &c.Revision, &c.Label, &c.Commands, &c.Before, &c.After, &touched, &c.AuthorID, &c.State, &c.At)
	if err != nil {
		return nil, err
	}
	return &c, readJSON(touched, &c.Touched)
}

// InsertDraftCommand remembers an edit.
func InsertDraftCommand(ctx context.Context, tx *Tx, c *DraftCommand) error {
	c.At = At(tx.Now())
	_, err := tx.Exec(ctx, `INSERT INTO draft_commands (`+draftColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'done', ?)`,
		c.ID, c.WorkflowID, c.Revision, c.Label, c.Commands, c.Before, c.After, toJSON(orEmpty(c.Touched)), c.AuthorID, c.At)
	if err != nil {
		return fmt.Errorf("remember edit: %w", err)
	}
	return nil
}

// DraftCommandByID finds an edit by the id its client made; nil when unknown.
func DraftCommandByID(ctx context.Context, q Querier, id string) (*DraftCommand, error) {
	return oneDraftCommand(q.QueryRow(ctx, "SELECT "+draftColumns+" FROM draft_commands WHERE id = ?", id))
}

// LastDraftCommand finds the edit that undo would revert (state done) or redo
// would repeat (state undone); nil when there is none.
func LastDraftCommand(ctx context.Context, q Querier, workflowID int64, state string) (*DraftCommand, error) {
	order := "DESC"
	if state == "undone" {
		order = "ASC"
	}
	return oneDraftCommand(q.QueryRow(ctx, "SELECT "+draftColumns+" FROM draft_commands WHERE workflow_id = ? AND state = ? ORDER BY revision "+order+", at "+order+" LIMIT 1", workflowID, state))
}

func oneDraftCommand(row *sql.Row) (*DraftCommand, error) {
	c, err := scanDraftCommand(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // nothing to undo is an ordinary answer
	}
	if err != nil {
		return nil, fmt.Errorf("load edit: %w", storageError(err))
	}
	return c, nil
}

// DraftCommandsSince lists the edits after a revision, oldest first.
func DraftCommandsSince(ctx context.Context, q Querier, workflowID, revision int64) ([]*DraftCommand, error) {
	var out []*DraftCommand
	rows, err := q.Query(ctx, "SELECT "+draftColumns+" FROM draft_commands WHERE workflow_id = ? AND revision > ? AND state = 'done' ORDER BY revision", workflowID, revision)
	err = Rows(rows, err, func(r *sql.Rows) error {
		c, err := scanDraftCommand(r.Scan)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list edits: %w", err)
	}
	return out, nil
}

// SetDraftCommandState marks an edit undone or done again.
func SetDraftCommandState(ctx context.Context, tx *Tx, id, state string) error {
	_, err := tx.Exec(ctx, "UPDATE draft_commands SET state = ? WHERE id = ?", state, id)
	if err != nil {
		return fmt.Errorf("mark edit %s: %w", state, err)
	}
	return nil
}

// DropUndone forgets undone edits once a new one has been made.
func DropUndone(ctx context.Context, tx *Tx, workflowID int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM draft_commands WHERE workflow_id = ? AND state = 'undone'", workflowID)
	if err != nil {
		return fmt.Errorf("forget undone edits: %w", err)
	}
	return nil
}
