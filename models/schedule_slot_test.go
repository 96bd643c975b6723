package models_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestSlots_EachTimeOfAScheduleIsOneRow(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		write := func(fn func(tx *models.Tx) error) {
			t.Helper()
			require.NoError(t, db.Write(t.Context(), "test.slots", fn))
		}
		plan := func(s models.Slot) (planned bool) {
			t.Helper()
			write(func(tx *models.Tx) (err error) { planned, err = models.PlanSlot(t.Context(), tx, s); return err })
			return planned
		}
		require.True(t, plan(models.Slot{WorkflowID: 7, At: 1000, Number: 1}))
		require.False(t, plan(models.Slot{WorkflowID: 7, At: 1000, Number: 2}))
		require.True(t, plan(models.Slot{WorkflowID: 7, RecordID: "3", At: 1000, Number: 1}), "a record has a schedule of its own")
		require.True(t, plan(models.Slot{WorkflowID: 7, At: 2000, Number: 2}))

		due, err := models.DueSlots(t.Context(), db.Read(), 1999, 10)
		require.NoError(t, err)
		require.Len(t, due, 2)
		next, err := models.NextSlot(t.Context(), db.Read())
		require.NoError(t, err)
		require.Equal(t, models.Millis(1000), next)

		var won atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				first := false
				err := db.Write(t.Context(), "test.decide", func(tx *models.Tx) (err error) {
					s := due[0]
					s.State, s.ExecutionID = models.Fired, models.NewID()
					first, err = models.DecideSlot(t.Context(), tx, s)
					return err
				})
				if err == nil && first {
					won.Add(1)
				}
			}()
		}
		all.Wait()
		require.Equal(t, int64(1), won.Load(), "one decides")
		require.False(t, plan(models.Slot{WorkflowID: 7, RecordID: due[0].RecordID, At: 1000}), "a time that was used stays used")
		write(func(tx *models.Tx) error {
			taken, err := models.TakeSlot(t.Context(), tx, due[0].ID)
			require.Nil(t, taken)
			return err
		})
		n, err := models.FiredSince(t.Context(), db.Read(), due[0], 0, 5)
		require.NoError(t, err)
		require.Equal(t, 1, n)

		write(func(tx *models.Tx) error {
			s := models.Slot{WorkflowID: 7, At: 3000, Reason: "misfire_skipped", Number: 3, Count: 40, LastAt: 3900}
			if err := models.SkipSlot(t.Context(), tx, s); err != nil {
				return err
			}
			return models.SkipSlot(t.Context(), tx, models.Slot{WorkflowID: 7, At: 2000, Reason: "misfire_skipped"})
		})
		last, err := models.LastSlot(t.Context(), db.Read(), 7, "")
		require.NoError(t, err)
		require.Equal(t, []int64{3000, 40, 3900, 3}, []int64{int64(last.At), last.Count, int64(last.LastAt), last.Number})
		planned, err := models.PlannedOf(t.Context(), db.Read(), 7, 10)
		require.NoError(t, err)
		require.Contains(t, []models.Millis{planned[0].At, planned[len(planned)-1].At}, models.Millis(2000), "what is due is not skipped by a second row")
		write(func(tx *models.Tx) error {
			for {
				if n, err := models.DropSlotsFrom(t.Context(), tx, 7, 0, 1); err != nil || n == 0 {
					return err
				}
			}
		})
		planned, err = models.PlannedOf(t.Context(), db.Read(), 7, 10)
		require.NoError(t, err)
		require.Empty(t, planned)
		decided, err := models.SlotsOf(t.Context(), db.Read(), 7, 10)
		require.NoError(t, err)
		require.Len(t, decided, 2, "what was decided stays")
	})
}

func TestSchedule_RemembersHowFarItIsPlanned(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		none, err := models.ScheduleByWorkflow(t.Context(), db.Read(), 4)
		require.NoError(t, err)
		require.Nil(t, none)
		want := models.Schedule{WorkflowID: 4, VersionID: 2, PlannedAt: 5, EnabledAt: 3, Filling: true, FillAfter: "x", FillDone: 1, FillTotal: 9}
		for range 2 {
			require.NoError(t, db.Write(t.Context(), "test.schedule", func(tx *models.Tx) error { return models.SaveSchedule(t.Context(), tx, want) }))
			got, err := models.Schedules(t.Context(), db.Read())
			require.NoError(t, err)
			require.Equal(t, []models.Schedule{want}, got)
			want.Filling, want.FillDone = false, 9
		}
		require.NoError(t, db.Write(t.Context(), "test.reset", func(tx *models.Tx) error { return models.ResetCount(t.Context(), tx, 4) }))
		got, err := models.ScheduleByWorkflow(t.Context(), db.Read(), 4)
		require.NoError(t, err)
		require.Equal(t, models.At(db.Now()), got.CountsFrom)
	})
}
