package web

import (
	"context"
	"slices"

	"formrail/engine"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/tasks"
	"formrail/views/ui"
)

// progress draws who did what, the open step last.
func (v *viewer) progress(ctx context.Context, f *taskFacts) ([]ui.TimelineItem, error) {
	var out []ui.TimelineItem
	if app := f.submitted.app; app != nil {
		who, err := v.names.of(ctx, app.ApplicantID)
		if err != nil {
			return nil, err
		}
		out = append(out, ui.TimelineItem{Icon: "send", Who: who, What: text.T(ctx, "tasks.did_submit", "submitted the form"), When: v.since(app.CreatedAt)})
	}
	for _, a := range f.actions {
		item, err := v.decided(ctx, f, a)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	for _, t := range f.tasks {
		if t.Status != models.TaskOpen {
			continue
		}
		who, err := v.names.of(ctx, t.PrincipalID)
		if err != nil {
			return nil, err
		}
		item := ui.TimelineItem{Icon: "hourglass", Tone: ui.Warn, Who: who, What: text.T(ctx, "tasks.was_asked", "was asked"), When: v.since(t.OpenedAt), Detail: t.NodeTitle}
		if t.PrincipalID == v.user.ID {
			item.Who, item.What = text.T(ctx, "tasks.you", "You"), text.T(ctx, "tasks.are_asked", "are asked")
		}
		out = append(out, item)
	}
	if f.task.Status == models.TaskOpen {
		next, err := v.following(ctx, f)
		if err != nil || next == "" {
			return out, err
		}
		out = append(out, ui.TimelineItem{Icon: "circle-dashed", What: text.T(ctx, "tasks.then", "Then: %s", next), Next: true})
	}
	return out, nil
}

// decided draws one decision with its comment.
func (v *viewer) decided(ctx context.Context, f *taskFacts, a models.TaskAction) (ui.TimelineItem, error) {
	who, err := v.names.of(ctx, a.ActorID)
	item := ui.TimelineItem{Icon: "check", Tone: ui.OK, Who: who, What: decisionWord(ctx, a.Action), When: v.since(a.At), Note: a.Comment}
	if a.Action == string(models.Rejected) {
		item.Icon, item.Tone = "x", ui.Bad
	}
	i := slices.IndexFunc(f.tasks, func(t *models.Task) bool { return t.ID == a.TaskID })
	if i >= 0 {
		item.Detail = f.tasks[i].NodeTitle
	}
	return item, err
}

// decisionWord is what somebody did, in the past.
func decisionWord(ctx context.Context, action string) string {
	switch action {
	case string(models.Approved):
		return text.T(ctx, "tasks.did_approve", "approved")
	case string(models.Rejected):
		return text.T(ctx, "tasks.did_reject", "rejected")
	case engine.Happened:
		return text.T(ctx, "tasks.did_happen", "said that it happened")
	case engine.DidNotHappen:
		return text.T(ctx, "tasks.did_again", "had it sent again")
	case engine.CountsAsFault:
		return text.T(ctx, "tasks.did_fail", "let the step fail")
	}
	return action
}

// outcome says how a closed task ended; nil while it is open.
func (v *viewer) outcome(ctx context.Context, f *taskFacts) (*tasks.Outcome, error) {
	t := f.task
	if t.Status == models.TaskOpen {
		return nil, nil //nolint:nilnil // an open task has no outcome
	}
	by, status, at := t.ActorID, t.Status, t.ClosedAt
	if t.ClosedReason == "decided_elsewhere" {
		for _, a := range f.actions {
			if a.StepID == t.StepID {
				by, status, at = a.ActorID, models.Status(a.Action), a.At
			}
		}
	}
	who, err := v.names.of(ctx, by)
	if err != nil {
		return nil, err
	}
	out := &tasks.Outcome{Tone: ui.Info, Text: v.since(at).When(ctx)}
	switch status {
	case models.Approved:
		out.Tone, out.Title = ui.OK, text.T(ctx, "tasks.approved_by", "Approved by %s", who)
	case models.Rejected:
		out.Tone, out.Title = ui.Bad, text.T(ctx, "tasks.rejected_by", "Rejected by %s", who)
	default:
		out.Title = text.T(ctx, "tasks.closed", "This task is closed")
	}
	return out, nil
}

// consequence says in one sentence what an approval leads to.
func (v *viewer) consequence(ctx context.Context, f *taskFacts) (string, error) {
	others := 0
	for _, t := range f.tasks {
		if t.StepID == f.task.StepID && t.ID != f.task.ID && t.Status == models.TaskOpen {
			others++
		}
	}
	if others > 0 && ruleOf(f.step.Input) == "all" {
		if others == 1 {
			return text.T(ctx, "tasks.one_more", "One more person is asked."), nil
		}
		return text.T(ctx, "tasks.more_people", "%d more people are asked.", others), nil
	}
	next, err := v.following(ctx, f)
	if err != nil {
		return "", err
	}
	if next != "" {
		return text.T(ctx, "tasks.next", "Next: %s.", next), nil
	}
	return text.T(ctx, "tasks.next_end", "Then the workflow ends."), nil
}

// following names the step that runs once the task is approved; empty when none does.
func (v *viewer) following(ctx context.Context, f *taskFacts) (string, error) {
	x, err := models.ExecutionByID(ctx, v.site.DB.Read(), f.task.ExecutionID)
	if err != nil {
		return "", err
	}
	version, w, err := v.site.versionOf(ctx, x.VersionID)
	if err != nil {
		return "", err
	}
	d, err := v.site.definition(ctx, version.Definition, w.Title)
	if err != nil {
		return "", err
	}
	if next := d.after(f.task.Node); next != nil {
		return d.faceOf(next).title, nil
	}
	return "", nil
}

// ruleOf is the rule in the settings of an approval: any or all.
func ruleOf(settings string) string { return settingText(settings, "rule") }

// after finds the node that runs once an approval was given: the first of its branch
// for it, else its next sibling, else that of what contains it.
func (d definition) after(key string) *engine.NodePart {
	next, _ := followers(d.Nodes, key, nil)
	return next
}

// followers looks for the node that comes after key in a list; outer comes after
// the whole list.
func followers(list []*engine.NodePart, key string, outer *engine.NodePart) (next *engine.NodePart, found bool) {
	for i, n := range list {
		behind := outer
		if i+1 < len(list) {
			behind = list[i+1]
		}
		if n.Key == key {
			for _, b := range n.Branches {
				if b.Key == string(models.Approved) && len(b.Nodes) > 0 {
					return b.Nodes[0], true
				}
			}
			return behind, true
		}
		for _, b := range n.Branches {
			if next, found = followers(b.Nodes, key, behind); found {
				return next, true
			}
		}
	}
	return nil, false
}
