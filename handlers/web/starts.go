package web

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"formrail/engine"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/text"
)

// starters knows what starts by itself, to say so below forms. It is made anew when
// a workflow changes and is safe for concurrent use.
type starters struct{ at atomic.Pointer[startersAt] }

type startersAt struct {
	version int64
	list    []starter
}

// starter is one workflow that is switched on and has a live version.
type starter struct {
	key, title string
	listens    trigger.Listens
}

func (s *site) startersNow(ctx context.Context) ([]starter, error) {
	version := s.DB.WorkflowsVersion()
	if have := s.starters.at.Load(); have != nil && have.version == version {
		return have.list, nil
	}
	all, err := models.Workflows(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	made := &startersAt{version: version}
	for _, w := range all {
		typ, ok := s.types.triggers[w.Type]
		if !w.Enabled || w.LiveVersion == 0 || !ok {
			continue
		}
		v, err := models.VersionByID(ctx, s.DB.Read(), w.LiveVersion)
		if err != nil {
			return nil, err
		}
		d, err := engine.ReadDefinition(v.Definition)
		if err != nil {
			return nil, err
		}
		if settings, problems := typ.Decode(d.Trigger.Config); len(problems) == 0 {
			made.list = append(made.list, starter{key: w.Key, title: w.Title, listens: typ.Listens(settings)})
		}
	}
	s.starters.at.Store(made)
	return made.list, nil
}

// starts is the line below a form: which workflows its buttons start, bound ones
// first, then those that start from every form.
func (f formView) starts(ctx context.Context) (string, error) {
	list, err := f.site.startersNow(ctx)
	if err != nil {
		return "", err
	}
	var titles []string
	add := func(title string) {
		if !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
	}
	for _, a := range f.buttons() {
		for _, bound := range a.Started() {
			if i := slices.IndexFunc(list, func(s starter) bool { return s.key == bound.Key }); i >= 0 {
				add(list[i].title)
			}
		}
	}
	word := "create"
	if f.block.Type == models.EditFormBlock {
		word = "update"
	}
	for _, s := range list {
		if s.listens.Global && models.Snake(s.listens.Collection) == models.Snake(f.on.Name) && slices.Contains(s.listens.Actions, word) {
			add(s.title)
		}
	}
	if len(titles) == 0 {
		return "", nil
	}
	return text.T(ctx, "form.starts", "Starts %s", strings.Join(titles, ", ")), nil
}
