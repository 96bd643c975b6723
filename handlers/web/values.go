package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/views/fields"
	"formrail/views/ui"
)

// declared is the field as views draw it: with a label, and people as a target.
func declared(f *models.CollectionField) field.Field {
	d := f.Field
	d.Label = f.Title()
	return d
}

// canonical writes a value as texts of forms and pages do; nothing for nil.
func canonical(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case field.Decimal:
		return v.String()
	case field.Date:
		return string(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case map[string]any:
		return canonical(v[models.IDField])
	}
	b, err := field.MarshalJSON(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// typed is the text that the input of a field begins with.
func (v *viewer) typed(f *models.CollectionField, value any) string {
	switch value := value.(type) {
	case time.Time:
		return value.In(v.now.Location()).Format("2006-01-02T15:04")
	case field.Decimal:
		return value.StringFixed(max(f.Scale, value.Scale()))
	}
	return canonical(value)
}

// shown draws one value of a record. ok is false when the field is not open in it.
func (v *viewer) shown(ctx context.Context, f *models.CollectionField, r records.Record) (s fields.Shown, ok bool, err error) {
	value, ok := r[f.Key()]
	if !ok {
		return s, false, nil
	}
	s = fields.Shown{Field: declared(f)}
	switch {
	case value == nil:
	case f.Kind == field.DateTime:
		if at, isTime := value.(time.Time); isTime {
			s.At = v.at(at)
		}
	case f.Kind == field.User:
		id, _ := value.(int64)
		s.Label, err = v.names.of(ctx, id)
		s.Value = canonical(value)
	case f.Kind == field.ManyToOne:
		s.Label = v.linkTitle(f, r)
		if s.Label != "" {
			s.Value = canonical(value)
		}
	default:
		s.Value = canonical(value)
	}
	return s, true, err
}

// linkTitle is what a linked record is called; empty when it may not be seen.
func (v *viewer) linkTitle(f *models.CollectionField, r records.Record) string {
	linked, ok := r[f.Name].(map[string]any)
	if !ok {
		return ""
	}
	on, ok := v.cat.Collection(f.Target)
	if !ok {
		return canonical(linked[models.IDField])
	}
	return records.TitleOf(on, linked)
}

// links lists the to-one links to other collections among fields, to be read with
// their record.
func links(list []*models.CollectionField) []string {
	var out []string
	for _, f := range list {
		if f.Kind == field.ManyToOne {
			out = append(out, f.Name)
		}
	}
	return out
}

// sentence fills the {{ record.name }} of a text that a designer wrote, with values
// as pages show them. Anything else is left out.
func (v *viewer) sentence(ctx context.Context, source string, on *models.Collection, r records.Record) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(source, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			return b.String(), nil
		}
		said, err := v.variable(ctx, strings.TrimSpace(name), on, r)
		if err != nil {
			return "", err
		}
		b.WriteString(said)
		source = after
	}
}

func (v *viewer) variable(ctx context.Context, name string, on *models.Collection, r records.Record) (string, error) {
	root, path, _ := strings.Cut(name, ".")
	switch {
	case name == "user.nickname":
		return v.user.Nickname, nil
	case root != "record":
		return "", nil
	}
	f, ok := on.Field(path)
	if !ok {
		return "", nil
	}
	s, _, err := v.shown(ctx, f, r)
	return fields.Plain(ctx, s), err
}

// subtitle names a record by collection and number: "Order #1087".
func subtitle(on *models.Collection, id string) string {
	if on.IDType == models.UUIDID {
		return on.Title
	}
	return on.Title + " #" + id
}

// at is an instant as the viewer's pages show it.
func (v *viewer) at(t time.Time) ui.Moment {
	if t.IsZero() {
		return ui.Moment{}
	}
	return ui.At(t, v.now)
}

// since is at for stored instants; 0 is none.
func (v *viewer) since(m models.Millis) ui.Moment {
	if m == 0 {
		return ui.Moment{}
	}
	return v.at(m.Time())
}

// mayOn reports whether the viewer may do something with one record, as far as that
// shows from the record: buttons for what would be refused are not drawn. A scope
// that cannot be judged here counts as met; the write path decides.
func (v *viewer) mayOn(on *models.Collection, action models.Action, r records.Record) bool {
	layers, ok := v.access.On(on.Name, action)
	for _, grants := range layers {
		ok = ok && slices.ContainsFunc(grants, func(g models.Grant) bool { return v.meets(g, on, r) })
	}
	return ok
}

func (v *viewer) meets(g models.Grant, on *models.Collection, r records.Record) bool {
	if g.Scope != models.ScopeOwn {
		return true
	}
	name := g.ScopeField
	if name == "" {
		name = createdBy
	}
	f, ok := on.Field(name)
	if !ok {
		return false
	}
	owner, open := r[f.Key()]
	return !open || owner == v.user.ID
}

// wasOrIs says a value of a field on its own, outside of its record; a link is said
// by its number.
func (v *viewer) wasOrIs(ctx context.Context, f *models.CollectionField, value any) (string, error) {
	if value == nil {
		return "", nil
	}
	s, _, err := v.shown(ctx, f, records.Record{f.Key(): value})
	if f.Kind == field.ManyToOne {
		s.Value, s.Label = canonical(value), "#"+canonical(value)
	}
	return fields.Plain(ctx, s), err
}
