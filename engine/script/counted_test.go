package script_test

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/script"
	"formrail/models/metrics"
)

type still struct{}

func (still) Now() time.Time { return noon }

func TestPool_CountsRunsByTheirResult(t *testing.T) {
	t.Parallel()
	set := metrics.New("test")
	p := script.NewPool(script.Options{
		Command: []string{os.Args[0], "script-worker"}, Size: 1, MemoryMiB: memoryMiB, Wait: time.Minute, Logger: slog.New(slog.DiscardHandler), Metrics: set, Clock: still{},
	})
	t.Cleanup(p.Close)
	for range 2 {
		_, err := p.Run(t.Context(), request("return 1"))
		require.NoError(t, err)
	}
	_, err := p.Run(t.Context(), request("throw new Error('no')"))
	require.Error(t, err)
	families, err := set.Gatherer().Gather()
	require.NoError(t, err)
	counted := map[string]float64{}
	for _, f := range families {
		if f.GetName() == "formrail_script_runs_total" {
			for _, m := range f.GetMetric() {
				counted[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	require.Len(t, counted, 2, counted)
	require.InDelta(t, 2, counted["ok"], 0)
}
