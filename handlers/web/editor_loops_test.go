package web_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
)

// loopNodes hold a step that reads the pass it is in, and one that does not.
const loopNodes = `[ { "key": "l", "type": "loop", "title": "Rows", "config": { "source": "count", "count": 3 }, "branches": [ { "key": "body", "nodes": [
	{ "key": "a", "type": "calculation", "title": "Reads", "config": { "engine": "expr", "expression": "loop.item" } },
	{ "key": "b", "type": "calculation", "title": "Counts", "config": { "engine": "expr", "expression": "1 + 1" } } ] } ] } ]`

func TestEditor_AsksBeforeAStepLeavesItsLoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Workflow(handlerstest.Workflow{Key: "rows", Config: `{ "collection": "payments", "mode": "global", "actions": ["create"] }`, Nodes: loopNodes})
	root := w.Browser(w.Root)
	do := func(form url.Values) *handlerstest.Answer { return root.Submit("/workflows/rows/commands", form) }
	question := do(url.Values{"command": {"move_nodes"}, "step": {"a"}, "to": {"//0"}}).Want(200).Page()
	require.Contains(t, handlerstest.Text(question), "“Reads” uses the passes of “Rows”, which it would not be in.")
	require.Contains(t, handlerstest.Text(root.Get("/workflows/rows?move=a").Want(200).Page()), "breaks 1 references")
	do(url.Values{"command": {"move_nodes"}, "step": {"b"}, "to": {"//0"}}).Want(303)
	question = do(url.Values{"command": {"delete_nodes"}, "step": {"l"}}).Want(200).Page()
	require.Contains(t, handlerstest.Text(question), "“Reads” uses the passes of “Rows”", "its steps can be kept")
	do(url.Values{"command": {"move_nodes"}, "step": {"a"}, "to": {"//0"}, "references": {"clear"}}).Want(303)
	require.Equal(t, []string{"trigger", "a", "b", "l"}, keys(root.Get("/workflows/rows").Want(200).Page()))
}
