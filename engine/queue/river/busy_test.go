package river

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBusy_ForgetsWhatWasLongAgo(t *testing.T) {
	t.Parallel()
	var b busy
	at := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for range busyFrom {
		require.False(t, b.count(1, at))
	}
	require.True(t, b.count(1, at.Add(time.Second)), "what came in the second before counts")
	require.False(t, b.count(2, at.Add(time.Second)), "another workflow is quiet")
	require.False(t, b.count(1, at.Add(3*time.Second)))
	require.False(t, b.count(1, at.Add(-time.Hour)), "the clock may go back")
	require.Equal(t, 1, b.of(1))
}
