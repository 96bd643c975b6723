package web

import (
	"context"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// fieldSettings are the settings of a type of field, by their place in the panel.
type fieldSettings struct{ main, rules, more []field.Field }

func (s fieldSettings) all() []field.Field { return slices.Concat(s.main, s.rules, s.more) }

// settings lists what can be set for the field, beside title, key and options.
func (d fieldDraft) settings(ctx context.Context) fieldSettings {
	kind := d.typ.kind
	s := fieldSettings{main: d.typeSettings(ctx)}
	s.rules = []field.Field{{Name: "required", Kind: field.Boolean, Label: text.T(ctx, "collections.required", "Required")}}
	if kind != field.Boolean && kind != field.LongText {
		s.rules = append(s.rules, field.Field{Name: "unique", Kind: field.Boolean, Label: text.T(ctx, "collections.unique", "Unique")})
	}
	s.rules = append(s.rules, boundSettings(ctx, kind)...)
	if kind != field.ManyToOne {
		s.rules = append(s.rules, d.defaultSetting(ctx))
	}
	s.more = append(s.more, field.Field{
		Name: "help", Kind: field.LongText, Label: text.T(ctx, "collections.help", "Help"),
		Help: text.T(ctx, "collections.help_hint", "Shown below the input."),
	})
	if kind == field.Text || kind == field.LongText || kind == field.Integer || kind == field.Number {
		s.more = append(s.more, field.Field{Name: "placeholder", Kind: field.Text, Label: text.T(ctx, "collections.placeholder", "Example in the empty input")})
	}
	if kind == field.Text {
		s.more = append(s.more, field.Field{
			Name: "pattern", Kind: field.Text, Label: text.T(ctx, "collections.pattern", "Form of the text"),
			Help: text.T(ctx, "collections.pattern_hint", "A regular expression that the whole text must match."),
		})
	}
	s.more = append(s.more,
		field.Field{Name: "index", Kind: field.Boolean, Label: text.T(ctx, "collections.index", "Indexed"), Help: text.T(ctx, "collections.index_hint", "Makes filters and sorting by it fast in large collections.")},
		field.Field{Name: "readOnly", Kind: field.Boolean, Label: text.T(ctx, "collections.read_only", "Read only"), Help: text.T(ctx, "collections.read_only_hint", "People see it, workflows set it.")},
		field.Field{Name: "hidden", Kind: field.Boolean, Label: text.T(ctx, "collections.hidden", "Hidden"), Help: text.T(ctx, "collections.hidden_hint", "Only roles that name it may read it.")})
	if kind == field.Number {
		s.more = append(s.more, field.Field{Name: "round", Kind: field.Boolean, Label: text.T(ctx, "collections.round", "Round further decimals"), Help: text.T(ctx, "collections.round_hint", "Otherwise they are refused.")})
	}
	return s
}

// typeSettings are the settings that make a type what it is.
func (d fieldDraft) typeSettings(ctx context.Context) []field.Field {
	switch d.typ.kind {
	case field.Number:
		least, most := field.DecimalFromInt(0), field.DecimalFromInt(6)
		return []field.Field{
			{Name: "currency", Kind: field.Select, Label: text.T(ctx, "collections.currency", "Currency"), Options: currencies(d.value("currency")), Required: d.typ.key == "money" && d.old == nil},
			{Name: "scale", Kind: field.Integer, Label: text.T(ctx, "collections.scale", "Decimals"), Required: true, Min: &least, Max: &most},
		}
	case field.ManyToOne:
		target := field.Field{Name: "target", Kind: field.Select, Label: text.T(ctx, "collections.target", "Linked collection"), Required: true}
		for _, c := range d.cat.Collections() {
			target.Options = append(target.Options, field.Option{Value: c.Name, Label: c.Title})
		}
		return []field.Field{target}
	}
	return nil
}

// fixed reports whether a setting cannot be changed once the field exists.
func (d fieldDraft) fixed(name string) bool {
	return d.old != nil && (name == "target" || name == "scale")
}

// currencies are the currencies to choose from, with the one that a field has.
func currencies(now string) []field.Option {
	var out []field.Option
	list := []string{"EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "JPY", "CNY", "INR", "CAD", "AUD"}
	if now != "" && !slices.Contains(list, now) {
		list = append(list, now)
	}
	for _, code := range list {
		out = append(out, field.Option{Value: code, Label: code})
	}
	return out
}

// boundSettings are the limits of the values of a kind.
func boundSettings(ctx context.Context, kind field.Kind) []field.Field {
	const finest = 6
	bounds := field.Kind("")
	switch kind {
	case field.Text, field.LongText:
		least, most := field.DecimalFromInt(0), field.DecimalFromInt(1_000_000)
		return []field.Field{
			{Name: "minLength", Kind: field.Integer, Label: text.T(ctx, "collections.min_length", "Least characters"), Min: &least, Max: &most},
			{Name: "maxLength", Kind: field.Integer, Label: text.T(ctx, "collections.max_length", "Most characters"), Min: &least, Max: &most},
		}
	case field.Integer, field.Number:
		bounds = field.Number
	case field.DateOnly:
		bounds = field.DateOnly
	default:
		return nil
	}
	return []field.Field{
		{Name: "min", Kind: bounds, Scale: finest, Label: text.T(ctx, "collections.min", "At least"), Placeholder: text.T(ctx, "collections.no_limit", "No limit")},
		{Name: "max", Kind: bounds, Scale: finest, Label: text.T(ctx, "collections.max", "At most"), Placeholder: text.T(ctx, "collections.no_limit", "No limit")},
	}
}

// defaultSetting is what new records get. A default that the form does not offer is
// kept as a choice of its own.
func (d fieldDraft) defaultSetting(ctx context.Context) field.Field {
	s := field.Field{Name: "default", Kind: field.Select, Label: text.T(ctx, "collections.default", "Default"), Help: text.T(ctx, "collections.default_hint", "What a new record gets when nobody says otherwise.")}
	switch d.typ.kind {
	case field.Text, field.LongText, field.Integer:
		s.Kind = d.typ.kind
		return s
	case field.Number:
		s.Kind, s.Scale = field.Number, 6
		return s
	case field.Boolean:
		s.Options = field.Choices("true", text.T(ctx, "fields.yes", "Yes"), "false", text.T(ctx, "fields.no", "No"))
	case field.Select:
		for _, o := range d.options {
			if o.Value != "" && !o.Archived {
				s.Options = append(s.Options, field.Option{Value: o.Value, Label: o.Label})
			}
		}
		return s
	default:
		s.Options = madeDefaults(ctx, d.typ.kind)
	}
	if d.old == nil || d.old.Default == nil {
		return s
	}
	now := canonical(d.old.Default)
	if !slices.ContainsFunc(s.Options, func(o field.Option) bool { return o.Value == now }) {
		s.Options = append(s.Options, field.Option{Value: now, Label: defaultLabel(ctx, d.old)})
	}
	return s
}

// newValues are what the settings of a new field begin with.
func (t fieldType) newValues() map[string]any {
	switch t.key {
	case "money":
		return map[string]any{"currency": "EUR", "scale": int64(2)}
	case "decimal":
		return map[string]any{"scale": int64(2)}
	}
	return nil
}

// defaultValue writes a default as definitions hold it.
func defaultValue(f fieldType, v any) any {
	if f.kind == field.Boolean {
		return v == "true"
	}
	return v
}

// freeField reports whether a name may be given to a new field.
func (v collectionView) freeField(name string) bool {
	_, taken := v.on.Field(name)
	return !taken && models.CheckFieldName(name).IsZero()
}
