package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/modelstest"
)

// trees draws random definitions: steps that compute, write, wait, fail and
// branch, in containers that enter and in branches that rejoin.
type trees struct {
	t      *rapid.T
	n      int
	beside int // branches that run beside others: when a call there is answered decides what comes first
}

func (g *trees) list(depth int) []any {
	var out []any
	for range rapid.IntRange(0, 2).Draw(g.t, "length") {
		out = append(out, g.node(depth))
	}
	return out
}

func (g *trees) node(depth int) map[string]any {
	g.n++
	key := fmt.Sprintf("n%d", g.n)
	kinds := []string{"calculation", "create", "wait", "fail", "caught"}
	if g.beside == 0 {
		kinds = append(kinds, "call")
	}
	if depth < 2 {
		kinds = append(kinds, "condition", "cases", "repeat", "both")
	}
	n := map[string]any{"key": key}
	branch := func(keys ...string) {
		var branches []any
		for _, k := range keys {
			branches = append(branches, map[string]any{"key": k, "nodes": g.list(depth + 1)})
		}
		n["branches"] = branches
	}
	switch kind := rapid.SampledFrom(kinds).Draw(g.t, "kind"); kind {
	case "calculation":
		n["type"], n["config"] = "calculation", map[string]any{"expression": "trigger.data.count + " + fmt.Sprint(g.n)}
	case "create":
		n["type"], n["config"] = "create_record", map[string]any{"collection": "notes", "values": map[string]any{"title": key}}
	case "wait":
		n["type"], n["config"] = "test_wait", map[string]any{"seconds": int64(g.n)}
	case "call":
		n["type"], n["config"] = "test_call", map[string]any{"value": key}
	case "fail", "caught":
		n["type"], n["config"] = "calculation", map[string]any{"expression": "1 / 0"}
		if kind == "caught" {
			n["onError"] = rapid.SampledFrom([]string{"continue", "branch"}).Draw(g.t, "policy")
			if n["onError"] == "branch" {
				branch("error")
			}
		}
	case "condition":
		op := rapid.SampledFrom([]string{"gt", "lt"}).Draw(g.t, "op")
		n["type"], n["config"] = "condition", map[string]any{"mode": "branch", "when": map[string]any{"all": []any{
			map[string]any{"left": "{{ trigger.data.count }}", "op": op, "right": int64(3)},
		}}}
		branch("yes", "no")
	case "cases":
		var cases []any
		var keys []string
		for i := range rapid.IntRange(1, 3).Draw(g.t, "cases") {
			keys = append(keys, fmt.Sprintf("c%d", i+1))
			cases = append(cases, map[string]any{"key": keys[i], "when": map[string]any{"all": []any{
				map[string]any{"left": "{{ trigger.data.count }}", "op": "equal", "right": int64(rapid.IntRange(0, 6).Draw(g.t, "right"))},
			}}})
		}
		n["type"], n["config"] = "multi_condition", map[string]any{"cases": cases, "onNoMatch": rapid.SampledFrom([]string{"continue", "fail"}).Draw(g.t, "else")}
		branch(append(keys, "otherwise")...)
	case "repeat":
		n["type"], n["config"] = "test_repeat", map[string]any{"times": int64(rapid.IntRange(0, 2).Draw(g.t, "times"))}
		branch("body")
	case "both":
		n["type"] = "test_both"
		g.beside++
		branch("a", "b")
		g.beside--
	}
	return n
}

// outcome is what must not depend on where the process dies.
func outcome(t require.TestingT, w *worldtest.World, out *worldtest.Outside, id string) string {
	x, steps := w.Execution(id)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", x.Status, x.Reason)
	for _, s := range steps {
		if s.Status == models.Skipped {
			continue // stored before its turn, which never came
		}
		fmt.Fprintf(&b, "%s@%s %s %s %d\n", s.Node, s.Path, s.Status, s.Output, s.Effects)
	}
	for _, r := range w.List("notes") {
		fmt.Fprintln(&b, r["id"], r["title"])
	}
	seen := map[string]int{}
	for _, k := range out.Calls() {
		seen[k]++
	}
	fmt.Fprintln(&b, len(seen))
	for _, n := range seen {
		require.Equal(t, 1, n, "a call whose answer was stored is not made again")
	}
	return b.String()
}

// finish runs an execution to its end, moving the clock when it waits.
func finish(t require.TestingT, w *worldtest.World, clock *modelstest.Clock, id string, run func()) {
	for range 400 {
		run()
		if x, _ := w.Execution(id); x.Status.Final() {
			return
		}
		clock.Advance(time.Hour)
		w.Restart()
	}
	require.FailNow(t, "the execution does not end")
}

func TestProperty_RestartsBetweenCommitsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		g := &trees{t: rt}
		nodes, err := field.MarshalJSON(g.list(0))
		require.NoError(rt, err)
		count := rapid.IntRange(0, 6).Draw(rt, "count")
		var results []string
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
			finish(rt, w, clock, id, run)
			w.Sound()
			results = append(results, outcome(rt, w, out, id))
			w.Stop()
		}
		require.Equal(rt, strip(results[0]), strip(results[1]), string(nodes))
	})
}

// strip removes what differs between two runs for a good reason: the times of
// waits, which are outputs.
func strip(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if i := strings.Index(line, `"20`); i >= 0 {
			line = line[:i] + "\n"
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

func TestRace_WakeupsDeliveredTwiceMoveAnExecutionOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("many", `[{"key":"w","type":"test_wait","config":{"seconds":5}},{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"once"}}}]`))
		var ids []string
		for range 10 {
			ids = append(ids, start(t, w, "many"))
		}
		w.Idle()
		clock.Advance(6 * time.Second)
		require.NoError(t, db.Write(t.Context(), "test.double", func(tx *models.Tx) error {
			for _, id := range ids {
				_, steps := w.Execution(id)
				for range 3 {
					if err := models.InsertWakeup(t.Context(), tx, &models.Wakeup{ExecutionID: id, StepID: steps[0].ID, Reason: models.WakeTimer, DueAt: models.At(tx.Now())}); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		w.Idle()
		w.Restart()
		w.Idle()
		for _, id := range ids {
			x, _ := w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, x.Error)
		}
		require.Len(t, w.List("notes"), 20)
		w.Sound()
	})
}

func FuzzDefinition(f *testing.F) {
	f.Add(`{"format":1,"trigger":{"type":"post_action","config":{"collection":"notes"}},"nodes":[{"key":"a","type":"end"}]}`)
	f.Add(approvalFlow)
	f.Add(`{"nodes":[{"key":"a","type":"x","retry":{"attempts":3,"first":"2s"},"branches":[{"key":"b","nodes":[]}]}]}`)
	f.Fuzz(func(t *testing.T, source string) {
		tree, err := field.ParseJSON([]byte(source))
		if err != nil {
			return
		}
		d, problems := engine.ParseDefinition(tree)
		if len(problems) > 0 {
			return
		}
		stored, hash, err := d.JSON()
		require.NoError(t, err)
		again, err := engine.ReadDefinition(stored)
		require.NoError(t, err)
		same, sameHash, err := again.JSON()
		require.NoError(t, err)
		require.Equal(t, stored, same)
		require.Equal(t, hash, sameHash)
	})
}
