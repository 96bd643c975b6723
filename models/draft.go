package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// DraftCommand is one edit of a draft as it is remembered for undo.
type DraftCommand struct {
	ID       string // made by the client; a repeat gives the first answer
	OwnerID  int64  // whose draft it is: a workflow's or a page's
	Revision int64  // of the draft after it
	Label    string
	Commands string // JSON
	Before   string // the draft before
	After    string // the draft after
	Touched  []string
	AuthorID int64
	State    string // done, undone, or published: done, and part of a version since
	At       Millis
}

// DraftLog remembers the edits of drafts of one kind. It has no state of its own:
// it is how the statements of its table begin, and the column of whose draft it is.
type DraftLog struct{ find, add, set, drop, owner string }

// WorkflowEdits are the edits of drafts of workflows.
func WorkflowEdits() DraftLog {
	return DraftLog{
		find: " FROM draft_commands WHERE ", add: "INSERT INTO draft_commands (", set: "UPDATE draft_commands SET ",
		drop: "DELETE FROM draft_commands WHERE ", owner: "workflow_id",
	}
}

// PageEdits are the edits of drafts of pages.
func PageEdits() DraftLog {
	return DraftLog{
		find: " FROM page_commands WHERE ", add: "INSERT INTO page_commands (", set: "UPDATE page_commands SET ",
		drop: "DELETE FROM page_commands WHERE ", owner: "page_id",
	}
}

func (l DraftLog) columns() string {
	return "id, " + l.owner + ", revision, label, commands, before, after, touched, author_id, state, at"
}

func (l DraftLog) query(rest string) string {
	return "SELECT " + l.columns() + l.find + rest
}

func scanDraftCommand(scan func(...any) error) (*DraftCommand, error) {
	var (
		c       DraftCommand
		touched string
	)
	err := scan(&c.ID, &c.OwnerID, &c.Revision, &c.Label, &c.Commands, &c.Before, &c.After, &touched, &c.AuthorID, &c.State, &c.At)
	if err != nil {
		return nil, err
	}
	return &c, readJSON(touched, &c.Touched)
}

// Insert remembers an edit.
func (l DraftLog) Insert(ctx context.Context, tx *Tx, c *DraftCommand) error {
	c.At = At(tx.Now())
	_, err := tx.Exec(ctx, l.add+l.columns()+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'done', ?)",
		c.ID, c.OwnerID, c.Revision, c.Label, c.Commands, c.Before, c.After, toJSON(orEmpty(c.Touched)), c.AuthorID, c.At)
	if err != nil {
		return fmt.Errorf("remember edit: %w", err)
	}
	return nil
}

// ByID finds an edit by the id its client made; nil when unknown.
func (l DraftLog) ByID(ctx context.Context, q Querier, id string) (*DraftCommand, error) {
	return oneDraftCommand(q.QueryRow(ctx, l.query("id = ?"), id))
}

// Last finds the edit that undo would revert (state done) or redo would repeat
// (state undone); nil when there is none.
func (l DraftLog) Last(ctx context.Context, q Querier, owner int64, state string) (*DraftCommand, error) {
	order := "DESC"
	if state == "undone" {
		order = "ASC"
	}
	return oneDraftCommand(q.QueryRow(ctx, l.query(l.owner+" = ? AND state = ? ORDER BY revision "+order+", at "+order+" LIMIT 1"), owner, state))
}

// Labels are those of the edits that undo would revert and redo would repeat; empty when
// there is none. It reads no drafts.
func (l DraftLog) Labels(ctx context.Context, q Querier, owner int64) (undo, redo string, err error) {
	rest := l.owner + " = ? AND state = ? ORDER BY revision %[1]s, at %[1]s LIMIT 1"
	for _, want := range []struct {
		label        *string
		state, order string
	}{{&undo, "done", "DESC"}, {&redo, "undone", "ASC"}} {
		err := q.QueryRow(ctx, "SELECT label"+l.find+fmt.Sprintf(rest, want.order), owner, want.state).Scan(want.label)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", "", fmt.Errorf("load labels of edits: %w", storageError(err))
		}
	}
	return undo, redo, nil
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

// Publish marks the edits that a version holds from now on: they are not undone any more.
func (l DraftLog) Publish(ctx context.Context, tx *Tx, owner int64) error {
	if _, err := tx.Exec(ctx, l.set+"state = 'published' WHERE "+l.owner+" = ? AND state = 'done'", owner); err != nil {
		return fmt.Errorf("mark published edits: %w", err)
	}
	return nil
}

// Since lists the edits after a revision, oldest first.
func (l DraftLog) Since(ctx context.Context, q Querier, owner, revision int64) ([]*DraftCommand, error) {
	var out []*DraftCommand
	rows, err := q.Query(ctx, l.query(l.owner+" = ? AND revision > ? AND state IN ('done', 'published') ORDER BY revision"), owner, revision)
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

// Listed lists the newest edits of a draft, newest first, without what they did: those that
// are done or published, and those that were undone and can be repeated.
func (l DraftLog) Listed(ctx context.Context, q Querier, owner int64, limit int) ([]*DraftCommand, error) {
	var out []*DraftCommand
	rows, err := q.Query(ctx, "SELECT id, revision, label, author_id, state, at"+l.find+l.owner+" = ? AND state IN ('done', 'published', 'undone') ORDER BY revision DESC, at DESC LIMIT ?", owner, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		c := &DraftCommand{OwnerID: owner}
		err := r.Scan(&c.ID, &c.Revision, &c.Label, &c.AuthorID, &c.State, &c.At)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list edits: %w", err)
	}
	return out, nil
}

// SetState marks an edit undone or done again.
func (l DraftLog) SetState(ctx context.Context, tx *Tx, id, state string) error {
	_, err := tx.Exec(ctx, l.set+"state = ? WHERE id = ?", state, id)
	if err != nil {
		return fmt.Errorf("mark edit %s: %w", state, err)
	}
	return nil
}

// DropUndone forgets undone edits once a new one has been made.
func (l DraftLog) DropUndone(ctx context.Context, tx *Tx, owner int64) error {
	_, err := tx.Exec(ctx, l.drop+l.owner+" = ? AND state = 'undone'", owner)
	if err != nil {
		return fmt.Errorf("forget undone edits: %w", err)
	}
	return nil
}

// Drop forgets all edits of a draft.
func (l DraftLog) Drop(ctx context.Context, tx *Tx, owner int64) error {
	_, err := tx.Exec(ctx, l.drop+l.owner+" = ?", owner)
	if err != nil {
		return fmt.Errorf("forget edits: %w", err)
	}
	return nil
}
