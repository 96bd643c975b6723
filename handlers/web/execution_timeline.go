package web

import (
	"context"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
)

// timeline adds to the steps of p when they ran, and what they did with the time.
func (v *viewer) timeline(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	p.Took = v.until(f.EndedAt).Sub(f.CreatedAt.Time())
	contains := map[string]bool{}
	for _, s := range f.steps {
		contains[s.ParentID] = true
	}
	p.Steps[0].Span = &executions.Span{Use: executions.Starting}
	for i, s := range f.steps {
		if s.StartedAt == 0 || s.Status == models.Planned || s.Status == models.Skipped {
			continue
		}
		span := &executions.Span{From: s.StartedAt.Time().Sub(f.CreatedAt.Time()), To: v.until(s.EndedAt).Sub(f.CreatedAt.Time()), Use: v.useOf(s)}
		if contains[s.ID] {
			span.Use = executions.Containing
		}
		if span.Use == executions.ForPeople {
			var err error
			if span.Who, err = v.waitedFor(ctx, s); err != nil {
				return err
			}
		}
		p.Steps[i+1].Span = span // the first one is the trigger
	}
	return nil
}

// until is when something ended: now when it has not.
func (v *viewer) until(end models.Millis) time.Time {
	if end == 0 {
		return v.now
	}
	return end.Time()
}

// useOf is what a step did with its time. Steps that may wait do nearly nothing else.
func (v *viewer) useOf(s *models.Step) executions.Use {
	typ := v.site.types.nodes[s.Type]
	switch {
	case typ == nil || !typ.Waits:
		return executions.Working
	case typ.Group == node.People:
		return executions.ForPeople
	}
	return executions.ForTime
}

// waitedFor names who decided a step, or is asked while nobody has.
func (v *viewer) waitedFor(ctx context.Context, s *models.Step) (string, error) {
	list, err := models.StepTasks(ctx, v.site.DB.Read(), s.ID)
	if err != nil {
		return "", err
	}
	decided, asked := map[int64]bool{}, map[int64]bool{}
	for _, t := range list {
		switch {
		case t.ActorID != 0:
			decided[t.ActorID] = true
		case t.Status == models.TaskOpen:
			asked[t.PrincipalID] = true
		}
	}
	who := decided
	if len(who) == 0 {
		who = asked
	}
	if len(who) > 1 {
		return text.T(ctx, "execution.several_people", "%d people", len(who)), nil
	}
	for id := range who {
		return v.names.of(ctx, id)
	}
	return "", nil
}
