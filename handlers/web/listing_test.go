package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
	"formrail/models"
)

// shelf is a page with a table of three expenses and a filter, as emil sees it.
func shelf(t *testing.T) func(query string) *html.Node {
	t.Helper()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	for name, amount := range map[string]string{"Lunch": "12", "Train": "80", "Lisbon": "900"} {
		w.submit(t, emil, name, amount)
	}
	w.redesign(t, func(p *models.Page) {
		b, _ := p.Block("b1")
		b.PageSize, b.Sort = 50, []string{"amount"}
		b.Actions = append(b.Actions, &models.PageAction{ID: "find", Type: models.FilterAction}, &models.PageAction{ID: "again", Type: models.RefreshAction})
	})
	return func(query string) *html.Node { return emil.Get("/pages/expenses?" + query).Want(200).Page() }
}

// names are the records that a table shows.
func names(page *html.Node) []string {
	out := []string{}
	for _, cell := range handlerstest.All(handlerstest.First(page, "section", "id", "block-b1"), "span", "class", "cell2") {
		out = append(out, handlerstest.Text(handlerstest.First(cell, "a")))
	}
	return out
}

func TestFilter_JoinsConditionsAndGroups(t *testing.T) {
	t.Parallel()
	show := shelf(t)
	line := func(field, op, value, group string) string {
		return "&" + url.Values{"field": {field}, "op": {op}, "value": {value}, "in": {group}}.Encode()
	}
	for query, want := range map[string][]string{
		"": {"Lunch", "Train", "Lisbon"},
		line("amount", "$gt", "50", "0") + line("amount", "$lt", "100", "0"):                                                             {"Train"},
		"any=0" + line("amount", "$gt", "100", "0") + line("projectName", "$includes", "lun", "0"):                                       {"Lunch", "Lisbon"},
		line("amount", "$gt", "50", "0") + line("projectName", "$eq", "Lunch", "1") + line("projectName", "$eq", "Train", "1"):           {},
		"any=1" + line("amount", "$gt", "50", "0") + line("projectName", "$eq", "Lunch", "1") + line("projectName", "$eq", "Train", "1"): {"Train"},
		"any=9&any=x" + line("amount", "$gt", "50", "77"):                                                                                {"Train", "Lisbon"},
		line("applicant", "$eq", "999", "0"):                                                                                             {},
		line("applicant", "$empty", "", "0"):                                                                                             {},
	} {
		require.Equal(t, want, names(show(query)), query)
	}
	page := show("any=1" + line("amount", "$gt", "50", "0") + line("status", "$eq", "draft", "1") + line("projectName", "$startsWith", "T", "1"))
	require.Len(t, handlerstest.All(page, "a", "class", "chip chip--on"), 4, "each condition, and all of them")
	chip := handlerstest.First(page, "a", "class", "chip chip--on")
	require.Equal(t, "Amount is greater than 50", handlerstest.Text(chip))
	without, err := url.Parse(handlerstest.Attr(chip, "href"))
	require.NoError(t, err)
	require.Equal(t, []string{"status", "projectName"}, without.Query()["field"])
	require.Equal(t, []string{"1"}, without.Query()["any"])
	none := mainText(t, show(line("amount", "$gt", "5000", "0")))
	require.Contains(t, none, "No record matches the filter")
	require.NotContains(t, none, "Nothing here yet")
}

func TestTable_ShowsWhatTheReaderChose(t *testing.T) {
	t.Parallel()
	show := shelf(t)
	heads := func(query string) (out []string) {
		table := handlerstest.First(show(query), "section", "id", "block-b1")
		for _, th := range handlerstest.All(table, "th") {
			out = append(out, handlerstest.Text(th))
		}
		return out
	}
	require.Equal(t, []string{"ID", "Project name", "Applicant", "Amount, €", "Status", "Created at", "Actions"}, heads(""))
	require.Equal(t, []string{"ID", "Status", "Project name", "Actions"}, heads("column=status&column=projectName&column=status"))
	require.Equal(t, []string{"ID", "Project name", "Actions"}, heads("column=secret&column=projectName"), "rights decide what there is to choose from")
	require.Len(t, heads("column=secret&column=nothing"), 7)
	kept := handlerstest.First(show("column=status&size=10&sort=-amount"), "form", "role", "search")
	for name, value := range map[string]string{"column": "status", "size": "10", "sort": "-amount"} {
		require.Equal(t, value, handlerstest.Attr(handlerstest.First(kept, "input", "name", name), "value"))
	}
	require.Equal(t, []string{"Lisbon", "Train", "Lunch"}, names(show("sort=-amount")))
	sorted := handlerstest.First(show("sort=-amount"), "a", "aria-checked", "true")
	require.Equal(t, "Amount, €, descending", handlerstest.Text(sorted))
	require.NotNil(t, handlerstest.First(show("size=7"), "option", "value", "10"), "an odd size is left out")
}
