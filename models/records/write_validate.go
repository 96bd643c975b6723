package records

import (
	"context"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// increment is a change of a number relative to what is stored.
type increment struct{ by field.Decimal }

// validate brings the submitted values to canonical form. When something is wrong,
// links and unique values are looked at too, so that all findings come together.
func (w *write) validate(ctx context.Context) error {
	wrong := false
	for _, in := range w.inputs {
		in.values = make(map[*models.CollectionField]any, len(w.on.Fields))
		for _, f := range w.on.Fields {
			if err := w.validateField(ctx, in, f); err != nil {
				return err
			}
		}
		wrong = wrong || len(in.found) > 0
	}
	if !wrong {
		return nil
	}
	if w.op.Action == models.Create {
		if err := w.checkAgainstOthers(ctx); err != nil {
			return err
		}
	}
	return w.findings()
}

func (w *write) validateField(ctx context.Context, in *input, f *models.CollectionField) error {
	if f.Preset {
		return nil
	}
	v, given := in.sent[f]
	if given && f.ReadOnly && w.op.Origin.Kind != "workflow" && w.op.Origin.Kind != "system" {
		in.add(f, "READ_ONLY", text.M("record.read_only", "%s cannot be changed.", f.Title()))
		return nil
	}
	creating := w.op.Action == models.Create
	if !given && creating && f.Default != nil {
		var err error
		if v, err = w.defaultValue(ctx, f); err != nil {
			return err
		}
		given = true
	}
	if given {
		parsed, problems := w.parseValue(f, v)
		if len(problems) > 0 {
			in.add(f, problems[0].Code, problems[0].Message)
			return nil
		}
		in.values[f] = parsed
	}
	if f.Required && (given || creating) && field.Missing(in.values[f]) {
		in.add(f, "REQUIRED", text.M("record.required", "%s is required.", f.Title()))
	}
	return nil
}

// parseValue reads one submitted value. An archived option passes here; whether the
// record has it already is seen when it is locked.
func (w *write) parseValue(f *models.CollectionField, v any) (any, field.Problems) {
	if by, ok := incrementOf(f, v); ok && w.op.Action == models.Update {
		return by, nil
	}
	in := w.parseContext()
	if f.Kind == field.Select && w.op.Action == models.Update {
		in.Stored = v
	}
	if f.IsLink() {
		on, err := target(w.cat, f)
		if err != nil {
			panic(err) // the catalogue keeps links whole
		}
		return linkValue(on, f, v, in)
	}
	return f.Parse(v, in)
}

// incrementOf reads {"op": "increment", "by": n} for a number.
func incrementOf(f *models.CollectionField, v any) (increment, bool) {
	m, ok := v.(map[string]any)
	if !ok || m["op"] != "increment" || len(m) != 2 || f.Kind != field.Integer && f.Kind != field.Number {
		return increment{}, false
	}
	by, ok := field.AsDecimal(m["by"])
	return increment{by}, ok
}

func (in *input) add(f *models.CollectionField, code string, m text.Message) {
	for _, have := range in.found {
		if have.Field == f.Name {
			return // one entry for each field
		}
	}
	in.found = append(in.found, models.FieldError{Field: f.Name, Code: code, Message: m})
}

// findings is the refusal with everything that was found; nil when nothing was.
func (w *write) findings() error {
	var all []models.FieldError
	for i, in := range w.inputs {
		for _, f := range in.found {
			if len(w.inputs) > 1 {
				f.Path = pathOf(i, f.Field)
			}
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return models.InvalidFields(all)
}
