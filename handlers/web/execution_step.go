package web

import (
	"context"
	"strings"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/urls"
)

// triggerStep draws what the execution started with.
func (v *viewer) triggerStep(ctx context.Context, f *executionFacts) (executions.Step, error) {
	face := f.def.triggerFace()
	s := executions.Step{
		Key: triggerKey, Title: face.title, Type: face.title, Icon: face.icon, Kind: face.kind, Status: string(models.Done),
		Started: v.since(f.CreatedAt), Tries: 1, Node: triggerKey, Number: 1,
	}
	if !v.access.Can("execution.payload") {
		s.Hidden = v.hidden(ctx)
		return s, nil
	}
	if f.values {
		var err error
		s.Output, s.OutputRest, err = f.value(ctx, triggerKey, large{step: triggerKey, of: outputValue, all: f.Trigger})
		return s, err
	}
	s.Hidden = v.hidden(ctx)
	typ, ok := v.site.types.triggers[f.def.Trigger.Type]
	if !ok || !typ.Matches() { // what others handed over can come from anywhere
		return s, nil
	}
	settings, _ := typ.Decode(f.def.Trigger.Config)
	shape := typ.Context(settings, f.def.Schema)
	var err error
	s.Output, err = v.mask(f.Execution).json(ctx, f.Trigger, shape)
	return s, err
}

// keyOf names a step in addresses: its node, and its path inside loops.
func keyOf(s *models.Step) string {
	if s.Path == "" {
		return s.Node
	}
	return s.Node + "@" + s.Path
}

// step draws one step: how it went, and for those who may see values what went in, what
// came out and why.
func (v *viewer) step(ctx context.Context, f *executionFacts, s *models.Step) (executions.Step, error) {
	out := executions.Step{
		Key: keyOf(s), Title: s.Title, Type: s.Type, Icon: "circle-dot", Kind: "flow", Path: f.placeOf(v.site.types, s.Path), Status: string(s.Status),
		Node: s.Node, Number: int(s.Seq) + 1,
		Duration: took(s.StartedAt, s.EndedAt, v.now), Started: v.since(s.StartedAt), Tries: s.Attempt,
	}
	if typ := v.site.types.nodes[s.Type]; typ != nil {
		out.Type, out.Icon, out.Kind = typ.Title, typ.Icon, tile(typ.Group)
	}
	out.Again = s.Path == "" || s.Status == models.Failed
	out.ErrorTitle = failureOf(s.Error).sentence(ctx, f.values)
	out.Attempts = v.attempts(ctx, f, s)
	if s.EndedAt != 0 && v.useOf(s) == executions.ForPeople {
		out.WaitingText = text.T(ctx, "execution.waited_person", "waited %s for a person", out.Duration)
	}
	if s.Handled {
		out.ErrorText = text.T(ctx, "execution.handled", "The workflow went on as its error setting says.")
	}
	var err error
	if out.Called, err = v.called(ctx, s); err != nil {
		return out, err
	}
	if s.CarriedFrom != "" {
		of, err := models.ExecutionByID(ctx, v.site.DB.Read(), s.CarriedFrom)
		if err != nil {
			return out, err
		}
		one, err := v.relative(ctx, of)
		if err != nil {
			return out, err
		}
		out.Carried = &one
	}
	if err := v.asked(ctx, s, &out); err != nil {
		return out, err
	}
	if out.Skips, err = v.skips(ctx, s); err != nil {
		return out, err
	}
	if err := v.decisions(ctx, f, s, &out); err != nil {
		return out, err
	}
	if !f.values {
		out.Hidden = v.hidden(ctx)
		return out, nil
	}
	out.Explanation = strings.TrimSpace(strings.Join(append([]string{s.Explanation}, s.Warnings...), " "))
	if out.Output, out.OutputRest, err = f.value(ctx, out.Key, large{step: s.ID, of: outputValue, all: s.Output, apart: s.LargeOutput}); err != nil {
		return out, err
	}
	out.Input, out.InputRest, err = f.value(ctx, out.Key, large{step: s.ID, of: inputValue, all: s.Input, apart: s.LargeInput})
	return out, err
}

// hidden says why the viewer does not see the values of an execution.
func (v *viewer) hidden(ctx context.Context) string {
	if !v.access.Can("execution.payload") {
		return text.T(ctx, "execution.no_payload", "You may not see the data of executions.")
	}
	return text.T(ctx, "execution.some_payload", "It may hold fields that you may not read.")
}

// decisions says who decided a step. What people wrote is for those who may see values.
func (v *viewer) decisions(ctx context.Context, f *executionFacts, s *models.Step, out *executions.Step) error {
	if typ := v.site.types.nodes[s.Type]; typ == nil || typ.Group != node.People {
		return nil
	}
	actions, err := models.TaskActions(ctx, v.site.DB.Read(), s.ID)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if a.ActorID == 0 {
			continue
		}
		who, err := v.names.person(ctx, a.ActorID)
		if err != nil {
			return err
		}
		one := executions.Decision{Person: who, What: decisionWord(ctx, a.Action), At: v.since(a.At)}
		if f.values {
			one.Comment = a.Comment
		}
		out.Decisions = append(out.Decisions, one)
	}
	return nil
}

// settingsOf lays out the settings that a step has in the version that ran.
func (f *executionFacts) settingsOf(key string) (string, error) {
	if key == triggerKey {
		return layOut(f.def.Trigger.Config)
	}
	at, _, _ := strings.Cut(key, "@")
	n := nodeIn(f.def.Nodes, at)
	if n == nil {
		return "", nil
	}
	return layOut(n.Config)
}

// skips reports whether a step waits for a time that the viewer may skip.
func (v *viewer) skips(ctx context.Context, s *models.Step) (bool, error) {
	if s.Status != models.Waiting || !v.access.Can("execution.operate") {
		return false, nil
	}
	reason, err := models.WaitsForTime(ctx, v.site.DB.Read(), s.ID)
	typ := v.site.types.nodes[s.Type]
	return reason == models.WakeRetry || reason == models.WakeTimer && typ != nil && typ.Skips, err
}

// asked says who a step waits for: an approval, or a step of which nobody knows whether
// it happened.
func (v *viewer) asked(ctx context.Context, s *models.Step, out *executions.Step) error {
	if (s.Type != "approval" || s.Status != models.Waiting) && s.Status != models.Unknown {
		return nil
	}
	list, err := models.StepTasks(ctx, v.site.DB.Read(), s.ID)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Status != models.TaskOpen {
			continue
		}
		who, err := v.names.person(ctx, t.PrincipalID)
		if err != nil {
			return err
		}
		out.Waiting = append(out.Waiting, who)
		out.WaitingText = v.since(t.DueAt).Due(ctx)
		if t.Kind == engine.ResolveTask && v.access.Can("execution.operate") {
			out.Resolve = urls.Task(t.ID)
		}
	}
	return nil
}
