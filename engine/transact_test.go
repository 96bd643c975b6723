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

// transfer moves notes in a transaction that fails in its second change when the count
// of the note is 3, and says afterwards what became of it.
const transfer = `[{"key":"t","type":"transaction","title":"Move","config":{"continueAfterRollback":%s},"branches":[
	{"key":"run","nodes":[
		{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"first"}}},
		{"key":"l","type":"loop","config":{"source":"count","count":3},"branches":[{"key":"body","nodes":[
			{"key":"u","type":"update_record","config":{"collection":"notes","filter":{"title":{"$eq":"first"}},"values":{"count":"{{ loop.number }}"}}}]}]},
		{"key":"c","type":"calculation","config":{"expression":"1 / (trigger.data.count - 3)"}}]},
	{"key":"rolled_back","nodes":[{"key":"d","type":"delay","config":{"for":"1h"}},
		{"key":"b","type":"create_record","config":{"collection":"notes","values":{"title":"sorry"}}}]}]},
	{"key":"o","type":"output","config":{"value":"{{ nodes.t.failure.code }}"}}]`

func counted(w *worldtest.World) (out []string) {
	for _, r := range w.List("notes") {
		out = append(out, fmt.Sprint(r["title"], " ", r["count"]))
	}
	return out
}

func TestTransaction_KeepsAllOrNothing(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("on", fmt.Sprintf(transfer, "true")))
		w.Workflow(flow("off", fmt.Sprintf(transfer, "false")))
		run := func(key string, count int) (*models.Execution, map[string]*models.Step) {
			r := w.Submit(w.Designer, "notes", fmt.Sprintf(`{"title":"start","count":%d}`, count), key)
			id := r.Triggers[0].ExecutionID
			untilEnd(t, w, clock, id, w.Idle)
			x, steps := w.Execution(id)
			byPlace := map[string]*models.Step{}
			for _, s := range steps {
				byPlace[s.Place()] = s
			}
			w.Sound()
			return x, byPlace
		}
		x, steps := run("on", 4)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, []string{"start 4", "first 3"}, counted(w))
		require.JSONEq(t, `{"committed":true,"failure":null}`, steps["t"].Output)
		require.Equal(t, 1, steps["a@t#1"].Effects)

		x, steps = run("on", 3)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, []string{"start 4", "first 3", "start 3", "sorry <nil>"}, counted(w), "nothing of it is left but what runs behind")
		require.JSONEq(t, `"DIVISION_BY_ZERO"`, x.Output)
		require.Zero(t, steps["a@t#1"].Effects)
		require.Equal(t, models.Done, steps["a@t#1"].Status, "the history shows what was tried")
		require.Contains(t, steps["u@t#1/l#2"].Warnings[0], "undone: the transaction “Move” was rolled back")
		require.Empty(t, steps["b@t#1"].Warnings)
		require.Contains(t, steps["t"].Explanation, "Everything was undone")

		x, _ = run("off", 3)
		require.Equal(t, models.Failed, x.Status)
		require.Contains(t, x.Error, "DIVISION_BY_ZERO")
		require.Equal(t, []string{"start 4", "first 3", "start 3", "sorry <nil>", "start 3", "sorry <nil>"}, counted(w))
	})
}

// What fails in one of two transactions inside each other undoes that one alone when the
// outer one goes on.
func TestTransaction_InsideAnotherUndoesItsOwn(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("nested", `[{"key":"t","type":"transaction","branches":[{"key":"run","nodes":[
			{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"outer"}}},
			{"key":"i","type":"transaction","config":{"continueAfterRollback":true},"branches":[{"key":"run","nodes":[
				{"key":"b","type":"create_record","config":{"collection":"notes","values":{"title":"inner"}}},
				{"key":"f","type":"calculation","config":{"expression":"1 / 0"}}]}]},
			{"key":"q","type":"query_records","config":{"collection":"notes","multiple":true}}]}]},
			{"key":"o","type":"output","config":{"value":"{{ nodes.q }}"}}]`))
		id := start(t, w, "nested")
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, []string{"a <nil>", "outer <nil>"}, counted(w))
		require.Contains(t, x.Output, "outer", "it sees what it has not committed yet")
		require.NotContains(t, x.Output, "inner")
		w.Sound()
	})
}

// A no inside a transaction also ends what waits outside of it for its turn: here the
// second pass of the loop that the no ends.
func TestTransaction_ANoInsideEndsWhatIsAroundIt(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("no", `[{"key":"p","type":"parallel","config":{"mode":"any","maxConcurrent":1,"branches":[{"key":"b1","title":"One"},{"key":"b2","title":"Two"}]},"branches":[
			{"key":"b1","nodes":[{"key":"l","type":"loop","config":{"source":"count","count":2,"parallelism":2},"branches":[{"key":"body","nodes":[
				{"key":"t","type":"transaction","branches":[{"key":"run","nodes":[{"key":"n","type":"test_reject"}]}]}]}]}]},
			{"key":"b2","nodes":[{"key":"c","type":"calculation","config":{"expression":"7"}}]}]},
			{"key":"o","type":"output","config":{"value":"{{ nodes.p.winner }}"}}]`))
		id := start(t, w, "no")
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, `"b2"`, x.Output)
		for _, s := range steps {
			require.NotContains(t, s.Path, "l#2", "the second pass never began")
		}
		w.Sound()
	})
}

func TestTransaction_EndsInTimeAndWithItsExecution(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("long", `[{"key":"t","type":"transaction","branches":[{"key":"run","nodes":[
			{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"long"}}},
			{"key":"l","type":"loop","config":{"source":"count","count":5000},"branches":[{"key":"body","nodes":[
				{"key":"c","type":"calculation","config":{"expression":"loop.number"}}]}]}]}]}]`))
		w.Workflow(flow("ends", `[{"key":"t","type":"transaction","branches":[{"key":"run","nodes":[
			{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"ended"}}},
			{"key":"e","type":"end","config":{"status":"failed"}}]}]}]`))
		for key, want := range map[string]string{"long": "TRANSACTION_TOO_LONG", "ends": "end_node"} {
			id := start(t, w, key)
			w.Idle()
			x, _ := w.Execution(id)
			require.Equal(t, models.Failed, x.Status, key)
			require.Contains(t, x.Error+x.Reason, want)
		}
		require.Equal(t, []string{"a <nil>", "a <nil>"}, counted(w))
		w.Sound()
	})
}

// What is called in a transaction without waiting for it is started by its commit: a call in
// one that is rolled back never was, and counts nowhere.
func TestTransaction_CallsBeginWithItsCommit(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(callee("child", `[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"child"}}}]`))
		w.Workflow(flow("parent", `[{"key":"t","type":"transaction","config":{"continueAfterRollback":true},"branches":[{"key":"run","nodes":[
			{"key":"l","type":"loop","config":{"source":"count","count":3},"branches":[{"key":"body","nodes":[
				{"key":"s","type":"subflow","config":{"workflow":"child","wait":false,"input":{"amount":1}}}]}]},
			{"key":"c","type":"calculation","config":{"expression":"1 / (trigger.data.count - 3)"}}]}]}]`))
		started := func() (executions, lines int) {
			q := db.Read()
			require.NoError(t, q.QueryRow(t.Context(), "SELECT COUNT(*) FROM executions WHERE parent_id IS NOT NULL").Scan(&executions))
			require.NoError(t, q.QueryRow(t.Context(), "SELECT COUNT(*) FROM trigger_log WHERE workflow_key = 'child'").Scan(&lines))
			return executions, lines
		}
		for range 2 {
			id := w.Submit(w.Designer, "notes", `{"title":"start","count":3}`, "parent").Triggers[0].ExecutionID
			w.Idle()
			x, _ := w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, x.Error)
			executions, lines := started()
			require.Zero(t, executions, "none is left of the transaction that was rolled back")
			require.Zero(t, lines)
			w.Sound()
		}
		w.Submit(w.Designer, "notes", `{"title":"start","count":4}`, "parent")
		w.Idle()
		executions, _ := started()
		require.Equal(t, 3, executions)
		require.Equal(t, []string{"start 3", "start 3", "start 4", "child <nil>", "child <nil>", "child <nil>"}, counted(w))
		w.Sound()
	})
}

func TestTransaction_TakesStepsThatStayInIt(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		d, err := engine.ReadDefinition(fmt.Sprintf(`{"format":1,"trigger":{"type":"post_action","config":{"collection":"notes","mode":"local"}},"nodes":%s}`,
			`[{"key":"t","type":"transaction","title":"Move","branches":[{"key":"run","nodes":[
				{"key":"l","type":"loop","config":{"source":"count","count":2},"branches":[{"key":"body","nodes":[
					{"key":"d","type":"delay","config":{"for":"1h"}}, {"key":"x","type":"test_call","config":{"value":"1"}},
					{"key":"q","type":"query_records","config":{"collection":"notes"},"retry":{"attempts":3}}]}]}]},
				{"key":"rolled_back","nodes":[{"key":"later","type":"delay","config":{"for":"1h"}}]}]}]`))
		require.NoError(t, err)
		_, findings, err := w.Engine.Check(t.Context(), d, false)
		require.NoError(t, err)
		var said []string
		for _, f := range engine.Errors(findings) {
			said = append(said, f.Node+" "+f.Code)
		}
		require.Equal(t, []string{"d NODE_NOT_ATOMIC", "x NODE_NOT_ATOMIC", "q NODE_NOT_ATOMIC"}, said)
	})
}

// Going on from a step inside a transaction begins the whole of it again: what its steps
// had changed is gone.
func TestRetry_OfAStepInATransactionRunsAllOfIt(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("move", `[{"key":"t","type":"transaction","branches":[{"key":"run","nodes":[
			{"key":"a","type":"create_record","config":{"collection":"notes","values":{"title":"moved"}}},
			{"key":"q","type":"query_records","config":{"collection":"notes","filter":{"title":{"$eq":"allowed"}},"failOnEmpty":true}}]}]}]`))
		id := start(t, w, "move")
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Failed, x.Status)
		w.Submit(w.Designer, "notes", `{"title":"allowed"}`)
		again, err := w.Engine.Retry(t.Context(), w.Access(w.Designer), id, "", "")
		require.NoError(t, err)
		w.Idle()
		x, _ = w.Execution(again)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Contains(t, counted(w), "moved <nil>")
		w.Sound()
	})
}
