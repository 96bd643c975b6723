package web

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
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
