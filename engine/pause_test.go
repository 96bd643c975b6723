package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// paused makes a workflow that is paused and has kept two executions of one note and one
// of another.
func paused(t *testing.T, w *worldtest.World) (ids []string) {
	t.Helper()
	w.Workflow(flow("later", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`))
	require.NoError(t, w.Engine.Pause(t.Context(), w.Access(w.Designer), "later"))
	for i := range 2 {
		ids = append(ids, start(t, w, "later"))
		if i == 0 { // the first note again
			done, err := w.Engine.Execute(t.Context(), w.Access(w.Designer), "later", engine.Execute{Input: map[string]any{"filterByTk": "1"}})
			require.NoError(t, err)
			ids = append(ids, done.ID)
		}
	}
	w.Restart()
	w.Idle()
	for _, s := range states(w, ids...) {
		require.Equal(t, models.Queued, s)
	}
	w.Sound()
	return ids
}

func TestPause_KeepsStartsUntilSomebodyDecides(t *testing.T) {
	t.Parallel()
	for kept, want := range map[engine.Kept][]models.Status{
		engine.StartAll:    {models.Succeeded, models.Succeeded, models.Succeeded},
		engine.StartNewest: {models.Cancelled, models.Succeeded, models.Succeeded},
		engine.DropKept:    {models.Cancelled, models.Cancelled, models.Cancelled},
	} {
		t.Run(string(kept), func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				w := notesWorld(t, db, clock, &worldtest.Outside{})
				ids := paused(t, w)
				x, _ := w.Execution(ids[0])
				why, err := w.Engine.WhyHeld(t.Context(), x)
				require.NoError(t, err)
				require.Equal(t, "Waits: the workflow is paused", why)
				require.True(t, models.IsKind(w.Engine.Resume(t.Context(), w.Access(w.Employee), "later", kept), models.KindForbidden))
				require.NoError(t, w.Engine.Resume(t.Context(), w.Access(w.Designer), "later", kept))
				w.Restart() // what is to be dropped is a row, not memory
				settle(t, w)
				require.Equal(t, want, states(w, ids...))
				require.True(t, models.IsCode(w.Engine.Resume(t.Context(), w.Access(w.Designer), "later", kept), "NOT_PAUSED"))
				var said string
				require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT reason FROM audit_log WHERE action = 'workflow.resume'").Scan(&said))
				require.Equal(t, string(kept)+" of 3 kept", said)
				w.Sound()
			})
		})
	}
}

func TestPause_StopsWhatWasQueuedAndHasNotBegun(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Steps = &worldtest.StepQueue{}
		w.Restart()
		w.Workflow(flow("later", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`))
		ids := []string{start(t, w, "later"), start(t, w, "later")}
		require.NoError(t, w.Engine.Pause(t.Context(), w.Access(w.Designer), "later"))
		w.StepThrough()
		require.Equal(t, []models.Status{models.Queued, models.Queued}, states(w, ids...))
		require.NoError(t, w.Engine.Resume(t.Context(), w.Access(w.Designer), "later", engine.StartAll))
		settleSteps(t, w)
		require.Equal(t, []models.Status{models.Succeeded, models.Succeeded}, states(w, ids...))
		w.Sound()
	})
}

// settleSteps is settle for a world that delivers step by step.
func settleSteps(t *testing.T, w *worldtest.World) {
	t.Helper()
	_, err := w.Engine.LookAtGates(t.Context())
	require.NoError(t, err)
	w.StepThrough()
}

func TestPauseAll_KeepsEverything(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("one", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`))
		w.Workflow(flow("answers", `[{"key":"m","type":"response_message","config":{"message":"Done"}}]`, `"sync":true,`))
		require.NoError(t, w.Engine.PauseAll(t.Context(), w.Access(w.Designer), true))
		var ids []string
		for range 150 {
			ids = append(ids, start(t, w, "one"))
		}
		r := w.Submit(w.Designer, "notes", `{"title":"a"}`, "answers")
		require.Equal(t, []string{"answers paused"}, outcomes(r.Triggers))
		w.Restart()
		w.Idle()
		require.NotContains(t, states(w, ids...), models.Succeeded)
		w.Sound()
		require.NoError(t, w.Engine.PauseAll(t.Context(), w.Access(w.Designer), false))
		settle(t, w)
		for _, s := range states(w, ids...) {
			require.Equal(t, models.Succeeded, s)
		}
		w.Sound()
	})
}

func TestStormGuard_PausesWhatItsOwnChainStartsTooOften(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(`{"key":"loop","title":"Loop","type":"subworkflow","config":{},"nodes":[]}`)
		_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), "loop", engine.CommandBatch{Commands: []engine.Command{
			{Name: "add_node", Args: map[string]any{"type": "subflow", "key": "s", "config": map[string]any{"workflow": "loop"}}},
		}})
		require.NoError(t, err)
		_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), "loop", engine.Publish{})
		require.NoError(t, err)
		_, err = w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "loop", engine.WorkflowChange{Options: &models.WorkflowOptions{ReentryLimit: 20}})
		require.NoError(t, err)
		require.NoError(t, w.Engine.SetLimits(t.Context(), w.Access(w.Designer), engine.Limits{StormTen: 10}))
		var state models.Pause
		for range 10 {
			_, err := w.Engine.Execute(t.Context(), w.Access(w.Designer), "loop", engine.Execute{Input: map[string]any{"input": map[string]any{}}})
			require.NoError(t, err)
			w.Idle()
			g, err := models.GateOf(t.Context(), db.Read(), workflowID(t, w, "loop"))
			require.NoError(t, err)
			state = g.Pause
			if state.On() {
				break
			}
		}
		require.True(t, state.On(), "it started itself again and again")
		storm, ok := engine.StormOf(state)
		require.True(t, ok)
		require.Equal(t, 10, storm.Count)
		require.Contains(t, w.Engine.StormChain(t.Context(), storm), "Loop → Loop")
		told, err := models.Notifications(t.Context(), db.Read(), w.Designer.ID, 10)
		require.NoError(t, err)
		require.Equal(t, "storm", told[0].Kind)
		w.Sound()
		require.NoError(t, w.Engine.Resume(t.Context(), w.Access(w.Designer), "loop", engine.DropKept))
		settle(t, w)
		w.Sound()
	})
}

func workflowID(t *testing.T, w *worldtest.World, key string) int64 {
	t.Helper()
	one, err := models.WorkflowByKey(t.Context(), w.DB.Read(), key)
	require.NoError(t, err)
	return one.ID
}
