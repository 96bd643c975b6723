package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/engine/expr"
	"formrail/handlers/reply"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
)

// variableDepth is how far below a root the tree of variables is drawn at once. What
// lies deeper is reached through another link and can be typed.
const variableDepth = 4

// showVariables draws the variables that the step of the address may use, with what
// they held in the newest execution.
func (s *site) showVariables(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	query := e.query
	ctx := c.UserContext()
	e.open = query.Get("at")
	list := e.def.Variables(ctx, e.open)
	seen, err := e.samples(ctx, query.Get("sample"))
	if err != nil {
		return err
	}
	want := field.Kind(query.Get("fits"))
	p := editor.VariablesProps{Key: e.w.Key, Samples: seen.choices, Sample: seen.id, First: firstWord(ctx, want)}
	if len(seen.choices) == 0 {
		p.Source = text.T(ctx, "variables.no_sample", "No execution yet whose values you may see")
	}
	for _, v := range list {
		if v.Path == triggerKey {
			v.Title = text.T(ctx, "variables.trigger", "Trigger: %s", v.Title)
		}
		p.Roots = append(p.Roots, e.variable(ctx, variableAt{path: v.Path, name: v.Title, icon: v.Icon, shape: v.Shape, sample: seen.values[v.Path], depth: variableDepth, want: want, list: list}))
	}
	p.Session.CSRF = e.csrf
	if !reply.Wants(c) {
		if p.Session, err = e.frame(ctx); err != nil {
			return err
		}
	}
	return reply.View(c, editor.VariablesPage(p), editor.Variables(p))
}

// variableAt is one entry of the tree of variables.
type variableAt struct {
	path, name, icon string
	shape            field.Shape
	sample           any
	depth            int
	want             field.Kind // what the field takes; empty = anything
	list             []engine.Variable
}

func (e *editing) variable(ctx context.Context, at variableAt) editor.Variable {
	out := editor.Variable{Path: at.path, Name: at.name, Icon: at.icon, Type: kindWord(at.shape)}
	if out.Icon == "" {
		out.Icon = kindIcon(at.shape)
	}
	if out.Name == "" {
		out.Name = at.path
	}
	parts := strings.Split(at.path, ".")
	titles, _, _ := engine.Named(ctx, at.list, expr.Reference{Root: parts[0], Path: parts[1:]})
	out.Label = strings.Join(titles, " / ")
	out.Reason, out.Barred = misfit(ctx, at.want, at.shape)
	held, _ := at.sample.(map[string]any)
	if len(at.shape.Fields) == 0 {
		out.Sample = sampleText(at.sample)
	}
	if at.depth == 0 || at.shape.List {
		return out
	}
	for _, f := range ownFirst(at.shape.Fields) {
		name := f.Shape.Label
		switch {
		case name == "":
			name = f.Name
		case f.Shape.Kind == field.Integer && strings.HasSuffix(f.Name, "Id"):
			name += " · id" // of a link, beside the link itself
		}
		below := at
		below.path, below.name, below.icon, below.shape, below.sample, below.depth = at.path+"."+f.Name, name, "", f.Shape, held[f.Name], at.depth-1
		out.Below = append(out.Below, e.variable(ctx, below))
	}
	fittingFirst(out.Below)
	return out
}

// ownFirst puts what the server writes into every record behind its own fields.
func ownFirst(list []field.Named) []field.Named {
	rank := func(n field.Named) int {
		for _, preset := range []string{"id", "created", "updated", "deleted"} {
			if n.Name == "id" || preset != "id" && strings.HasPrefix(n.Name, preset) {
				return 1
			}
		}
		return 0
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b field.Named) int { return rank(a) - rank(b) })
	return out
}

// kindWord says what a variable holds.
func kindWord(s field.Shape) string {
	switch {
	case s.List:
		return "list"
	case s.Target != "" && len(s.Fields) > 0, s.Kind == field.ManyToOne:
		return "record"
	case s.Kind == field.Integer, s.Kind == field.Number:
		return "number"
	case s.Kind == field.LongText:
		return "text"
	case s.Kind == field.DateOnly, s.Kind == field.DateTime:
		return "date"
	case s.Kind == field.Select:
		return "choice"
	case s.Kind == field.Boolean:
		return "yes/no"
	case s.Kind != "":
		return string(s.Kind)
	case len(s.Fields) > 0:
		return "object"
	}
	return "any"
}

// kindIcon is the icon of what a variable holds.
func kindIcon(s field.Shape) string {
	if s.List {
		return "list"
	}
	switch s.Kind {
	case field.Text, field.LongText:
		return "type"
	case field.Integer, field.Number:
		return "hash"
	case field.Boolean:
		return "toggle-left"
	case field.DateOnly:
		return "calendar"
	case field.DateTime:
		return "calendar-clock"
	case field.Select:
		return "circle-dot"
	case field.User:
		return "user"
	default:
		return "braces"
	}
}
