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

// watcher is an error workflow that writes down what it hears.
func watcher(key, config string) string {
	return fmt.Sprintf(`{"key":%q,"title":%q,"type":"error","config":%s,"nodes":[{"key":"n","type":"create_record","config":{"collection":"notes","values":{
		"title":"%s: {{ trigger.workflow.key }} {{ trigger.node.title }} {{ trigger.error.code }} {{ trigger.execution.status }} {{ trigger.count }}"}}}]}`, key, key, config, key)
}

// heard lists what error workflows wrote down.
func heard(w *worldtest.World) (out []string) {
	w.Idle()
	for _, r := range w.List("notes") {
		if s := fmt.Sprint(r["title"]); s != "a" {
			out = append(out, s)
		}
	}
	return out
}

func TestError_StartsOnceForFailuresThatLookAlike(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(watcher("watch", `{}`))
		w.Workflow(flow("breaks", `[{"key":"k","type":"calculation","title":"Divide","config":{"expression":"trigger.data.id / 0"}}]`))
		w.Workflow(flow("refuses", `[{"key":"e","type":"end","config":{"status":"failed"}}]`))
		n := 2 + rand.IntN(4)
		for range n {
			start(t, w, "breaks")
		}
		start(t, w, "refuses")
		require.Equal(t, []string{"watch: breaks Divide DIVISION_BY_ZERO failed 1"}, heard(w))
		clock.Advance(10*time.Minute + time.Second)
		start(t, w, "breaks")
		require.Equal(t, []string{"watch: breaks Divide DIVISION_BY_ZERO failed 1", fmt.Sprintf("watch: breaks Divide DIVISION_BY_ZERO failed %d", n)}, heard(w))
		w.Sound()
	})
}

func TestError_HearsWhatItsSettingsSay(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		pay := &models.Category{Title: "Payments"}
		require.NoError(t, w.DB.Write(t.Context(), "test", func(tx *models.Tx) error { return models.InsertCategory(t.Context(), tx, pay) }))
		breaks := `[{"key":"k","type":"calculation","config":{"expression":"trigger.data.id / 0"}}]`
		w.Workflow(flow("one", breaks))
		w.Workflow(flow("two", breaks))
		w.Workflow(flow("no", `[{"key":"e","type":"end","config":{"status":"rejected"}}]`))
		w.Workflow(flow("stays", `[{"key":"w","type":"test_wait","config":{"seconds":60}}]`))
		in := []int64{pay.ID}
		_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "two", engine.WorkflowChange{Categories: &in})
		require.NoError(t, err)
		w.Workflow(watcher("keys", `{"workflows":"keys","keys":["one"],"groupFor":"0s"}`))
		w.Workflow(watcher("cats", `{"workflows":"categories","categories":["payments"],"groupFor":"0s"}`))
		w.Workflow(watcher("ends", `{"statuses":["rejected","cancelled"],"groupFor":"0s"}`))
		w.Workflow(watcher("rules", `{"kinds":["refused"],"groupFor":"0s"}`))
		for _, key := range []string{"one", "two", "no"} {
			start(t, w, key)
		}
		id := start(t, w, "stays")
		w.Idle()
		require.NoError(t, w.Engine.Cancel(t.Context(), w.Access(w.Designer), id, "not needed"))
		require.ElementsMatch(t, []string{
			"keys: one Calculation DIVISION_BY_ZERO failed 1", "cats: two Calculation DIVISION_BY_ZERO failed 1",
			"ends: no  end_node rejected 1", "ends: stays  not needed cancelled 1",
		}, heard(w))
		w.Sound()
	})
}

func TestError_NamedOnesStartToo_AndTheirOwnFailuresStartNothing(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(`{"key":"bad_watch","title":"Bad","type":"error","config":{"groupFor":"0s"},"nodes":[{"key":"k","type":"calculation","config":{"expression":"1 / trigger.count - 1 / 0"}}]}`)
		w.Workflow(watcher("named", `{"workflows":"keys","keys":["nobody"],"groupFor":"0s"}`))
		w.Workflow(flow("sync_one", `[{"key":"k","type":"calculation","title":"Divide","config":{"expression":"trigger.data.id / 0"}}]`, `"sync":true,`))
		_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), "sync_one", engine.WorkflowChange{Options: &models.WorkflowOptions{ErrorWorkflow: "named"}})
		require.NoError(t, err)
		_, err = w.TrySubmit(w.Designer, "notes", `{"title":"a"}`, "sync_one")
		require.Equal(t, "WORKFLOW_FAILED", models.AsError(err).Code)
		require.Equal(t, []string{"named: sync_one Divide DIVISION_BY_ZERO failed 1"}, heard(w))
		rows, err := w.DB.Read().Query(t.Context(), "SELECT COUNT(*) FROM executions WHERE trigger_type = 'error'")
		require.NoError(t, err)
		defer rows.Close()
		var n int
		require.True(t, rows.Next())
		require.NoError(t, rows.Scan(&n))
		require.Equal(t, 2, n, "one of each; the failure of the bad one starts none")
		require.NoError(t, rows.Err())
		w.Sound()
	})
}

func TestError_RunsInTheBackgroundOnly(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	w := notesWorld(t, modelstest.NewAt(t, clock), clock, &worldtest.Outside{})
	_, _, err := w.Engine.CreateWorkflow(t.Context(), w.Access(w.Designer), engine.NewWorkflow{Key: "asks", Title: "Asks", Type: "error", Sync: true, Config: map[string]any{}})
	require.Equal(t, "trigger.type", models.AsError(err).Fields[0].Field)
}
