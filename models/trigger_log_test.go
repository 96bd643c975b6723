package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestLogTrigger_EqualRefusalsOfAMinuteAreCounted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		const many = 75
		require.NoError(t, db.Write(t.Context(), "test.log", func(tx *models.Tx) error {
			for range many {
				for _, reason := range []string{"queue_full", "paused"} {
					if err := models.LogTrigger(t.Context(), tx, models.TriggerEntry{WorkflowID: 1, WorkflowKey: "w", Reason: reason}); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		lines, err := models.TriggerLog(t.Context(), db.Read(), models.TriggerFilter{Limit: 1000})
		require.NoError(t, err)
		rows, counted := map[string]int{}, map[string]int64{}
		for _, l := range lines {
			rows[l.Reason]++
			counted[l.Reason] += l.Count
		}
		require.Equal(t, map[string]int{"queue_full": 20, "paused": 20}, rows)
		require.Equal(t, map[string]int64{"queue_full": many, "paused": many}, counted, "none is lost")
	})
}
