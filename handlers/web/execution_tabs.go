package web

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/ui"
	"formrail/views/urls"
)

// mostChanges is how many changes of records the page of an execution shows.
const mostChanges = 300

// tab adds to p what the chosen tab shows.
func (v *viewer) tab(ctx context.Context, f *executionFacts, show shownExecution, p *executions.DetailProps) error {
	switch show.tab {
	case executions.Timeline:
		if show.scale == executions.WorkScale {
			p.Scale = show.scale
		}
		p.Tab = show.tab
		return v.timeline(ctx, f, p)
	case executions.Changes:
		p.Tab = show.tab
		return v.dataChanges(ctx, f, p)
	case executions.Variables:
		p.Tab = show.tab
		p.Variables = variables(p.Steps)
	case executions.Log:
		p.Tab = show.tab
		return v.log(ctx, f, p)
	}
	return nil
}

// dataChanges lists the records that the steps changed.
//
// Security: values need the right to see data of executions, and each field its own;
// the others only count.
func (v *viewer) dataChanges(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	list, err := v.site.Records.ChangesBy(ctx, f.ID, v.openFields(f.Execution), mostChanges)
	if err != nil {
		return err
	}
	for _, c := range list {
		one := executions.Change{Record: subtitle(c.Collection, c.RecordID), Action: string(c.Action), At: v.at(c.At)}
		if c.Hidden {
			one.Hidden = v.hidden(ctx)
		}
		if i := slices.IndexFunc(f.steps, func(s *models.Step) bool { return s.ID == c.StepID }); i >= 0 {
			one.Step, one.StepHref = f.steps[i].Title, urls.ExecutionStep(f.ID, keyOf(f.steps[i]))
		}
		if c.Action != models.Delete && c.Action != models.Purge {
			if one.Href, err = v.recordHref(ctx, c.Collection, c.RecordID); err != nil {
				return err
			}
		}
		for _, changed := range c.Fields {
			row, err := v.fieldChange(ctx, c.Collection, changed)
			if err != nil {
				return err
			}
			one.Fields = append(one.Fields, row)
		}
		p.Changes = append(p.Changes, one)
	}
	return nil
}

// openFields tells which fields of changed records are open to the viewer.
func (v *viewer) openFields(x *models.Execution) records.OpenFields {
	m := v.mask(x)
	return func(ctx context.Context, on *models.Collection, id string) (func(*models.CollectionField) bool, error) {
		if !v.access.Can("execution.payload") {
			return func(*models.CollectionField) bool { return false }, nil
		}
		test, err := m.test(ctx, on, id)
		return func(f *models.CollectionField) bool { return !f.Hidden && test(f) }, err
	}
}

func (v *viewer) fieldChange(ctx context.Context, on *models.Collection, c records.FieldChange) (executions.FieldChange, error) {
	f, ok := on.Field(c.Field)
	if !ok {
		return executions.FieldChange{}, nil
	}
	before, err := v.wasOrIs(ctx, f, c.Before)
	if err != nil {
		return executions.FieldChange{}, err
	}
	after, err := v.wasOrIs(ctx, f, c.After)
	return executions.FieldChange{Label: f.Title(), Before: before, After: after}, err
}

// variables lists what later steps of the execution could refer to.
func variables(steps []executions.Step) (out []executions.Variable) {
	for _, s := range steps {
		name := "nodes." + s.Key
		if s.Key == triggerKey {
			name = triggerKey
		}
		if s.Output == "" && s.Hidden == "" || strings.Contains(s.Key, "@") {
			continue
		}
		out = append(out, executions.Variable{Name: name, Title: s.Title, Icon: s.Icon, Kind: s.Kind, Value: s.Output, Hidden: s.Hidden})
	}
	return out
}

// log lists what happened, in order.
func (v *viewer) log(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	who := p.ByOther
	if p.By != nil {
		who = p.By.Name
	}
	add := func(at models.Millis, line executions.LogLine) {
		line.At = v.since(at)
		p.Log = append(p.Log, line)
	}
	add(f.CreatedAt, executions.LogLine{Tone: ui.Info, Text: text.T(ctx, "log.began_by", "Started by %s", who)})
	for i, s := range f.steps {
		shown := p.Steps[i+1] // the first one is the trigger
		look := executions.StepLook(ctx, shown.Status)
		line := executions.LogLine{Tone: ui.Info, Text: text.T(ctx, "log.step_began", "%s began", s.Title), Href: urls.ExecutionStep(f.ID, shown.Key)}
		if s.StartedAt != 0 && v.useOf(s) != executions.Working {
			add(s.StartedAt, line)
		}
		if f.values {
			for _, said := range s.Log {
				add(max(s.EndedAt, s.StartedAt), executions.LogLine{Tone: ui.Idle, Text: said, Note: s.Title, Href: line.Href, Code: true})
			}
		}
		for _, d := range shown.Decisions {
			p.Log = append(p.Log, executions.LogLine{At: d.At, Tone: ui.OK, Text: d.Person.Name + " " + d.What, Note: d.Comment, Href: line.Href})
		}
		if s.EndedAt != 0 {
			line.Tone, line.Text, line.Note = look.Tone, s.Title+": "+look.Label, strings.TrimSpace(shown.ErrorTitle+" "+shown.Explanation)
			line.Took = shown.Duration
			add(s.EndedAt, line)
		}
	}
	slices.SortStableFunc(p.Log, func(a, b executions.LogLine) int { return a.At.At.Compare(b.At.At) })
	if f.EndedAt != 0 {
		look := executions.Look(ctx, p.Status)
		add(f.EndedAt, executions.LogLine{Tone: look.Tone, Text: text.T(ctx, "log.ended", "Ended: %s", look.Label), Note: p.Reason, Took: p.Duration})
	}
	return nil
}
