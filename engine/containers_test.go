package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
)

// deepTrees draws definitions with loops, parallel branches, conditions and variables up
// to eight levels deep, with waits and failures anywhere.
type deepTrees struct {
	t    *rapid.T
	n    int
	room int // nodes that may still be drawn
}

// around is where a list stands.
type around struct {
	depth    int
	overlaps bool     // something else may run at the same time
	loop     bool     // inside a loop
	atomic   bool     // inside a database transaction
	reads    []string // nodes that have run on every way
	vars     []string // variables that may be changed
}

func (g *deepTrees) key() string {
	g.n++
	return fmt.Sprintf("n%d", g.n)
}

func (g *deepTrees) list(a around, least int) []any {
	out := []any{}
	for range rapid.IntRange(least, 3).Draw(g.t, "length") {
		if g.room <= 0 {
			break
		}
		g.room--
		made := g.node(a)
		for _, n := range made {
			out = append(out, n)
			a.reads = append(slices.Clone(a.reads), n["key"].(string))
			if config, _ := n["config"].(map[string]any); n["type"] == "variable" && config["mode"] == nil {
				a.vars = append(slices.Clone(a.vars), n["key"].(string))
			}
		}
	}
	return out
}

func row(left, op string, right int64) map[string]any {
	return map[string]any{"all": []any{map[string]any{"left": "{{ " + left + " }}", "op": op, "right": right}}}
}

// question draws a comparison of what is known to the reference.
func (g *deepTrees) question(a around) map[string]any {
	left := "trigger.data.count"
	if a.loop && rapid.Bool().Draw(g.t, "of loop") {
		left = "loop.number"
	}
	return row(left, rapid.SampledFrom([]string{"gt", "lt", "equal"}).Draw(g.t, "op"), int64(rapid.IntRange(0, 4).Draw(g.t, "right")))
}

// node draws one node, or several that belong together.
func (g *deepTrees) node(a around) []map[string]any {
	kinds := []string{"calculation", "create", "fail", "caught", "declare"}
	if !a.atomic {
		kinds = append(kinds, "delay")
	}
	if len(a.reads) > 0 {
		kinds = append(kinds, "read", "read")
	}
	if len(a.vars) > 0 {
		kinds = append(kinds, "assign")
	}
	if !a.overlaps {
		kinds = append(kinds, "output")
	}
	if !a.overlaps && !a.atomic {
		kinds = append(kinds, "call")
	}
	if rapid.IntRange(0, 15).Draw(g.t, "rarely") == 0 {
		kinds = append(kinds, "reject")
	}
	if a.depth < 8 {
		kinds = append(kinds, "condition", "loop", "loop", "loop", "while", "parallel", "parallel", "parallel", "transaction", "transaction")
	}
	n := map[string]any{"key": g.key()}
	one := func(typ string, config map[string]any) []map[string]any {
		n["type"] = typ
		if config != nil {
			n["config"] = config
		}
		return []map[string]any{n}
	}
	branch := func(key string, a around, least int) map[string]any {
		a.depth++
		return map[string]any{"key": key, "nodes": g.list(a, least)}
	}
	catch := func() {
		if policy := rapid.SampledFrom([]string{"", "", "continue", "branch"}).Draw(g.t, "policy"); policy != "" {
			n["onError"] = policy
			if policy == "branch" {
				list, _ := n["branches"].([]any)
				n["branches"] = append(list, branch("error", a, 0))
			}
		}
	}
	switch kind := rapid.SampledFrom(kinds).Draw(g.t, "kind"); kind {
	case "calculation":
		return one("calculation", map[string]any{"expression": fmt.Sprintf("trigger.data.count + %d", g.n)})
	case "read":
		return one("calculation", map[string]any{"expression": "nodes." + rapid.SampledFrom(a.reads).Draw(g.t, "of")})
	case "create":
		return one("create_record", map[string]any{"collection": "notes", "values": map[string]any{"title": n["key"]}})
	case "delay":
		return one("delay", map[string]any{"for": fmt.Sprintf("%ds", rapid.IntRange(1, 9).Draw(g.t, "seconds"))})
	case "call":
		return one("test_call", map[string]any{"value": n["key"]})
	case "reject":
		return one("test_reject", nil)
	case "output":
		return one("output", map[string]any{"value": n["key"]})
	case "declare":
		return one("variable", map[string]any{"value": int64(0)})
	case "assign":
		return one("variable", map[string]any{"mode": "assign", "op": "increment", "target": rapid.SampledFrom(a.vars).Draw(g.t, "target"), "value": int64(g.n)})
	case "fail":
		return one("calculation", map[string]any{"expression": "1 / 0"})
	case "caught":
		one("calculation", map[string]any{"expression": "1 / 0"})
		for n["onError"] == nil {
			catch()
		}
	case "condition":
		one("condition", map[string]any{"mode": "branch", "when": g.question(a)})
		n["branches"] = []any{branch("yes", a, 0), branch("no", a, 0)}
	case "while":
		v := map[string]any{"key": g.key(), "type": "variable", "config": map[string]any{"value": int64(0)}}
		one("loop", map[string]any{"source": "while", "while": row("nodes."+v["key"].(string), "lt", int64(rapid.IntRange(0, 2).Draw(g.t, "times")))})
		inner := a
		inner.loop = true
		inner.reads = append(slices.Clone(a.reads), v["key"].(string))
		body := branch("body", inner, 0)
		step := map[string]any{"key": g.key(), "type": "variable", "config": map[string]any{"mode": "assign", "op": "increment", "target": v["key"], "value": int64(1)}}
		body["nodes"] = append([]any{step}, body["nodes"].([]any)...)
		n["branches"] = []any{body}
		return []map[string]any{v, n}
	case "loop":
		g.loop(a, n, one, branch)
		catch()
	case "transaction":
		one("transaction", map[string]any{"continueAfterRollback": rapid.Bool().Draw(g.t, "go on")})
		inner := a
		inner.atomic = true
		run := branch("run", inner, 0)
		if rapid.Bool().Draw(g.t, "fails") { // behind something that it undoes
			made := map[string]any{"key": g.key(), "type": "create_record", "config": map[string]any{"collection": "notes", "values": map[string]any{"title": "undone"}}}
			breaks := map[string]any{"key": g.key(), "type": "calculation", "config": map[string]any{"expression": "1 / 0"}}
			run["nodes"] = append(append([]any{made}, run["nodes"].([]any)...), breaks)
		}
		n["branches"] = []any{run, branch("rolled_back", a, 0)}
		catch()
	case "parallel":
		var keys, list []any
		inner := a
		inner.overlaps, inner.vars = true, nil
		for i := range rapid.IntRange(2, 3).Draw(g.t, "branches") {
			b := branch(fmt.Sprintf("b%d", i+1), inner, 0)
			keys = append(keys, map[string]any{"key": b["key"], "title": ""})
			list = append(list, b)
		}
		one("parallel", map[string]any{
			"mode": rapid.SampledFrom([]string{"all", "any", "race", "allSettled"}).Draw(g.t, "mode"), "branches": keys,
			"maxConcurrent": int64(rapid.IntRange(1, 3).Draw(g.t, "at once")),
		})
		n["branches"] = list
		catch()
	}
	return []map[string]any{n}
}

func (g *deepTrees) loop(a around, n map[string]any, one func(string, map[string]any) []map[string]any, branch func(string, around, int) map[string]any) {
	config := map[string]any{"onItemFailure": rapid.SampledFrom([]string{"stop", "break", "next"}).Draw(g.t, "on failure")}
	inner := a
	inner.loop = true
	if rapid.Bool().Draw(g.t, "counted") {
		config["source"], config["count"] = "count", int64(rapid.IntRange(-1, 3).Draw(g.t, "count"))
	} else {
		items := []any{}
		for i := range rapid.IntRange(0, 3).Draw(g.t, "items") {
			items = append(items, fmt.Sprint("item ", i))
		}
		config["items"] = items
	}
	if p := rapid.IntRange(1, 3).Draw(g.t, "parallelism"); p > 1 {
		config["parallelism"] = int64(p)
		inner.overlaps, inner.vars = true, nil
	}
	if at := rapid.SampledFrom([]string{"none", "before", "after"}).Draw(g.t, "check"); at != "none" {
		config["checkAt"], config["checkWhen"] = at, row("loop.number", rapid.SampledFrom([]string{"lt", "gt"}).Draw(g.t, "op"), int64(rapid.IntRange(0, 3).Draw(g.t, "right")))
		config["checkOnFalse"] = rapid.SampledFrom([]string{"next", "break"}).Draw(g.t, "else")
	}
	if rapid.Bool().Draw(g.t, "collect") {
		config["collect"] = "loop.number * 2"
	}
	one("loop", config)
	n["branches"] = []any{branch("body", inner, 0)}
}

// told writes an execution as the reference does: what must not depend on the engine.
func told(t require.TestingT, w *worldtest.World, id string) (status string, steps, rows []string, output any) {
	x, all := w.Execution(id)
	for _, s := range all {
		if s.Status == models.Skipped {
			continue // stored before its turn, which never came
		}
		var v any
		if s.Output != "" {
			var err error
			v, err = field.ParseJSON([]byte(s.Output))
			require.NoError(t, err)
		}
		steps = append(steps, fmt.Sprintf("%s@%s %s %s", s.Node, s.Path, s.Status, shown(record(v))))
	}
	for _, r := range w.List("notes") {
		if r["title"] != "start" {
			rows = append(rows, fmt.Sprint(r["title"]))
		}
	}
	if x.Output != "" {
		var err error
		output, err = field.ParseJSON([]byte(x.Output))
		require.NoError(t, err)
	}
	return string(x.Status), steps, rows, output
}

// record replaces records, at any depth, by a word, and failures by their code.
func record(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["id"] != nil && v["createdAt"] != nil {
			return "record"
		}
		for _, name := range []string{"error", "failure"} {
			if e, ok := v[name].(map[string]any); ok && e["code"] != nil {
				v = maps.Clone(v)
				v[name] = e["code"]
			}
		}
		out := map[string]any{}
		for k, one := range v {
			out[k] = record(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = record(one)
		}
		return out
	}
	return v
}

func TestContainers_DoWhatTheReferenceDoesWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	deepest, waited, undone := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		g := &deepTrees{t: rt, room: 40}
		tree := g.list(around{}, 1)
		nodes, err := field.MarshalJSON(tree)
		require.NoError(rt, err)
		count := rapid.IntRange(0, 6).Draw(rt, "count")
		want := runReference(tree, int64(count))
		slices.Sort(want.steps)
		for _, restarts := range []bool{false, true} {
			clock, out := modelstest.NewClock(), &worldtest.Outside{}
			w := notesWorld(t, modelstest.NewAt(t, clock), clock, out)
			w.Workflow(flow("random", string(nodes)))
			run := w.Idle
			if restarts {
				w.Steps = &worldtest.StepQueue{}
				w.Restart()
				run = func() { w.StepThrough() }
			}
			r := w.Submit(w.Designer, "notes", fmt.Sprintf(`{"title":"start","count":%d}`, count), "random")
			id := r.Triggers[0].ExecutionID
			waited += untilEnd(rt, w, clock, id, run)
			status, steps, rows, output := told(rt, w, id)
			slices.Sort(steps)
			says := fmt.Sprintf("restarts %v, count %d: %s", restarts, count, nodes)
			require.Equal(rt, strings.Join(want.steps, "\n"), strings.Join(steps, "\n"), says)
			require.Equal(rt, want.status, status, says)
			require.Equal(rt, strings.Join(want.rows, "\n"), strings.Join(rows, "\n"), says)
			require.Equal(rt, want.output, output, says)
			require.Len(rt, out.Calls(), want.calls, says)
			w.Sound()
			w.Stop()
		}
		undone += want.undone
		for _, s := range want.steps {
			deepest = max(deepest, strings.Count(s, "#"))
		}
	})
	t.Logf("containers inside each other: %d; waits: %d; records whose transaction was rolled back: %d", deepest, waited, undone)
}

// untilEnd runs an execution to its end, moving the clock to the next wake-up whenever
// it waits. It gives how often it waited.
func untilEnd(t require.TestingT, w *worldtest.World, clock *modelstest.Clock, id string, run func()) int {
	for n := range 400 {
		run()
		if x, _ := w.Execution(id); x.Status.Final() {
			return n
		}
		next, err := models.PendingWakeups(w.T.Context(), w.DB.Read(), clock.Now().Add(time.Hour), 1)
		require.NoError(t, err)
		require.NotEmpty(t, next, "an execution that waits has a wake-up")
		clock.Advance(next[0].DueAt.Sub(clock.Now()))
		w.Restart()
	}
	require.FailNow(t, "the execution does not end")
	return 0
}

func TestLoop_OfManyPassesShowsItsFirstAndLastSteps(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("many", `[{"key":"v","type":"variable","config":{"value":0}},
			{"key":"l","type":"loop","config":{"source":"count","count":1500},"branches":[{"key":"body","nodes":[
				{"key":"a","type":"variable","config":{"mode":"assign","target":"v","op":"increment","value":"{{ loop.number }}"}}]}]},
			{"key":"o","type":"output","config":{"value":"{{ nodes.v }}"}}]`))
		id := start(t, w, "many")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, fmt.Sprint(1500*1501/2), x.Output)
		require.EqualValues(t, 1503, x.StepCount)
		require.Len(t, steps, models.MaxSteps)
		require.Equal(t, "v", steps[0].Node)
		require.Equal(t, "o", steps[len(steps)-1].Node)
		w.Sound()
	})
}

func TestParallel_CallsFlyBesideEachOther(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Workflow(flow("calls", `[{"key":"p","type":"parallel","config":{"mode":"race","branches":[{"key":"b1"},{"key":"b2"},{"key":"b3"}]},"branches":[
			{"key":"b1","nodes":[{"key":"x","type":"test_call","config":{"value":"x"}}]},
			{"key":"b2","nodes":[{"key":"y","type":"test_call","config":{"value":"y"}}]},
			{"key":"b3","nodes":[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"beside"}}},{"key":"d","type":"delay","config":{"for":"1h"}}]}]}]`))
		release := out.Hang()
		id := start(t, w, "calls")
		require.Eventually(t, func() bool { return len(out.Calls()) == 2 && len(w.List("notes")) == 2 }, 20*time.Second, time.Millisecond,
			"both calls are on their way, and what the third branch wrote is there")
		x, _ := w.Execution(id)
		require.Equal(t, models.Running, x.Status)
		release()
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		done := 0
		for _, s := range steps {
			if s.Type == "test_call" && s.Status == models.Done {
				done++
			}
		}
		require.Equal(t, 1, done, "the first that answers decides: %s", path(steps))
		w.Sound()
	})
}
