package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// adds writes a note and adds one to the sum.
const adds = `{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"pass {{ loop.number }}"}}},
	{"key":"a","type":"variable","config":{"mode":"assign","target":"v","op":"increment","value":"{{ loop.number }}"}}`

func titles(w *worldtest.World) (out []string) {
	for _, n := range w.List("notes") {
		if s := fmt.Sprint(n["title"]); s != "a" {
			out = append(out, s)
		}
	}
	return out
}

func TestRetry_GoesOnInsideALoopWhereverTheProcessDies(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Steps = &worldtest.StepQueue{}
		w.Restart()
		w.Workflow(flow("main", `[{"key":"v","type":"variable","config":{"mode":"declare","type":"number","value":0}},
			{"key":"l","type":"loop","config":{"source":"count","count":3,"collect":"nodes.a"},"branches":[{"key":"body","nodes":[`+adds+`,
				{"key":"c","type":"condition","config":{"mode":"branch","when":{"all":[{"left":"{{ loop.number }}","op":"equal","right":2}]}},"branches":[{"key":"yes","nodes":[
					{"key":"x","type":"test_call","retry":{"attempts":1},"config":{"value":"{{ loop.number }}"}}]}]}]}]},
			{"key":"o","type":"output","config":{"value":"{{ nodes.v }} {{ nodes.l.items }}"}}]`))
		out.Fail(1)
		id := start(t, w, "main")
		w.StepThrough()
		x, steps := w.Execution(id)
		require.Equal(t, models.Failed, x.Status, path(steps))
		require.Equal(t, []string{"pass 1", "pass 2"}, titles(w))

		as := w.Access(w.Designer)
		again, err := w.Engine.Retry(t.Context(), as, id, "", "key-1")
		require.NoError(t, err)
		same, err := w.Engine.Retry(t.Context(), as, id, "", "key-1")
		require.NoError(t, err)
		require.Equal(t, again, same, "a repeated key starts one")
		w.StepThrough()
		x, steps = w.Execution(again)
		require.Equal(t, models.Succeeded, x.Status, path(steps)+x.Error)
		require.Equal(t, `"6 [1,3,6]"`, x.Output)
		require.Equal(t, id, x.RerunOf)
		require.Equal(t, []string{"pass 1", "pass 2", "pass 3"}, titles(w), "what was done is not done again")
		require.Len(t, out.Calls(), 2)
		require.NotEqual(t, out.Calls()[0], out.Calls()[1], "a new execution has new keys")
		carried := 0
		for _, s := range steps {
			if s.CarriedFrom != "" {
				require.Equal(t, id, s.CarriedFrom)
				carried++
			}
		}
		require.Equal(t, 7, carried, path(steps))
		old, _ := w.Execution(id)
		require.Equal(t, models.Failed, old.Status, "what has ended never changes")
		w.Sound()
	})
}

func TestRetry_FromAnEarlierStepForgetsWhatCameLater(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("main", `[{"key":"v","type":"variable","config":{"mode":"declare","type":"number","value":1}},
			{"key":"a1","type":"variable","config":{"mode":"assign","target":"v","op":"increment","value":10}},
			{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"v {{ nodes.v }}"}}},
			{"key":"w","type":"test_wait","config":{"seconds":5}},
			{"key":"a2","type":"variable","config":{"mode":"assign","target":"v","op":"increment","value":100}},
			{"key":"o","type":"output","config":{"value":"{{ nodes.v }} {{ nodes.n.title }}"}}]`))
		pass := func() {
			w.Idle()
			clock.Advance(5 * time.Second)
			w.Restart()
			w.Idle()
		}
		id := start(t, w, "main")
		pass()
		x, _ := w.Execution(id)
		require.Equal(t, `"111 v 11"`, x.Output, string(x.Status)+x.Error)
		as := w.Access(w.Designer)
		again, err := w.Engine.Retry(t.Context(), as, id, "w", "")
		require.NoError(t, err)
		pass()
		x, steps := w.Execution(again)
		require.Equal(t, models.Succeeded, x.Status, path(steps))
		require.Equal(t, `"111 v 11"`, x.Output, "the variable has the value of before")
		require.Equal(t, []string{"v 11"}, titles(w))
		third, err := w.Engine.Retry(t.Context(), as, again, "n", "")
		require.NoError(t, err)
		pass()
		x, steps = w.Execution(third)
		require.Equal(t, models.Succeeded, x.Status, path(steps)+x.Error)
		require.Equal(t, `"111 v 11"`, x.Output)
		require.Equal(t, []string{"v 11", "v 11"}, titles(w), "from the step that writes it is written again")
		require.Equal(t, id, steps[0].CarriedFrom, "it says where a step really ran")
		w.Sound()
	})
}

func TestRetry_RefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	w := notesWorld(t, modelstest.NewAt(t, clock), clock, &worldtest.Outside{})
	broken := `{"key":"k","type":"calculation","config":{"expression":"1 / (trigger.data.id - trigger.data.id)"}}`
	w.Workflow(flow("beside", `[{"key":"p","type":"parallel","config":{"branches":[{"key":"b1"},{"key":"b2"}]},"branches":[{"key":"b1","nodes":[`+broken+`]},{"key":"b2","nodes":[{"key":"w","type":"test_wait"}]}]}]`))
	w.Workflow(flow("fine", `[{"key":"l","type":"loop","config":{"source":"count","count":2},"branches":[{"key":"body","nodes":[{"key":"k","type":"calculation","config":{"expression":"1"}}]}]}]`))
	w.Workflow(flow("waits", `[{"key":"w","type":"test_wait","config":{"seconds":60}}]`))
	ids := map[string]string{}
	for _, key := range []string{"beside", "fine", "waits"} {
		ids[key] = start(t, w, key)
	}
	w.Idle()
	refused := func(as models.Access, id, from, code string) {
		t.Helper()
		_, err := w.Engine.Retry(t.Context(), as, id, from, "")
		require.Equal(t, code, models.AsError(err).Code)
	}
	as := w.Access(w.Designer)
	refused(as, ids["beside"], "", "RETRY_NOT_POSSIBLE")
	refused(as, ids["fine"], "", "RETRY_NOT_POSSIBLE")
	refused(as, ids["fine"], "k@l#1", "RETRY_NOT_POSSIBLE")
	refused(as, ids["fine"], "nothing", "RETRY_NOT_POSSIBLE")
	refused(as, ids["waits"], "w", "EXECUTION_RUNNING")
	refused(as, "unknown", "", "NOT_FOUND")
	refused(w.Access(w.Employee), ids["beside"], "", "NO_PERMISSION")
	_, err := w.Engine.Retry(t.Context(), as, ids["beside"], "p", "")
	require.NoError(t, err, "the whole of it can run again")
	w.Idle()
	w.Sound()
}
