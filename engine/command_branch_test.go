package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// bench is a workflow whose draft is edited.
type bench struct {
	*worldtest.World
	t   *testing.T
	key string
}

func newBench(t *testing.T, nodes string) bench {
	t.Helper()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	return bench{w, t, w.Draft(flow("bench", nodes)).Key}
}

func (b bench) try(command, args string) error {
	b.t.Helper()
	tree, ok := worldtest.JSON(b.t, args).(map[string]any)
	require.True(b.t, ok)
	_, err := b.Engine.Commands(b.t.Context(), b.Access(b.Designer), b.key, engine.CommandBatch{Commands: []engine.Command{{Name: command, Args: tree}}})
	return err
}

// edit applies a command and gives the draft after it.
func (b bench) edit(command, args string) *engine.Definition {
	b.t.Helper()
	require.NoError(b.t, b.try(command, args), "%s %s", command, args)
	return b.draft()
}

func (b bench) stored() string {
	b.t.Helper()
	w, err := models.WorkflowByKey(b.t.Context(), b.DB.Read(), b.key)
	require.NoError(b.t, err)
	return w.Draft
}

func (b bench) draft() *engine.Definition {
	b.t.Helper()
	d, err := engine.ReadDefinition(b.stored())
	require.NoError(b.t, err)
	return d
}

// shape writes nodes as "a m[c1:b c otherwise:]"; branches stand in their stored order.
func shape(nodes []*engine.NodePart) string {
	var out []string
	for _, n := range nodes {
		one := n.Key
		var branches []string
		for _, b := range n.Branches {
			branches = append(branches, b.Key+":"+shape(b.Nodes))
		}
		if branches != nil {
			one += "[" + strings.Join(branches, " ") + "]"
		}
		out = append(out, one)
	}
	return strings.Join(out, " ")
}

// casesOf writes the branches that the designer made as "c1=Small c2=Large".
func casesOf(n *engine.NodePart) string {
	var out []string
	list, _ := n.Config["cases"].([]any)
	for _, one := range list {
		entry, _ := one.(map[string]any)
		out = append(out, fmt.Sprintf("%v=%v", entry["key"], entry["title"]))
	}
	return strings.Join(out, " ")
}

// sized is a step with three branches; c2 holds two steps, of which the last reads the
// step itself, and a step behind reads what is in c2.
const sized = `[
	{"key":"a","type":"calculation","config":{"expression":"1"}},
	{"key":"m","type":"multi_condition","title":"By size","config":{"cases":[
		{"key":"c1","title":"Huge","when":{"all":[{"left":"{{ trigger.data.count }}","op":"gt","right":100}]}},
		{"key":"c2","title":"Large","when":{"all":[{"left":"{{ trigger.data.count }}","op":"gt","right":10}]}},
		{"key":"c3","title":"Small","when":{"all":[{"left":"{{ nodes.a }}","op":"gt","right":0}]}}]},
	 "branches":[{"key":"c2","nodes":[
		{"key":"b","type":"calculation","title":"B","config":{"expression":"2"}},
		{"key":"c","type":"calculation","title":"C","config":{"expression":"nodes.m.matched"}}]}]},
	{"key":"z","type":"calculation","title":"Z","config":{"expression":"nodes.b"}}]`

func TestBranches_AreAddedNamedMovedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newBench(t, sized)
	states := []string{w.stored()}
	edit := func(command, args string) *engine.Definition {
		t.Helper()
		d := w.edit(command, args)
		states = append(states, w.stored())
		return d
	}
	d := edit("add_branch", `{"node":"m"}`)
	require.Equal(t, "c1=Huge c2=Large c3=Small c4=Branch 4", casesOf(d.Nodes[1]))
	d = edit("add_branch", `{"node":"m","branch":"tiny","value":" Tiny "}`)
	require.Equal(t, "c1=Huge c2=Large c3=Small c4=Branch 4 tiny=Tiny", casesOf(d.Nodes[1]))
	d = edit("rename_branch", `{"node":"m","branch":"c4","value":"Medium"}`)
	require.Contains(t, casesOf(d.Nodes[1]), "c4=Medium")
	d = edit("rename_branch", `{"node":"m","branch":"otherwise","value":"All else"}`)
	require.Equal(t, "All else", d.Nodes[1].Branches[1].Title)
	edit("add_node", `{"type":"end","key":"e","at":{"parent":"m","branch":"tiny"}}`)
	d = edit("move_branch", `{"node":"m","branch":"tiny","value":0}`)
	require.Equal(t, "tiny=Tiny c1=Huge c2=Large c3=Small c4=Medium", casesOf(d.Nodes[1]))
	require.Equal(t, "a m[tiny:e c2:b c otherwise:] z", shape(d.Nodes), "the branches stand in the order of the settings")
	d = edit("move_branch", `{"node":"m","branch":"tiny","value":4}`)
	require.Equal(t, "c1=Huge c2=Large c3=Small c4=Medium tiny=Tiny", casesOf(d.Nodes[1]))
	d = edit("delete_branch", `{"node":"m","branch":"c1"}`)
	require.Equal(t, "c2=Large c3=Small c4=Medium tiny=Tiny", casesOf(d.Nodes[1]))
	d = edit("delete_branch", `{"node":"m","branch":"c2","contents":"move_before"}`)
	require.Equal(t, "a b c m[tiny:e otherwise:] z", shape(d.Nodes))
	d = edit("delete_branch", `{"node":"m","branch":"tiny","contents":"delete"}`)
	require.Equal(t, "a b c m[otherwise:] z", shape(d.Nodes))
	d = edit("add_branch", `{"node":"m"}`)
	require.Equal(t, "c3=Small c4=Medium c5=Branch 3", casesOf(d.Nodes[3]), "the key of another branch is not given again")

	for i := len(states) - 2; i >= 0; i-- {
		_, err := w.Engine.Undo(t.Context(), w.Access(w.Designer), w.key)
		require.NoError(t, err)
		require.Equal(t, states[i], w.stored())
	}
	require.Equal(t, "a z", shape(w.edit("delete_nodes", `{"keys":["m"]}`).Nodes))
}

func TestBranches_MoveTheirStepsBehindTheirOwner(t *testing.T) {
	t.Parallel()
	w := newBench(t, sized)
	require.Equal(t, "a m b c z", shape(w.edit("delete_branch", `{"node":"m","branch":"c2","contents":"move_after"}`).Nodes))
	w = newBench(t, `[{"key":"o","type":"condition","config":{"mode":"branch"},"branches":[{"key":"no","nodes":[
		{"key":"m","type":"multi_condition","branches":[{"key":"c1","nodes":[{"key":"b","type":"end"}]}]}]}]}]`)
	d := w.edit("delete_branch", `{"node":"m","branch":"c1","contents":"move_before"}`)
	require.Equal(t, "o[no:b m]", shape(d.Nodes), "in the list where the owner stands")
	require.Equal(t, "c2=Branch 2", casesOf(d.Nodes[0].Branches[0].Nodes[1]), "a fresh step has two branches")
}

func TestBranches_RefuseWhatCannotBe(t *testing.T) {
	t.Parallel()
	w := newBench(t, `[{"key":"m","type":"multi_condition","config":{"cases":[{"key":"c1","title":"Only"}]},"branches":[{"key":"otherwise","nodes":[{"key":"b","type":"end"}]}]},
		{"key":"k","type":"multi_condition","branches":[{"key":"c1","nodes":[{"key":"s","type":"end"}]}]},
		{"key":"f","type":"condition","config":{"mode":"branch"}},{"key":"e","type":"end"}]`)
	before := w.stored()
	long := strings.Repeat("x", 101)
	for _, c := range []struct{ command, args, sentence string }{
		{"add_branch", `{"node":"f"}`, "The branches of “Condition” are fixed."},
		{"add_branch", `{"node":"e"}`, "The branches of “End” are fixed."},
		{"add_branch", `{"node":"gone"}`, "There is no step gone in this draft."},
		{"add_branch", `{}`, "There is no step"},
		{"add_branch", `{"node":"m","branch":"c1"}`, "has a branch c1 already"},
		{"add_branch", `{"node":"m","branch":"otherwise"}`, "has a branch otherwise already"},
		{"add_branch", `{"node":"m","branch":"error"}`, "The key of a branch"},
		{"add_branch", `{"node":"m","branch":"Big one"}`, "The key of a branch"},
		{"add_branch", `{"node":"m","value":5}`, "The label of a branch"},
		{"add_branch", `{"node":"m","value":"` + long + `"}`, "The label of a branch"},
		{"rename_branch", `{"node":"m","branch":"c9","value":"x"}`, "no branch c9"},
		{"rename_branch", `{"node":"m","branch":"c1","value":"` + long + `"}`, "The label of a branch"},
		{"rename_branch", `{"node":"m","value":"x"}`, "Name the branch to change."},
		{"move_branch", `{"node":"f","branch":"yes","value":1}`, "are fixed"},
		{"move_branch", `{"node":"m","branch":"otherwise","value":0}`, "no branch otherwise that can be moved"},
		{"move_branch", `{"node":"m","branch":"c1","value":1}`, "The place does not exist."},
		{"move_branch", `{"node":"m","branch":"c1","value":-1}`, "The place does not exist."},
		{"move_branch", `{"node":"m","branch":"c1"}`, "The place does not exist."},
		{"move_branch", `{"node":"m","value":0}`, "Name the branch to change."},
		{"delete_branch", `{"node":"m","branch":"c1"}`, "must keep at least 1 branches"},
		{"delete_branch", `{"node":"m","branch":"otherwise"}`, "The branch “Otherwise” of “Multi-condition” cannot be deleted."},
		{"delete_branch", `{"node":"f","branch":"no"}`, "are fixed"},
		{"delete_branch", `{"node":"m","branch":"c7"}`, "has no branch c7"},
		{"delete_branch", `{"node":"k","branch":"c1"}`, "Say what becomes of the steps"},
		{"delete_branch", `{"node":"k","branch":"c1","contents":"burn"}`, "Say what becomes of the steps"},
		{"delete_branch", `{"node":"k"}`, "Name the branch to change."},
		{"set_config", `{"key":"k","field":"cases","value":[{"key":"c2","when":{}}]}`, "has no branch c1"},
		{"set_config", `{"key":"k","field":"cases","value":[]}`, "There must be 1 to 20 branches"},
		{"set_config", `{"key":"k","field":"cases","value":[{"key":"c1"},{"key":"c1"}]}`, "Two branches have the key c1."},
	} {
		err := w.try(c.command, c.args)
		require.True(t, models.IsKind(err, models.KindInvalid), "%s %s: %v", c.command, c.args, err)
		said := models.AsError(err).Message.String()
		for _, f := range models.AsError(err).Fields {
			said += " " + f.Message.String()
		}
		require.Contains(t, said, c.sentence, "%s %s", c.command, c.args)
	}
	require.Equal(t, before, w.stored())
	for i := 2; i <= 20; i++ {
		w.edit("add_branch", `{"node":"m"}`)
	}
	require.ErrorContains(t, w.try("add_branch", `{"node":"m"}`), "has 20 branches; more are not possible")
}

func TestBranches_ThatNoSettingAsksForCanBeDeleted(t *testing.T) {
	t.Parallel()
	w := newBench(t, `[{"key":"a","type":"calculation","config":{"expression":"1"},"onError":"branch","branches":[{"key":"error","nodes":[{"key":"b","type":"end"}]}]}]`)
	d := w.edit("delete_branch", `{"node":"a","branch":"error","contents":"move_after"}`)
	require.Equal(t, "a b", shape(d.Nodes))
	require.Empty(t, d.Nodes[0].OnError, "without its branch a failure is not caught")
}

func TestBranchLosses_SayWhatEachAnswerBreaks(t *testing.T) {
	t.Parallel()
	w := notesWorld(t, modelstest.New(t), modelstest.NewClock(), &worldtest.Outside{})
	d := parsed(t, sized)
	said := func(contents string) (out []string) {
		for _, m := range w.Engine.BranchLosses(d, "m", "c2", contents) {
			out = append(out, m.String())
		}
		return out
	}
	require.Equal(t, []string{"“Z” uses “B”."}, said(engine.DeleteContents))
	require.Equal(t, []string{"“C” uses “By size”, which would not have run yet."}, said(engine.MoveContentsBefore))
	require.Empty(t, said(engine.MoveContentsAfter))
	require.Equal(t, parsed(t, sized), d, "looking changes nothing")
}

func TestCases_AreReadLikeOtherConditions(t *testing.T) {
	t.Parallel()
	w := newBench(t, sized)
	findings := func(d *engine.Definition) (out []string) {
		_, list, err := w.Engine.Check(t.Context(), d, false)
		require.NoError(t, err)
		for _, f := range list {
			out = append(out, f.Node+"."+f.Field+" "+f.Code)
		}
		return out
	}
	require.Empty(t, findings(w.draft()))
	entry := func(when string) string {
		return `[{"key":"m","type":"multi_condition","config":{"cases":[{"key":"c1","when":{}},{"key":"c2","title":"B","when":` + when + `}]}}]`
	}
	require.Equal(t, []string{"m.config UNKNOWN_VARIABLE"}, findings(parsed(t, entry(`{"all":[{"left":"{{ nodes.gone }}","op":"gt","right":1}]}`))))
	require.Equal(t, []string{"m.cases.1.when.all.0 EXPRESSION_INVALID"}, findings(parsed(t, entry(`{"all":[{"left":1,"op":"like","right":1}]}`))))
	require.Equal(t, []string{"m.cases.1.when.expression EXPRESSION_INVALID"}, findings(parsed(t, entry(`{"engine":"expr","expression":"1 +"}`))))
	require.Equal(t, []string{"m.cases.1.when MISSING"}, findings(parsed(t, entry(`null`))))

	d := w.edit("duplicate_nodes", `{"keys":["a","m"]}`)
	twin := d.Nodes[3]
	when := fmt.Sprint(twin.Config["cases"])
	require.Contains(t, when, "{{ nodes."+d.Nodes[2].Key+" }}", "references among the copies follow")
	require.NotContains(t, when, "nodes.a ")
	require.Equal(t, "c2", twin.Branches[0].Key, "keys of branches are those of their step alone")
}

func TestBranches_AnyEditsTakenBackLeaveWhatWas(t *testing.T) {
	t.Parallel()
	w := newBench(t, sized)
	rapid.Check(t, func(rt *rapid.T) {
		before := w.stored()
		done := 0
		for range rapid.IntRange(1, 8).Draw(rt, "edits") {
			branch := rapid.SampledFrom([]string{"c1", "c2", "c3", "c4", "c5", "otherwise"}).Draw(rt, "branch")
			args := fmt.Sprintf(`{"node":"m","branch":%q`, branch)
			name := rapid.SampledFrom([]string{"add_branch", "rename_branch", "move_branch", "delete_branch"}).Draw(rt, "command")
			switch name {
			case "rename_branch":
				args += `,"value":"New"`
			case "move_branch":
				args += fmt.Sprintf(`,"value":%d`, rapid.IntRange(0, 4).Draw(rt, "place"))
			case "delete_branch":
				args += fmt.Sprintf(`,"contents":%q`, rapid.SampledFrom([]string{"delete", "move_before", "move_after"}).Draw(rt, "contents"))
			}
			if w.try(name, args+"}") == nil {
				done++
			}
			m := w.draft().Nodes
			require.NotEmpty(rt, m)
		}
		after := w.stored()
		as := w.Access(w.Designer)
		for range done {
			_, err := w.Engine.Undo(t.Context(), as, w.key)
			require.NoError(rt, err)
		}
		require.Equal(rt, before, w.stored())
		for range done {
			_, err := w.Engine.Redo(t.Context(), as, w.key)
			require.NoError(rt, err)
		}
		require.Equal(rt, after, w.stored())
		for range done {
			_, err := w.Engine.Undo(t.Context(), as, w.key)
			require.NoError(rt, err)
		}
	})
}
