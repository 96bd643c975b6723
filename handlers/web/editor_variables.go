package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
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
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	e.open = query.Get("at")
	list, err := s.Engine.Variables(ctx, e.def.Definition, e.open)
	if err != nil {
		return err
	}
	seen, err := e.samples(ctx)
	if err != nil {
		return err
	}
	p := editor.VariablesProps{Key: e.w.Key, Source: seen.source}
	for _, v := range list {
		p.Roots = append(p.Roots, e.variable(variableAt{path: v.Path, name: v.Title, icon: v.Icon, shape: v.Shape, sample: seen.values[v.Path], depth: variableDepth}))
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
}

func (e *editing) variable(at variableAt) editor.Variable {
	out := editor.Variable{Path: at.path, Name: at.name, Icon: at.icon, Type: kindWord(at.shape)}
	if out.Icon == "" {
		out.Icon = kindIcon(at.shape)
	}
	if out.Name == "" {
		out.Name = at.path
	}
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
		out.Below = append(out.Below, e.variable(variableAt{path: at.path + "." + f.Name, name: name, shape: f.Shape, sample: held[f.Name], depth: at.depth - 1}))
	}
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

// samples are values that variables held, by the paths of their roots.
type samples struct {
	source string // "#48231, 20 minutes ago"
	values map[string]any
}

// samples reads the newest execution of the workflow, as far as the viewer may see the
// values of executions.
func (e *editing) samples(ctx context.Context) (samples, error) {
	out := samples{values: map[string]any{}}
	if !e.access.Can("execution.payload") {
		return out, nil
	}
	q := e.site.DB.Read()
	list, err := models.Executions(ctx, q, models.ExecutionFilter{WorkflowID: e.w.ID, Limit: 1})
	if err != nil || len(list) == 0 {
		return out, err
	}
	x, err := models.ExecutionByID(ctx, q, list[0].ID)
	if err != nil {
		return out, err
	}
	if all, err := e.seesValues(ctx, x.VersionID, x.ResourceType); err != nil || !all {
		return out, err
	}
	steps, err := models.StepsOf(ctx, q, x.ID, nil)
	if err != nil {
		return out, err
	}
	if out.values["trigger"], err = parsedJSON(x.Trigger); err != nil {
		return out, err
	}
	for _, s := range steps {
		if out.values["nodes."+s.Node], err = parsedJSON(s.Output); err != nil {
			return out, err
		}
	}
	out.source = text.T(ctx, "variables.source", "Values of execution #%d, %s", x.Number, e.since(x.CreatedAt).When(ctx))
	return out, nil
}

func parsedJSON(stored string) (any, error) {
	if stored == "" {
		return nil, nil //nolint:nilnil // nothing was stored
	}
	return field.ParseJSON([]byte(stored))
}

// sampleText shows a value in a few letters.
func sampleText(v any) string {
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		b, err := field.MarshalJSON(v)
		if err != nil {
			return ""
		}
		s = string(b)
	}
	if letters := []rune(s); len(letters) > 40 {
		return string(letters[:39]) + "…"
	}
	return s
}

// kindWord says what a variable holds.
func kindWord(s field.Shape) string {
	switch {
	case s.List:
		return "list"
	case s.Target != "" && len(s.Fields) > 0:
		return "record"
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
