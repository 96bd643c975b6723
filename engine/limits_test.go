package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// limited makes a workflow of notes with limits.
func limited(t *testing.T, w *worldtest.World, definition string, o models.WorkflowOptions) *models.Workflow {
	t.Helper()
	made := w.Workflow(definition)
	made, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), made.Key, engine.WorkflowChange{Options: &o})
	require.NoError(t, err)
	return made
}

// settle looks at the gates and lets everything run that is due.
func settle(t *testing.T, w *worldtest.World) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = w.Engine.LookAtGates(t.Context())
		require.NoError(t, err)
		w.Idle()
	}
}

// afterwards moves the clock and lets everything run that is due then.
func afterwards(t *testing.T, w *worldtest.World, d time.Duration) {
	t.Helper()
	w.Clock().Advance(d)
	w.Restart()
	w.Idle()
	settle(t, w)
}

// states lists the statuses of executions.
func states(w *worldtest.World, list ...string) []models.Status {
	out := make([]models.Status, len(list))
	for i, id := range list {
		x, _ := w.Execution(id)
		out[i] = x.Status
	}
	return out
}

const waitsFive = `[{"key":"w","type":"test_wait","config":{"seconds":5}}]`

func TestConcurrency_HoldsBackAndSaysWhy(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		limited(t, w, flow("two", waitsFive), models.WorkflowOptions{Concurrency: 2})
		var ids []string
		for range 5 {
			ids = append(ids, start(t, w, "two"))
		}
		w.Idle()
		require.Equal(t, []models.Status{models.Waiting, models.Waiting, models.Queued, models.Queued, models.Queued}, states(w, ids...))
		x, _ := w.Execution(ids[4])
		why, err := w.Engine.WhyHeld(t.Context(), x)
		require.NoError(t, err)
		require.Equal(t, "Waits: at most 2 at a time; before it: 2", why)
		w.Sound()

		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), ids[0], ""))
		w.Idle()
		require.Equal(t, models.Waiting, states(w, ids[2])[0], "a cancelled one frees its place")
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), ids[3], ""))
		w.Idle()
		require.Equal(t, models.Queued, states(w, ids[4])[0], "one that was held had no place")
		w.Sound()

		afterwards(t, w, 6*time.Second)
		afterwards(t, w, 6*time.Second)
		require.Equal(t, []models.Status{models.Cancelled, models.Succeeded, models.Succeeded, models.Cancelled, models.Succeeded}, states(w, ids...))
		g, err := models.GateOf(t.Context(), db.Read(), x.WorkflowID)
		require.NoError(t, err)
		require.Zero(t, g.Given+g.Kept)
		w.Sound()
	})
}

func TestConcurrency_RaisedOrRemovedLimitsLetGoAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		limited(t, w, flow("one", waitsFive), models.WorkflowOptions{Concurrency: 1})
		var ids []string
		for range 250 {
			ids = append(ids, start(t, w, "one"))
		}
		w.Idle()
		change := func(o models.WorkflowOptions) {
			_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "one", engine.WorkflowChange{Options: &o})
			require.NoError(t, err)
			settle(t, w)
		}
		change(models.WorkflowOptions{Concurrency: 3})
		require.Equal(t, []models.Status{models.Waiting, models.Waiting, models.Waiting, models.Queued}, states(w, ids[:4]...))
		change(models.WorkflowOptions{})
		require.NotContains(t, states(w, ids...), models.Queued)
		w.Sound()
	})
}

// TestLimits_HoldWhateverHappens starts executions at random, kills the engine between any
// two commits and looks after each: never more than allowed have begun, and those of one
// key go in the order in which they came.
func TestLimits_HoldWhateverHappens(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 1))
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		o := models.WorkflowOptions{Concurrency: 1 + random.IntN(4), OrderKey: "trigger.data.count"}
		if random.IntN(2) == 0 {
			o.Rate = &models.Rate{Count: 1 + random.IntN(3), Per: "2s"}
		}
		made := limited(t, w, flow("some", `[{"key":"a","type":"calculation","config":{"expression":"1"}},{"key":"w","type":"test_wait","config":{"seconds":1}},
		  {"key":"u","type":"update_record","config":{"collection":"notes","filter":{"id":{"$eq":"{{ trigger.data.id }}"}},"values":{"title":"done"}}}]`), o)
		w.Steps = &worldtest.StepQueue{}
		w.Restart()
		var ids []string
		for range 120 {
			switch n := random.IntN(10); {
			case n < 3 && len(ids) < 25:
				r := w.Submit(w.Designer, "notes", fmt.Sprintf(`{"title":"a","count":%d}`, random.IntN(4)), "some")
				ids = append(ids, r.Triggers[0].ExecutionID)
			case n < 4 && len(ids) > 0:
				err := w.Engine.Cancel(t.Context(), w.Access(w.Designer), ids[random.IntN(len(ids))], "")
				require.True(t, err == nil || models.IsCode(err, "EXECUTION_ENDED"), err)
			case n < 5:
				clock.Advance(time.Duration(random.IntN(1500)) * time.Millisecond)
			case n < 6:
				_, err := w.Engine.LookAtGates(t.Context())
				require.NoError(t, err)
			default:
				_, err := w.Steps.Next()
				require.NoError(t, err)
			}
			if random.IntN(3) == 0 {
				w.Restart()
			}
			keeps(t, w, made.ID, o)
		}
		for range 200 { // nothing is stuck
			clock.Advance(time.Second)
			_, err := w.Engine.LookAtGates(t.Context())
			require.NoError(t, err)
			w.StepThrough()
			keeps(t, w, made.ID, o)
		}
		for _, s := range states(w, ids...) {
			require.Contains(t, []models.Status{models.Succeeded, models.Cancelled}, s)
		}
	})
}

// keeps checks what limits promise, from the rows of executions alone.
func keeps(t *testing.T, w *worldtest.World, workflow int64, o models.WorkflowOptions) {
	t.Helper()
	w.Sound()
	list, err := models.Executions(t.Context(), w.DB.Read(), models.ExecutionFilter{WorkflowID: workflow, Limit: 500})
	require.NoError(t, err)
	slices.Reverse(list) // in the order of their starts
	begun, last := 0, map[string]*models.Execution{}
	var starts []models.Millis
	for _, row := range list {
		x, _ := w.Execution(row.ID)
		if x.StartedAt == 0 || x.Status == models.Cancelled && x.StepCount == 0 {
			continue // it never began
		}
		if x.Status.Live() {
			begun++
		}
		starts = append(starts, x.StartedAt)
		data, ok := worldtest.JSON(t, x.Trigger).(map[string]any)["data"].(map[string]any)
		require.True(t, ok)
		key := fmt.Sprint(data["count"])
		if before := last[key]; before != nil {
			require.True(t, before.Status.Final() && before.EndedAt <= x.StartedAt, "#%d began before #%d of the same key had ended", x.Number, before.Number)
		}
		last[key] = x
	}
	require.LessOrEqual(t, begun, o.Concurrency, "more than allowed have begun")
	if o.Rate == nil {
		return
	}
	// Permits keep the rate; what has one may begin a little later. So by any time no more
	// have begun than the rate had permits for until then.
	slices.Sort(starts)
	for i, at := range starts {
		permits := o.Rate.Count * (1 + int((at-list[0].CreatedAt)/2000))
		require.Less(t, i, permits, "more than the rate allows")
	}
}

func TestConcurrency_HoldsForSeveralProcesses(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, models.ClockFunc(time.Now), out)
		made := limited(t, w, flow("calls", `[{"key":"c","type":"test_call"}]`), models.WorkflowOptions{Concurrency: 3})
		release := out.Hang()
		var ids []string
		for range 12 {
			ids = append(ids, start(t, w, "calls"))
		}
		require.Eventually(t, func() bool { return len(out.Calls()) >= 3 }, 10*time.Second, 5*time.Millisecond)
		w.Sound()
		g, err := models.GateOf(t.Context(), db.Read(), made.ID)
		require.NoError(t, err)
		require.EqualValues(t, 3, g.Given)
		require.EqualValues(t, 9, g.Kept)
		require.Len(t, out.Calls(), 3)
		release()
		w.Idle()
		for _, s := range states(w, ids...) {
			require.Equal(t, models.Succeeded, s)
		}
		require.Len(t, out.Calls(), 12)
		w.Sound()
	})
}

func TestRate_DelaysLaterStarts(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		limited(t, w, flow("slow", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`), models.WorkflowOptions{Rate: &models.Rate{Count: 2, Per: "1m"}})
		var ids []string
		for range 5 {
			ids = append(ids, start(t, w, "slow"))
			clock.Advance(time.Second)
		}
		w.Idle()
		done := func(n int) {
			t.Helper()
			for i, s := range states(w, ids...) {
				require.Equal(t, i < n, s == models.Succeeded, "%d: %s", i, s)
			}
			w.Sound()
		}
		done(2)
		x, _ := w.Execution(ids[4])
		why, err := w.Engine.WhyHeld(t.Context(), x)
		require.NoError(t, err)
		require.Contains(t, why, "at most 2 starts in 1m, the next one at ")
		require.Contains(t, why, "before it: 2")
		afterwards(t, w, 54*time.Second)
		done(2)
		afterwards(t, w, time.Second)
		done(3)
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), ids[3], ""), "one that was held gives its turn to the next")
		afterwards(t, w, time.Second)
		require.Equal(t, models.Succeeded, states(w, ids[4])[0])
	})
}

func TestDebounce_StartsOnceWithWhatCameLast(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		limited(t, w, flow("once", `[{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"seen {{ trigger.data.title }}"}}}]`),
			models.WorkflowOptions{Debounce: &models.Debounce{Wait: "10s", Key: "trigger.data.count", AtMost: "25s"}})
		var first string
		for i := range 3 {
			r := w.Submit(w.Designer, "notes", fmt.Sprintf(`{"title":"t%d","count":7}`, i), "once")
			require.Equal(t, []string{[]string{"once started", "once debounced", "once debounced"}[i]}, outcomes(r.Triggers))
			if i == 0 {
				first = r.Triggers[0].ExecutionID
			}
			afterwards(t, w, 9*time.Second)
			w.Sound()
		}
		other := w.Submit(w.Designer, "notes", `{"title":"other","count":8}`, "once").Triggers[0].ExecutionID
		require.Equal(t, models.Succeeded, states(w, first)[0], "27 seconds are more than 25")
		x, _ := w.Execution(first)
		require.Contains(t, x.Trigger, `"title":"t2"`)
		afterwards(t, w, 10*time.Second)
		require.Equal(t, models.Succeeded, states(w, other)[0])
		require.Len(t, w.List("notes"), 6)
		w.Sound()
	})
}

func TestSynchronous_WaitsASecondForAPermit(t *testing.T) {
	t.Parallel()
	out := &worldtest.Outside{}
	w := notesWorld(t, modelstest.New(t), models.ClockFunc(time.Now), out)
	limited(t, w, flow("answers", `[{"key":"c","type":"test_call"},{"key":"m","type":"response_message","config":{"message":"Done"}}]`, `"sync":true,`), models.WorkflowOptions{Concurrency: 1})
	release := out.Hang()
	first := make(chan error, 1)
	go func() {
		_, err := w.TrySubmit(w.Designer, "notes", `{"title":"a"}`, "answers")
		first <- err
	}()
	require.Eventually(t, func() bool { return len(out.Calls()) == 1 }, 5*time.Second, 2*time.Millisecond)
	began := time.Now()
	r, err := w.TrySubmit(w.Designer, "notes", `{"title":"b"}`, "answers")
	require.NoError(t, err, "the data is saved, and that is what was asked for")
	require.Equal(t, []string{"answers queue_full"}, outcomes(r.Triggers))
	require.InDelta(t, 1, time.Since(began).Seconds(), 0.9)
	x, _ := w.Execution(r.Triggers[0].ExecutionID)
	require.Equal(t, models.Cancelled, x.Status)
	release()
	require.NoError(t, <-first)
	r = w.Submit(w.Designer, "notes", `{"title":"c"}`, "answers")
	require.Equal(t, []string{"Done"}, r.Messages)
	w.Sound()
}

func TestQueueFull_RefusesAndSaysSo(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		limited(t, w, flow("one", waitsFive), models.WorkflowOptions{Concurrency: 1})
		require.NoError(t, w.Engine.SetLimits(t.Context(), w.Access(w.Designer), engine.Limits{QueueRoom: 3}))
		for range 4 {
			start(t, w, "one")
		}
		r := w.Submit(w.Designer, "notes", `{"title":"a"}`, "one")
		require.Equal(t, []string{"one queue_full"}, outcomes(r.Triggers))
		require.Len(t, w.List("notes"), 5, "the data is saved")
		_, err := w.Engine.Execute(t.Context(), w.Access(w.Designer), "one", engine.Execute{Input: map[string]any{"filterByTk": "1"}})
		require.True(t, models.IsCode(err, "OVERLOADED"), err)
		w.Sound()
	})
}

func TestLimits_CalledWorkflowsNeverWaitForTheirCallers(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		for _, key := range []string{"left", "right"} {
			w.Workflow(fmt.Sprintf(`{"key":%q,"title":%q,"type":"subworkflow","config":{},"nodes":[{"key":"w","type":"test_wait"}]}`, key, key))
		}
		for key, calls := range map[string]string{"left": "right", "right": "left"} {
			_, err := w.Engine.Commands(t.Context(), w.Access(w.Designer), key, engine.CommandBatch{Commands: []engine.Command{
				{Name: "add_node", Args: map[string]any{"type": "subflow", "key": "s", "config": map[string]any{"workflow": calls}}},
			}})
			require.NoError(t, err)
			_, err = w.Engine.Publish(t.Context(), w.Access(w.Designer), key, engine.Publish{})
			require.NoError(t, err)
			_, err = w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), key, engine.WorkflowChange{Options: &models.WorkflowOptions{Concurrency: 1}})
			require.NoError(t, err)
		}
		var ids []string
		for _, key := range []string{"left", "right"} {
			done, err := w.Engine.Execute(t.Context(), w.Access(w.Designer), key, engine.Execute{Input: map[string]any{"input": map[string]any{}}})
			require.NoError(t, err)
			ids = append(ids, done.ID)
		}
		w.Idle()
		require.Equal(t, []models.Status{models.Waiting, models.Waiting}, states(w, ids...))
		for range 4 {
			afterwards(t, w, 2*time.Second)
			w.Sound()
		}
		for _, s := range states(w, ids...) {
			require.True(t, s.Final(), "each has the only place of its workflow and calls the other: %s", s)
		}
	})
}

func TestSecond_ProcessSharesTheLimit(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		w := notesWorld(t, db, models.ClockFunc(time.Now), &worldtest.Outside{})
		limited(t, w, flow("one", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`), models.WorkflowOptions{Concurrency: 1, OrderKey: "trigger.data.count"})
		other := w.Second()
		var ids []string
		for range 30 {
			ids = append(ids, start(t, w, "one"))
			_, err := other.LookAtGates(context.WithoutCancel(t.Context()))
			require.NoError(t, err)
		}
		w.Idle()
		for _, s := range states(w, ids...) {
			require.Equal(t, models.Succeeded, s)
		}
		w.Sound()
	})
}
