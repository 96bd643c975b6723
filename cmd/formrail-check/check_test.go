package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func seed(t *testing.T) uint64 {
	t.Helper()
	s := newSeed()
	t.Logf("seed %d", s)
	return s
}

// emptyPostgres makes a database that is dropped with the test, or skips loudly.
func emptyPostgres(t *testing.T) string {
	t.Helper()
	address := os.Getenv("FORMRAIL_TEST_POSTGRES")
	if address == "" {
		if strings.Contains(os.Getenv("FORMRAIL_REQUIRE"), "postgres") {
			require.Fail(t, "PostgreSQL is required here, but FORMRAIL_TEST_POSTGRES names no server")
		}
		t.Skip("SKIPPED on PostgreSQL: FORMRAIL_TEST_POSTGRES names no server")
	}
	own, drop, err := freshDatabase(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, drop()) })
	return own
}

// TestBreaking runs one after another: each part loads the machine.
//
//nolint:paralleltest // see above
func TestBreaking(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED in short mode: kills real servers for minutes")
	}
	t.Run("kills at random moments lose and double nothing", func(t *testing.T) {
		r, err := killMode(t.Context(), settings{binary: build(t), cycles: 12, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.GreaterOrEqual(t, 2*r.InFlight, r.Kills, "at least half of the kills hit work in flight")
	})
	t.Run("kills at random moments lose and double nothing on PostgreSQL", func(t *testing.T) {
		r, err := killMode(t.Context(), settings{binary: build(t), database: emptyPostgres(t), cycles: 6, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.GreaterOrEqual(t, 2*r.InFlight, r.Kills)
	})
	t.Run("kills at every named point lose and double nothing", func(t *testing.T) {
		r, err := pointsMode(t.Context(), settings{binary: build(t, "faults"), quick: true, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Equal(t, Points(), r.Points)
	})
	t.Run("power cuts lose nothing that was acknowledged", func(t *testing.T) {
		r, err := powercutMode(t.Context(), settings{binary: build(t), cycles: 12, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.GreaterOrEqual(t, 2*r.InFlight, r.Cuts, "at least half of the cuts hit work in flight")
		require.Positive(t, r.Sectors, "the cuts took something that was written")
	})
	t.Run("a full disk is refused in order, and forgotten once there is space", func(t *testing.T) {
		r, err := diskfullMode(t.Context(), settings{binary: build(t), cycles: 2, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Equal(t, 2, r.Fills)
		require.Positive(t, r.Refused)
	})
	t.Run("two servers on one PostgreSQL lose and double nothing", func(t *testing.T) {
		r, err := clusterMode(t.Context(), settings{binary: build(t), database: emptyPostgres(t), cycles: 1, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Positive(t, r.Freezes)
	})
	t.Run("hostile scripts, inputs, graphs and answers hurt nobody", func(t *testing.T) {
		r, err := hostileMode(t.Context(), settings{binary: build(t), cycles: 1, quick: true, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.GreaterOrEqual(t, r.Scripts, 30)
		require.GreaterOrEqual(t, r.Inputs, 200)
	})
	t.Run("a clock that is moved makes nothing early, doubled or stuck", func(t *testing.T) {
		r, err := clockMode(t.Context(), settings{binary: build(t, "faults"), quick: true, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Positive(t, r.Slots)
	})
	t.Run("a flood is refused politely and hurts nobody", func(t *testing.T) {
		r, err := floodMode(t.Context(), settings{binary: build(t), cycles: 2, seed: seed(t), out: os.Stdout})
		require.NoError(t, err)
		require.NoError(t, r.print(os.Stdout))
		require.Positive(t, r.Refused, "it was more than the server can bear")
	})
	killsCatch(t, "mutant_start_in_memory", func(r report) bool { return r.Lost > 0 })
	killsCatch(t, "mutant_two_commits", func(r report) bool { return r.Doubled > 0 })
}

// killsCatch requires that kills show what a build breaks that is wrong on purpose.
func killsCatch(t *testing.T, mutant string, caught func(report) bool) {
	t.Helper()
	t.Run(mutant+" is caught", func(t *testing.T) {
		binary := build(t, mutant)
		for range 5 { // chance decides where the kills fall
			r, err := killMode(t.Context(), settings{binary: binary, cycles: 12, seed: seed(t), out: os.Stdout})
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(r.Folder))
			if caught(r) {
				t.Logf("lost %d, doubled %d, stuck %d", r.Lost, r.Doubled, r.Stuck)
				return
			}
		}
		require.Fail(t, "a build that is broken on purpose passes: the check proves nothing")
	})
}

// elsewhere are points that this load does not pass, with who does.
func elsewhere() map[string]string {
	return map[string]string{
		"engine.sweep": "the sweeper", "engine.send.before": "external nodes", "engine.send.after": "external nodes",
		"engine.intent": "external nodes", "outbound.send.before": "external nodes", "outbound.send.after": "external nodes",
		"engine.ask": "external nodes", "engine.resolve": "external nodes", "engine.skip_wait": "skipped waits", "task.resolve": "external nodes", "engine.end": "cancel", "engine.rerun": "re-run",
		"engine.lease": "several processes", "engine.renew": "several processes", "engine.let_go": "several processes", "engine.leave": "several processes", "cluster.lead": "several processes",
		"cluster.step_down": "several processes", "queue.insert": "several processes",
		"engine.leases": "the sweeper", "engine.remove_history": "the sweeper", "engine.bulk": "operations", "engine.bulk_progress": "operations", "engine.operation": "operations", "engine.want": "operations", "engine.keep": "history", "engine.retention": "history", "engine.orphans": "the sweeper", "engine.execute": "manual execution", "engine.rolledback": "roll back on failure",
		"engine.callback": "calls to a step", "engine.serve": "webhooks", "engine.serve_not": "webhooks", "requests.log": "webhooks",
		"workflow.address": "webhooks", "workflow.renew_address": "webhooks",
		"engine.slot": "schedules", "engine.slots": "schedules", "engine.plan_slots": "schedules", "engine.slots_fill": "schedules",
		"engine.slots_forget": "schedules", "workflow.reset_count": "schedules",
		"engine.release": "backup mode", "engine.watchdog": "the watchdog", "engine.repair": "the watchdog", "engine.hand_over": "the watchdog",
		"engine.gate": "limits", "engine.gates": "limits", "engine.keep_back": "pauses", "engine.dropped": "pauses", "engine.set_limits": "set-up",
		"workflow.pause": "pauses", "workflow.resume": "pauses", "workflow.pause_all": "pauses",
		"engine.late": "a mutant", "engine.late_timer": "a mutant", "engine.effects": "a mutant",
		"workflow.create": "set-up", "workflow.publish": "set-up", "workflow.update": "set-up", "workflow.edit": "the editor", "workflow.remove": "the editor",
		"workflow.lock": "the editor", "workflow.still_editing": "the editor", "workflow.categories": "the list", "workflow.restore": "the list",
	}
}

func TestPoints_NameEveryPointOfTheEngine(t *testing.T) {
	t.Parallel()
	known := Points()
	for name, where := range namedPoints(t, "../../engine") {
		if _, ok := elsewhere()[name]; ok || slices.Contains(known, name) || slices.Contains(known, name+".before") {
			continue
		}
		require.Fail(t, "a crash point that nothing kills at", "%s in %s", name, where)
	}
}

// namedPoints collects the constant names given to fault.Hit and to Write.
func namedPoints(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") || strings.Contains(path, "/script/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || (sel.Sel.Name != "Hit" && sel.Sel.Name != "Write") {
				return true
			}
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if name, err := strconv.Unquote(lit.Value); err == nil {
						out[name] = path
					}
				}
			}
			return true
		})
		return nil
	}))
	require.Greater(t, len(out), 10)
	return out
}
