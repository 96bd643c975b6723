package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/text"
)

const looped = `[
	{"key": "out", "type": "loop", "title": "Outer", "config": {"source": "count", "count": 3}, "branches": [{"key": "body", "nodes": [
		{"key": "in", "type": "loop", "title": "Inner", "config": {"source": "count", "count": 2, "collect": "loop.number"}, "branches": [{"key": "body", "nodes": [
			{"key": "a", "type": "calculation", "title": "A", "config": {"expression": "loop.item + 1"}},
			{"key": "b", "type": "calculation", "title": "B", "config": {"expression": "loops.out.item"}},
			{"key": "c", "type": "calculation", "title": "C", "config": {"expression": "2"}}
		]}]}
	]}]}
]`

// texts are sentences as people read them; nil for none.
func texts(list []text.Message) (out []string) {
	for _, m := range list {
		out = append(out, m.String())
	}
	return out
}

func TestLandings_SayWhatLeavesItsLoop(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, looped)
	breaks := func(to string, keys ...string) (out []string) {
		for _, l := range w.Engine.Landings(d, keys...) {
			if l.Parent == to && l.Index == 0 {
				out = texts(l.Breaks)
			}
		}
		return out
	}
	a, b := "“A” uses the passes of “Inner”, which it would not be in.", "“B” uses the passes of “Outer”, which it would not be in."
	require.Equal(t, []string{a}, breaks("", "a"))
	require.Equal(t, []string{a}, breaks("out", "a"), "the passes of another loop are others")
	require.Equal(t, []string{b}, breaks("", "b"))
	require.Empty(t, breaks("out", "b"), "it is still in the outer one")
	require.Empty(t, breaks("", "c"))
	require.Equal(t, []string{a, b}, breaks("", "a", "b", "c"), "several that move together")
	require.Equal(t, []string{b}, breaks("", "in"), "what a loop reads inside its passes moves along")

	for _, l := range w.Engine.Landings(d, "a", "b") {
		if l.Parent == "in" {
			require.Equal(t, l.Index < 3, l.Here, "index %d", l.Index)
			require.True(t, l.Index < 3 || l.To == 1, "both are taken out first")
		}
	}
	require.Equal(t, []string{a}, texts(w.Engine.KeepLosses(d, "in", "body")))
	require.Equal(t, []string{b}, texts(w.Engine.KeepLosses(d, "out", "body")))
}

func TestPasteLandings_SayWhatNeedsALoop(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, looped)
	inner := d.Nodes[0].Branches[0].Nodes[0]
	for _, l := range w.Engine.PasteLandings(d, inner.Branches[0].Nodes[:1]) {
		want := []string(nil)
		if l.Parent == "" {
			want = []string{"“A” uses the passes of a loop that is not there."}
		}
		require.Equal(t, want, texts(l.Breaks), "%s %d", l.Parent, l.Index)
	}
	for _, l := range w.Engine.PasteLandings(d, []*engine.NodePart{inner}) {
		require.Equal(t, l.Parent == "", len(l.Breaks) > 0, "it brings one loop along, but not the other")
	}
}

func TestCommands_ClearWhatLeavesItsLoop(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	tree, ok := worldtest.JSON(t, `{"n":`+looped+`}`).(map[string]any)
	require.True(t, ok)
	_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{
		Key: "looped", Title: "Looped", Type: "post_action", Config: map[string]any{"collection": "notes"}, Nodes: tree["n"],
	})
	require.NoError(t, err)
	run := func(name string, args map[string]any) *engine.Definition {
		t.Helper()
		_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "looped", engine.CommandBatch{Commands: []engine.Command{{Name: name, Args: args}}})
		require.NoError(t, err)
		stored, err := models.WorkflowByKey(t.Context(), w.DB.Read(), "looped")
		require.NoError(t, err)
		d, err := engine.ReadDefinition(stored.Draft)
		require.NoError(t, err)
		return d
	}
	d := run("move_nodes", map[string]any{"keys": []any{"a", "b"}, "at": map[string]any{"parent": "out", "branch": "body", "index": int64(0)}, "references": "clear"})
	body := d.Nodes[0].Branches[0].Nodes
	require.Equal(t, "a", body[0].Key)
	require.Empty(t, body[0].Config["expression"], "it read the inner loop")
	require.Equal(t, "loops.out.item", body[1].Config["expression"])

	d = run("set_skip", map[string]any{"keys": []any{"a", "c"}, "value": true})
	body = d.Nodes[0].Branches[0].Nodes
	require.True(t, body[0].Skip)
	require.False(t, body[1].Skip)
	require.True(t, body[2].Branches[0].Nodes[0].Skip)
	_, err = w.Engine.Undo(t.Context(), w.Access(w.Designer), "looped")
	require.NoError(t, err)
	stored, err := models.WorkflowByKey(t.Context(), w.DB.Read(), "looped")
	require.NoError(t, err)
	require.NotContains(t, stored.Draft, "\"skip\":true", "one undo takes all of it back")
}
