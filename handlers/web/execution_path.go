package web

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/canvas"
	"formrail/views/executions"
	"formrail/views/urls"
)

// path draws what the execution did on the canvas of its version.
func (v *viewer) path(ctx context.Context, f *executionFacts, shown []executions.Step) (canvas.Props, error) {
	at, failed := f.at, error(nil)
	p := canvas.Props{ID: "execution", Label: text.T(ctx, "execution.path", "Path taken"), Ran: true, As: f.outline}
	p.AsHref = func(as string) string {
		seen := f.seen(f.chosen)
		seen.As = as
		return urls.ExecutionSeen(f.ID, seen)
	}
	p.Trigger, p.Steps = f.def.drawing(func(n *canvas.Step, _ drawn) {
		status := ""
		switch s := at[n.Key]; {
		case n.Key == triggerKey:
			status, n.Reached = string(models.Done), true
		case s != nil:
			status, n.Reached, n.Tries = string(s.Status), s.Status != models.Planned, s.Attempt
			n.Duration = took(s.StartedAt, s.EndedAt, v.now)
			n.Summary = cmp.Or(joined(v.tally(ctx, s), outcomeOf(shown, keyOf(s))), n.Summary)
		}
		n.Skipped = n.Skipped && n.Reached
		if n.Reached {
			look := executions.StepLook(ctx, status)
			n.State, n.Href, n.Selected = &look, urls.ExecutionSeen(f.ID, f.seen(n.Key)), f.chosen == n.Key
		}
		takeBranches(n, at[n.Key])
		if err := v.choosePass(ctx, f, n); err != nil {
			failed = err
		}
		f.fold(n)
	})
	p.Foot = &canvas.Foot{Label: text.T(ctx, "canvas.end", "End"), Done: f.Status == models.Succeeded && passed(p.Steps, at)}
	markExits(p.Steps, at)
	return p, failed
}

// choosePass puts the choice of the pass above the branch that a loop repeats.
func (v *viewer) choosePass(ctx context.Context, f *executionFacts, n *canvas.Step) error {
	s := f.at[n.Key]
	if s == nil || len(n.Branches) == 0 {
		return nil
	}
	if typ := v.site.types.nodes[s.Type]; typ == nil || !typ.Loops() {
		return nil
	}
	var err error
	n.Branches[0].Passes, err = v.chooser(ctx, f, s, n.Title)
	return err
}

// outcomeOf says on the card of a step what became of it: who is asked, what failed,
// why it went the way it went. Empty when there is nothing to say beside its settings.
func outcomeOf(shown []executions.Step, key string) string {
	i := slices.IndexFunc(shown, func(s executions.Step) bool { return s.Key == key })
	if i < 0 {
		return ""
	}
	var asked []string
	for _, who := range shown[i].Waiting {
		asked = append(asked, who.Name)
	}
	return cmp.Or(shown[i].ErrorTitle, strings.Join(asked, ", "), shown[i].Explanation)
}

// takeBranches marks the ways an execution went out of a step: those whose first step
// it reached, else, of a step that is done, the only one without steps.
func takeBranches(n *canvas.Step, s *models.Step) {
	if s != nil && s.Type == multiConditionType && takeCases(n, s) {
		return
	}
	empty, taken := -1, false
	for i, b := range n.Branches {
		switch {
		case len(b.Steps) > 0:
			n.Branches[i].Taken = b.Steps[0].Reached
			taken = taken || b.Steps[0].Reached
		case empty >= 0:
			empty = len(n.Branches) // several: nobody knows
		default:
			empty = i
		}
	}
	if !taken && s != nil && s.Status == models.Done && empty >= 0 && empty < len(n.Branches) {
		n.Branches[empty].Taken = true
	}
}

// markExits marks the branches that an execution came out of.
func markExits(list []canvas.Step, at map[string]*models.Step) {
	for i := range list {
		for j := range list[i].Branches {
			b := &list[i].Branches[j]
			b.Left = b.Taken && passed(b.Steps, at)
			markExits(b.Steps, at)
		}
	}
}

// passed reports whether an execution went past the last of the steps.
func passed(list []canvas.Step, at map[string]*models.Step) bool {
	if len(list) == 0 {
		return true
	}
	s := at[list[len(list)-1].Key]
	return s != nil && (s.Status == models.Done || s.Status == models.Skipped)
}
