package ui

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpark_GoesThroughAllPoints(t *testing.T) {
	t.Parallel()
	p := SparkProps{Points: []float64{0, 10, 5}}
	require.True(t, p.moves())
	require.Equal(t, "M0.0 30.0L48.0 2.0L96.0 16.0", p.line())
	require.Equal(t, p.line()+"L96 32L0 32Z", p.area())
	for _, points := range [][]float64{nil, {1}, {3, 3, 3}} {
		require.False(t, SparkProps{Points: points}.moves(), "there is nothing to see")
	}
}

func TestBars_FillTheHeightWithTheTallest(t *testing.T) {
	t.Parallel()
	p := BarsProps{Bars: []Bar{{Good: 3, Bad: 1}, {Good: 2}, {Bad: 4}, {}}}
	good, bad := p.rects(0)
	require.Equal(t, &rect{x: "0.0", y: "30.0", width: "211.2", height: "90.0"}, good)
	require.Equal(t, &rect{x: "0.0", y: "-1.0", width: "211.2", height: "30.0"}, bad, "a line apart")
	good, bad = p.rects(1)
	require.Equal(t, &rect{x: "216.2", y: "60.0", width: "211.2", height: "60.0"}, good)
	require.Nil(t, bad)
	good, bad = p.rects(2)
	require.Nil(t, good)
	require.Equal(t, "0.0", bad.y)
	good, bad = p.rects(3)
	require.Nil(t, good)
	require.Nil(t, bad)
}
