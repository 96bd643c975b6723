package models

import (
	"fmt"
	"slices"

	"formrail/models/field"
	"formrail/models/text"
)

// typeNames are the names of field types in definitions: the stored kind first,
// then other spellings that are accepted.
func typeNames() map[field.Kind][]string {
	return map[field.Kind][]string{
		field.Text:      {"text", "string", "input"},
		field.LongText:  {"longText", "textarea"},
		field.Integer:   {"integer"},
		field.Number:    {"decimal", "money", "currency"},
		field.Boolean:   {"boolean", "checkbox"},
		field.DateOnly:  {"date", "dateOnly"},
		field.DateTime:  {"datetime"},
		field.Select:    {"select", "radio"},
		field.User:      {"user"},
		field.ManyToOne: {"manyToOne", "belongsTo"},
	}
}

// FieldType finds the kind a type name of a definition stands for.
func FieldType(name string) (field.Kind, bool) {
	for kind, names := range typeNames() {
		if slices.Contains(names, name) {
			return kind, true
		}
	}
	return "", false
}

// reader takes the members of one JSON object one by one and notes what is wrong.
type reader struct {
	at       string // path of the object, with a dot at its end, or empty
	values   map[string]any
	taken    map[string]bool
	problems *field.Problems
}

func newReader(v any, at string, problems *field.Problems) *reader {
	m, ok := v.(map[string]any)
	if !ok {
		problems.Add(trimDot(at), "BAD_PARAMETER", text.M("definition.object", "This must be an object."))
	}
	return &reader{at: at, values: m, taken: map[string]bool{}, problems: problems}
}

func trimDot(at string) string {
	if at == "" {
		return ""
	}
	return at[:len(at)-1]
}

func (r *reader) wrong(name string, m text.Message) {
	r.problems.Add(r.at+name, "BAD_PARAMETER", m)
}

func (r *reader) any(name string) any {
	r.taken[name] = true
	return r.values[name]
}

func (r *reader) text(names ...string) string {
	for _, name := range names {
		v := r.any(name)
		if v == nil {
			continue
		}
		s, ok := v.(string)
		if !ok {
			r.wrong(name, text.M("definition.text", "%s must be text.", name))
		}
		return s
	}
	return ""
}

func (r *reader) flag(name string, otherwise bool) bool {
	v := r.any(name)
	if v == nil {
		return otherwise
	}
	b, ok := v.(bool)
	if !ok {
		r.wrong(name, text.M("definition.flag", "%s must be true or false.", name))
	}
	return b
}

func (r *reader) number(name string, otherwise, least, most int64) int {
	v := r.any(name)
	if v == nil {
		return int(otherwise)
	}
	n, ok := v.(int64)
	if !ok || n < least || n > most {
		r.wrong(name, text.M("definition.number", "%s must be a whole number between %d and %d.", name, least, most))
		return int(otherwise)
	}
	return int(n)
}

// rest reports every member that nobody has taken.
func (r *reader) rest() {
	for _, name := range sortedKeys(r.values) {
		if !r.taken[name] {
			r.wrong(name, text.M("definition.unknown", "%s is not known here.", name))
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ReadCollection reads the definition of a collection as the API takes it, with
// its fields. Unknown keys and types are findings. Names, targets and limits are
// checked when the definition is saved.
func ReadCollection(v any) (*Collection, field.Problems) {
	var problems field.Problems
	r := newReader(v, "", &problems)
	c := &Collection{
		Name: r.text("name"), Title: r.text("title"), TitlePlural: r.text("titlePlural"),
		Description: r.text("description"), Icon: r.text("icon"), TitleField: r.text("titleField"),
		IDType: r.text("idType"), SoftDelete: r.flag("softDelete", true),
		TrashDays: r.number("trashDays", 30, 0, 3650), History: r.flag("history", true),
	}
	fields, ok := r.any("fields").([]any)
	if !ok && r.values["fields"] != nil {
		r.wrong("fields", text.M("definition.list", "%s must be a list.", "fields"))
	}
	for i, one := range fields {
		c.Fields = append(c.Fields, readField(one, fmt.Sprintf("fields[%d].", i), &problems))
	}
	r.rest()
	return c, problems
}

// ReadField reads the definition of one field as the API takes it.
func ReadField(v any) (*CollectionField, field.Problems) {
	var problems field.Problems
	f := readField(v, "", &problems)
	return f, problems
}

func readField(v any, at string, problems *field.Problems) *CollectionField {
	r := newReader(v, at, problems)
	f := &CollectionField{
		Field: field.Field{
			Name: r.text("name"), Label: r.text("title", "label"), Help: r.text("help", "description"),
			Placeholder: r.text("placeholder"), Required: r.flag("required", false), Default: r.any("default"),
			MinLength: r.number("minLength", 0, 0, 1_000_000), MaxLength: r.number("maxLength", 0, 0, 1_000_000),
			Pattern: r.text("pattern"), Round: r.flag("round", false), Currency: r.text("currency"), Target: r.text("target"),
		},
		Unique: r.flag("unique", false), ReadOnly: r.flag("readOnly", false), Hidden: r.flag("hidden", false),
		Index: r.flag("index", false), Preset: r.flag("preset", false), ForeignKey: r.text("foreignKey"),
	}
	name := r.text("type", "kind")
	kind, ok := FieldType(name)
	if !ok {
		r.wrong("type", text.M("definition.type", "%q is not a field type.", name))
	}
	f.Kind = kind
	f.Scale = r.number("scale", defaultScale(kind), 0, 6)
	f.Options = r.options()
	r.bounds(f)
	r.rest()
	return f
}

func defaultScale(kind field.Kind) int64 {
	if kind == field.Number {
		return 2
	}
	return 0
}

// bounds reads min and max, which are days or instants for dates and numbers for
// everything else.
func (r *reader) bounds(f *CollectionField) {
	for _, name := range []string{"min", "max"} {
		v := r.any(name)
		if v == nil {
			continue
		}
		if f.Kind == field.DateOnly || f.Kind == field.DateTime {
			s, ok := v.(string)
			if !ok {
				r.wrong(name, text.M("definition.day", "%s must be a date such as 2026-11-22.", name))
			} else if name == "min" {
				f.MinDate = s
			} else {
				f.MaxDate = s
			}
			continue
		}
		d, ok := field.AsDecimal(v)
		if !ok {
			r.wrong(name, text.M("definition.amount", "%s must be a number.", name))
		} else if name == "min" {
			f.Min = &d
		} else {
			f.Max = &d
		}
	}
}

func (r *reader) options() []field.Option {
	v := r.any("options")
	list, ok := v.([]any)
	if !ok && v != nil {
		r.wrong("options", text.M("definition.list", "%s must be a list.", "options"))
	}
	var out []field.Option
	for i, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, field.Option{Value: s, Label: s})
			continue
		}
		o := newReader(one, fmt.Sprintf("%soptions[%d].", r.at, i), r.problems)
		option := field.Option{Value: o.text("value"), Label: o.text("label"), Colour: o.text("colour", "color"), Archived: o.flag("archived", false)}
		o.rest()
		if option.Label == "" {
			option.Label = option.Value
		}
		out = append(out, option)
	}
	return out
}

// Definition is the collection as the API shows and stores it, without fields.
func (c *Collection) Definition() map[string]any {
	out := map[string]any{
		"name": c.Name, "title": c.Title, "titleField": c.TitleField, "idType": c.IDType,
		"softDelete": c.SoftDelete, "trashDays": int64(c.TrashDays), "history": c.History,
	}
	putText(out, "titlePlural", c.TitlePlural)
	putText(out, "description", c.Description)
	putText(out, "icon", c.Icon)
	return out
}

// MarshalJSON writes the definition with all fields, as the API shows it.
func (c *Collection) MarshalJSON() ([]byte, error) {
	out := c.Definition()
	fields := make([]any, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = f.Definition()
	}
	out["fields"] = fields
	return field.MarshalJSON(out)
}

// Definition is the field as the API shows and stores it.
func (f *CollectionField) Definition() map[string]any {
	out := map[string]any{"name": f.Name, "type": string(f.Kind)}
	putText(out, "title", f.Label)
	putText(out, "help", f.Help)
	putText(out, "placeholder", f.Placeholder)
	putText(out, "pattern", f.Pattern)
	putText(out, "currency", f.Currency)
	putText(out, "target", f.Target)
	putText(out, "foreignKey", f.ForeignKey)
	putText(out, "min", f.MinDate)
	putText(out, "max", f.MaxDate)
	for name, on := range map[string]bool{
		"required": f.Required, "unique": f.Unique, "readOnly": f.ReadOnly,
		"hidden": f.Hidden, "index": f.Index, "round": f.Round, "preset": f.Preset,
	} {
		if on {
			out[name] = true
		}
	}
	for name, n := range map[string]int{"minLength": f.MinLength, "maxLength": f.MaxLength} {
		if n != 0 {
			out[name] = int64(n)
		}
	}
	if f.Kind == field.Number {
		out["scale"] = int64(f.Scale)
	}
	if f.Min != nil {
		out["min"] = *f.Min
	}
	if f.Max != nil {
		out["max"] = *f.Max
	}
	if f.Default != nil {
		out["default"] = f.Default
	}
	if f.Kind == field.Select {
		out["options"] = optionList(f.Options)
	}
	return out
}

// MarshalJSON writes the field as the API shows it.
func (f *CollectionField) MarshalJSON() ([]byte, error) { return field.MarshalJSON(f.Definition()) }

func putText(out map[string]any, name, s string) {
	if s != "" {
		out[name] = s
	}
}

func optionList(options []field.Option) []any {
	out := make([]any, len(options))
	for i, o := range options {
		one := map[string]any{"value": o.Value, "label": o.Label}
		putText(one, "colour", o.Colour)
		if o.Archived {
			one["archived"] = true
		}
		out[i] = one
	}
	return out
}
