package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

func TestBin_KeepsAWorkflowForAWhile(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		made := w.Workflow(flow("copy", `[]`))
		access := w.Access(w.Designer)
		require.NoError(t, w.Engine.RemoveWorkflow(t.Context(), access, "copy", false))
		w.Submit(w.Designer, "notes", `{"title":"a","count":1}`)
		w.Idle()
		list, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{})
		require.NoError(t, err)
		require.Empty(t, list, "what is in the bin starts nothing")
		binned, err := models.BinnedWorkflows(t.Context(), db.Read(), clock.Now())
		require.NoError(t, err)
		require.Len(t, binned, 1)
		require.Equal(t, "copy", binned[0].OwnKey())

		clock.Advance(models.BinTime - time.Minute)
		back, err := w.Engine.RestoreWorkflow(t.Context(), access, made.ID)
		require.NoError(t, err)
		require.Equal(t, "copy", back.Key)
		require.False(t, back.Enabled)
		_, err = w.Engine.RestoreWorkflow(t.Context(), access, made.ID)
		require.True(t, models.IsKind(err, models.KindNotFound), "it is not in the bin any more")

		require.NoError(t, w.Engine.RemoveWorkflow(t.Context(), access, "copy", false))
		clock.Advance(models.BinTime)
		_, err = w.Engine.RestoreWorkflow(t.Context(), access, made.ID)
		require.True(t, models.IsKind(err, models.KindNotFound), "30 days are over")
		w.Sound()
	})
}

func TestWorkflow_ASwitchNeedsAnotherRightThanTheRest(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, &worldtest.Outside{})
		w.Workflow(flow("copy", `[]`))
		on, title := false, "Another"
		publisher := models.Access{Principal: w.Access(w.Designer).Principal, Layers: []models.Rights{{System: []string{"workflow.publish"}}}}
		_, err := w.Engine.UpdateWorkflow(t.Context(), publisher, "copy", engine.WorkflowChange{Enabled: &on})
		require.NoError(t, err)
		_, err = w.Engine.UpdateWorkflow(t.Context(), publisher, "copy", engine.WorkflowChange{Enabled: &on, Title: &title})
		require.True(t, models.IsKind(err, models.KindForbidden), "who may switch it may not rename it by the way")
	})
}
