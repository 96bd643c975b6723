package web

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine/expr"
	"formrail/handlers/reply"
	"formrail/handlers/settings"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
	views "formrail/views/settings"
)

// previewTime is how long all previews of a step may take together.
const previewTime = 50 * time.Millisecond

// previewLetters is how much of a value a preview shows.
const previewLetters = 200

// evaluate says what the settings in a form would give with the values of an execution
// that the viewer may see. Nothing is stored.
func (s *site) evaluate(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	e.open = form.Get("at")
	if _, ok := e.titleOf(e.open); !ok {
		return models.NotFound()
	}
	around, err := e.around(ctx)
	if err != nil {
		return err
	}
	seen, err := e.samples(ctx, form.Get("sample"))
	if err != nil {
		return err
	}
	fields, config := e.declared()
	sent := settings.Sent(fields, config, settings.Parse(form, views.Prefix), around)
	return reply.Fragment(c, fiber.StatusOK, editor.Previews(e.previews(ctx, sent.Writings(), seen)))
}

// previews computes what was written, as far as time allows.
func (e *editing) previews(ctx context.Context, list []settings.Writing, seen samples) []editor.Preview {
	out := make([]editor.Preview, 0, len(list))
	limited, stop := context.WithTimeout(ctx, previewTime)
	defer stop()
	in := expr.Input{Vars: expr.MapVars(e.roots(seen)), Now: e.site.DB.Now(), Zone: time.UTC}
	for _, w := range list {
		p := editor.Preview{At: w.At, Question: w.Condition != nil}
		if seen.id == "" {
			p.Problem = text.T(ctx, "preview.no_sample", "Shows what it gives once there is an execution whose values you may see.")
		} else {
			p.Source = text.T(ctx, "preview.source", "With the values of execution #%d", seen.number)
			e.preview(ctx, &p, compute(limited, w, in))
		}
		out = append(out, p)
	}
	return out
}

// outcome is what something written gave.
type outcome struct {
	value    any
	sentence string // of a condition: what was compared
	warnings []expr.Warning
	err      error
}

// compute evaluates one thing that was written.
func compute(ctx context.Context, w settings.Writing, in expr.Input) (out outcome) {
	switch {
	case w.Condition != nil:
		c, err := expr.CompileCondition(w.Condition)
		if err != nil {
			return outcome{err: err}
		}
		if len(c.HalfMade()) > 0 {
			return outcome{err: &expr.SyntaxError{Message: text.M("preview.choose_value", "Choose a value.")}}
		}
		yes, why, warnings, err := c.Eval(ctx, in)
		return outcome{yes, why.Sentence, warnings, err}
	case w.Expression:
		program, err := expr.Compile(w.Text)
		if err != nil {
			return outcome{err: err}
		}
		out.value, out.warnings, out.err = program.Run(ctx, in)
	default:
		t, err := expr.CompileTemplate(w.Text)
		if err != nil {
			return outcome{err: err}
		}
		out.value, out.warnings, out.err = t.Value(ctx, in)
	}
	return out
}

// preview says what something gave, or why it gave nothing.
func (e *editing) preview(ctx context.Context, p *editor.Preview, got outcome) {
	if got.err != nil {
		p.Problem = text.T(ctx, "preview.failed", "Cannot be computed: %s", reasonOf(ctx, got.err))
		return
	}
	yes, isAnswer := got.value.(bool)
	p.Yes = isAnswer && yes
	p.Value, p.Type = got.sentence, valueWord(got.value)
	if !p.Question {
		p.Value = shortened(shownValue(ctx, got.value), previewLetters)
	}
	for _, w := range got.warnings {
		p.Warnings = append(p.Warnings, w.Message.In(ctx))
	}
}

// reasonOf says why something cannot be computed. Errors that are not about what was
// written say no more than that.
func reasonOf(ctx context.Context, err error) string {
	var syntax *expr.SyntaxError
	var fault *expr.Fault
	switch {
	case errors.As(err, &syntax):
		return syntax.Message.In(ctx)
	case errors.As(err, &fault):
		return fault.Message.In(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return text.T(ctx, "preview.slow", "It takes too long to show while you write.")
	}
	return text.T(ctx, "preview.unknown", "Something went wrong.")
}

// valueWord says what kind of value something is, in the words of the picker.
func valueWord(v any) string {
	shape := field.Shape{}
	switch v.(type) {
	case nil:
		return ""
	case bool:
		shape.Kind = field.Boolean
	case string:
		shape.Kind = field.Text
	case int64, field.Decimal:
		shape.Kind = field.Number
	case field.Date, time.Time:
		shape.Kind = field.DateTime
	case []any:
		shape.List = true
	default:
		return "object"
	}
	return kindWord(shape)
}

// shownValue is a value as text; nothing has a word of its own.
func shownValue(ctx context.Context, v any) string {
	if v == nil {
		return text.T(ctx, "preview.nothing", "nothing")
	}
	return written(v)
}

// roots are the values of an execution as expressions ask for them, with what the
// system gives at this moment.
func (e *editing) roots(seen samples) map[string]any {
	out := seen.roots()
	out["env"] = map[string]any{}
	out["system"] = map[string]any{
		"now":       e.site.DB.Now(),
		"execution": map[string]any{"id": seen.id},
		"workflow":  map[string]any{"key": e.w.Key, "title": e.w.Title},
	}
	return out
}
