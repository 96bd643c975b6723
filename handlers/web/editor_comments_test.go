package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

func TestEditor_AsksForCommentsByChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	panel := func() map[string]string {
		page := root.Get(editorAddress + "?step=ask").Want(200).Page()
		require.Nil(t, handlerstest.First(page, "fr-code"), "nobody writes JSON")
		chosen := map[string]string{}
		for _, choice := range handlerstest.All(page, "input", "type", "radio") {
			for _, a := range choice.Attr {
				if a.Key == "checked" {
					chosen[handlerstest.Attr(choice, "name")] = handlerstest.Attr(choice, "value")
				}
			}
		}
		return chosen
	}
	require.Subset(t, panel(), map[string]string{"set.actions.approve.comment": "optional", "set.actions.reject.comment": "required"})
	root.Submit(editorAddress+"/steps/ask", url.Values{"set.actions.approve.comment": {"off"}, "set.actions.reject.comment": {"optional"}}).Want(303)
	actions := w.draft(t).Nodes[0].Branches[0].Nodes[0].Config["actions"]
	require.Equal(t, map[string]any{"approve": map[string]any{"comment": "off"}}, actions, "what is usual is not written")
	require.Subset(t, panel(), map[string]string{"set.actions.approve.comment": "off", "set.actions.reject.comment": "optional"})
}

func TestEditor_RoundsByTwoSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	form := fill(t, root.Get(editorAddress+"?add=1").Want(200).Page(), editorAddress+"/commands")
	form.Set("type", "calculation")
	root.Submit(editorAddress+"/commands", form).Want(303)
	step := w.draft(t).Nodes[1]
	save := func(digits, mode string) any {
		root.Submit(editorAddress+"/steps/"+step.Key, url.Values{"set.expression": {"1 / 3"}, "set.round.digits": {digits}, "set.round.mode": {mode}}).Want(303)
		return w.draft(t).Nodes[1].Config["round"]
	}
	require.Nil(t, save("", "half"))
	require.Equal(t, map[string]any{"digits": int64(2)}, save("2", "half"))
	require.Equal(t, map[string]any{"digits": int64(0), "mode": "even"}, save("0", "even"))
	page := root.Get(editorAddress + "?step=" + step.Key).Want(200).Page()
	require.Equal(t, "0", handlerstest.Attr(handlerstest.First(page, "input", "name", "set.round.digits"), "value"))
	require.Nil(t, handlerstest.First(page, "fr-code"), "nobody writes JSON")
	refused := root.Submit(editorAddress+"/steps/"+step.Key, url.Values{"set.round.digits": {"40"}}).Want(422).Page()
	require.Contains(t, handlerstest.Text(refused), "Digits after the point is out of range.")
}

func TestEditor_SaysWhatARuleLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	said := func(left, right string) (problem, row string) {
		root.Submit(editorAddress+"/steps/big", url.Values{"set.mode": {"branch"}, "set.when.sent": {"1"}, "set.when.0.left": {left}, "set.when.0.op": {"gt"}, "set.when.0.right": {right}}).Want(303)
		page := root.Get(editorAddress + "?step=big").Want(200).Page()
		if at := handlerstest.First(page, "div", "id", "problem-when.0"); at != nil {
			row = handlerstest.Text(at)
			require.Equal(t, "Choose a variable", handlerstest.Attr(handlerstest.First(page, "input", "name", "set.when.0.left"), "placeholder"))
		}
		return handlerstest.Text(handlerstest.First(page, "div", "id", "problem-list")), row
	}
	all, row := said("Amount", "500")
	require.Contains(t, row, `"Amount" is fixed and never changes. Choose a variable`)
	require.NotContains(t, all, "Fix before publishing")
	all, row = said("", "500")
	require.Contains(t, row, "Choose what is compared")
	require.Contains(t, all, "Fix before publishing")
	require.Equal(t, "500", handlerstest.Attr(handlerstest.First(root.Get(editorAddress+"?step=big").Page(), "input", "name", "set.when.0.right"), "value"), "what was typed stays")
	all, _ = said("", "")
	require.Contains(t, all, "Without a rule the answer is always yes.")
	require.NotContains(t, all, "Fix before publishing")
	all, row = said("{{ trigger.data.amount }}", "500")
	require.Empty(t, row)
	require.NotContains(t, all, "always yes")

	root.Submit(editorAddress+"/steps/trigger", url.Values{"set.condition.sent": {"1"}, "set.condition.0.left": {""}, "set.condition.0.op": {"$eq"}, "set.condition.0.right": {"7"}}).Want(303)
	page := root.Get(editorAddress + "?step=trigger").Want(200).Page()
	require.Contains(t, handlerstest.Text(handlerstest.First(page, "div", "id", "problem-condition")), "Choose a field to compare.")
	require.Equal(t, "7", handlerstest.Attr(handlerstest.First(page, "input", "name", "set.condition.0.right"), "value"))
}
