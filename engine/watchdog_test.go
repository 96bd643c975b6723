package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// breakIt changes the database by hand.
func breakIt(t *testing.T, db *models.DB, statements ...string) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), "test.break", func(tx *models.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		return nil
	}))
}

// minute lets a minute pass and checks.
func minute(t *testing.T, w *worldtest.World) {
	t.Helper()
	w.Clock().Advance(models.WatchdogPause)
	require.NoError(t, w.Engine.Watch(t.Context()))
	w.Idle()
}

func alarms(t *testing.T, db *models.DB) map[string]models.Finding {
	t.Helper()
	list, err := models.Alarms(t.Context(), db.Read(), 50)
	require.NoError(t, err)
	out := map[string]models.Finding{}
	for _, f := range list {
		out[f.Check] = f
	}
	return out
}

func TestWatchdog_RepairsALostTimerOnceItIsFoundTwice(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("pause", `[{"key":"d","type":"delay","config":{"for":"2h"}}]`))
		id := start(t, w, "pause")
		w.Idle()
		minute(t, w)
		breakIt(t, db, "DELETE FROM wakeups WHERE reason = 'timer'")
		minute(t, w)
		require.Empty(t, alarms(t, db), "a moment is no alarm")
		minute(t, w)
		found := alarms(t, db)
		require.Contains(t, found, "Q1")
		require.Contains(t, found, "Q2")
		require.NotZero(t, found["Q2"].Repaired)
		require.Zero(t, found["Q2"].Cleared)
		w.Sound()
		x, _ := w.Execution(id)
		require.Equal(t, models.Waiting, x.Status, "a delay that is looked at early goes on waiting")
		minute(t, w)
		require.NotZero(t, alarms(t, db)["Q2"].Cleared)
		later(w, 2*time.Hour)
		x, _ = w.Execution(id)
		require.Equal(t, models.Succeeded, x.Status)
		w.Sound()
	})
}

func TestWatchdog_RepairsWhatIsCertain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		nodes string
		lose  []string // after the execution has come to rest
		ends  models.Status
		mends bool
	}{
		"a beginning that was lost": {
			`[{"key":"ask","type":"approval","config":{"assignees":{"users":[1]},"applicant":"allow"}}]`,
			[]string{"DELETE FROM task_candidates", "DELETE FROM tasks", "DELETE FROM steps", "DELETE FROM wakeups", "UPDATE executions SET status = 'queued', started_at = 0, step_count = 0"},
			models.Waiting, true,
		},
		"a retry that was lost": {
			`[{"key":"a","type":"http_request","config":{"url":"URL","method":"GET"}}]`,
			[]string{"DELETE FROM wakeups"},
			models.Succeeded, true,
		},
		"an attempt whose holder is gone": {
			`[{"key":"a","type":"http_request","config":{"url":"URL","method":"GET"}}]`,
			[]string{"UPDATE steps SET status = 'running'", "UPDATE executions SET status = 'running', lease_until = 1", "DELETE FROM wakeups"},
			models.Succeeded, true,
		},
		"people who wait are not answered for": {
			`[{"key":"ask","type":"approval","config":{"assignees":{"users":[1]},"applicant":"allow"}}]`,
			[]string{"DELETE FROM task_candidates", "DELETE FROM tasks"},
			models.Waiting, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := modelstest.NewClock()
			v := receive(t, answers(503, 200))
			db := modelstest.NewAt(t, clock)
			w := httpWorld(t, db, clock, v)
			w.Workflow(flow("flow", strings.ReplaceAll(c.nodes, "URL", v.URL)))
			id := start(t, w, "flow")
			w.Idle()
			w.Stop() // nobody holds anything in memory
			breakIt(t, db, c.lose...)
			w.Restart()
			w.Idle()
			minute(t, w)
			minute(t, w)
			x, steps := w.Execution(id)
			require.Equal(t, c.ends, x.Status, path(steps)+x.Error)
			require.NotEmpty(t, alarms(t, db))
			for _, f := range alarms(t, db) {
				require.Equal(t, c.mends, f.Repaired != 0, f.Check)
			}
			if c.mends {
				minute(t, w)
				for _, f := range alarms(t, db) {
					require.NotZero(t, f.Cleared, f.Check)
				}
			}
		})
	}
}

func TestWatchdog_OneOfSeveralProcessesChecks(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.NewAt(t, clock)
	w := notesWorld(t, db, clock, &worldtest.Outside{})
	second := w.Second()
	breakIt(t, db, `INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at)
		VALUES ('stuck', 1, 1, '', 'waiting', '{}', 'post_action', 'user:1', 'stuck', 1)`)
	minute(t, w)
	require.NoError(t, second.Watch(t.Context()))
	require.Empty(t, alarms(t, db), "two looks at one minute are one")
	clock.Advance(models.WatchdogPause)
	require.NoError(t, second.Watch(t.Context()))
	require.NoError(t, w.Engine.Watch(t.Context()))
	require.Equal(t, int64(2), alarms(t, db)["Q1"].Times)
	require.Zero(t, alarms(t, db)["Q1"].Repaired)
}
