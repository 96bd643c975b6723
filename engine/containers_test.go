package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/engine"
	"formrail/engine/inbound"
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

	flows int         // calls of workflows that were drawn
	early []earlyCall // what is sent to steps before they are reached
}

// earlyCall is a call to the address of a step.
type earlyCall struct{ node, path string }

// around is where a list stands.
type around struct {
	depth    int
	overlaps bool     // something else may run at the same time
	loop     bool     // inside a loop
	loops    int      // how many loops are around it
	path     string   // without loops
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
		kinds = append(kinds, "delay", "await")
	}
	if g.flows < 8 && a.loops < 2 { // a chain has at most a hundred executions
		kinds = append(kinds, "apart")
		if !a.overlaps && !a.atomic {
			kinds = append(kinds, "flow", "flow")
		}
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
	case "await":
		one("wait_event", map[string]any{
			"kind": "callback", "deadline": fmt.Sprintf("%ds", rapid.IntRange(1, 9).Draw(g.t, "seconds")),
			"onDeadline": rapid.SampledFrom([]string{"fail", "continue", "branch"}).Draw(g.t, "too late"),
		})
		if !a.overlaps && !a.loop && rapid.Bool().Draw(g.t, "called before") {
			g.early = append(g.early, earlyCall{n["key"].(string), a.path})
		}
		if n["config"].(map[string]any)["onDeadline"] == "branch" {
			n["branches"] = []any{branch("deadline", a, 0)}
		}
		catch()
	case "flow":
		g.flows++
		one("subflow", map[string]any{"workflow": rapid.SampledFrom([]string{"gives", "slow", "breaks", "refuses"}).Draw(g.t, "flow"), "input": map[string]any{"amount": int64(g.n)}})
		catch()
	case "apart":
		g.flows++
		return one("subflow", map[string]any{"workflow": "slow", "wait": false, "input": map[string]any{"amount": int64(g.n)}})
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
		inner.loop, inner.loops = true, a.loops+1
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
		outside := a.path
		a.path = strings.TrimPrefix(a.path+"/"+n["key"].(string)+"#1", "/")
		inner := a
		inner.atomic = true
		run := branch("run", inner, 0)
		if rapid.Bool().Draw(g.t, "fails") { // behind something that it undoes
			made := map[string]any{"key": g.key(), "type": "create_record", "config": map[string]any{"collection": "notes", "values": map[string]any{"title": "undone"}}}
			breaks := map[string]any{"key": g.key(), "type": "calculation", "config": map[string]any{"expression": "1 / 0"}}
			run["nodes"] = append(append([]any{made}, run["nodes"].([]any)...), breaks)
		}
		n["branches"] = []any{run, branch("rolled_back", a, 0)}
		a.path = outside
		catch()
	case "parallel":
		var keys, list []any
		inner := a
		inner.overlaps, inner.vars = true, nil
		inner.path = strings.TrimPrefix(a.path+"/"+n["key"].(string)+"#1", "/")
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
	inner.loop, inner.loops = true, a.loops+1
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

// calledFlows are the workflows that drawn definitions call.
func calledFlows() map[string]string {
	gives := `{"key":"o","type":"output","config":{"value":"{{ trigger.input.amount }}"}}`
	return map[string]string{
		"gives": `[` + gives + `]`, "slow": `[{"key":"d","type":"delay","config":{"for":"3s"}},` + gives + `]`,
		"breaks":  `[{"key":"c","type":"calculation","config":{"expression":"1 / 0"}}]`,
		"refuses": `[{"key":"e","type":"end","config":{"status":"failed","message":"no"}}]`,
	}
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

// drawnTree is a definition with what happens to it.
type drawnTree struct {
	nodes []any
	early []earlyCall
	flows int
	count int
}

func drawTree(t *rapid.T) drawnTree {
	g := &deepTrees{t: t, room: 40}
	return drawnTree{nodes: g.list(around{}, 1), early: g.early, flows: g.flows, count: rapid.IntRange(0, 6).Draw(t, "count")}
}

func TestContainers_DoWhatTheReferenceDoesWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	var seen covered
	rapid.Check(t, func(rt *rapid.T) {
		seen.add(drawTree(rt), rt, t, modelstest.NewAt)
	})
	require.Positive(t, seen.flows, "workflows were called")
	require.Positive(t, seen.early, "calls came before their steps")
	t.Logf("%+v", seen)
}

// On PostgreSQL a process is slower to start anew, so fewer definitions are drawn.
func TestContainers_DoWhatTheReferenceDoesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	var seen covered
	first := rand.IntN(1 << 30)
	for seed := first; seed < first+10; seed++ {
		t.Logf("seed %d", seed)
		seen.add(rapid.Custom(drawTree).Example(seed), t, t, modelstest.NewPostgresAt)
	}
	t.Logf("%+v", seen)
}

// covered is what the drawn definitions made happen.
type covered struct{ deepest, waited, undone, flows, early int }

// add runs a definition in the reference and in the engine, there with and without a process
// that dies after every commit, and compares.
func (seen *covered) add(tree drawnTree, rt require.TestingT, t *testing.T, open func(testing.TB, models.Clock) *models.DB) {
	nodes, err := field.MarshalJSON(tree.nodes)
	require.NoError(rt, err)
	want := runReference(tree.nodes, int64(tree.count), tree.early...)
	slices.Sort(want.steps)
	for _, restarts := range []bool{false, true} {
		clock, out := modelstest.NewClock(), &worldtest.Outside{}
		w := notesWorld(t, open(t, clock), clock, out)
		for key, does := range calledFlows() {
			w.Workflow(callee(key, does))
		}
		w.Workflow(flow("random", string(nodes)))
		run := w.Idle
		if restarts {
			w.Steps = &worldtest.StepQueue{}
			w.Restart()
			run = func() { w.StepThrough() }
		}
		r := w.Submit(w.Designer, "notes", fmt.Sprintf(`{"title":"start","count":%d}`, tree.count), "random")
		id := r.Triggers[0].ExecutionID
		says := fmt.Sprintf("restarts %v, count %d: %s", restarts, tree.count, nodes)
		for _, c := range tree.early {
			_, err := w.Engine.CallBack(t.Context(), engine.CalledBack{Token: w.Engine.CallbackToken(id, c.node, c.path), Request: inbound.Request{
				Body: []byte(`{"v":7}`), Headers: inbound.Headers{{Name: "Content-Type", Value: "application/json"}},
			}})
			if !models.IsCode(err, "CALLBACK_EXPIRED") { // it may have ended without it
				require.NoError(rt, err, says)
			}
		}
		seen.waited += untilEnd(rt, w, clock, id, run)
		status, steps, rows, output := told(rt, w, id)
		slices.Sort(steps)
		require.Equal(rt, strings.Join(want.steps, "\n"), strings.Join(steps, "\n"), says)
		require.Equal(rt, want.status, status, says)
		require.Equal(rt, strings.Join(want.rows, "\n"), strings.Join(rows, "\n"), says)
		require.Equal(rt, want.output, output, says)
		require.Len(rt, out.Calls(), want.calls, says)
		w.Sound()
		w.Stop()
	}
	seen.undone, seen.flows, seen.early = seen.undone+want.undone, seen.flows+tree.flows, seen.early+len(tree.early)
	for _, s := range want.steps {
		seen.deepest = max(seen.deepest, strings.Count(s, "#"))
	}
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
