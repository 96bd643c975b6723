package collections

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
)

// rowMenu is what can be done with a collection of the list.
func rowMenu(ctx context.Context, r Row) []ui.MenuItem {
	items := []ui.MenuItem{{Label: text.T(ctx, "collections.fields", "Fields"), Icon: "columns-3", Href: urls.Collection(r.Name)}}
	if r.RecordsHref != "" {
		items = append(items, ui.MenuItem{Label: text.T(ctx, "collections.records", "Records"), Icon: "table", Href: r.RecordsHref})
	}
	if r.BuiltIn {
		return items
	}
	return append(items,
		ui.MenuItem{Label: text.T(ctx, "collections.settings", "Settings"), Icon: "settings-2", Href: urls.CollectionSettings(r.Name)},
		ui.MenuItem{Label: text.T(ctx, "collections.rename", "Change key"), Icon: "pencil", Href: urls.CollectionRename(r.Name)},
		ui.MenuItem{Separator: true},
		ui.MenuItem{Label: text.T(ctx, "collections.delete", "Delete"), Icon: "trash-2", Bad: true, Href: urls.CollectionDelete(r.Name)})
}

// keyNotes is what stands below a key.
func keyNotes(ctx context.Context, p KeyProps) ui.FieldProps {
	return ui.FieldProps{
		ID: "setting-name", Problem: p.Problem,
		Hint: text.T(ctx, "collections.key_hint", "Used in formulas, workflows and the API. It follows the title until you type another one."),
	}
}

// tabs are the pages of one collection.
func (h Head) tabs(ctx context.Context, current string) []ui.Tab {
	out := []ui.Tab{{Label: text.T(ctx, "collections.fields", "Fields"), Href: urls.Collection(h.Name), Current: current == "fields"}}
	if h.RecordsHref != "" {
		out = append(out, ui.Tab{Label: text.T(ctx, "collections.records", "Records"), Href: h.RecordsHref})
	}
	if !h.BuiltIn {
		out = append(out, ui.Tab{Label: text.T(ctx, "collections.settings", "Settings"), Href: urls.CollectionSettings(h.Name), Current: current == "settings"})
	}
	return out
}

// fieldMenu is what can be done with a field; places are the forms that move it.
func fieldMenu(ctx context.Context, h Head, r FieldRow) []ui.MenuItem {
	items := []ui.MenuItem{
		{Label: text.T(ctx, "collections.edit", "Edit"), Icon: "pencil", Href: urls.CollectionField(h.Name, r.Name)},
		{Label: text.T(ctx, "collections.rename", "Change key"), Icon: "hash", Href: urls.CollectionFieldRename(h.Name, r.Name)},
	}
	if !r.First {
		items = append(items, ui.MenuItem{Label: text.T(ctx, "collections.up", "Move up"), Icon: "arrow-up", Form: moveID(r, "up")})
	}
	if !r.Last {
		items = append(items, ui.MenuItem{Label: text.T(ctx, "collections.down", "Move down"), Icon: "arrow-down", Form: moveID(r, "down")})
	}
	return append(items, ui.MenuItem{Separator: true},
		ui.MenuItem{Label: text.T(ctx, "collections.delete", "Delete"), Icon: "trash-2", Bad: true, Href: urls.CollectionFieldDelete(h.Name, r.Name)})
}

func moveID(r FieldRow, direction string) string { return "move-" + direction + "-" + r.Name }

// selected marks the row of the field that is open.
func selected(here bool) templ.Attributes {
	if !here {
		return nil
	}
	return templ.Attributes{"aria-selected": "true"}
}

// opens makes a link open the panel without loading the page again.
func opens(href string) templ.Attributes {
	return templ.Attributes{"hx-get": href, "hx-target": "#" + FieldsID, "hx-swap": "outerHTML show:none", "hx-push-url": "true"}
}

// changes makes a button of the options send the form and replace the panel.
func (p FieldForm) changes(action string, at int) templ.Attributes {
	id := OptionID(action, at)
	return templ.Attributes{
		"id": id, "name": ui.ActionName, "value": id, "formnovalidate": true, "autofocus": id == p.Options.Focus,
		"hx-post": p.Address, "hx-target": "#" + PanelID, "hx-swap": "outerHTML",
	}
}

// typed lets the label of an option, once it is typed, be offered as the default, and
// Enter in it go on with another one.
func (p FieldForm) typed(at int) templ.Attributes {
	const offered = "#setting-default"
	attrs := focused(p.Options.Focus == OptionID(LabelOption, at))
	if attrs == nil {
		attrs = templ.Attributes{}
	}
	attrs["data-enter"] = OptionID(AddOption, len(p.Options.Rows))
	attrs["hx-post"], attrs["hx-trigger"], attrs["hx-vals"] = p.Address, "change", `{"`+ui.ActionName+`":"`+OptionID(NamedOption, at)+`"}`
	attrs["hx-select"], attrs["hx-target"], attrs["hx-swap"] = offered, offered, "outerHTML"
	attrs["data-offers"] = OptionID(OptionValue, at) // its choices change in place, and so does the value of the option
	return attrs
}

// OptionID is the id of a control of a row of options, counted from 0, and what it
// sends when it is a button.
func OptionID(control string, row int) string { return control + "-" + strconv.Itoa(row) }

// Names of what the rows of options send; one value a row.
const (
	OptionValue    = "optionValue"
	OptionLabel    = "optionLabel"
	OptionArchived = "optionArchived"
)

// What the buttons of options do, and the label of a row; see [OptionID].
const (
	LabelOption  = "option-label"
	AddOption    = "add-option"
	RemoveOption = "remove-option"
	NamedOption  = "option-named" // changes nothing: what is drawn knows the label
	OptionUp     = "option-up"
	OptionDown   = "option-down"
	OfferOption  = "offer-option"
)

// OptionColour is the input for the colour of one option: each has its own swatches.
func OptionColour(row int) string { return "optionColour." + strconv.Itoa(row) }

func archived(o field.Option) string { return strconv.FormatBool(o.Archived) }

func focused(here bool) templ.Attributes {
	return templ.Attributes{"autocomplete": "off", "autofocus": here, "maxlength": "80"}
}
