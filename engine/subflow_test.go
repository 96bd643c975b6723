package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// callee is a workflow that can be called with an amount.
func callee(key, nodes string, more ...string) string {
	config := `"input":[{"name":"amount","type":"integer","required":true},{"name":"note","type":"text","default":"none"}]`
	for _, m := range more {
		config += "," + m
	}
	return fmt.Sprintf(`{"key":%q,"title":%q,"type":"subworkflow","config":{%s},"nodes":%s}`, key, key, config, nodes)
}

// childrenOf lists the executions that one called, in the order of their numbers.
func childrenOf(t *testing.T, w *worldtest.World, id string) []*models.Execution {
	t.Helper()
	rows, err := w.DB.Read().Query(t.Context(), "SELECT id FROM executions WHERE parent_id = ? ORDER BY number", id)
	require.NoError(t, err)
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var one string
		require.NoError(t, rows.Scan(&one))
		ids = append(ids, one)
	}
	require.NoError(t, rows.Err())
	out := make([]*models.Execution, len(ids))
	for i, one := range ids {
		out[i], _ = w.Execution(one)
	}
	return out
}

const double = `[{"key":"w","type":"test_wait","config":{"seconds":5}},{"key":"o","type":"output","config":{"value":{"twice":"{{ trigger.input.amount * 2 }}","of":"{{ trigger.input.note }}"}}}]`

func TestSubflow_WaitsForItsChildrenWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Steps = &worldtest.StepQueue{}
		w.Restart()
		seed := rand.Uint64()
		t.Log("seed", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		width := 1 + r.IntN(3)
		w.Workflow(callee("double", double, `"output":[{"name":"twice","type":"integer","required":true},{"name":"of","type":"text"}]`))
		w.Workflow(flow("main", fmt.Sprintf(`[{"key":"l","type":"loop","config":{"source":"list","items":[3,4,5],"parallelism":%d,"collect":"nodes.c.twice"},"branches":[{"key":"body","nodes":[
			{"key":"c","type":"subflow","config":{"workflow":"double","input":{"amount":"{{ loop.item }}"}}}]}]},
			{"key":"o","type":"output","config":{"value":"{{ nodes.l.items }}"}}]`, width)))
		off := false
		_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "double", engine.WorkflowChange{Enabled: &off})
		require.NoError(t, err)

		id := start(t, w, "main")
		for range 4 {
			require.LessOrEqual(t, w.StepThrough(), 60)
			clock.Advance(5 * time.Second)
		}
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.JSONEq(t, `[6,8,10]`, x.Output, path(steps))
		children := childrenOf(t, w, id)
		require.Len(t, children, 3)
		for _, c := range children {
			require.Equal(t, models.Succeeded, c.Status)
			require.Equal(t, "double", titleOf(t, w, c))
			require.Equal(t, x.RootID, c.RootID)
			require.Equal(t, 2, c.Depth)
		}
		require.Contains(t, children[0].Output, `"of":"none"`, "defaults are filled in")
	})
}

func titleOf(t *testing.T, w *worldtest.World, x *models.Execution) string {
	t.Helper()
	f, err := models.WorkflowByID(t.Context(), w.DB.Read(), x.WorkflowID)
	require.NoError(t, err)
	return f.Title
}

func TestSubflow_SaysHowItsChildEnded(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(callee("ends", `[{"key":"e","type":"end","config":{"status":"succeeded"}},{"key":"never","type":"calculation","config":{"expression":"1 / 0"}}]`))
		w.Workflow(callee("stops", `[{"key":"e","type":"end","config":{"status":"failed","message":"Too much"}}]`))
		w.Workflow(callee("rejects", `[{"key":"e","type":"end","config":{"status":"rejected"}}]`))
		w.Workflow(callee("refuses", `[{"key":"c","type":"condition","title":"Enough?","config":{"mode":"continue","when":{"all":[{"left":"{{ trigger.input.amount }}","op":"gt","right":100}]}}}]`))
		w.Workflow(callee("breaks", `[{"key":"k","type":"calculation","title":"Divide","config":{"expression":"trigger.input.amount / 0"}}]`))
		w.Workflow(callee("promises", `[{"key":"o","type":"output","config":{"value":{"total":"many"}}}]`, `"output":[{"name":"total","type":"decimal"}]`))
		w.Workflow(callee("private", `[]`, `"callableBy":["somebody_else"]`))
		for _, c := range []struct{ workflow, input, code, says string }{
			{"ends", `{"amount":1}`, "", ""},
			{"stops", `{"amount":1}`, "CHILD_REFUSED", "Too much"},
			{"rejects", `{"amount":1}`, "CHILD_REFUSED", "rejected"},
			{"refuses", `{"amount":1}`, "CHILD_REFUSED", ""},
			{"breaks", `{"amount":1}`, "CHILD_FAILED", "Divide"},
			{"promises", `{"amount":1}`, "CHILD_FAILED", "OUTPUT_MISMATCH"},
			{"private", `{"amount":1}`, "CHILD_FAILED", "may not be called"},
			{"ends", `{"amount":"{{ trigger.data.title }}"}`, "VALIDATION_FAILED", "amount"},
			{"ends", `{"amount":"{{ nodes.none.x ?? nil }}"}`, "VALIDATION_FAILED", "amount"},
		} {
			key := "main_" + fmt.Sprint(rand.Uint32())
			definition := flow(key, fmt.Sprintf(`[{"key":"none","type":"calculation","config":{"expression":"nil"}},{"key":"c","type":"subflow","onError":"branch","config":{"workflow":%q,"input":%s},
				"branches":[{"key":"error","nodes":[{"key":"seen","type":"output","config":{"value":"{{ nodes.c.error }}"}}]}]}]`, c.workflow, c.input))
			w.Workflow(definition)
			id := start(t, w, key)
			w.Idle()
			x, steps := w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, path(steps))
			if c.code == "" {
				require.Empty(t, x.Output)
				continue
			}
			require.Contains(t, x.Output, `"code":"`+c.code+`"`, c.workflow)
			require.Contains(t, x.Output, c.says, c.workflow)
		}
		w.Sound()
	})
}

func TestSubflow_ChildrenEndWithWhoeverWaitsForThem(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(callee("slow", `[{"key":"w","type":"test_wait","config":{"seconds":60}}]`))
		w.Workflow(callee("outer", `[{"key":"c","type":"subflow","config":{"workflow":"slow","input":{"amount":1}}}]`))
		call := `{"key":"c","type":"subflow","config":{"workflow":"outer","input":{"amount":1}}}`
		w.Workflow(flow("waits", `[`+call+`]`))
		w.Workflow(flow("races", `[{"key":"p","type":"parallel","config":{"mode":"race","branches":[{"key":"b1"},{"key":"b2"}]},"branches":[{"key":"b1","nodes":[`+call+`]},{"key":"b2","nodes":[{"key":"q","type":"test_wait","config":{"seconds":1}}]}]},{"key":"z","type":"test_wait","config":{"seconds":5}}]`))
		w.Workflow(flow("stops", `[{"key":"p","type":"parallel","config":{"mode":"all","branches":[{"key":"b1"},{"key":"b2"}]},"branches":[{"key":"b1","nodes":[`+call+`]},{"key":"b2","nodes":[{"key":"q","type":"test_wait","config":{"seconds":1}},{"key":"e","type":"end","config":{}}]}]}]`))
		w.Workflow(flow("limits", `[{"key":"c","type":"subflow","config":{"workflow":"outer","input":{"amount":1},"timeout":"2s"}}]`))
		w.Workflow(flow("apart", `[{"key":"c","type":"subflow","config":{"workflow":"outer","input":{"amount":1},"wait":false}}]`))

		family := func(id string) (child, grandchild *models.Execution) {
			child = childrenOf(t, w, id)[0]
			return child, childrenOf(t, w, child.ID)[0]
		}
		cancelled := func(id, reason string) {
			t.Helper()
			child, grandchild := family(id)
			require.Equal(t, models.Cancelled, child.Status)
			require.Equal(t, reason, child.Reason)
			require.Equal(t, models.Cancelled, grandchild.Status)
			require.Equal(t, "parent_ended", grandchild.Reason)
		}
		ids := map[string]string{}
		for _, key := range []string{"waits", "races", "stops", "limits", "apart"} {
			ids[key] = start(t, w, key)
		}
		w.Idle()
		for _, key := range []string{"waits", "races", "stops", "limits"} {
			x, _ := w.Execution(ids[key])
			require.Equal(t, models.Waiting, x.Status, key)
		}
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), ids["waits"], ""))
		cancelled(ids["waits"], "parent_ended")
		w.Sound()

		clock.Advance(time.Second)
		w.Restart()
		w.Idle()
		x, _ := w.Execution(ids["races"])
		require.Equal(t, models.Waiting, x.Status, "it goes on behind the race")
		cancelled(ids["races"], "branch_decided")
		x, _ = w.Execution(ids["stops"])
		require.Equal(t, models.Succeeded, x.Status)
		cancelled(ids["stops"], "parent_ended")

		clock.Advance(time.Second)
		w.Restart()
		w.Idle()
		x, _ = w.Execution(ids["limits"])
		require.Equal(t, models.Failed, x.Status)
		require.Contains(t, x.Error, `"kind":"timeout"`)
		cancelled(ids["limits"], "branch_decided")

		x, _ = w.Execution(ids["apart"])
		require.Equal(t, models.Succeeded, x.Status)
		child, _ := family(ids["apart"])
		require.Equal(t, models.Waiting, child.Status, "nobody waits for it, so it goes on")
		clock.Advance(time.Minute)
		w.Restart()
		w.Idle()
		child, _ = family(ids["apart"])
		require.Equal(t, models.Succeeded, child.Status)
		w.Sound()
	})
}

func TestSubflow_AnswersAtOnceThroughOneThatDoes(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		inner := callee("inner", `[{"key":"c","type":"condition","config":{"mode":"continue","when":{"all":[{"left":"{{ trigger.input.amount }}","op":"gt","right":1}]}}},{"key":"o","type":"output","config":{"value":"{{ trigger.input.amount + 1 }}"}}]`)
		w.Workflow(inner[:1] + `"sync":true,` + inner[1:])
		w.Workflow(callee("background", `[]`))
		at := func(amount int) string {
			return fmt.Sprintf(`[{"key":"c","type":"subflow","config":{"workflow":"inner","input":{"amount":%d}}},{"key":"m","type":"response_message","config":{"message":"It is {{ nodes.c }}"}}]`, amount)
		}
		w.Workflow(flow("asks", at(41), `"sync":true,`))
		w.Workflow(flow("fails", at(1), `"sync":true,`))
		r := w.Submit(w.Designer, "notes", `{"title":"a"}`, "asks")
		require.Equal(t, []string{"It is 42"}, r.Messages)
		x, _ := w.Execution(r.Triggers[0].ExecutionID)
		require.Equal(t, models.Succeeded, x.Status)

		_, err := w.TrySubmit(w.Designer, "notes", `{"title":"b"}`, "fails")
		require.Equal(t, "WORKFLOW_STOPPED", models.AsError(err).Code, "what the child refuses, the parent does")

		for name, config := range map[string]string{
			"of the background": `{"workflow":"background","input":{"amount":1}}`,
			"without waiting":   `{"workflow":"inner","input":{"amount":1},"wait":false}`,
		} {
			key := "bad_" + fmt.Sprint(len(name))
			w.Draft(flow(key, `[{"key":"c","type":"subflow","config":`+config+`}]`, `"sync":true,`))
			_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), key, engine.Publish{})
			require.Equal(t, "DEFINITION_INVALID", models.AsError(err).Code, name)
			require.Equal(t, "WAITING_NODE_IN_SYNC", models.AsError(err).Fields[0].Code, name)
		}
		w.Sound()
	})
}

func TestSubflow_IsCheckedBeforePublishing(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.NewAt(t, clock)
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	w.Workflow(callee("known", `[]`))
	w.Draft(callee("unpublished", `[]`))
	w.Workflow(flow("other", `[]`))
	for config, at := range map[string]string{
		`{"workflow":"nowhere"}`:                                    "c.workflow DEFINITION_INVALID",
		`{"workflow":"unpublished"}`:                                "c.workflow DEFINITION_INVALID",
		`{"workflow":"other"}`:                                      "c.workflow DEFINITION_INVALID",
		`{"workflow":"known"}`:                                      "c.input.amount MISSING",
		`{"workflow":"known","input":{"amount":"x"}}`:               "c.input.amount DEFINITION_INVALID",
		`{"workflow":"known","input":{"amount":1,"colour":"red"}}`:  "c.input.colour DEFINITION_INVALID",
		`{"workflow":"known","input":{"amount":1},"timeout":"now"}`: "c.timeout DEFINITION_INVALID",
		`{"workflow":"known","input":{"amount":1},"version":"old"}`: "c.version DEFINITION_INVALID",
	} {
		key := "bad_" + fmt.Sprint(rand.Uint32())
		m, _ := worldtest.JSON(t, flow(key, `[{"key":"c","type":"subflow","config":`+config+`}]`)).(map[string]any)
		_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{Key: key, Title: key, Type: "post_action", Config: m["config"], Nodes: m["nodes"]})
		if err == nil { // what is only missing blocks publishing
			_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), key, engine.Publish{})
		}
		e := models.AsError(err)
		require.Len(t, e.Fields, 1, config)
		require.Equal(t, at, e.Fields[0].Field+" "+e.Fields[0].Code, config)
	}
}

func TestSubflow_ItsChildMayDoNoMoreThanItsCaller(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Collection(`{"name":"secrets","title":"Secrets","fields":[{"name":"title","type":"string"}]}`)
		w.Grant("member", models.Grant{Collection: "notes", Action: models.Create, Scope: models.ScopeAll}, models.Grant{Collection: "notes", Action: models.View, Scope: models.ScopeAll})
		writes := `[{"key":"k","type":"create_record","config":{"collection":"secrets","values":{"title":"x"}}}]`
		w.Workflow(callee("writes", writes), engine.Publish{None: true})
		w.Workflow(flow("main", `[{"key":"c","type":"subflow","config":{"workflow":"writes","input":{"amount":1}}}]`), engine.Publish{None: true})
		run := func(u models.User) *models.Execution {
			r := w.Submit(u, "notes", `{"title":"a"}`, "main")
			w.Idle()
			x, _ := w.Execution(r.Triggers[0].ExecutionID)
			return x
		}
		x := run(w.Employee)
		require.Equal(t, models.Failed, x.Status)
		require.Contains(t, x.Error, "CHILD_FAILED")
		require.Contains(t, x.Error, "NO_PERMISSION")
		require.Empty(t, w.List("secrets"))
		// The caller's own version has no grant either: not even a powerful person gets around it.
		x = run(w.Designer)
		require.Equal(t, models.Failed, x.Status)
		require.Empty(t, w.List("secrets"))
	})
}

func TestSubflow_CallingItselfIsStoppedByTheGuard(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.NewAt(t, clock)
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	w.Workflow(callee("again", `[]`))
	_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "again", engine.CommandBatch{Commands: []engine.Command{{Name: "add_node", Args: map[string]any{
		"type": "subflow", "config": map[string]any{"workflow": "again", "input": map[string]any{"amount": int64(1)}},
	}}}})
	require.NoError(t, err)
	_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "again", engine.Publish{})
	require.NoError(t, err)
	w.Workflow(flow("main", `[{"key":"c","type":"subflow","config":{"workflow":"again","input":{"amount":1}}}]`))
	id := start(t, w, "main")
	w.Idle()
	x, _ := w.Execution(id)
	require.Equal(t, models.Failed, x.Status)
	children := childrenOf(t, w, id)
	require.Len(t, children, 1)
	require.Contains(t, children[0].Error, "recursion_guard")
	require.Contains(t, children[0].Error, "may occur 1 time(s) in one chain", "the failure names the limit")
	var said string
	require.NoError(t, w.DB.Read().QueryRow(t.Context(), "SELECT explanation FROM trigger_log WHERE workflow_key = 'again' AND reason = 'recursion_guard'").Scan(&said))
	require.Contains(t, said, "may occur 1 time(s) in one chain", "so does the trigger log, although the step that asked has failed")
	require.Empty(t, childrenOf(t, w, children[0].ID))
	w.Sound()
}

func TestSubflow_CanBeExecutedByHandAndSaysWhoCallsIt(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.NewAt(t, clock)
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	w.Workflow(callee("adds", `[{"key":"o","type":"output","config":{"value":"{{ trigger.input.amount + 1 }}"}}]`))
	w.Workflow(flow("main", `[{"key":"c","type":"subflow","config":{"workflow":"adds","input":{"amount":1}}}]`))
	w.Draft(flow("later", `[{"key":"x","type":"subflow","config":{"workflow":"adds","input":{"amount":1}}}]`))
	callers, err := w.Engine.Callers(t.Context(), "adds")
	require.NoError(t, err)
	require.Len(t, callers, 2)
	require.Equal(t, "later", callers[0].Workflow.Key)
	require.False(t, callers[0].Live)
	require.Equal(t, "main", callers[1].Workflow.Key)
	require.True(t, callers[1].Live)
	require.Equal(t, []string{"c"}, callers[1].Steps)

	callable, err := w.Engine.Callable(t.Context(), "main")
	require.NoError(t, err)
	require.Len(t, callable, 1)

	_, err = w.Engine.Execute(t.Context(), w.Access(w.Designer), "adds", engine.Execute{Input: map[string]any{"input": map[string]any{"amount": "x"}}})
	require.Equal(t, "input.amount", models.AsError(err).Fields[0].Field)
	out, err := w.Engine.Execute(t.Context(), w.Access(w.Designer), "adds", engine.Execute{Input: map[string]any{"input": map[string]any{"amount": int64(41)}}, Wait: 10 * time.Second})
	require.NoError(t, err)
	x, _ := w.Execution(out.ID)
	require.Equal(t, "42", x.Output)
}
