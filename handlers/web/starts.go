package web

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// starts is the line below a form: which workflows its buttons start, bound ones
// first, then those that start from every form. Bindings that would be skipped are
// not among them.
func (f formView) starts(ctx context.Context) (string, error) {
	list, err := f.site.Engine.Startable(ctx)
	if err != nil {
		return "", err
	}
	var titles []string
	add := func(s models.Startable) {
		if !slices.Contains(titles, s.Title) {
			titles = append(titles, s.Title)
		}
	}
	for _, a := range f.buttons() {
		for _, bound := range a.Started() {
			if _, skipped := f.cat.Misfit(list, a, f.on, models.PageBinding{Workflow: bound.Key, Path: bound.Path}); skipped {
				continue
			}
			add(list[slices.IndexFunc(list, func(s models.Startable) bool { return s.Key == bound.Key })])
		}
	}
	for _, s := range list {
		if slices.ContainsFunc(f.buttons(), func(a *models.PageAction) bool { return s.StartsAnyway(a.Type, f.block.Type, f.on) }) {
			add(s)
		}
	}
	if len(titles) == 0 {
		return "", nil
	}
	return text.T(ctx, "form.starts", "Starts %s", strings.Join(titles, ", ")), nil
}

// boundButtons lists the published buttons that start a workflow.
func (v *viewer) boundButtons(ctx context.Context, key string) ([]workflows.BoundButton, error) {
	buttons, err := v.site.DB.BoundTo(ctx, key)
	if err != nil || len(buttons) == 0 {
		return nil, err
	}
	list, err := v.site.Engine.Startable(ctx)
	if err != nil {
		return nil, err
	}
	var out []workflows.BoundButton
	for _, b := range buttons {
		on, ok := v.cat.Collection(b.Block.Collection)
		if !ok {
			continue
		}
		one := workflows.BoundButton{Label: actionLabel(ctx, b.Action), Place: b.Page.Title + " / " + headingOf(ctx, b.Block, on)}
		if to := v.cat.SourceCollection(on, b.Path); b.Path != "" && to != nil {
			one.Data = b.Path + ": " + to.Title
		}
		switch {
		case v.access.Can("page.design"):
			one.Href = urls.DesignPanel(b.Page.Key, "bind", b.Action.ID)
		case b.Page.VisibleTo(v.roles):
			one.Href = urls.Page(b.Page.Key)
		}
		if why, ok := v.cat.Misfit(list, b.Action, on, models.PageBinding{Workflow: key, Path: b.Path}); ok {
			one.Skipped = why.In(ctx)
		}
		out = append(out, one)
	}
	return out, nil
}
