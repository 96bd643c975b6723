package web

import (
	"context"
	"slices"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// formView is a form on its way to its props.
type formView struct {
	*viewer
	page   *models.Page
	block  *models.Block
	on     *models.Collection
	record records.Record // what it edits; nil for a new one
	sent   bind.Form      // what was typed, after an error; nil at first
	key    string         // idempotency key to keep; empty for a new one
	inline bool           // stands on its page among other blocks
	over   pages.Over     // stands over its page; empty on a page of its own
}

// id is the record the form edits; empty for a new one.
func (f formView) id() string {
	if f.record == nil {
		return ""
	}
	return records.IDText(f.record[models.IDField])
}

// props draws the form. problem is why it was not saved; nil at first.
func (f formView) props(ctx context.Context, problem *models.Error) (pages.FormProps, error) {
	p := pages.FormProps{CSRF: f.csrf, ID: f.block.ID, Key: f.key, Over: f.over}
	if p.Key == "" {
		p.Key = models.NewID()
	}
	if f.record != nil {
		p.Version = canonical(f.record[models.VersionField])
	}
	if !f.inline {
		p.Cancel = urls.Page(f.page.Key)
		if f.record != nil {
			p.Cancel = urls.Record(f.page.Key, f.block.ID, f.id())
		}
	}
	inputs := f.inputs(f.block, f.on)
	var list []fields.Props
	for _, b := range inputs {
		one, err := f.input(ctx, b, problem)
		if err != nil {
			return p, err
		}
		list = append(list, one)
	}
	p.Sections = []pages.Section{{Fields: list}}
	if f.inline {
		p.Sections[0].Title = f.heading(ctx)
	}
	p.Problems = problemList(ctx, list, problem)
	for i, a := range f.buttons() {
		press := pressed{page: f.page.Key, block: f.block.ID, action: a.ID, record: f.id()}
		p.Actions = append(p.Actions, pages.Submit{
			ID: a.ID, Label: actionLabel(ctx, a), Address: press.address(),
			Primary: a.Style == models.PrimaryStyle || a.Style == "" && i == 0, Bad: a.Style == models.DangerStyle, Confirm: a.Confirm,
		})
		if i == 0 {
			p.Address = press.address()
		}
	}
	var err error
	p.Starts, err = f.starts(ctx)
	return p, err
}

// buttons lists the buttons that send the form, the one to press first in front.
func (f formView) buttons() []*models.PageAction {
	out := slices.DeleteFunc(slices.Clone(f.block.Actions), func(a *models.PageAction) bool {
		return a.Type != models.SubmitAction && a.Type != models.SaveAction
	})
	slices.SortStableFunc(out, func(a, b *models.PageAction) int { return rank(a) - rank(b) })
	return out
}

func rank(a *models.PageAction) int {
	if a.Type == models.SubmitAction {
		return 0
	}
	return 1
}

// input draws one input with what was typed, else with what the record holds, else
// with the default.
func (f formView) input(ctx context.Context, b blockField, problem *models.Error) (fields.Props, error) {
	d := b.shape()
	out := fields.Props{Field: d, ID: "field-" + f.block.ID + "-" + d.Name, Full: b.field.Name == f.on.TitleField && !f.inline}
	switch {
	case f.sent != nil:
		out.Value = f.sent.Get(d.Name)
	case f.record != nil:
		out.Value = f.typed(b.field, f.record[b.field.Key()])
	default:
		out.Value = f.initial(b.field)
	}
	if d.Kind == field.Boolean {
		out.Checked = out.Value == "true"
	}
	if problem != nil {
		for _, p := range problem.Fields {
			if p.Field == d.Name || p.Field == b.field.Key() {
				out.Problem = p.Message.In(ctx)
			}
		}
	}
	if !b.field.IsLink() {
		return out, nil
	}
	out.Search = f.choosing(d.Name)
	var err error
	out.Options, err = f.choices(ctx, b.field, out.Value)
	return out, err
}

// problemList is the summary above a form: problems of its inputs with links to
// them, and what is said about the whole.
func problemList(ctx context.Context, list []fields.Props, problem *models.Error) []ui.Problem {
	if problem == nil {
		return nil
	}
	var out []ui.Problem
	for _, p := range list {
		if p.Problem != "" {
			out = append(out, ui.Problem{InputID: p.InputID(), Label: p.Field.Label, Message: p.Problem})
		}
	}
	for _, p := range problem.Fields {
		if !slices.ContainsFunc(list, func(in fields.Props) bool { return in.Problem == p.Message.In(ctx) }) {
			out = append(out, ui.Problem{Message: p.Message.In(ctx)})
		}
	}
	if len(out) == 0 {
		out = append(out, ui.Problem{Message: problem.Message.In(ctx)})
	}
	return out
}

// heading is what the form is called.
func (f formView) heading(ctx context.Context) string {
	switch {
	case f.block.Title != "":
		return f.block.Title
	case f.record != nil:
		return text.T(ctx, "form.edit", "Edit %s", records.TitleOf(f.on, f.record))
	}
	return text.T(ctx, "form.new", "New %s", f.on.Title)
}

// formPage draws the form on a page of its own.
func (f formView) formPage(ctx context.Context, form pages.FormProps) pages.FormPageProps {
	return pages.FormPageProps{Title: f.heading(ctx), PageTitle: f.page.Title, PageHref: urls.Page(f.page.Key), Form: form}
}
