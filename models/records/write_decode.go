package records

import (
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// decode finds the field of every submitted name.
func (w *write) decode() error {
	var given []Record
	switch {
	case w.op.Action == models.Update:
		given = []Record{w.op.Values}
	case w.op.Action != models.Create:
		return nil
	case w.op.Batch != nil:
		given = w.op.Batch
	default:
		given = []Record{w.op.Values}
	}
	if len(given) > MaxBatch {
		return badParameter(text.M("record.batch", "At most %d records can be created at once.", MaxBatch))
	}
	var problems []models.FieldError
	for _, values := range given {
		in := &input{sent: make(map[*models.CollectionField]any, len(values))}
		for _, name := range sortedKeys(values) {
			if p := w.decodeOne(in, name, values[name]); p != nil {
				problems = append(problems, *p)
			}
		}
		w.inputs = append(w.inputs, in)
	}
	if problems != nil {
		return models.InvalidFields(problems)
	}
	slices.Sort(w.result.Ignored)
	w.result.Ignored = slices.Compact(w.result.Ignored)
	return nil
}

func (w *write) decodeOne(in *input, name string, v any) *models.FieldError {
	if name == models.VersionField {
		return w.expect(v)
	}
	f, ok := w.on.Field(name)
	switch {
	case !ok && w.op.IgnoreUnknown:
		w.result.Ignored = append(w.result.Ignored, name)
	case !ok:
		return &models.FieldError{
			Field: name, Code: "UNKNOWN_FIELD",
			Message: text.M("record.unknown_field", "There is no field %s. Check its spelling.", name),
		}
	case f.Preset:
		w.result.Ignored = append(w.result.Ignored, f.Name)
	default:
		if _, twice := in.sent[f]; twice {
			return &models.FieldError{
				Field: f.Name, Code: "BAD_PARAMETER",
				Message: text.M("record.twice", "%s is given twice under different names.", f.Title()),
			}
		}
		in.sent[f] = v
	}
	return nil
}

// expect takes the version the caller has seen.
func (w *write) expect(v any) *models.FieldError {
	parsed, found := (field.Field{Kind: field.Integer, Name: models.VersionField}).Parse(v, field.ParseContext{FromForm: w.op.FromForm})
	n, ok := parsed.(int64)
	if found != nil || v != nil && !ok {
		return &models.FieldError{
			Field: models.VersionField, Code: "BAD_PARAMETER",
			Message: text.M("record.version", "_version must be the whole number that came with the record."),
		}
	}
	if w.op.Version == 0 && w.op.Action == models.Update {
		w.op.Version = n
	}
	return nil
}

// permit measures the sent fields by the caller's rights, whatever the record. asked
// narrows that to what he sent himself.
func (w *write) permit(asked []string) error {
	for _, in := range w.inputs {
		in.own = make(map[*models.CollectionField]bool, len(in.sent))
		for f := range in.sent {
			in.own[f] = asked == nil || slices.Contains(asked, f.Name)
		}
	}
	for _, f := range w.on.Fields {
		for _, in := range w.inputs {
			if in.own[f] && !w.rights.open(f) {
				return fieldNotAllowed(f.Name)
			}
		}
	}
	return nil
}
