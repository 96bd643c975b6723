package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"formrail/models/field"
	"formrail/models/text"
)

// PageDraft is a page as its designers see it: what they edit beside what is
// published.
type PageDraft struct {
	ID        int64
	Key       string
	Draft     string // definition that is edited, as JSON
	Revision  int64  // of the draft; grows with every edit
	Published int64  // revision that others see; 0 while it was never published
	Live      string // definition that others see, as JSON; empty while there is none
}

// Dirty reports whether the draft differs from what others see.
func (d *PageDraft) Dirty() bool { return d.Draft != d.Live }

// Page reads the draft.
func (d *PageDraft) Page() (*Page, error) { return d.read(d.Draft) }

// LivePage reads what others see; nil while there is nothing.
func (d *PageDraft) LivePage() (*Page, error) {
	if d.Published == 0 {
		return nil, nil //nolint:nilnil // a new page has nothing that others see
	}
	return d.read(d.Live)
}

func (d *PageDraft) read(definition string) (*Page, error) {
	tree, err := field.ParseJSON([]byte(definition))
	if err != nil {
		return nil, fmt.Errorf("read draft of page %s: %w", d.Key, err)
	}
	p, problems := ReadPage(tree)
	if found := Problems(problems); found != nil {
		return nil, fmt.Errorf("read draft of page %s: %w", d.Key, found)
	}
	p.ID, p.Revision = d.ID, d.Published
	return p, nil
}

// PageDrafts lists all pages as designers see them, in the order of the menu.
func PageDrafts(ctx context.Context, q Querier) ([]*PageDraft, error) {
	var out []*PageDraft
	rows, err := q.Query(ctx, "SELECT "+pageColumns+", draft, draft_revision FROM pages WHERE deleted_at = 0 ORDER BY position, id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		d, err := scanPageDraft(r.Scan)
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list drafts of pages: %w", err)
	}
	return out, nil
}

// PageDraftByKey finds a page as designers see it.
func PageDraftByKey(ctx context.Context, q Querier, key string) (*PageDraft, error) {
	d, err := scanPageDraft(q.QueryRow(ctx, "SELECT "+pageColumns+", draft, draft_revision FROM pages WHERE deleted_at = 0 AND page_key = ?", key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("load draft of page %s: %w", key, storageError(err))
	}
	return d, nil
}

func scanPageDraft(scan func(...any) error) (*PageDraft, error) {
	d := &PageDraft{}
	p, err := scanPage(func(into ...any) error { return scan(append(into, &d.Draft, &d.Revision)...) })
	if err != nil {
		return nil, err
	}
	d.ID, d.Key, d.Published = p.ID, p.Key, p.Revision
	if d.Published == 0 {
		return d, nil
	}
	live, err := field.MarshalJSON(p.Definition())
	if err != nil {
		return nil, err
	}
	d.Live = string(live)
	if d.Draft == "" {
		d.Draft = d.Live
	}
	return d, nil
}

// InsertPageDraft adds a page that nobody but its designers sees.
func InsertPageDraft(ctx context.Context, tx *Tx, p *Page) (*PageDraft, error) {
	_, err := PageDraftByKey(ctx, tx, p.Key)
	switch {
	case err == nil:
		return nil, InvalidFields([]FieldError{{Field: "key", Code: "NOT_UNIQUE", Message: text.M("page.key_taken", "Another page has the key %s. Choose another one.", p.Key)}})
	case !IsKind(err, KindNotFound):
		return nil, err
	}
	p.Revision = 0
	empty := *p
	empty.Rows, empty.Popups = nil, nil
	if err := empty.store(ctx, tx); err != nil {
		return nil, fmt.Errorf("add page %s: %w", p.Key, err)
	}
	d := &PageDraft{ID: empty.ID, Key: p.Key, Revision: 1}
	return d, SetPageDraft(ctx, tx, d, p)
}

// SetPageDraft stores what is edited.
func SetPageDraft(ctx context.Context, tx *Tx, d *PageDraft, p *Page) error {
	draft, err := field.MarshalJSON(p.Definition())
	if err != nil {
		return err
	}
	d.Draft = string(draft)
	stored := d.Draft
	if stored == d.Live {
		stored = ""
	}
	if _, err := tx.Exec(ctx, "UPDATE pages SET draft = ?, draft_revision = ?, updated_at = ? WHERE id = ?", stored, d.Revision, At(tx.Now()), d.ID); err != nil {
		return fmt.Errorf("save draft of page %s: %w", d.Key, storageError(err))
	}
	return nil
}

// RemovePage takes a page away from everybody. Its key is free again.
func RemovePage(ctx context.Context, tx *Tx, by Access, d *PageDraft) error {
	if err := by.Require("page.design"); err != nil {
		return err
	}
	if err := PageEdits().Drop(ctx, tx, d.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE pages SET deleted_at = ?, draft = '', revision = 0 WHERE id = ?", At(tx.Now()), d.ID); err != nil {
		return fmt.Errorf("remove page %s: %w", d.Key, storageError(err))
	}
	if err := tx.bump(ctx, pagesVersion); err != nil {
		return err
	}
	p, err := d.Page()
	if err != nil {
		return err
	}
	return p.announce(ctx, tx, by, "page.destroy", ResourceHardDeleted)
}

// rewriteDraft lets rewrite change every block of a draft and of what undo would
// bring back, so that no former name returns with it.
func rewriteDraft(ctx context.Context, tx *Tx, d *PageDraft, rewrite func(*Block)) error {
	again := func(definition string) (string, error) {
		p, err := d.read(definition)
		if err != nil {
			return "", err
		}
		for _, b := range p.Blocks() {
			rewrite(b)
		}
		out, err := field.MarshalJSON(p.Definition())
		return string(out), err
	}
	var edits []*DraftCommand
	rows, err := tx.Query(ctx, PageEdits().query("page_id = ?"), d.ID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		c, err := scanDraftCommand(r.Scan)
		edits = append(edits, c)
		return err
	})
	if err != nil {
		return fmt.Errorf("list edits of page %s: %w", d.Key, err)
	}
	for _, c := range edits {
		before, err := again(c.Before)
		if err != nil {
			return err
		}
		after, err := again(c.After)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE page_commands SET before = ?, after = ? WHERE id = ?", before, after, c.ID); err != nil {
			return fmt.Errorf("rewrite edit of page %s: %w", d.Key, storageError(err))
		}
	}
	if !d.Dirty() { // it follows what is published
		return nil
	}
	draft, err := again(d.Draft)
	if err != nil || draft == d.Draft {
		return err
	}
	p, err := d.read(draft)
	if err != nil {
		return err
	}
	d.Revision++
	return SetPageDraft(ctx, tx, d, p)
}
