package canvas

import (
	"context"
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
	add("is-ghost", p.Moving != "" && s.Key == p.Moving)
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
