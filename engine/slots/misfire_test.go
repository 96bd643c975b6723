package slots_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/slots"
)

// TestDue_CountsVeryManySlotsInParts adds up what several looks find: each is short, and
// together they decide every slot once.
func TestDue_CountsVeryManySlotsInParts(t *testing.T) {
	t.Parallel()
	cron, err := slots.ParseCron("* * * * * *")
	require.NoError(t, err)
	start := time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)
	s := slots.Schedule{Zone: time.UTC, Cron: cron, Start: start}
	const many = 350_000
	now := start.Add(many*time.Second + slots.Grace + 500*time.Millisecond) // the last missed one is number 350,000
	for policy, fire := range map[slots.Misfire]int{slots.Latest: 1, slots.All: 5, slots.None: 0} {
		from, looks, skipped, last := start, 0, 0, start.Add(-time.Second)
		var fired []time.Time
		for !from.After(now) {
			b := s.Due(from, now, policy, 5)
			require.True(t, b.Next.After(from), "it gets on")
			if b.More.Count > 0 {
				require.Equal(t, last.Add(time.Second), b.More.First)
				last = b.More.Last
			}
			for _, at := range b.Skip {
				require.Equal(t, last.Add(time.Second), at, "each slot once, in its order")
				last = at
			}
			skipped += b.More.Count + len(b.Skip)
			fired = append(fired, b.Fire...)
			from = b.Next
			looks++
		}
		require.Greater(t, looks, 3)
		require.Equal(t, many+1-fire, skipped, policy)
		require.Len(t, fired, fire+int(slots.Grace/time.Second), policy)
	}
	b := s.Passed(start, now)
	require.Positive(t, b.More.Count)
	require.Empty(t, b.Skip)
	require.Equal(t, b.More.Last.Add(time.Second), b.Next)
}
