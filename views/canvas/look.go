package canvas

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"formrail/models/text"
	"formrail/views/ui"
)

// look gives the classes of a step's state.
func look(p Props, s Step) string {
	var out []string
	add := func(class string, on bool) {
		if on {
			out = append(out, class)
		}
	}
	add("is-sel", s.Selected)
	add("is-bad", s.Problem != "")
	add("is-off", s.Skipped)
	add("is-ghost", slices.Contains(p.Moving, s.Key))
	add("is-picked", s.Picked)
	if s.State != nil {
		add(map[ui.Tone]string{ui.OK: "is-ok", ui.Bad: "is-fail", ui.Warn: "is-wait", ui.Info: "is-run"}[s.State.Tone], true)
	}
	add("is-skip", p.Ran && !s.Reached)
	return strings.Join(out, " ")
}

func stateClass(tone ui.Tone) string {
	if tone == "" {
		return ""
	}
	return "node__st--" + string(tone)
}

// name is what is read for a step: its title, what it does and how it stands.
func (s Step) name(ctx context.Context) string {
	parts := []string{s.Title, s.line()}
	if s.State != nil {
		parts = append(parts, s.State.Label)
	}
	if s.Problem != "" {
		parts = append(parts, text.T(ctx, "canvas.has_problem", "has a problem"))
	}
	if s.Picked {
		parts = append(parts, text.T(ctx, "canvas.is_picked", "selected"))
	}
	if s.Skipped {
		parts = append(parts, text.T(ctx, "canvas.is_skipped", "skipped"))
	}
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, ", ")
}

// says what is folded away: "5 steps, 1 problem".
func (h Hidden) says(ctx context.Context) string {
	said := text.T(ctx, "canvas.folded", "%d steps folded", h.Steps)
	if h.Steps == 1 {
		said = text.T(ctx, "canvas.folded_one", "1 step folded")
	}
	if h.Problems > 0 {
		said += " · " + text.T(ctx, "canvas.folded_problems", "%d with problems", h.Problems)
	}
	if h.Failed > 0 {
		said += " · " + text.T(ctx, "canvas.folded_failed", "%d failed", h.Failed)
	}
	return said
}

func current(now bool) templ.Attributes {
	if now {
		return templ.Attributes{"aria-current": "true"}
	}
	return nil
}

// tenth says a length with one digit.
func tenth(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// address writes a place for a form: "parent/branch/index".
func (d Drop) address(at Place) string {
	return at.Parent + "/" + at.Branch + "/" + strconv.Itoa(d.Index)
}

// list is a list of steps and where it stands.
type list struct {
	parent, branch string // as in [Place]
	label          string // of the branch
	first          string // title of what stands above the list; empty at the head of a branch
	steps          []Step
}

func (l list) place(index int) Place { return Place{l.parent, l.branch, index} }

// above is the line that leads to a step of the list.
func (l list) above(index int) line {
	return line{on: l.steps[index].Reached, after: l.before(index), in: l.label}
}

// end is the line below the last step of the list.
func (l list) end(on, bare bool) *line {
	return &line{on: on, bare: bare, after: l.before(len(l.steps)), in: l.label}
}

func (p Props) trunk() list { return list{first: p.Trigger.Title, steps: p.Steps} }

// tail is the line to the foot; nil when nothing follows the last step.
func (p Props) tail() *line {
	if ends(p.Steps) {
		return nil
	}
	return p.trunk().end(p.Foot != nil && p.Foot.Done, false)
}

// way is the list of steps in a branch.
func (s Step) way(at int) list {
	b := s.Branches[at]
	return list{parent: s.Key, branch: b.Key, label: b.Label, steps: b.Steps}
}

// tail is the line that leads out of a branch; nil when its last step ends it.
func (s Step) tail(at int) *line {
	b := s.Branches[at]
	if !b.joins() && b.Ends == "" {
		return nil
	}
	return s.way(at).end(b.Left, b.joins())
}

// before is the title of what stands above the place of an index.
func (l list) before(index int) string {
	if index == 0 {
		return l.first
	}
	return l.steps[index-1].Title
}

// add is what is read for a place where a step can be added.
func (l line) add(ctx context.Context) string {
	switch {
	case l.in == "":
		return text.T(ctx, "canvas.add_after", "Add a step after %s", l.after)
	case l.after == "":
		return text.T(ctx, "canvas.add_first", "Add a step first in branch %s", l.in)
	}
	return text.T(ctx, "canvas.add_after_in", "Add a step after %s in branch %s", l.after, l.in)
}

// branchSpoken is what is read for the label of a branch.
func branchSpoken(ctx context.Context, s Step, at int) string {
	b := s.Branches[at]
	said := text.T(ctx, "canvas.branch_name", "Branch %d of %d of %s: %s", at+1, len(s.Branches), s.Title, b.Label)
	if b.Says != "" {
		said += ", " + b.Says
	}
	return said
}
