package engine_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// finished waits until an operation has ended or paused.
func finished(t *testing.T, w *worldtest.World, id string) *models.Operation {
	t.Helper()
	sub := w.Engine.Live().Subscribe("operations")
	defer sub.Close()
	for {
		o, err := models.OperationByID(t.Context(), w.DB.Read(), id)
		require.NoError(t, err)
		if o.Ended() || o.State == models.Paused {
			return o
		}
		select {
		case <-sub.Wake():
		case <-time.After(time.Second):
		case <-t.Context().Done():
			require.Fail(t, "the operation does not end")
		}
	}
}

func designer(w *worldtest.World, t *testing.T) models.Access {
	t.Helper()
	access, err := w.DB.AccessOf(t.Context(), models.Person(w.Designer.ID, ""))
	require.NoError(t, err)
	return access
}

func TestBulk_CancelsWhatMatchesAndNothingElse(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, nil)
		for _, key := range []string{"mine", "other"} {
			w.Workflow(flow(key, `[{"key":"a","type":"delay","config":{"for":"1h"}}]`))
		}
		for range 30 {
			start(t, w, "mine")
		}
		spared := start(t, w, "other")
		w.Idle()
		mine, err := models.WorkflowByKey(t.Context(), db.Read(), "mine")
		require.NoError(t, err)
		b := engine.Bulk{Kind: engine.BulkCancel, Filter: models.ExecutionFilter{WorkflowID: mine.ID}, Reason: "duplicate"}
		count, sample, err := w.Engine.Matching(t.Context(), designer(w, t), b, 3)
		require.NoError(t, err)
		require.Equal(t, int64(30), count)
		require.Len(t, sample, 3)
		jun, err := db.AccessOf(t.Context(), models.Person(w.Employee.ID, ""))
		require.NoError(t, err)
		_, _, err = w.Engine.Matching(t.Context(), jun, b, 3)
		require.True(t, models.IsKind(err, models.KindForbidden), "who may not see them may not count them")

		o, err := w.Engine.StartBulk(t.Context(), designer(w, t), b)
		require.NoError(t, err)
		late := start(t, w, "mine")
		o = finished(t, w, o.ID)
		require.Equal(t, models.Done, o.State, o.Result)
		require.Equal(t, [3]int64{30, 0, 0}, [3]int64{o.Done, o.Skipped, o.Failed})
		w.Idle()
		for _, id := range []string{spared, late} {
			x, _ := w.Execution(id)
			require.Equal(t, models.Waiting, x.Status)
		}
		cancelled, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{Statuses: []models.Status{models.Cancelled}, Limit: 100})
		require.NoError(t, err)
		require.Len(t, cancelled, 30)
		require.Equal(t, "duplicate", cancelled[0].Reason)
		_, err = w.Engine.StartBulk(t.Context(), designer(w, t), engine.Bulk{Kind: engine.BulkCancel, Filter: models.ExecutionFilter{IDs: []string{cancelled[0].ID}}})
		require.True(t, models.IsCode(err, "NOTHING_MATCHES"), "%v", err)
		w.Sound()
	})
}

func TestBulk_GoesOnAfterADeathWithoutDoublingAnything(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, nil)
		w.Workflow(flow("broken", `[{"key":"a","type":"calculation","config":{"expression":"1 / 0"}}]`))
		const many = 60
		ids := map[string]bool{}
		for range many {
			ids[start(t, w, "broken")] = true
		}
		w.Idle()
		access := designer(w, t)
		o, err := w.Engine.StartBulk(t.Context(), access, engine.Bulk{Kind: engine.BulkRetry, Filter: models.ExecutionFilter{}})
		require.NoError(t, err)
		for range 4 { // the server is stopped at any moment
			sub := w.Engine.Live().Subscribe("operations", "executions")
			for range rand.IntN(25) {
				select {
				case <-sub.Wake():
				case <-time.After(50 * time.Millisecond):
				}
			}
			sub.Close()
			w.Restart()
		}
		o = finished(t, w, o.ID)
		w.Idle()
		require.Equal(t, models.Done, o.State, o.Result)
		require.Equal(t, [3]int64{many, 0, 0}, [3]int64{o.Done, o.Skipped, o.Failed})
		all, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{Limit: 1000})
		require.NoError(t, err)
		again := map[string]int{}
		for _, x := range all {
			if x.RerunOf != "" {
				again[x.RerunOf]++
			}
		}
		require.Len(t, again, many)
		for id, n := range again {
			require.True(t, ids[id])
			require.Equal(t, 1, n, "once for each")
		}
		outcomes, err := models.OutcomesOf(t.Context(), db.Read(), o.ID, "", 1000)
		require.NoError(t, err)
		require.Len(t, outcomes, many)
		w.Sound()
	})
}

func TestBulk_PausesStopsAndRemoves(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, nil)
		w.Workflow(flow("fine", `[{"key":"a","type":"calculation","config":{"expression":"1 + 1"}}]`))
		for range 30 {
			start(t, w, "fine")
		}
		w.Idle()
		ctx, access := t.Context(), designer(w, t)
		slow, err := w.Engine.StartBulk(ctx, access, engine.Bulk{Kind: engine.BulkRerun, Rate: 1})
		require.NoError(t, err)
		require.NoError(t, w.Engine.ChangeOperation(ctx, access, slow.ID, models.WantPause))
		w.Restart() // it waits for its rate; what was wanted is seen by the next holder
		o := finished(t, w, slow.ID)
		require.Equal(t, models.Paused, o.State)
		behind := o.Behind()
		require.Less(t, behind, int64(30))
		require.NoError(t, w.Engine.ChangeOperation(ctx, access, slow.ID, models.WantCancel))
		sub := w.Engine.Live().Subscribe("operations")
		for o.State == models.Paused || o.State == models.Queued || o.State == models.Running {
			select {
			case <-sub.Wake():
			case <-time.After(time.Second):
			}
			o, err = models.OperationByID(ctx, db.Read(), slow.ID)
			require.NoError(t, err)
		}
		sub.Close()
		require.Equal(t, models.Cancelled, o.State)
		require.Equal(t, behind, o.Behind())
		require.True(t, models.IsCode(w.Engine.ChangeOperation(ctx, access, slow.ID, ""), "OPERATION_ENDED"))

		held, err := models.Executions(ctx, db.Read(), models.ExecutionFilter{Limit: 1})
		require.NoError(t, err)
		require.NoError(t, w.Engine.KeepExecution(ctx, access, held[0].ID, true))
		gone, err := w.Engine.StartBulk(ctx, access, engine.Bulk{Kind: engine.BulkRemove})
		require.NoError(t, err)
		o = finished(t, w, gone.ID)
		require.Equal(t, models.Done, o.State, o.Result)
		require.NotZero(t, o.Done)
		left, err := models.Executions(ctx, db.Read(), models.ExecutionFilter{Limit: 100})
		require.NoError(t, err)
		require.Equal(t, o.Total-o.Done, int64(len(left)))
		w.Sound()
	})
}
