package web

import (
	"slices"
	"strconv"
	"strings"

	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/collections"
)

// sentOptions reads the rows of options. A row without a stored value gets one from
// its label, which it keeps from then on.
func sentOptions(form bind.Form) ([]field.Option, error) {
	labels, values := form[collections.OptionLabel], form[collections.OptionValue]
	colours, archived := form[collections.OptionColour], form[collections.OptionArchived]
	if len(values) != len(labels) || len(colours) != len(labels) || len(archived) != len(labels) {
		return nil, models.Invalid("BAD_PARAMETER", text.M("collections.options_incomplete", "The options arrived incomplete. Load the page again."))
	}
	used := map[string]bool{}
	for _, v := range values {
		used[v] = true
	}
	var out []field.Option
	for i, label := range labels {
		o := field.Option{Value: values[i], Label: strings.TrimSpace(label), Colour: colours[i], Archived: archived[i] == "true"}
		if o.Value == "" && o.Label != "" {
			name := models.SuggestName(o.Label, "option", func(name string) bool { return !used[models.Snake(name)] })
			o.Value = models.Snake(name)
			used[o.Value] = true
		}
		out = append(out, o)
	}
	return out, nil
}

// changedOptions does what a button of the options says: its name, a dash and the
// row. focus is the row to type into, counted from 1. What is not understood changes
// nothing.
func changedOptions(rows []field.Option, action string) (changed []field.Option, focus int) {
	dash := strings.LastIndexByte(action, '-')
	at, err := strconv.Atoi(action[dash+1:])
	if dash < 0 || err != nil || at < 0 || at > len(rows) {
		return rows, 0
	}
	rows = slices.Clone(rows)
	name := action[:dash]
	if name == collections.AddOption {
		return append(rows, field.Option{}), len(rows) + 1
	}
	if at == len(rows) {
		return rows, 0
	}
	switch name {
	case collections.RemoveOption:
		return slices.Delete(rows, at, at+1), 0
	case collections.OfferOption:
		rows[at].Archived = false
	case collections.OptionUp:
		if at > 0 {
			rows[at-1], rows[at] = rows[at], rows[at-1]
		}
	case collections.OptionDown:
		if at < len(rows)-1 {
			rows[at+1], rows[at] = rows[at], rows[at+1]
		}
	}
	return rows, 0
}

// unnamedOptions finds options that exist and have lost their label. New rows that
// nobody has filled in do not count.
func unnamedOptions(rows []field.Option) (problems field.Problems) {
	for _, o := range rows {
		if o.Value != "" && o.Label == "" {
			problems.Add("options", "REQUIRED", text.M("collections.option_unnamed", "Name every option, or remove it."))
			return problems
		}
	}
	return nil
}

// definedOptions writes the options as definitions hold them.
func definedOptions(rows []field.Option) []any {
	out := []any{}
	for _, o := range rows {
		if o.Value == "" {
			continue
		}
		one := map[string]any{"value": o.Value, "label": o.Label}
		if o.Colour != "" {
			one["colour"] = o.Colour
		}
		if o.Archived {
			one["archived"] = true
		}
		out = append(out, one)
	}
	return out
}
