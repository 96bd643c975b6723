package live_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/live"
)

func TestPresence_KnowsThoseOfOtherProcesses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	a, b := live.NewPresence(live.New()), live.NewPresence(live.New())
	a.Share("a", clock, b.Hear)
	b.Share("b", clock, a.Hear)
	leave := a.Enter("workflow:x", 1)
	require.Equal(t, []live.Present{{UserID: 1}}, b.Who("workflow:x"))
	b.Enter("workflow:x", 2)
	b.Enter("workflow:x", 1) // the same person at both counts once
	require.Equal(t, []live.Present{{UserID: 1}, {UserID: 2}}, a.Who("workflow:x"))
	b.Look("workflow:x", 2, "k1")
	require.Equal(t, "k1", a.Who("workflow:x")[1].Place)
	a.Look("workflow:x", 2, "k2") // the request came here, the window is there
	require.Equal(t, "k2", b.Who("workflow:x")[1].Place)
	leave()
	require.Len(t, a.Who("workflow:x"), 2, "his other window is open")
	now = now.Add(time.Minute)
	require.Empty(t, a.Who("workflow:x"), "a process that says nothing more is forgotten")
	b.Still("workflow:x")
	require.Len(t, a.Who("workflow:x"), 2)
	a.Hear("nonsense")
}
