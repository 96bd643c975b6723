package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models/modelstest"
)

func definition(t testing.TB, trigger, nodes string) *engine.Definition {
	t.Helper()
	d, problems := engine.ParseDefinition(worldtest.JSON(t, `{"trigger":`+trigger+`,"nodes":`+nodes+`}`))
	require.Empty(t, problems)
	return d
}

const onNotes = `{"type":"post_action","config":{"collection":"notes"}}`

func TestDiff_SaysEveryDifferenceInOneSentence(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	const check = `{"key":"if","type":"condition","title":"Large?","config":{"mode":"branch","when":{}},"branches":[{"key":"yes","nodes":[%s]},{"key":"no","nodes":[%s]}]}`
	const cases = `{"key":"m","type":"multi_condition","title":"Size","config":{"cases":[%s]}}`
	const a, b, c = `{"key":"a","type":"end","title":"A"}`, `{"key":"b","type":"end","title":"B"}`, `{"key":"c","type":"end","title":"C"}`
	for name, c := range map[string]struct {
		trigger, before, after string
		sentences              []string
	}{
		"nothing":        {onNotes, `[` + a + `]`, `[` + a + `]`, nil},
		"added first":    {onNotes, `[` + a + `]`, `[` + b + `,` + a + `]`, []string{"Added “B” at the beginning"}},
		"added behind":   {onNotes, `[` + a + `]`, `[` + a + `,` + b + `]`, []string{"Added “B” after “A”"}},
		"removed":        {onNotes, `[` + a + `,` + b + `]`, `[` + b + `]`, []string{"Removed “A”"}},
		"moved down":     {onNotes, `[` + a + `,` + b + `,` + c + `]`, `[` + b + `,` + c + `,` + a + `]`, []string{"Moved “A” after “C”"}},
		"moved up":       {onNotes, `[` + a + `,` + b + `,` + c + `]`, `[` + c + `,` + a + `,` + b + `]`, []string{"Moved “C” to the beginning"}},
		"into a branch":  {onNotes, `[` + fmt.Sprintf(check, "", "") + `,` + a + `]`, `[` + fmt.Sprintf(check, a, "") + `]`, []string{"Moved “A” into “Yes” of “Large?”"}},
		"between":        {onNotes, `[` + fmt.Sprintf(check, a, b) + `]`, `[` + fmt.Sprintf(check, "", b+","+a) + `]`, []string{"Moved “A” after “B”"}},
		"added inside":   {onNotes, `[` + fmt.Sprintf(check, "", "") + `]`, `[` + fmt.Sprintf(check, "", a) + `]`, []string{"Added “A” into “No” of “Large?”"}},
		"another status": {onNotes, `[{"key":"a","type":"end"}]`, `[{"key":"a","type":"end","config":{"status":"failed"}}]`, []string{"“End”, End as: not set → Failed"}},
		"switched off":   {onNotes, `[` + a + `]`, `[{"key":"a","type":"end","title":"A","skip":true}]`, []string{"“A”, skip: not set → true"}},
		"renamed":        {onNotes, `[` + a + `]`, `[{"key":"a","type":"end","title":"Z"}]`, []string{"“Z”, title: A → Z"}},
		"branches": {
			onNotes, `[` + fmt.Sprintf(cases, `{"key":"c1","title":"A","when":{}},{"key":"c2","title":"B","when":{}},{"key":"c3","title":"C"}`) + `]`,
			`[` + fmt.Sprintf(cases, `{"key":"c2","title":"Big","when":{}},{"key":"c1","title":"A","when":{"all":[]}},{"key":"c4","title":"D"}`) + `]`,
			[]string{
				"Renamed the branch “B” of “Size” to “Big”", "Changed when the branch “A” of “Size” is taken", "Added the branch “D” to “Size”",
				"Removed the branch “C” of “Size”", "Changed the order of the branches of “Size”",
			},
		},
		"the same branches, written": {
			onNotes, `[{"key":"m","type":"multi_condition","title":"Size"}]`, `[` + fmt.Sprintf(cases, `{"key":"c1","title":"Branch 1"},{"key":"c2","title":"Branch 2"}`) + `]`,
			[]string{`“Size”, Branches in their order: not set → [{"key":"c1","title":"Branch 1"},{"key":"c2","title":"Branc…`},
		},
		"the trigger": {
			`{"type":"post_action","config":{"collection":"notes","order":3}}`, `[]`, `[]`,
			[]string{"“Trigger”, Order among workflows in global mode: not set → 3"},
		},
	} {
		var got []string
		for _, d := range w.Engine.Diff(definition(t, onNotes, c.before), definition(t, c.trigger, c.after)) {
			got = append(got, d.Sentence.String())
		}
		require.Equal(t, c.sentences, got, name)
	}
}

func TestDiff_TellsWhereNodesStoodAndStand(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	const check = `{"key":"if","type":"condition","config":{"mode":"branch","when":{}},"branches":[{"key":"yes","nodes":[%s]}]}`
	found := w.Engine.Diff(
		definition(t, onNotes, `[`+fmt.Sprintf(check, "")+`,{"key":"a","type":"end"}]`),
		definition(t, onNotes, `[`+fmt.Sprintf(check, `{"key":"a","type":"end"}`)+`]`))
	require.Len(t, found, 1)
	require.Equal(t, engine.NodeMoved, found[0].Kind)
	require.Equal(t, "a", found[0].Node)
	require.Equal(t, map[string]any{"parent": "", "branch": "", "index": int64(1)}, found[0].Was)
	require.Equal(t, map[string]any{"parent": "if", "branch": "yes", "index": int64(0)}, found[0].Now)
}

// anyNodes draws nodes of a few keys, so that two drawn definitions have much in common.
func anyNodes(t *rapid.T, keys *[]string, depth int) []any {
	out := []any{}
	for range rapid.IntRange(0, 3).Draw(t, "length") {
		if len(*keys) == 0 {
			break
		}
		i := rapid.IntRange(0, len(*keys)-1).Draw(t, "key")
		n := map[string]any{"key": (*keys)[i], "type": "condition", "config": map[string]any{}}
		if rapid.Bool().Draw(t, "many") {
			n["type"] = "multi_condition"
		}
		*keys = append(append([]string{}, (*keys)[:i]...), (*keys)[i+1:]...)
		if rapid.Bool().Draw(t, "titled") {
			n["title"] = rapid.SampledFrom([]string{"A", "B"}).Draw(t, "title")
		}
		if rapid.Bool().Draw(t, "set") {
			n["config"] = map[string]any{"mode": rapid.SampledFrom([]any{"continue", "branch", nil}).Draw(t, "mode")}
		}
		if rapid.Bool().Draw(t, "cases") {
			n["config"] = map[string]any{"cases": anyCases(t)}
		}
		if depth > 0 && rapid.Bool().Draw(t, "branched") {
			n["branches"] = []any{map[string]any{"key": "yes", "nodes": anyNodes(t, keys, depth-1)}, map[string]any{"key": "no", "nodes": anyNodes(t, keys, depth-1)}}
		}
		out = append(out, n)
	}
	return out
}

// anyCases draws a list of branches, one of which may be that of a step inside.
func anyCases(t *rapid.T) []any {
	out := []any{}
	for _, key := range rapid.Permutation([]string{"yes", "c1", "c2"}).Draw(t, "order")[:rapid.IntRange(0, 3).Draw(t, "many")] {
		entry := map[string]any{"key": key}
		if rapid.Bool().Draw(t, "titled") {
			entry["title"] = rapid.SampledFrom([]string{"A", "c1"}).Draw(t, "title")
		}
		if rapid.Bool().Draw(t, "asks") {
			entry["when"] = map[string]any{}
		}
		out = append(out, entry)
	}
	return out
}

func TestDiff_IsEmptyExactlyWhenTheHashIsTheSame(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	rapid.Check(t, func(rt *rapid.T) {
		drawn := func() (*engine.Definition, string) {
			keys := []string{"a", "b", "c", "d"}
			d, problems := engine.ParseDefinition(map[string]any{
				"trigger": map[string]any{"type": "post_action", "config": map[string]any{}}, "nodes": anyNodes(rt, &keys, 2),
			})
			require.Empty(rt, problems)
			_, hash, err := d.JSON()
			require.NoError(rt, err)
			return d, hash
		}
		before, was := drawn()
		after, now := drawn()
		require.Equal(rt, was == now, len(w.Engine.Diff(before, after)) == 0)
		require.Empty(rt, w.Engine.Diff(after, after))
	})
}
