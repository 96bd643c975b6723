package pagedesign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Limits of editing.
const (
	maxCommands = 200 // in one batch
	wholePage   = "page"
)

// Batch is one atomic list of edits of a draft.
type Batch struct {
	ID       string // made by the client; a repeat gives the first answer; empty = made here
	Base     int64  // revision the client saw; 0 = not checked
	Commands []Command
}

// Commands applies a batch of edits to the draft of a page: all or none.
func (s *Service) Commands(ctx context.Context, access models.Access, key string, in Batch) (State, error) {
	if len(in.Commands) == 0 || len(in.Commands) > maxCommands {
		return State{}, models.Invalid("BAD_PARAMETER", text.M("page.commands", "Send 1 to %d edits at once.", maxCommands))
	}
	if in.ID == "" {
		in.ID = models.NewID()
	}
	return s.edit(ctx, access, key, func(tx *models.Tx, ed *edit) error {
		known, err := models.PageEdits().ByID(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if known != nil {
			if known.OwnerID != ed.d.ID {
				return models.Conflict("CONFLICT", text.M("page.edit_id_taken", "An edit of another page has this id."))
			}
			ed.touched = known.Touched
			return nil
		}
		c := &change{p: ed.p, misfit: ed.misfit}
		for i, command := range in.Commands {
			if err := c.apply(command); err != nil {
				return models.AsError(err).With("command", i)
			}
		}
		if err := ed.checkBase(ctx, tx, in.Base, c.touched); err != nil {
			return err
		}
		if err := ed.check(ctx, tx); err != nil {
			return err
		}
		ed.touched = c.touched
		return ed.store(ctx, tx, &models.DraftCommand{ID: in.ID, Label: strings.Join(c.labels, ", "), Commands: c.log(in.Commands)})
	})
}

// Undo reverts the latest edit of the draft since it was published.
func (s *Service) Undo(ctx context.Context, access models.Access, key string) (State, error) {
	return s.edit(ctx, access, key, func(tx *models.Tx, ed *edit) error { return ed.step(ctx, tx, "done") })
}

// Redo repeats the latest undone edit.
func (s *Service) Redo(ctx context.Context, access models.Access, key string) (State, error) {
	return s.edit(ctx, access, key, func(tx *models.Tx, ed *edit) error { return ed.step(ctx, tx, "undone") })
}

// Discard makes the draft equal to what others see; it can be undone.
func (s *Service) Discard(ctx context.Context, access models.Access, key string) (State, error) {
	return s.edit(ctx, access, key, func(tx *models.Tx, ed *edit) error {
		live, err := ed.d.LivePage()
		if err != nil {
			return err
		}
		if live == nil {
			return models.Invalid("NOT_PUBLISHED", text.M("page.not_published", "This page was never published, so there is nothing to go back to."))
		}
		if !ed.d.Dirty() {
			return nil
		}
		*ed.p, ed.touched = *live, []string{wholePage}
		return ed.store(ctx, tx, &models.DraftCommand{ID: models.NewID(), Label: "Discarded the draft", Commands: "[]"})
	})
}

// edit is one change of a draft inside its transaction.
type edit struct {
	s       *Service
	by      int64
	d       *models.PageDraft
	p       *models.Page // the draft, to be changed
	misfit  misfit
	touched []string
}

// misfit says why a binding cannot be made.
type misfit func(*models.Block, *models.PageAction, models.PageBinding) (text.Message, bool)

// edit runs fn on the draft of a page and reports how the draft stands.
func (s *Service) edit(ctx context.Context, access models.Access, key string, fn func(*models.Tx, *edit) error) (State, error) {
	if err := access.Require(right); err != nil {
		return State{}, err
	}
	fits, err := s.misfits(ctx)
	if err != nil {
		return State{}, err
	}
	var out State
	err = s.db.Write(ctx, "page.edit", func(tx *models.Tx) error {
		d, err := models.PageDraftByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		p, err := d.Page()
		if err != nil {
			return err
		}
		ed := &edit{s: s, by: access.Principal.UserID, d: d, p: p, misfit: fits}
		if err := fn(tx, ed); err != nil {
			return err
		}
		if out, err = s.state(ctx, tx, d); err != nil {
			return err
		}
		out.Changed = ed.touched
		return nil
	})
	if err != nil {
		return State{}, fmt.Errorf("edit page %s: %w", key, err)
	}
	return out, nil
}

// misfits answers for the workflows as they are before the edit.
func (s *Service) misfits(ctx context.Context) (misfit, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.startable(ctx)
	if err != nil {
		return nil, err
	}
	return func(b *models.Block, a *models.PageAction, g models.PageBinding) (text.Message, bool) {
		on, ok := cat.Collection(b.Collection)
		if !ok {
			return text.Message{}, false // said about the block
		}
		return cat.Misfit(list, a, on, g)
	}, nil
}

// checkBase accepts an old base when the edits in between touched other parts.
func (ed *edit) checkBase(ctx context.Context, tx *models.Tx, base int64, touched []string) error {
	if base == 0 || base == ed.d.Revision {
		return nil
	}
	between, err := models.PageEdits().Since(ctx, tx, ed.d.ID, base)
	if err != nil {
		return err
	}
	for _, c := range between {
		if slices.ContainsFunc(c.Touched, func(t string) bool { return slices.Contains(touched, t) }) {
			return draftChanged().With("author", c.AuthorID).With("at", c.At.Time()).With("label", c.Label)
		}
	}
	if len(between) == 0 || base > ed.d.Revision {
		return draftChanged()
	}
	return nil
}

// check refuses an edit that brings a fault into the draft. Faults that were there
// before, such as a column of a field that was dropped since, do not stop edits
// elsewhere; publishing finds them.
func (ed *edit) check(ctx context.Context, tx *models.Tx) error {
	found, err := ed.s.check(ctx, tx, ed.p)
	if err != nil {
		return err
	}
	before, err := ed.d.Page()
	if err != nil {
		return err
	}
	old, err := ed.s.check(ctx, tx, before)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(f field.Problem) bool {
		return isBinding(f) || slices.ContainsFunc(old, func(o field.Problem) bool { return o.Message.String() == f.Message.String() })
	})
	if refused := models.Problems(found); refused != nil {
		return refused
	}
	return nil
}

// store remembers an edit and makes it the draft.
func (ed *edit) store(ctx context.Context, tx *models.Tx, c *models.DraftCommand) error {
	ed.d.Revision++
	c.OwnerID, c.Revision, c.Before, c.AuthorID, c.Touched = ed.d.ID, ed.d.Revision, ed.d.Draft, ed.by, ed.touched
	if err := models.PageEdits().DropUndone(ctx, tx, ed.d.ID); err != nil {
		return err
	}
	if err := models.SetPageDraft(ctx, tx, ed.d, ed.p); err != nil {
		return err
	}
	c.After = ed.d.Draft
	return models.PageEdits().Insert(ctx, tx, c)
}

// step undoes the latest edit (state done) or repeats the latest undone one.
func (ed *edit) step(ctx context.Context, tx *models.Tx, state string) error {
	c, err := models.PageEdits().Last(ctx, tx, ed.d.ID, state)
	if err != nil {
		return err
	}
	if c == nil {
		return models.Invalid("NOTHING_TO_UNDO", text.M("page.nothing_to_undo", "There is nothing to undo or to repeat on this page."))
	}
	next, draft := "undone", c.Before
	if state == "undone" {
		next, draft = "done", c.After
	}
	if err := models.PageEdits().SetState(ctx, tx, c.ID, next); err != nil {
		return err
	}
	as := *ed.d
	as.Draft = draft
	p, err := as.Page()
	if err != nil {
		return err
	}
	ed.touched = c.Touched
	ed.d.Revision++
	return models.SetPageDraft(ctx, tx, ed.d, p)
}
