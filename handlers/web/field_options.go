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
	archived := form[collections.OptionArchived]
	if len(values) != len(labels) || len(archived) != len(labels) {
		return nil, models.Invalid("BAD_PARAMETER", text.M("collections.options_incomplete", "The options arrived incomplete. Load the page again."))
	}
	used := map[string]bool{}
	for _, v := range values {
		used[v] = true
	}
	var out []field.Option
	for i, label := range labels {
		o := field.Option{Value: values[i], Label: strings.TrimSpace(label), Colour: form.Get(collections.OptionColour(i)), Archived: archived[i] == "true"}
		if o.Value == "" && o.Label != "" {
			name := models.SuggestName(o.Label, "option", func(name string) bool { return !used[models.Snake(name)] })
			o.Value = models.Snake(name)
			used[o.Value] = true
		}
		out = append(out, o)
	}
	return out, nil
}

// changedOptions does what a button of the options says. focus is the id of the
// control to go on with. What is not understood changes nothing.
func changedOptions(rows []field.Option, action string) (changed []field.Option, focus string) {
	dash := strings.LastIndexByte(action, '-')
	at, err := strconv.Atoi(action[dash+1:])
	if dash < 0 || err != nil || at < 0 || at > len(rows) {
		return rows, ""
	}
	rows = slices.Clone(rows)
	name := action[:dash]
	if name == collections.AddOption {
		return append(rows, field.Option{}), collections.OptionID(collections.LabelOption, len(rows))
	}
	if at == len(rows) {
		return rows, ""
	}
	switch name {
	case collections.RemoveOption:
		return slices.Delete(rows, at, at+1), collections.OptionID(collections.AddOption, len(rows)-1)
	case collections.OfferOption:
		rows[at].Archived = false
		return rows, collections.OptionID(collections.LabelOption, at)
	case collections.OptionUp:
		return movedOption(rows, at, max(at-1, 0))
	case collections.OptionDown:
		return movedOption(rows, at, min(at+1, len(rows)-1))
	}
	return rows, ""
}

// movedOption puts one option into another place. The focus goes with it, to the
// button that moves it further, or back when it has arrived at an end.
func movedOption(rows []field.Option, from, to int) (moved []field.Option, focus string) {
	rows[from], rows[to] = rows[to], rows[from]
	button := collections.OptionUp
	if to == 0 || to > from && to < len(rows)-1 {
		button = collections.OptionDown
	}
	return rows, collections.OptionID(button, to)
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
