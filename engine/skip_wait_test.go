package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

func TestSkipWait_LetsAStepGoOnBeforeItsTime(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Workflow(flow("waits", `[{"key":"l","type":"loop","config":{"source":"count","count":1},"branches":[{"key":"body","nodes":[{"key":"d","type":"delay","config":{"for":"3d"}}]}]}]`))
		id := start(t, w, "waits")
		w.Idle()
		operator := w.Access(w.Designer)
		require.True(t, models.IsKind(w.Engine.SkipWait(t.Context(), w.Access(w.Employee), id, "d@l#1"), models.KindForbidden))
		for _, place := range []string{"l", "none", "d"} {
			require.True(t, models.IsCode(w.Engine.SkipWait(t.Context(), operator, id, place), "NOTHING_TO_SKIP"), place)
		}
		require.NoError(t, w.Engine.SkipWait(t.Context(), operator, id, "d@l#1"))
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Contains(t, steps[1].Output, `"cancelled":true`)
		require.Contains(t, steps[1].Explanation, "A person ended the wait")
		require.True(t, models.IsCode(w.Engine.SkipWait(t.Context(), operator, id, "d@l#1"), "EXECUTION_ENDED"))
		w.Sound()
	})
}

func TestSkipWait_TriesAStepAgainAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		out := &worldtest.Outside{}
		w := notesWorld(t, db, clock, out)
		w.Workflow(flow("retries", `[{"key":"a","type":"test_call","retry":{"attempts":2,"first":"1h"},"config":{"value":1}}]`))
		out.Fail(1)
		id := start(t, w, "retries")
		w.Idle()
		x, _ := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status)
		clock.Advance(time.Second)
		require.NoError(t, w.Engine.SkipWait(t.Context(), w.Access(w.Designer), id, "a"))
		w.Idle()
		x, steps := w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status, x.Error)
		require.Equal(t, 2, steps[0].Attempt)
		w.Sound()
	})
}
