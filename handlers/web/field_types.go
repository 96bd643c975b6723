package web

import (
	"context"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/fields"
)

// fieldType is a type of field as designers choose it. Two of them may share a kind.
type fieldType struct {
	key   string // in addresses
	kind  field.Kind
	title text.Message
	icon  string
}

// fieldTypes lists what a new field can be, in groups.
func fieldTypes() []struct {
	title text.Message
	types []fieldType
} {
	type group = struct {
		title text.Message
		types []fieldType
	}
	return []group{
		{text.M("collections.types_basic", "Basic"), []fieldType{
			{"text", field.Text, text.M("collections.type_text", "Single line text"), "type"},
			{"longText", field.LongText, text.M("collections.type_long_text", "Long text"), "align-left"},
			{"integer", field.Integer, text.M("collections.type_integer", "Integer"), "hash"},
			{"decimal", field.Number, text.M("collections.type_decimal", "Decimal"), "calculator"},
			{"money", field.Number, text.M("collections.type_money", "Money"), "circle-dollar-sign"},
			{"boolean", field.Boolean, text.M("collections.type_boolean", "Yes / no"), "toggle-left"},
		}},
		{text.M("collections.types_choice", "Choice"), []fieldType{
			{"select", field.Select, text.M("collections.type_select", "Single select"), "circle-dot"},
		}},
		{text.M("collections.types_date", "Date"), []fieldType{
			{"date", field.DateOnly, text.M("collections.type_date", "Date"), "calendar"},
			{"datetime", field.DateTime, text.M("collections.type_datetime", "Date and time"), "calendar-clock"},
		}},
		{text.M("collections.types_links", "People and links"), []fieldType{
			{"user", field.User, text.M("collections.type_user", "Person"), "user"},
			{"manyToOne", field.ManyToOne, text.M("collections.type_link", "Link to one"), "link-2"},
		}},
	}
}

// typeByKey finds a type of the palette.
func typeByKey(key string) (fieldType, bool) {
	for _, g := range fieldTypes() {
		for _, t := range g.types {
			if t.key == key {
				return t, true
			}
		}
	}
	return fieldType{}, false
}

// typeOf finds the type of a field that exists: a decimal with a currency is money.
func typeOf(f *models.CollectionField) fieldType {
	key := string(f.Kind)
	if f.Kind == field.Number && f.Currency != "" {
		key = "money"
	}
	t, _ := typeByKey(key)
	if f.Name == models.IDField {
		t.icon = "fingerprint"
	}
	return t
}

// typePalette draws the types to choose from.
func typePalette(ctx context.Context) []collections.TypeGroup {
	var out []collections.TypeGroup
	for _, g := range fieldTypes() {
		shown := collections.TypeGroup{Title: g.title.In(ctx)}
		for _, t := range g.types {
			shown.Types = append(shown.Types, collections.Type{Key: t.key, Title: t.title.In(ctx), Icon: t.icon})
		}
		out = append(out, shown)
	}
	return out
}

// Defaults that are found out when a record is made.
const (
	defaultMe    = "{{ user.id }}"
	defaultToday = "{{ system.today }}"
	defaultNow   = "{{ system.now }}"
)

// madeDefaults are the defaults that a kind can find out when a record is made.
func madeDefaults(ctx context.Context, kind field.Kind) []field.Option {
	switch kind {
	case field.User:
		return field.Choices(defaultMe, text.T(ctx, "collections.default_me", "The person who creates the record"))
	case field.DateOnly:
		return field.Choices(defaultToday, text.T(ctx, "collections.default_today", "The day of creation"))
	case field.DateTime:
		return field.Choices(defaultNow, text.T(ctx, "collections.default_now", "The moment of creation"))
	}
	return nil
}

// defaultLabel says what a new record gets.
func defaultLabel(ctx context.Context, f *models.CollectionField) string {
	value := canonical(f.Default)
	for _, o := range madeDefaults(ctx, f.Kind) {
		if o.Value == value {
			return o.Label
		}
	}
	if f.Kind == field.User || f.Kind == field.ManyToOne {
		return value
	}
	return fields.Plain(ctx, fields.Shown{Field: f.Field, Value: value})
}
