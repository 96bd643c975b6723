package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/views/canvas"
)

func TestEditor_CopiesStepsToAPlaceThatIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	page := root.Get(editorAddress + "?copy=pay").Want(200).Page()
	require.Contains(t, handlerstest.Text(page), "Choose where a copy of “Create the payment” goes.")
	places := handlerstest.All(page, "button", "form", canvas.MoveForm)
	require.Len(t, places, 8)
	form := url.Values{"command": {"paste_nodes"}, "to": {"//1"}, "fragment": {handlerstest.Attr(handlerstest.First(page, "input", "name", "fragment"), "value")}}
	root.Submit(editorAddress+"/commands", form).Want(303)
	d := w.draft(t)
	require.Len(t, d.Nodes, 2)
	require.Equal(t, "create_record", d.Nodes[1].Type)
	require.NotEqual(t, "pay", d.Nodes[1].Key)

	clip := root.Get(editorAddress + "/steps/ask/fragment").Want(200)
	require.Contains(t, clip.Header.Get("Content-Type"), "text/plain")
	root.Get(editorAddress + "/steps/gone/fragment").Want(404)
	offered := root.Submit(editorAddress+"/paste", url.Values{"fragment": {string(clip.Body)}}).Want(200).Page()
	require.Len(t, handlerstest.All(offered, "button", "form", canvas.MoveForm), 9)
	require.Contains(t, handlerstest.Text(offered), "Paste here")
	for _, hostile := range []string{"", "{", `{"formrail":"nodes@1"}`, `{"formrail":"nodes@1","nodes":[{"key":"<script>","type":"end"}]}`, `{"nodes":[{"key":"a","type":"end"}]}`} {
		answer := root.Submit(editorAddress+"/paste", url.Values{"fragment": {hostile}}).Want(422)
		require.NotContains(t, string(answer.Body), "<script>")
	}
	w.Role("looker", []string{"workflow.view"})
	looker := w.Browser(w.Person("lena", "looker"))
	looker.Submit(editorAddress+"/paste", url.Values{"fragment": {string(clip.Body)}}).Want(403)
	looker.Get(editorAddress + "/steps/ask/fragment").Want(200)
	w.Browser(w.emil).Get(editorAddress + "/steps/ask/fragment").Want(403)
}

func TestEditor_AsksBeforeACopyNamesWhatHasNotRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.Browser(w.Root)
	root.Submit(editorAddress+"/commands", url.Values{"command": {"add_node"}, "type": {"calculation"}, "index": {"1"}}).Want(303)
	calc := w.draft(t).Nodes[1].Key
	root.Submit(editorAddress+"/steps/"+calc, url.Values{"set.expression": {"nodes.big.result"}}).Want(303)
	require.Equal(t, "nodes.big.result", w.draft(t).Nodes[1].Config["expression"])
	clip := string(root.Get(editorAddress + "/steps/" + calc + "/fragment").Want(200).Body)
	asked := root.Submit(editorAddress+"/commands", url.Values{"command": {"paste_nodes"}, "to": {"//0"}, "fragment": {clip}}).Want(200).Page()
	require.Contains(t, handlerstest.Text(asked), "uses “More than 500?”, which would not have run yet.")
	require.Len(t, w.draft(t).Nodes, 2)
	form := fill(t, asked, editorAddress+"/commands")
	form = url.Values{"command": {"paste_nodes"}, "to": {"//0"}, "fragment": {clip}, "references": {"clear"}, "base": form["base"]}
	root.Submit(editorAddress+"/commands", form).Want(303)
	require.NotContains(t, w.draft(t).Nodes[0].Config, "expression")
}
