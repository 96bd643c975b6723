package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models/modelstest"
)

// parsed reads a list of nodes.
func parsed(t *testing.T, nodes string) *engine.Definition {
	t.Helper()
	tree, ok := worldtest.JSON(t, `{"trigger": {"type": "post_action", "config": {"collection": "notes"}}, "nodes": `+nodes+`}`).(map[string]any)
	require.True(t, ok)
	d, problems := engine.ParseDefinition(tree)
	require.Empty(t, problems)
	return d
}

const forked = `[
	{"key": "a", "type": "query_records", "title": "A", "config": {"collection": "notes"}},
	{"key": "f", "type": "condition", "title": "F", "config": {"mode": "branch"}, "branches": [
		{"key": "yes", "nodes": [{"key": "b", "type": "calculation", "title": "B", "config": {"expression": "nodes.a.title"}}]}
	]},
	{"key": "c", "type": "calculation", "title": "C", "config": {"expression": "nodes.b"}}
]`

func TestLandings_SayWhatEachPlaceBreaks(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, forked)
	type place struct {
		parent, branch string
		index          int
	}
	landings := map[place]engine.Landing{}
	for _, l := range w.Engine.Landings(d, "a") {
		landings[place{l.Parent, l.Branch, l.Index}] = l
	}
	require.Len(t, landings, 7, "four in the trunk, two in yes, one in the empty no")
	require.True(t, landings[place{"", "", 0}].Here)
	require.True(t, landings[place{"", "", 1}].Here)
	require.Equal(t, 1, landings[place{"", "", 2}].To, "the step is taken out first")
	require.Equal(t, "“B” uses “A”, which would not have run yet.", landings[place{"", "", 2}].Breaks[0].String())
	require.Empty(t, landings[place{"f", "yes", 0}].Breaks)
	require.Len(t, landings[place{"f", "yes", 1}].Breaks, 1)
	require.Len(t, landings[place{"f", "no", 0}].Breaks, 1)

	inside := 0
	for _, l := range w.Engine.Landings(d, "f") {
		if l.Inside {
			inside++
			require.Equal(t, "f", l.Parent)
		}
		if l.Parent == "" && l.Index == 3 {
			require.Equal(t, "“C” uses “B”, which would not have run yet.", l.Breaks[0].String())
		}
	}
	require.Equal(t, 3, inside)
	require.Empty(t, w.Engine.Landings(d, "gone"))
	require.Equal(t, parsed(t, forked), d, "looking changes nothing")
}

func TestReaders_ListWhatDeletingLeavesWithoutASource(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, forked)
	require.Len(t, w.Engine.Readers(d, "a"), 1)
	require.Equal(t, "“C” uses “B”.", w.Engine.Readers(d, "f")[0].String(), "a step inside counts")
	require.Empty(t, w.Engine.Readers(d, "c"))
}

func TestVariables_AreWhatHasRunOnEveryWay(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	stored, _, err := parsed(t, forked).JSON()
	require.NoError(t, err)
	read, err := w.Engine.Read(t.Context(), stored)
	require.NoError(t, err)
	paths := func(key string) (out []string) {
		for _, v := range read.Variables(t.Context(), key) {
			out = append(out, v.Path)
		}
		return out
	}
	require.Equal(t, []string{"trigger", "system"}, paths("trigger"))
	require.Equal(t, []string{"trigger", "system"}, paths("a"))
	require.Equal(t, []string{"trigger", "nodes.a", "nodes.f", "system"}, paths("b"))
	require.Equal(t, []string{"trigger", "nodes.a", "nodes.f", "nodes.b", "system"}, paths("c"))
}
