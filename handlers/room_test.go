package handlers

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBodies_HaveRoomAgainWhenTheyAreAnsweredOrTheirTimeIsOver(t *testing.T) {
	t.Parallel()
	var b bodies
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	const one = roomForReading / 4
	for range 4 {
		require.True(t, b.begin(one, now))
	}
	require.False(t, b.begin(one, now), "there is no room")
	b.end(one + 1) // never begun
	require.False(t, b.begin(one, now))
	b.end(one)
	require.True(t, b.begin(one, now), "one was answered")
	require.False(t, b.begin(one, now.Add(readTimeout)))
	require.True(t, b.begin(one, now.Add(readTimeout+time.Second)), "those whose connection ended are over")
	b.end(one)
	require.Zero(t, b.sum)
	require.True(t, b.begin(2*roomForReading, now), "what is larger than the room comes alone")
	require.False(t, b.begin(1, now))
}
