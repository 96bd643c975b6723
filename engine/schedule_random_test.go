package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/field"
)

// TestSchedule_EverySlotIsInARow moves the clock at random, restarts the engine, also
// in the middle of deciding, and switches the workflow. Whatever happens, each time of
// the schedule is in exactly one row, and each row that fired has its execution.
func TestSchedule_EverySlotIsInARow(t *testing.T) {
	t.Parallel()
	for range 6 {
		seed := uint64(time.Now().UnixNano())
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			everySlotIsInARow(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func everySlotIsInARow(t *testing.T, r *rand.Rand) {
	t.Helper()
	s := newScheduled(t)
	var told []string
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(told, "\n"))
			t.Log(strings.Join(s.story("clockwork"), "\n"), s.planned("clockwork"))
		}
	}()
	step := time.Duration(1+r.IntN(90)) * time.Minute
	start := s.clock.Now().Add(time.Duration(r.IntN(3600)) * time.Second)
	policy := []string{"latest", "all", "none"}[r.IntN(3)]
	overlap := []string{"allow", "skip", "queue"}[r.IntN(3)]
	w := s.Workflow(fmt.Sprintf(`{"key":"clockwork","title":"Clockwork","type":"schedule","config":{"startsOn":%q,"repeat":{"every":"%ds"},"misfire":%q,"misfireCap":%d,"overlap":%q},%s}`,
		field.FormatTime(start), int(step.Seconds()), policy, 1+r.IntN(20), overlap, marking))
	top := s.clock.Now()
	for range 40 {
		what := r.IntN(8)
		told = append(told, fmt.Sprint(s.clock.Now().Format("01-02 15:04:05.000"), " ", what))
		switch what {
		case 0, 1, 2:
			s.clock.Advance(time.Duration(r.Int64N(int64(3 * step))))
		case 3:
			s.clock.Advance(time.Duration(r.Int64N(int64(40 * step))))
		case 4:
			s.clock.Advance(-time.Duration(r.Int64N(int64(2 * step))))
		case 5:
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(3000))*time.Microsecond)
			_ = s.Engine.FireSlots(ctx) //nolint:errcheck // it was told to give up
			cancel()
			s.Restart()
		case 6:
			s.toggle("clockwork", r.IntN(2) == 0)
		case 7:
			s.fire()
		}
		if now := s.clock.Now(); now.After(top) {
			top = now
		}
	}
	s.clock.Set(top)
	s.toggle("clockwork", true)
	for s.fire(); len(s.planned("clockwork")) > 1; s.fire() { // one after the other, when they are queued
	}
	list, err := models.SlotsOf(t.Context(), s.DB.Read(), w.ID, 100_000)
	require.NoError(t, err)
	have := map[int64]bool{}
	for _, one := range list {
		require.Zero(t, one.LastAt)
		require.False(t, have[int64(one.At)])
		have[int64(one.At)] = true
		require.Equal(t, one.State == models.Fired, one.ExecutionID != "")
	}
	for at := start; !at.After(top); at = at.Add(step) {
		require.True(t, have[at.UnixMilli()], "no row for %s", at)
		delete(have, at.UnixMilli())
	}
	require.Empty(t, have, "rows for times that are none")
	planned := s.planned("clockwork")
	require.Len(t, planned, 1)
	s.Sound()
}
