package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// TestDeadline_NothingCommitsAfterIt moves the clock over a deadline and over a wait that
// ends later, and delivers the wait first.
func TestDeadline_NothingCommitsAfterIt(t *testing.T) {
	t.Parallel()
	const late = `[{"key":"w","type":"test_wait","config":{"seconds":90}},{"key":"n","type":"create_record","config":{"collection":"notes","values":{"title":"late"}}}]`
	for name, nodes := range map[string]string{
		"of its own":            late,
		"of one that called it": `[{"key":"c","type":"subflow","config":{"workflow":"child"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				w := notesWorld(t, db, clock, &worldtest.Outside{})
				w.Steps = &worldtest.StepQueue{}
				w.Restart()
				w.Workflow(fmt.Sprintf(`{"key":"child","title":"Child","type":"subworkflow","config":{},"nodes":%s}`, late))
				made := w.Workflow(flow("main", nodes))
				_, err := w.Engine.UpdateWorkflow(t.Context(), w.Access(w.Designer), made.Key, engine.WorkflowChange{Options: &models.WorkflowOptions{Timeout: "1m"}})
				require.NoError(t, err)
				id := start(t, w, "main")
				deliver := func() {
					for more := true; more; {
						var err error
						more, err = w.Steps.Next()
						require.NoError(t, err)
					}
				}
				before := len(w.List("notes"))
				deliver()
				clock.Advance(2 * time.Minute)
				deliver()
				x, _ := w.Execution(id)
				require.Equal(t, models.TimedOut, x.Status)
				require.Len(t, w.List("notes"), before)
				w.Sound()
			})
		})
	}
}
