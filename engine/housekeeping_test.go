package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestHousekeeping_RemovesHistoryByTheSettingsOfItsWorkflow(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		w := notesWorld(t, db, clock, nil)
		one, none := 1, 0
		for key, last := range map[string]*int{"short": &none, "usual": nil} {
			flow := flow(key, `[{"key":"a","type":"calculation","config":{"expression":"1 + 1"}}]`)
			w.Workflow(flow)
			stored, err := models.WorkflowByKey(t.Context(), db.Read(), key)
			require.NoError(t, err)
			if key == "short" {
				stored.Options.Retention = &models.Retention{Succeeded: &one, Last: last}
				require.NoError(t, db.Write(t.Context(), "test.options", func(tx *models.Tx) error { return models.UpdateWorkflow(t.Context(), tx, stored) }))
			}
		}
		ids := map[string][]string{}
		for range 12 {
			for _, key := range []string{"short", "usual"} {
				ids[key] = append(ids[key], start(t, w, key))
			}
		}
		w.Idle()
		clock.Advance(48 * time.Hour)
		w.Engine.KeepHouse(t.Context())
		_, err := models.ExecutionByID(t.Context(), db.Read(), ids["short"][11])
		require.True(t, models.IsKind(err, models.KindNotFound), "%v", err)
		clock.Advance(30 * 24 * time.Hour)
		w.Engine.KeepHouse(t.Context())
		left, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{Limit: 100})
		require.NoError(t, err)
		require.Len(t, left, 10, "the last ten of the other one")
		w.Sound()
	})
}
