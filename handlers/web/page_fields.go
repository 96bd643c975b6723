package web

import (
	"context"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/views/fields"
)

// blockField is one column or input of a block, as the viewer may have it.
type blockField struct {
	field *models.CollectionField // where the path ends
	path  []string                // links to follow, then the field
	title string
	help  string
}

// shape is the field as views draw it.
func (b blockField) shape() field.Field {
	d := declared(b.field)
	if b.title != "" {
		d.Label = b.title
	}
	if b.help != "" {
		d.Help = b.help
	}
	return d
}

// columns lists the fields of a block that the viewer may read; all of them when
// the block names none.
func (v *viewer) columns(b *models.Block, on *models.Collection) []blockField {
	var out []blockField
	for _, name := range namesOf(b, on) {
		f, ok := v.readable(on, name)
		if !ok {
			continue
		}
		f.title = name.Title
		out = append(out, f)
	}
	return out
}

// createdBy is the field that holds who made a record.
const createdBy = "createdBy"

// namesOf lists the fields of a block; without any, those that people fill in, and in a
// table who did.
func namesOf(b *models.Block, on *models.Collection) []models.BlockField {
	if b != nil && len(b.Fields) > 0 {
		return b.Fields
	}
	var out []models.BlockField
	for _, f := range on.Fields {
		if !f.Preset && !f.Hidden {
			out = append(out, models.BlockField{Field: f.Name})
		}
	}
	if _, ok := on.Field(createdBy); ok && b != nil && b.Type == models.TableBlock {
		out = append(out, models.BlockField{Field: createdBy})
	}
	return out
}

// readable follows the path of a field. ok is false when it leads nowhere, or to
// what the viewer may not see.
func (v *viewer) readable(on *models.Collection, name models.BlockField) (blockField, bool) {
	out := blockField{}
	for part := range strings.SplitSeq(name.Field, ".") {
		if on == nil {
			return out, false
		}
		f, ok := on.Field(part)
		if !ok || f.Hidden || !mayView(v.access, on.Name, f) {
			return out, false
		}
		out.field, out.path = f, append(out.path, f.Name)
		on = nil
		if f.IsLink() {
			on, _ = v.cat.Collection(f.LinkTarget())
		}
	}
	return out, out.field != nil
}

// appends lists the links that the fields need to be read with their records.
func appends(list []blockField) []string {
	var out []string
	for _, b := range list {
		links := b.path[:len(b.path)-1]
		if b.field.Kind == field.ManyToOne {
			links = b.path
		}
		if len(links) > 0 {
			out = append(out, strings.Join(links, "."))
		}
	}
	return out
}

// cell draws one field of a record, also one that is reached over links.
func (v *viewer) cell(ctx context.Context, b blockField, r records.Record) (fields.Shown, error) {
	for _, link := range b.path[:len(b.path)-1] {
		next, ok := r[link].(map[string]any)
		if !ok {
			return fields.Shown{Field: b.shape()}, nil
		}
		r = next
	}
	s, _, err := v.shown(ctx, b.field, r)
	s.Field = b.shape()
	if b.field.Kind == field.ManyToOne && s.Value != "" && err == nil {
		if on, ok := v.cat.Collection(b.field.Target); ok {
			s.Href, err = v.recordHref(ctx, on, s.Value)
		}
	}
	return s, err
}

// inputs lists the fields of a form that the viewer may write in the way the form
// does. A form that changes records offers only what he may read as well, so that
// nothing is overwritten unseen, and links only to what he may choose from.
func (v *viewer) inputs(b *models.Block, on *models.Collection) []blockField {
	action := models.Create
	if b.Type == models.EditFormBlock {
		action = models.Update
	}
	var out []blockField
	for _, name := range namesOf(b, on) {
		f, ok := on.Field(name.Field)
		switch {
		case !ok || f.Hidden || f.Preset || f.ReadOnly:
		case !v.access.MayWriteField(on.Name, action, f.Name):
		case action == models.Update && !mayView(v.access, on.Name, f):
		case f.IsLink() && !v.access.MayTouch(f.LinkTarget(), models.View):
		default:
			out = append(out, blockField{field: f, path: []string{f.Name}, title: name.Title, help: name.Help})
		}
	}
	return out
}

// initial is the value a new record's input begins with: the default of its field,
// with its variables.
func (v *viewer) initial(f *models.CollectionField) string {
	s, ok := f.Default.(string)
	if !ok {
		return v.typed(f, f.Default)
	}
	value, known := v.constant(s)
	if !known {
		return ""
	}
	return v.typed(f, value)
}

// constant gives the value of a text that may be one whole variable of those that
// defaults and buttons know.
func (v *viewer) constant(s string) (value any, known bool) {
	if !strings.Contains(s, "{{") {
		return s, true
	}
	name := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, "{{"), "}}"))
	switch name {
	case "user.id":
		return v.user.ID, true
	case "user.nickname":
		return v.user.Nickname, true
	case "system.now":
		return v.now, true
	case "system.today":
		return field.Date(v.now.Format(time.DateOnly)), true
	}
	return nil, false
}

// number is how a record is counted in a table; its key is shown when it is short.
func number(on *models.Collection, id string) string {
	if on.IDType == models.UUIDID {
		return ""
	}
	return id
}

// isBox reports whether the input of a field is a box, which sends nothing when it
// is not ticked.
func isBox(f *models.CollectionField) bool { return f.Kind == field.Boolean }
