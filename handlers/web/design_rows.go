package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/handlers/bind"
	"formrail/handlers/settings"
	"formrail/models"
	"formrail/models/field"
	"formrail/views/design"
	"formrail/views/fields"
	"formrail/views/ui"
)

// maxRows bounds the rows of a list in a panel.
const maxRows = 100

// lists are the lists that panels edit row by row, with the inputs of a row.
func lists() map[string][]string {
	return map[string][]string{
		"fields": {"field", "fieldTitle"}, "filter": {"filterField", "filterOp", "filterValue"}, "values": {"valueField", "value"},
		"bindings": {"path", "workflow"},
	}
}

// editRows does what a button of a row says: add, remove, up or down. done is false
// when another button was pressed.
func editRows(f bind.Form) (done bool) {
	parts := strings.Split(f.Get(design.DoName), ":")
	if len(parts) != 3 {
		return false
	}
	names := lists()[parts[0]]
	at, err := strconv.Atoi(parts[2])
	if names == nil || err != nil {
		return false
	}
	count := rowCount(f, names)
	for _, name := range names {
		row := f[name]
		for len(row) < count { // a row whose inputs were not all sent
			row = append(row, "")
		}
		switch {
		case parts[1] == "add" && count < maxRows:
			row = append(row, "")
		case at < 0 || at >= count:
		case parts[1] == "remove":
			row = slices.Delete(row, at, at+1)
		case parts[1] == "up" && at > 0:
			row[at], row[at-1] = row[at-1], row[at]
		case parts[1] == "down" && at < count-1:
			row[at], row[at+1] = row[at+1], row[at]
		}
		f[name] = row
	}
	return true
}

func rowCount(f bind.Form, names []string) int {
	count := 0
	for _, name := range names {
		count = max(count, len(f[name]))
	}
	return count
}

// at is one value of a list; empty behind its end.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// inputList lists inputs.
func inputList(in ...fields.Props) []fields.Props { return in }

// inputs of panels, filled from what was typed or stored.
type inputs struct{ form bind.Form }

func (in inputs) text(name, label, help string) fields.Props {
	return fields.Props{Field: field.Field{Name: name, Kind: field.Text, Label: label, Help: help}, Value: in.form.Get(name), ID: "design-" + name}
}

func (in inputs) choice(name, label string, options []ui.Choice) fields.Props {
	return fields.Props{Field: field.Field{Name: name, Kind: field.Select, Label: label}, Options: options, Value: in.form.Get(name), ID: "design-" + name}
}

// option is a choice that may be left open; otherwise says what happens then.
func (in inputs) option(otherwise string, p fields.Props) fields.Props {
	p.Field.Placeholder = otherwise
	return p
}

// row is an input of a row; its id says which.
func (in inputs) row(p fields.Props, i int) fields.Props {
	p.Value, p.ID = at(in.form[p.Field.Name], i), "design-"+p.Field.Name+"-"+strconv.Itoa(i)
	return p
}

// checks are boxes of which any number may be ticked.
func (in inputs) checks(name string, options []ui.Choice) []ui.CheckProps {
	out := make([]ui.CheckProps, len(options))
	for i, o := range options {
		out[i] = ui.CheckProps{ID: "design-" + name + "-" + o.Value, Name: name, Value: o.Value, Label: o.Label, Checked: slices.Contains(in.form[name], o.Value)}
	}
	return out
}

// fieldChoices are the fields a block may show or take in. Tables and details also
// lead over one link.
func (d designing) fieldChoices(on *models.Collection, t models.BlockType) []ui.Choice {
	var out []ui.Choice
	for _, f := range on.Fields {
		if f.Hidden || t.IsForm() && (f.Preset || f.ReadOnly) {
			continue
		}
		out = append(out, ui.Choice{Value: f.Name, Label: f.Title()})
		to, ok := d.cat.Collection(f.LinkTarget())
		if t.IsForm() || !f.IsLink() || !ok {
			continue
		}
		for _, g := range to.Fields {
			if !g.Hidden && !g.IsLink() {
				out = append(out, ui.Choice{Value: f.Name + "." + g.Name, Label: f.Title() + " / " + g.Title()})
			}
		}
	}
	return out
}

// settableChoices are the fields that a button may set.
func settableChoices(on *models.Collection) []ui.Choice {
	var out []ui.Choice
	for _, f := range on.Fields {
		if !f.Hidden && !f.Preset && !f.ReadOnly {
			out = append(out, ui.Choice{Value: f.Name, Label: f.Title()})
		}
	}
	return out
}

// filterOps are the comparisons of a simple filter.
func filterOps(ctx context.Context) []ui.Choice {
	return settings.Operators(ctx, "$eq", "$ne", "$includes", "$gt", "$lt", "$empty", "$notEmpty")
}

// typedValue is a value of a filter or a button as a definition holds it: a number
// or a flag where the field wants one, text with variables otherwise.
func typedValue(on *models.Collection, name, typed string) any {
	f, ok := on.Field(name)
	if !ok || strings.Contains(typed, "{{") {
		return typed
	}
	switch f.Kind {
	case field.Integer, field.Number, field.Boolean:
		if v, err := field.ParseJSON([]byte(typed)); err == nil {
			return v
		}
	default:
	}
	return typed
}
