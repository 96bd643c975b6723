package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"formrail/handlers/handlerstest"
)

// row finds the entry of a variable in the picker.
func row(page *html.Node, path string) *html.Node {
	return handlerstest.First(page, "div", "data-path", path)
}

func TestVariables_ShowWhatFitsTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	anything := root.Get(editorAddress + "/variables?at=pay").Want(200).Page()
	require.Empty(t, handlerstest.Attr(row(anything, "trigger.data.projectName"), "data-reason"))
	numbers := root.Get(editorAddress + "/variables?at=pay&fits=decimal").Want(200).Page()
	require.Contains(t, handlerstest.Text(numbers), "Numbers first")
	require.Empty(t, handlerstest.Attr(row(numbers, "trigger.data.amount"), "data-reason"))
	require.Equal(t, "Trigger / Amount", handlerstest.Attr(row(numbers, "trigger.data.amount"), "data-label"))
	require.Contains(t, handlerstest.Attr(row(numbers, "trigger.data.projectName"), "data-reason"), "another kind of value")
	require.Empty(t, handlerstest.Attr(row(numbers, "trigger.data.projectName"), "aria-disabled"), "it can be chosen all the same")
	require.Equal(t, "true", handlerstest.Attr(row(numbers, "trigger.data"), "aria-disabled"), "a record is no number")
	texts := root.Get(editorAddress + "/variables?at=pay&fits=text").Want(200).Page()
	require.Equal(t, "Will be turned into text", handlerstest.Attr(row(texts, "trigger.data"), "data-reason"))
	root.Get(editorAddress + "/variables?at=pay&fits=nonsense").Want(200)
}

func TestVariables_TakeTheValuesOfAChosenExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	emil := w.Browser(w.emil)
	w.submit(t, emil, "First trip", "640")
	w.submit(t, emil, "Second trip", "700")
	root := w.Browser(w.Root)
	page := root.Get(editorAddress + "/variables?at=pay").Want(200).Page()
	require.Contains(t, handlerstest.Text(row(page, "trigger.data.projectName")), "Second trip")
	options := handlerstest.All(handlerstest.First(page, "select", "id", "vars-sample"), "option")
	require.Len(t, options, 2)
	older := handlerstest.Attr(options[1], "value")
	page = root.Get(editorAddress + "/variables?at=pay&sample=" + older).Want(200).Page()
	require.Contains(t, handlerstest.Text(row(page, "trigger.data.projectName")), "First trip")
	page = root.Get(editorAddress + "/variables?at=pay&sample=gone").Want(200).Page()
	require.Contains(t, handlerstest.Text(row(page, "trigger.data.projectName")), "Second trip", "one that is not offered is not read")
}

func TestEvaluate_SaysWhatTheSettingsWouldGive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	ask := func(as *handlerstest.Client, form url.Values) string {
		form.Set("at", "big")
		return handlerstest.Text(as.Submit(editorAddress+"/evaluate", form).Want(200).Page())
	}
	when := func(left, op, right string) url.Values {
		return url.Values{"set.when.sent": {"1"}, "set.when.0.left": {left}, "set.when.0.op": {op}, "set.when.0.right": {right}}
	}
	require.Contains(t, ask(root, when("{{ trigger.data.amount }}", "gt", "500")), "once there is an execution")
	w.submit(t, w.Browser(w.emil), "Team offsite", "640")
	before := w.draft(t)
	said := ask(root, when("{{ trigger.data.amount }}", "gt", "500"))
	require.Contains(t, said, "With the values of execution #1")
	require.Contains(t, said, "Yes 640 > 500")
	require.Contains(t, ask(root, when("{{ trigger.data.amount }}", "lt", "500")), "No 640 < 500")
	require.Contains(t, ask(root, when("{{ trigger.data.amount", "lt", "500")), "Cannot be computed: A variable is opened but not closed.")
	require.Contains(t, ask(root, when("{{ trigger.data.nothing.more }}", "equal", "1")), "has no value")
	written := func(expression string) url.Values {
		return url.Values{"set.when.sent": {"1"}, "set.when.written": {"1"}, "set.when.expression": {expression}}
	}
	require.Contains(t, ask(root, written("trigger.data.amount > 600 && system.workflow.key == 'reimb_approval'")), "Yes")
	require.Contains(t, ask(root, written("1 +")), "Cannot be computed")
	require.Contains(t, ask(root, written("all(1..99999, all(1..99999, # > 0))")), "Cannot be computed", "it has bounds")
	require.Equal(t, before, w.draft(t), "nothing is stored")

	root.Submit(editorAddress+"/evaluate", url.Values{"at": {"gone"}}).Want(404)
	root.Submit("/workflows/gone/evaluate", url.Values{"at": {"big"}}).Want(404)
	w.Role("looker", []string{"workflow.view"})
	require.NotContains(t, ask(w.Browser(w.Person("lena", "looker")), when("{{ trigger.data.amount }}", "gt", "500")), "640", "values are for those who may see them")
	w.Browser(w.emil).Submit(editorAddress+"/evaluate", url.Values{"at": {"big"}}).Want(403)
}

func TestPanel_NamesTheVariablesOfTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	page := root.Get(editorAddress + "?step=big").Want(200).Page()
	names := handlerstest.First(page, "datalist", "id", "variable-names")
	known := handlerstest.First(names, "option", "value", "trigger.data.amount")
	require.Equal(t, "Trigger / Amount", handlerstest.Attr(known, "label"))
	require.Empty(t, handlerstest.Attr(known, "data-problem"))
	require.NotNil(t, handlerstest.First(page, "fr-token-input", "class", "vinput"))

	form := fill(t, page, editorAddress+"/steps/big")
	form.Set("set.when.0.left", "{{ nodes.gone.amount }}")
	answer := root.With("HX-Request", "true").Submit(editorAddress+"/steps/big", form).Want(200).Page()
	gone := handlerstest.First(handlerstest.First(answer, "datalist", "id", "variable-names"), "option", "value", "nodes.gone.amount")
	require.Contains(t, handlerstest.Attr(gone, "data-problem"), "nothing of that name")
}

func TestPanel_KeepsAHalfMadeComparisonAsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	form := fill(t, root.Get(editorAddress+"?step=big").Page(), editorAddress+"/steps/big")
	form.Set("set.when.0.right", "")
	form.Set("title", "Is it much?")
	answer := root.With("HX-Request", "true").Submit(editorAddress+"/steps/big", form).Want(200).Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(answer, "div", "id", "problem-when.0")), "Choose a value.")
	require.Equal(t, "Is it much?", handlerstest.Text(handlerstest.First(answer, "h2", "id", "panel-heading")), "the heading follows at once")
	require.Contains(t, handlerstest.Text(root.Get(editorAddress+"/publish").Page()), "Choose a value.", "it cannot be published")
	again := root.Get(editorAddress + "?step=big").Page()
	require.Equal(t, "true", handlerstest.Attr(handlerstest.First(again, "input", "name", "set.when.0.right"), "aria-invalid"))
}
