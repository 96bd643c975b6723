package web_test

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

const newFieldAt = "/collections/reimbursements/new-field/"

func TestFields_OfEachTypeAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	for kind, more := range map[string]url.Values{
		"text":      {"maxLength": {"40"}, "minLength": {"2"}, "pattern": {"[A-Z]+"}, "default": {"AB"}, "unique": {"true"}, "placeholder": {"AB"}},
		"longText":  {"default": {"two\r\nlines"}},
		"integer":   {"min": {"-5"}, "max": {"5"}, "default": {"3"}, "index": {"true"}},
		"decimal":   {"scale": {"3"}, "default": {"0.125"}, "round": {"true"}},
		"money":     {"scale": {"2"}, "currency": {"SEK"}, "min": {"0.01"}},
		"boolean":   {"default": {"false"}},
		"date":      {"min": {"2026-01-01"}, "default": {"{{ system.today }}"}},
		"datetime":  {"default": {"{{ system.now }}"}},
		"select":    {"optionLabel": {"Low", "Very high", ""}, "optionValue": {"", "", ""}, "optionColour.0": {"green"}, "optionColour.1": {"red"}, "optionArchived": {"false", "false", "false"}},
		"user":      {"default": {"{{ user.id }}"}, "readOnly": {"true"}},
		"manyToOne": {"target": {"payments"}, "hidden": {"true"}},
	} {
		form := url.Values{"title": {"Extra " + kind}, "name": {""}, "required": {"true"}, "help": {"Say it"}}
		for name, list := range more {
			form[name] = list
		}
		require.Equal(t, "/collections/reimbursements", root.Submit(newFieldAt+kind, form).Want(303).Header.Get("Location"), kind)
		f := w.field(t, "reimbursements", models.SuggestName("Extra "+kind, "", func(string) bool { return true }))
		require.NotNil(t, f, kind)
		require.True(t, f.Required, kind)
		require.Equal(t, "Say it", f.Help)
		answer := root.Get("/collections/reimbursements/fields/" + f.Name).Want(200)
		complete(t, kind, answer)
		// What the panel shows and nobody changes is saved as it is.
		before := f.Definition()
		root.Submit("/collections/reimbursements/fields/"+f.Name, shown(t, answer.Page(), "field-form")).Want(303)
		require.Equal(t, before, w.field(t, "reimbursements", f.Name).Definition(), kind)
	}
	status := w.field(t, "reimbursements", "extraSelect")
	require.Equal(t, []field.Option{{Value: "low", Label: "Low", Colour: "green"}, {Value: "very_high", Label: "Very high", Colour: "red"}}, status.Options)
	require.Equal(t, false, w.field(t, "reimbursements", "extraBoolean").Default)
	require.Equal(t, "SEK", w.field(t, "reimbursements", "extraMoney").Currency)
	require.Equal(t, "payments", w.field(t, "reimbursements", "extraManytoone").Target)
	list := mainText(t, root.Get("/collections/reimbursements").Page())
	require.Contains(t, list, "Extra money extraMoney Money SEK Required · at least 0.01")
	require.Contains(t, list, "Extra select extraSelect Single select Low, Very high Required")
}

func TestFields_EveryKindOfRecordsCanBeChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	palette := handlerstest.First(root.Get("/collections/payments").Want(200).Page(), "div", "id", "field-types")
	for _, kind := range field.Kinds() {
		if kind.Record() {
			require.NotNil(t, handlerstest.First(palette, "a", "href", "/collections/payments/new-field/"+string(kind)), kind)
			complete(t, string(kind), root.Get("/collections/payments/new-field/"+string(kind)).Want(200))
		}
	}
}

// focused is the id of the control that a page begins with; empty for none.
func focused(page *html.Node) string {
	for _, n := range handlerstest.All(page, "") {
		for _, a := range n.Attr {
			if a.Key == "autofocus" {
				return handlerstest.Attr(n, "id")
			}
		}
	}
	return ""
}

// shown is what a form with an id would send as it stands.
func shown(t testing.TB, page *html.Node, id string) url.Values {
	t.Helper()
	form := handlerstest.First(page, "form", "id", id)
	require.NotNil(t, form)
	out := url.Values{}
	has := func(n *html.Node, name string) bool {
		for _, a := range n.Attr {
			if a.Key == name {
				return true
			}
		}
		return false
	}
	for _, in := range handlerstest.All(form, "") {
		name := handlerstest.Attr(in, "name")
		switch {
		case name == "" || name == "_csrf" || has(in, "disabled"):
		case in.Data == "input" && (!slices.Contains([]string{"checkbox", "radio"}, handlerstest.Attr(in, "type")) || has(in, "checked")):
			out.Add(name, handlerstest.Attr(in, "value"))
		case in.Data == "textarea":
			text := ""
			if in.FirstChild != nil {
				text = in.FirstChild.Data
			}
			out.Add(name, text)
		case in.Data == "select":
			chosen := ""
			for _, o := range handlerstest.All(in, "option") {
				if has(o, "selected") {
					chosen = handlerstest.Attr(o, "value")
				}
			}
			out.Add(name, chosen)
		}
	}
	return out
}

func TestFields_SayWhatIsWrongWhereItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	for _, bad := range []struct{ kind, name, value, says string }{
		{"text", "title", "", "Fill in “Title”."},
		{"text", "name", "amount", "already used"},
		{"text", "name", "matches", "used by the product"},
		{"text", "pattern", "(", "not a regular expression"},
		{"text", "minLength", "many", "whole number"},
		{"integer", "default", "x", "Default"},
		{"decimal", "scale", "7", "at most 6"},
		{"money", "currency", "", "Fill in “Currency”."},
		{"money", "min", "cheap", "At least must be"},
		{"date", "min", "soon", "At least must be"},
		{"manyToOne", "target", "", "Fill in “Linked collection”."},
		{"manyToOne", "target", "nothing", "must be one of these: “"},
		{"select", "optionLabel", "", "1 to 500 options"},
	} {
		form := url.Values{"title": {"Cost centre"}, "name": {"costCentre"}, "help": {"kept as typed"}, "scale": {"2"}, "currency": {"EUR"}, "target": {"payments"}}
		if bad.kind == "select" {
			form["optionValue"], form["optionArchived"] = []string{""}, []string{"false"}
		}
		form.Set(bad.name, bad.value)
		answer := root.Submit(newFieldAt+bad.kind, form).Want(422)
		complete(t, bad.kind+" "+bad.name, answer)
		panel := handlerstest.First(answer.Page(), "aside", "id", "field-panel")
		require.Contains(t, handlerstest.Text(panel), bad.says, bad.name)
		require.Contains(t, handlerstest.Text(panel), "kept as typed")
		require.NotNil(t, handlerstest.First(panel, "a", "href", "#setting-"+cutOption(bad.name)), "the summary leads to %s", bad.name)
	}
	require.Nil(t, w.field(t, "reimbursements", "costCentre"))
	root.Submit(newFieldAt+"select", url.Values{"title": {"x"}, "optionLabel": {"a", "b"}, "optionValue": {""}}).Want(400)
}

func cutOption(name string) string {
	if name == "optionLabel" {
		return "options"
	}
	return name
}

func TestFields_AskBeforeRecordsAreTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Train to Malmö", "112")
	root := w.Browser(w.Root)
	address := "/collections/reimbursements/fields/status"
	form := shown(t, root.Get(address).Page(), "field-form")
	form.Set("_action", "remove-option-0")
	without := root.Submit(address, form).Want(200)
	require.NotContains(t, value(t, without, "optionLabel"), "Draft")
	require.Len(t, w.field(t, "reimbursements", "status").Options, 3, "nothing is saved yet")
	form = shown(t, without.Page(), "field-form")
	form.Set("default", "")
	asked := root.Submit(address, form).Want(409)
	complete(t, "asked", asked)
	require.Contains(t, mainText(t, asked.Page()), "Reimbursement: 1. Draft is used; it will be archived.")
	require.Contains(t, mainText(t, asked.Page()), "Save anyway")
	root.Submit(address, shown(t, asked.Page(), "field-form")).Want(303)
	options := w.field(t, "reimbursements", "status").Options
	require.Equal(t, field.Option{Value: "draft", Label: "Draft", Colour: "grey", Archived: true}, options[2])

	form = shown(t, root.Get(address).Page(), "field-form")
	form.Set("_action", "offer-option-2")
	back := root.Submit(address, form).Want(200)
	root.Submit(address, shown(t, back.Page(), "field-form")).Want(303)
	require.False(t, w.field(t, "reimbursements", "status").Options[2].Archived)

	w.submit(t, w.Browser(w.emil), "Train to Malmö", "113")
	name := "/collections/reimbursements/fields/projectName"
	form = shown(t, root.Get(name).Page(), "field-form")
	form.Set("unique", "true")
	require.Contains(t, mainText(t, root.Submit(name, form).Want(422).Page()), "1 values of Project name occur more than once")
}

func TestFields_OptionsAreEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	htmx := root.With("HX-Request", "true")
	address := "/collections/reimbursements/fields/status"
	form := shown(t, root.Get(address).Page(), "field-form")
	for _, step := range []struct {
		action string
		want   []string
		focus  string // id of the control to go on with
	}{
		{"option-down-0", []string{"Approved", "Draft", "Rejected"}, "option-down-1"},
		{"option-up-2", []string{"Approved", "Rejected", "Draft"}, "option-up-1"},
		{"option-up-0", []string{"Approved", "Rejected", "Draft"}, "option-down-0"},
		{"option-down-2", []string{"Approved", "Rejected", "Draft"}, "option-up-2"},
		{"add-option-3", []string{"Approved", "Rejected", "Draft", ""}, "option-label-3"},
		{"remove-option-3", []string{"Approved", "Rejected", "Draft"}, "add-option-3"},
		{"remove-option-99", []string{"Approved", "Rejected", "Draft"}, ""},
		{"nonsense", []string{"Approved", "Rejected", "Draft"}, ""},
	} {
		form.Set("_action", step.action)
		panel := htmx.Submit(address, form).Want(200)
		require.Nil(t, handlerstest.First(panel.Page(), "h1"), "htmx gets the panel alone")
		form = shown(t, panel.Page(), "field-form")
		require.Equal(t, step.want, form["optionLabel"], step.action)
		require.Equal(t, step.focus, focused(panel.Page()), step.action)
	}
	form.Del("_action")
	form["optionLabel"][0] = "Accepted"
	form.Set("optionColour.0", "teal")
	root.Submit(address, form).Want(303)
	require.Equal(t, field.Option{Value: "approved", Label: "Accepted", Colour: "teal"}, w.field(t, "reimbursements", "status").Options[0], "a new label keeps the value")
	form["optionLabel"][0] = " "
	require.Contains(t, string(root.Submit(address, form).Want(422).Body), "Name every option")
	form["optionLabel"][0] = "Accepted"
	form.Set("optionColour.0", "mauve")
	require.Contains(t, string(root.Submit(address, form).Want(422).Body), "not a colour")
}

func TestFields_AreDeletedRestoredAndMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, w.Browser(w.emil), "Train to Malmö", "112")
	root, at := w.Browser(w.Root), "/collections/reimbursements/fields/amount"
	ask := root.Get(at + "/delete").Want(200).Page()
	dialog := handlerstest.First(ask, "dialog", "id", "question")
	require.Contains(t, handlerstest.Text(dialog), "More than 500?")
	form := fill(t, ask, at+"/delete")
	form.Set("key", "amount")
	unseen := url.Values{"key": {"amount"}}
	require.Contains(t, handlerstest.Text(root.Submit(at+"/delete", unseen).Want(409).Page()), "confirm again")
	root.Submit(at+"/delete", form).Want(303)
	require.Nil(t, w.field(t, "reimbursements", "amount"))
	page := root.Get("/collections/reimbursements").Want(200)
	complete(t, "with a deleted field", page)
	require.Contains(t, mainText(t, page.Page()), "Deleted fields")
	root.Submit(at+"/restore", nil).Want(303)
	require.Equal(t, "112", w.all(t)[0]["amount"].(field.Decimal).String(), "its values come back")
	root.Submit(at+"/restore", nil).Want(404)

	names := func() (out []string) {
		on, err := w.Records.Collection(context.Background(), "reimbursements")
		require.NoError(t, err)
		for _, f := range on.Fields {
			if !f.Preset {
				out = append(out, f.Name)
			}
		}
		return out
	}
	before := names()
	root.Submit("/collections/reimbursements/fields/"+before[0]+"/move", url.Values{"direction": {"down"}}).Want(303)
	require.Equal(t, []string{before[1], before[0]}, names()[:2])
	root.Submit("/collections/reimbursements/fields/"+before[0]+"/move", url.Values{"direction": {"sideways"}}).Want(400)
	root.Submit("/collections/reimbursements/fields/createdAt/move", url.Values{"direction": {"up"}}).Want(404)

	now := names()
	page = root.Get("/collections/reimbursements").Want(200)
	row := handlerstest.First(page.Page(), "tr", "data-sort-form", "move-to-"+now[3])
	require.NotNil(t, row)
	require.NotNil(t, handlerstest.First(row, "button", "class", "drag"))
	drag := func(name, place string) {
		root.Submit("/collections/reimbursements/fields/"+name+"/move", url.Values{"place": {place}}).Want(303)
	}
	drag(now[3], "1")
	require.Equal(t, []string{now[3], now[0], now[1], now[2]}, names()[:4], "the id stands before")
	drag(now[3], "4")
	require.Equal(t, now, names())
	drag(now[3], "0")
	require.Equal(t, now[3], names()[0], "nothing moves before the id")
	drag(now[3], "99")
	require.Equal(t, now[3], names()[len(now)-1])
}

func TestFields_ThatARestoreCannotBringBackSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	extra := url.Values{"title": {"Extra"}}
	root.Submit(newFieldAt+"text", extra).Want(303)
	call := records.SchemaCall{Access: models.SystemAccess(), Collection: "reimbursements", Field: "extra"}
	require.NoError(t, w.Records.DropField(context.Background(), call))
	root.Submit(newFieldAt+"text", extra).Want(303)
	answer := root.Submit("/collections/reimbursements/fields/extra/restore", nil).Want(400)
	complete(t, "restore", answer)
	require.Contains(t, mainText(t, answer.Page()), "The name extra is already used in this collection.")
}
