package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

const readers = `[
	{"key": "a", "type": "query_records", "title": "A", "config": {"collection": "notes"}},
	{"key": "f", "type": "condition", "title": "F", "config": {"mode": "branch", "when": {"all": [
		{"op": "equal", "left": "{{ nodes.a.title }}", "right": "x"}, {"op": "equal", "left": "{{ trigger.data.title }}", "right": "{{ nodes.a.title }}"}]}}, "branches": [
		{"key": "yes", "nodes": [{"key": "b", "type": "calculation", "title": "B", "config": {"expression": "nodes.a.title + 'x'"}}]}
	]},
	{"key": "c", "type": "create_record", "title": "C", "config": {"collection": "notes", "values": {"title": "Of {{ nodes.a.title }} by {{ trigger.user.id }}"}}},
	{"key": "e", "type": "create_record", "title": "E", "config": {"collection": "notes", "values": {"title": "{{ nodes.a.title }}"}}}
]`

// edited applies commands to a draft that begins as nodes, and gives what it is then.
func edited(t *testing.T, nodes, commands string) (*engine.Definition, error) {
	t.Helper()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	tree, ok := worldtest.JSON(t, flow("edited", nodes)).(map[string]any)
	require.True(t, ok)
	_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{
		Key: "edited", Title: "Edited", Type: "post_action", Config: tree["config"], Nodes: tree["nodes"],
	})
	require.NoError(t, err)
	var batch engine.CommandBatch
	list, ok := worldtest.JSON(t, commands).([]any)
	require.True(t, ok)
	for _, one := range list {
		m, ok := one.(map[string]any)
		require.True(t, ok)
		args, ok := m["args"].(map[string]any)
		require.True(t, ok)
		batch.Commands = append(batch.Commands, engine.Command{Name: fmt.Sprint(m["command"]), Args: args})
	}
	if _, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "edited", batch); err != nil {
		return nil, err
	}
	stored, err := models.WorkflowByKey(t.Context(), w.DB.Read(), "edited")
	require.NoError(t, err)
	return engine.ReadDefinition(stored.Draft)
}

func config(t *testing.T, d *engine.Definition, key string) map[string]any {
	t.Helper()
	var found map[string]any
	var look func([]*engine.NodePart)
	look = func(list []*engine.NodePart) {
		for _, n := range list {
			if n.Key == key {
				found = n.Config
			}
			for _, b := range n.Branches {
				look(b.Nodes)
			}
		}
	}
	look(d.Nodes)
	require.NotNil(t, found, key)
	return found
}

func TestReferences_AreKeptOrClearedAsSaid(t *testing.T) {
	t.Parallel()
	kept, err := edited(t, readers, `[{"command": "delete_nodes", "args": {"keys": ["a"]}}]`)
	require.NoError(t, err)
	require.Equal(t, "nodes.a.title + 'x'", config(t, kept, "b")["expression"])

	for name, command := range map[string]string{
		"deleted": `{"command": "delete_nodes", "args": {"keys": ["a"], "references": "clear"}}`,
		"moved":   `{"command": "move_nodes", "args": {"keys": ["a"], "at": {"index": 3}, "references": "clear"}}`,
	} {
		d, err := edited(t, readers, "["+command+"]")
		require.NoError(t, err, name)
		require.NotContains(t, config(t, d, "b"), "expression", name)
		require.Equal(t, worldtest.JSON(t, `{"all": [{"op": "equal", "left": "{{ trigger.data.title }}"}]}`), config(t, d, "f")["when"], name)
		require.Equal(t, worldtest.JSON(t, `{"title": "Of  by {{ trigger.user.id }}"}`), config(t, d, "c")["values"], name)
		require.Equal(t, map[string]any{}, config(t, d, "e")["values"], name)
	}
	d, err := edited(t, readers, `[{"command": "move_nodes", "args": {"keys": ["b"], "at": {"index": 0}, "references": "clear"}}]`)
	require.NoError(t, err)
	require.NotContains(t, config(t, d, "b"), "expression")
	require.Contains(t, fmt.Sprint(config(t, d, "c")["values"]), "nodes.a.title", "what still holds stays")
	_, err = edited(t, readers, `[{"command": "delete_nodes", "args": {"keys": ["a"], "references": "burn"}}]`)
	require.True(t, models.IsCode(err, "BAD_PARAMETER"), err)
}

func TestPaste_PutsCopiesUnderNewKeys(t *testing.T) {
	t.Parallel()
	fragment := `[{"key": "f", "type": "condition", "title": "F", "config": {"mode": "branch"}, "branches": [
		{"key": "yes", "nodes": [{"key": "b", "type": "calculation", "config": {"expression": "nodes.a.title"}}, {"key": "z", "type": "calculation", "config": {"expression": "nodes.b"}}]}]}]`
	d, err := edited(t, readers, `[{"command": "paste_nodes", "args": {"nodes": `+fragment+`, "at": {"index": 4}}}]`)
	require.NoError(t, err)
	require.Len(t, d.Nodes, 5)
	pasted := d.Nodes[4]
	require.NotEqual(t, "f", pasted.Key)
	inside := pasted.Branches[0].Nodes
	require.Equal(t, "nodes.a.title", inside[0].Config["expression"], "what is outside keeps its name")
	require.Equal(t, "nodes."+inside[0].Key, inside[1].Config["expression"], "what is inside follows")

	d, err = edited(t, readers, `[{"command": "paste_nodes", "args": {"nodes": `+fragment+`, "at": {"index": 0}, "references": "clear"}}]`)
	require.NoError(t, err)
	inside = d.Nodes[0].Branches[0].Nodes
	require.NotContains(t, inside[0].Config, "expression", "a has not run there")
	require.Equal(t, "nodes."+inside[0].Key, inside[1].Config["expression"])

	for name, hostile := range map[string]string{
		"nothing":         `[]`,
		"no list":         `{"key": "a"}`,
		"unknown type":    `[{"key": "a", "type": "nothing"}]`,
		"unknown setting": `[{"key": "a", "type": "end", "config": {"colour": "red"}}]`,
		"key twice":       `[{"key": "a", "type": "end"}, {"key": "a", "type": "end"}]`,
		"bad key":         `[{"key": "../a", "type": "end"}]`,
	} {
		_, err := edited(t, readers, `[{"command": "paste_nodes", "args": {"nodes": `+hostile+`, "at": {"index": 0}}}]`)
		require.Equal(t, models.KindInvalid, models.AsError(err).Kind, "%s: %v", name, err)
	}
}

func TestPasteLandings_SayWhatHasNotRunAtEachPlace(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, forked)
	fragment := parsed(t, `[{"key": "x", "type": "calculation", "title": "X", "config": {"expression": "nodes.a.title + nodes.b"}}, {"key": "y", "type": "calculation", "config": {"expression": "nodes.x"}}]`)
	breaks := map[string]int{}
	for _, l := range w.Engine.PasteLandings(d, fragment.Nodes) {
		breaks[fmt.Sprint(l.Parent, l.Branch, l.Index)] = len(l.Breaks)
	}
	require.Equal(t, map[string]int{"0": 2, "1": 1, "2": 0, "3": 0, "fyes0": 1, "fyes1": 0, "fno0": 1}, breaks)
	require.Equal(t, parsed(t, forked), d, "looking changes nothing")
}
