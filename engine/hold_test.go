package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// restored makes the world one that came out of a backup just now.
func restored(t *testing.T, w *worldtest.World) {
	t.Helper()
	w.Stop()
	require.NoError(t, w.DB.Write(t.Context(), "test.restored", func(tx *models.Tx) error {
		return tx.SetMeta(t.Context(), models.RestoredAt, w.DB.Now().Format(time.RFC3339))
	}))
	w.Restart()
}

func TestHold_NothingLeavesUntilAnAdministratorReleases(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		v := receive(t, answers(503, 200))
		w := httpWorld(t, db, clock, v)
		w.Workflow(calling(v, `,"idempotent":"yes"`, ""))
		w.Workflow(flow("both", `[{"key":"p","type":"parallel","config":{},"branches":[
			{"key":"b1","nodes":[{"key":"a","type":"http_request","config":{"url":"`+v.URL+`/both","idempotent":"yes"}}]},
			{"key":"b2","nodes":[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"beside"}}}]}]}]`))
		retried := start(t, w, "call") // its second attempt is due in the restored installation
		w.Idle()
		keys, _ := v.calls()
		require.Len(t, keys, 1)

		restored(t, w)
		require.Equal(t, w.DB.Now().Truncate(time.Second), w.Engine.Held())
		fresh, both := start(t, w, "call"), start(t, w, "both")
		later(w, time.Hour) // restarts: what is held stays held
		for _, id := range []string{retried, fresh, both} {
			x, steps := w.Execution(id)
			require.Equal(t, models.Waiting, x.Status, x.Error)
			said := false
			for _, s := range steps {
				said = said || s.Explanation == "Held: this installation was restored from a backup. Nothing is sent until an administrator releases it."
			}
			require.True(t, said, "the step says why it waits: %v", path(steps))
		}
		require.Len(t, w.List("notes"), 4, "what stays inside goes on: three starts, and a note beside a call that is held")
		n, err := models.HeldExecutions(t.Context(), db.Read())
		require.NoError(t, err)
		require.Equal(t, 3, n)
		keys, _ = v.calls()
		require.Len(t, keys, 1, "nothing was sent")
		w.Sound()

		require.True(t, models.IsCode(w.Engine.Release(t.Context(), w.Access(w.Manager)), "NO_PERMISSION"))
		require.False(t, w.Engine.Held().IsZero())
		require.NoError(t, w.Engine.Release(t.Context(), w.Access(w.Designer)))
		require.True(t, w.Engine.Held().IsZero())
		w.Idle()
		for _, id := range []string{retried, fresh, both} {
			x, steps := w.Execution(id)
			require.Equal(t, models.Succeeded, x.Status, path(steps)+x.Error)
			for _, s := range steps {
				require.NotContains(t, s.Explanation, "Held", s.Node)
			}
		}
		keys, _ = v.calls()
		require.Len(t, keys, 4, "each once")
		require.Contains(t, keys[1:], keys[0], "the repeated attempt carries its key")
		log, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "instance.release"})
		require.NoError(t, err)
		require.Len(t, log, 1)
		require.True(t, models.IsCode(w.Engine.Release(t.Context(), w.Access(w.Designer)), "NOT_HELD"))
		w.Sound()
	})
}

func TestHold_AStepThatIsHeldWhileOthersReleaseIsDueAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		held := func(id string) models.Wakeup {
			w := models.HeldWakeup(id, "step")
			require.NoError(t, db.Write(t.Context(), "test.held", func(tx *models.Tx) error { return models.InsertWakeup(t.Context(), tx, &w) }))
			return w
		}
		require.Equal(t, models.At(clock.Now()), held("a").DueAt, "nothing is held")
		breakIt(t, db, "INSERT INTO meta (name, value) VALUES ('restored_at', 'some day')")
		require.Greater(t, held("b").DueAt, models.At(clock.Now().AddDate(1000, 0, 0)))
		since, err := db.RestoredSince(t.Context())
		require.NoError(t, err)
		require.False(t, since.IsZero(), "what cannot be read lets nothing out")
	})
}

func TestHold_NobodyIsLetWaitOnAPage(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	v := receive(t, answers(200))
	w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
	w.Workflow(flow("call", `[{"key":"a","type":"http_request","config":{"url":"`+v.URL+`","method":"GET"}}]`, `"sync":true,`))
	restored(t, w)
	r, err := w.TrySubmit(w.Designer, "notes", `{"title":"a"}`, "call")
	require.Error(t, err)
	x, steps := w.Execution(r.Triggers[0].ExecutionID)
	require.Equal(t, models.Failed, x.Status)
	require.Contains(t, x.Error, `"INSTANCE_HELD"`)
	require.Equal(t, 1, steps[0].Attempt)
	keys, _ := v.calls()
	require.Empty(t, keys)
	w.Sound()
}

func TestHold_TimeStandsStill(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	v := receive(t, func(int, http.ResponseWriter, *http.Request) {})
	w := httpWorld(t, modelstest.NewAt(t, clock), clock, v)
	w.Workflow(flow("pause", `[{"key":"d","type":"delay","config":{"for":"2h"}}]`))
	w.Workflow(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":{"startsOn":"2026-11-22T10:00","repeat":{"every":"1h"},"misfire":"latest"},"nodes":[]}`)
	limited := w.Workflow(flow("limited", `[{"key":"d","type":"delay","config":{"for":"30d"}}]`))
	_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), limited.Key,
		engine.WorkflowChange{Options: &models.WorkflowOptions{Timeout: "3h"}})
	require.NoError(t, err)
	paused, ended := start(t, w, "pause"), start(t, w, "limited")
	w.Idle()

	restored(t, w)
	later(w, 5*time.Hour)
	require.NoError(t, w.Engine.FireSlots(t.Context()))
	list, err := models.Executions(t.Context(), w.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, list, 2, "no slot was fired")
	for _, id := range []string{paused, ended} {
		x, _ := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status)
	}
	w.Sound() // a timer that is held is no defect

	require.NoError(t, w.Engine.Release(t.Context(), w.Access(w.Designer)))
	w.Idle()
	require.NoError(t, w.Engine.FireSlots(t.Context()))
	w.Idle()
	x, _ := w.Execution(paused)
	require.Equal(t, models.Succeeded, x.Status)
	list, err = models.Executions(t.Context(), w.DB.Read(), models.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, list, 3, "the misfire policy decides what was missed: one slot")
	w.Sound()
}
