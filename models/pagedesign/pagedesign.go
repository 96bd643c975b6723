// Package pagedesign changes pages: each page has a draft that is edited by
// commands, can be undone step by step, and becomes what everybody sees when it is
// published.
package pagedesign

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// right is what every designer of pages needs.
const right = "page.design"

// Service designs pages. It is safe for concurrent use.
type Service struct {
	db        *models.DB
	startable func(context.Context) ([]models.Startable, error)
}

// New makes the service. startable lists the workflows that buttons may start.
func New(db *models.DB, startable func(context.Context) ([]models.Startable, error)) *Service {
	return &Service{db: db, startable: startable}
}

// State is how the draft of a page stands.
type State struct {
	Page      *models.Page // the draft
	Revision  int64        // of the draft
	Published int64        // revision that others see; 0 while it was never published
	Dirty     bool         // the draft differs from what others see
	Changed   []string     // ids of blocks and buttons that the edit touched; "page" for the page itself
	Findings  []Finding
	Undo      string // label of the edit that undo would revert; empty = none
	Redo      string
}

// Finding is something that is wrong with a draft. A warning does not keep it from
// being published.
type Finding struct {
	models.FieldError
	Action  string // id of the button it is about; empty when it is about none
	Warning bool
}

// Open gives the draft of a page.
func (s *Service) Open(ctx context.Context, access models.Access, key string) (State, error) {
	if err := access.Require(right); err != nil {
		return State{}, err
	}
	d, err := models.PageDraftByKey(ctx, s.db.Read(), key)
	if err != nil {
		return State{}, err
	}
	return s.state(ctx, s.db.Read(), d)
}

// List gives the drafts of all pages in the order of the menu, without findings.
func (s *Service) List(ctx context.Context, access models.Access) ([]State, error) {
	if err := access.Require(right); err != nil {
		return nil, err
	}
	drafts, err := models.PageDrafts(ctx, s.db.Read())
	if err != nil {
		return nil, err
	}
	out := make([]State, len(drafts))
	for i, d := range drafts {
		if out[i], err = stateOf(d); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Create adds a page that nobody but designers sees before it is published. A page
// without a key gets one made of its title.
func (s *Service) Create(ctx context.Context, access models.Access, p *models.Page) (State, error) {
	if err := access.Require(right); err != nil {
		return State{}, err
	}
	var out State
	err := s.db.Write(ctx, "page.create_draft", func(tx *models.Tx) error {
		made := *p
		drafts, err := models.PageDrafts(ctx, tx)
		if err != nil {
			return err
		}
		if made.Key == "" {
			made.Key = freeKey(made.Title, drafts)
		}
		if made.Position == 0 {
			if made.Position, err = behind(drafts); err != nil {
				return err
			}
		}
		problems, err := s.check(ctx, tx, &made)
		if err != nil {
			return err
		}
		if found := models.Problems(slices.DeleteFunc(problems, isBinding)); found != nil {
			return found
		}
		d, err := models.InsertPageDraft(ctx, tx, &made)
		if err != nil {
			return err
		}
		out, err = s.state(ctx, tx, d)
		return err
	})
	return out, err
}

// behind is the place in the menu after all others.
func behind(drafts []*models.PageDraft) (int64, error) {
	last := int64(0)
	for _, d := range drafts {
		p, err := d.Page()
		if err != nil {
			return 0, err
		}
		last = max(last, p.Position)
	}
	return last + 1, nil
}

// freeKey makes a key of a title that no page has.
func freeKey(title string, drafts []*models.PageDraft) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z', b.Len() > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	base := strings.Trim(b.String()[:min(b.Len(), 50)], "-")
	if len(base) < 2 {
		base = "page"
	}
	key := base
	for n := 2; slices.ContainsFunc(drafts, func(d *models.PageDraft) bool { return d.Key == key }); n++ {
		key = fmt.Sprintf("%s-%d", base, n)
	}
	return key
}

// Duplicate adds a copy of a page's draft with its bindings, as a page of its own.
func (s *Service) Duplicate(ctx context.Context, access models.Access, key string) (State, error) {
	from, err := s.Open(ctx, access, key)
	if err != nil {
		return State{}, err
	}
	p := *from.Page
	p.ID, p.Key, p.Position = 0, "", 0
	p.Title = text.T(ctx, "page.copy_of", "Copy of %s", p.Title)
	return s.Create(ctx, access, &p)
}

// Remove takes a page away from everybody.
func (s *Service) Remove(ctx context.Context, access models.Access, key string) error {
	if err := access.Require(right); err != nil {
		return err
	}
	return s.db.Write(ctx, "page.remove", func(tx *models.Tx) error {
		d, err := models.PageDraftByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		return models.RemovePage(ctx, tx, access, d)
	})
}

// Publish makes the draft what everybody sees. A base other than 0 must be the
// draft's revision. Bindings that fit no more are kept: they are skipped when
// their button is pressed.
func (s *Service) Publish(ctx context.Context, access models.Access, key string, base int64) (State, error) {
	if err := access.Require(right); err != nil {
		return State{}, err
	}
	var out State
	err := s.db.Write(ctx, "page.publish", func(tx *models.Tx) error {
		d, err := models.PageDraftByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if base != 0 && base != d.Revision {
			return draftChanged()
		}
		now, err := s.state(ctx, tx, d)
		if err != nil {
			return err
		}
		var wrong []models.FieldError
		for _, f := range now.Findings {
			if !f.Warning {
				wrong = append(wrong, f.FieldError)
			}
		}
		if len(wrong) > 0 {
			return models.InvalidFields(wrong)
		}
		if err := models.PublishPage(ctx, tx, access, now.Page); err != nil {
			return err
		}
		if d, err = models.PageDraftByKey(ctx, tx, key); err != nil {
			return err
		}
		out, err = s.state(ctx, tx, d)
		return err
	})
	return out, err
}

func draftChanged() *models.Error {
	return models.Conflict("DRAFT_CHANGED", text.M("page.draft_changed", "Somebody edited this page meanwhile. Look at the page as it is now, then repeat your change."))
}

// stateOf reads what needs no look at anything else.
func stateOf(d *models.PageDraft) (State, error) {
	p, err := d.Page()
	return State{Page: p, Revision: d.Revision, Published: d.Published, Dirty: d.Dirty()}, err
}

// state reports how a draft stands.
func (s *Service) state(ctx context.Context, q models.Querier, d *models.PageDraft) (State, error) {
	out, err := stateOf(d)
	if err != nil {
		return State{}, err
	}
	for label, state := range map[*string]string{&out.Undo: "done", &out.Redo: "undone"} {
		c, err := models.PageEdits().Last(ctx, q, d.ID, state)
		if err != nil {
			return State{}, err
		}
		if c != nil {
			*label = c.Label
		}
	}
	out.Findings, err = s.findings(ctx, q, out.Page)
	return out, err
}

// findings are what is wrong with a page: its document, and bindings whose workflow
// does not fit any more.
func (s *Service) findings(ctx context.Context, q models.Querier, p *models.Page) ([]Finding, error) {
	problems, err := s.check(ctx, q, p)
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, f := range problems {
		if !isBinding(f) {
			out = append(out, Finding{FieldError: models.FieldError{Field: f.Field, Code: f.Code, Message: f.Message}})
		}
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.startable(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range p.Blocks() {
		on, ok := cat.Collection(b.Collection)
		if !ok {
			continue
		}
		for _, a := range b.Actions {
			for i, g := range a.Bindings {
				if why, ok := cat.Misfit(list, a, on, g); ok {
					at := models.FieldError{Field: fmt.Sprintf("bindings[%d].workflow", i), Code: "BINDING_SKIPPED", Message: why}
					out = append(out, Finding{FieldError: at, Action: a.ID, Warning: true})
				}
			}
		}
	}
	return out, nil
}

// check reports everything that is wrong with a document, filters included.
func (s *Service) check(ctx context.Context, q models.Querier, p *models.Page) (field.Problems, error) {
	problems, err := models.CheckPage(ctx, q, p)
	if err != nil {
		return nil, err
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range p.Blocks() {
		if _, ok := cat.Collection(b.Collection); ok && b.Filter != nil {
			problems = append(problems, records.CheckFilter(cat, b.Collection, b.Filter).Under(b.ID+".filter", "BAD_PARAMETER")...)
		}
	}
	return problems, nil
}

// isBinding reports whether a problem is about what one binding names. Such a
// binding is skipped at run time, and its button keeps working.
func isBinding(f field.Problem) bool { return strings.Contains(f.Field, ".bindings[") }
