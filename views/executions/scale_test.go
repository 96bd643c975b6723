package executions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/views/ui"
)

func span(use Use, from, to int) Span {
	return Span{From: time.Duration(from) * time.Millisecond, To: time.Duration(to) * time.Millisecond, Use: use}
}

func TestScale_PlacesSpans(t *testing.T) {
	t.Parallel()
	// Work from 0 to 100 and from 900 to 1000, in between somebody is waited for.
	steps := []Span{span(Working, 0, 100), span(ForPeople, 100, 900), span(Working, 900, 960), span(Working, 940, 1000)}
	for name, c := range map[string]struct {
		scale    scale
		span     Span
		x, width float64
	}{
		"the real time keeps proportions":            {realScale(time.Second), span(ForPeople, 100, 900), 10, 80},
		"the shortest is still seen":                 {realScale(time.Second), span(Working, 100, 100), 10, thinnest},
		"the last stays on the axis":                 {realScale(time.Second), span(Working, 1000, 1000), 100 - thinnest, thinnest},
		"what began earlier is cut off":              {realScale(time.Second), span(Working, -500, 500), 0, 50},
		"what lasts longer is cut off":               {realScale(time.Second), span(Working, 500, 2000), 50, 50},
		"nothing took time":                          {realScale(0), span(Working, 0, 0), 0, thinnest},
		"a clock that went back":                     {realScale(-time.Second), span(Working, 0, -100), 0, thinnest},
		"without waiting the first work is half":     {workScale(steps), steps[0], 0, 50},
		"without waiting a wait is a line":           {workScale(steps), steps[1], 50, thinnest},
		"without waiting work follows work":          {workScale(steps), steps[2], 50, 30},
		"work at the same time counts once":          {workScale(steps), steps[3], 70, 30},
		"without waiting nothing worked":             {workScale([]Span{span(ForTime, 0, 50)}), span(ForTime, 0, 50), 0, thinnest},
		"a container spans what it contains":         {workScale(steps), span(Containing, 0, 1000), 0, 100},
		"without waiting the trigger is at the left": {workScale(steps), span(Starting, 0, 0), 0, thinnest},
	} {
		x, width := c.scale.place(c.span)
		require.InDelta(t, c.x, x, 0.001, name)
		require.InDelta(t, c.width, width, 0.001, name)
	}
}

func TestUnion_JoinsWhatOverlapsOrTouches(t *testing.T) {
	t.Parallel()
	got := union([]Span{span(Working, 50, 60), span(Working, 0, 10), span(ForPeople, 0, 999), span(Working, 10, 20), span(Working, 5, 8)}, Working)
	require.Equal(t, []Span{span(Working, 0, 20), span(Working, 50, 60)}, got)
	require.Equal(t, 30*time.Millisecond, sum(got))
}

func TestScale_WritesItsAxisAsFineAsNeeded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 9, 42, 10, 0, time.UTC)
	start := ui.At(at, at.In(time.FixedZone("", 3600)))
	for total, want := range map[time.Duration][]string{
		0:                    {"0 ms", "", "", "", "", ""},
		3 * time.Millisecond: {"0 ms", "", "1 ms", "", "2 ms", ""},
		3 * time.Second:      {"0 ms", "500 ms", "1.0 s", "1.5 s", "2.0 s", "2.5 s"},
		time.Minute:          {"10:42:10", "10:42:20", "10:42:30", "10:42:40", "10:42:50", "10:43:00"},
		2 * time.Hour:        {"10:42", "11:02", "11:22", "11:42", "12:02", "12:22"},
		48 * time.Hour:       {"20 Nov 10:42", "20 Nov 18:42", "21 Nov 02:42", "21 Nov 10:42", "21 Nov 18:42", "22 Nov 02:42"},
	} {
		require.Equal(t, want, realScale(total).clock(start), total)
	}
}

func TestShareOf_SaysWholeOnlyForAll(t *testing.T) {
	t.Parallel()
	for want, c := range map[string][2]time.Duration{
		"99.9%": {9999, 10000}, "100%": {7, 7}, "0%": {5, 0}, "33.3%": {1, 3}, "12%": {12, 100},
	} {
		require.Equal(t, want, shareOf(c[0], c[1]))
	}
}
