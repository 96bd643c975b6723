package models_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/metrics"
	"formrail/models/modelstest"
)

// counted gives the sum of all series of a metric, or how often a histogram was fed.
func counted(t *testing.T, set *metrics.Set, name string) float64 {
	t.Helper()
	families, err := set.Gatherer().Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

func TestWrite_SlowOnesAreCountedAndLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	clock, set := modelstest.NewClock(), metrics.New("test")
	db, err := models.Open(t.Context(), models.Options{Dir: t.TempDir(), Clock: clock, Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: set})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	write := func(name string, took time.Duration, err error) {
		_ = db.Write(context.WithoutCancel(t.Context()), name, func(*models.Tx) error { //nolint:errcheck // fails on purpose
			clock.Advance(took)
			return err
		})
	}
	before := counted(t, set, "formrail_write_batch_size")
	write("test.quick", 50*time.Millisecond, nil)
	require.Zero(t, counted(t, set, "formrail_slow_writes_total"))
	write("test.slow", 51*time.Millisecond, nil)
	write("test.slow", time.Second, errors.New("no"))
	require.InDelta(t, 2, counted(t, set, "formrail_slow_writes_total"), 0)
	require.InDelta(t, 3, counted(t, set, "formrail_write_batch_size")-before, 0)
	require.Contains(t, log.String(), `msg="slow write" write=test.slow ms=51`)
}

func TestMetrics_WorkflowsHaveLabelsOfTheirOwnUpToALimit(t *testing.T) {
	t.Parallel()
	set := metrics.New("test")
	for n := range 300 {
		set.Ended(string(rune('a'+n%26))+string(rune('a'+n/26)), "succeeded")
	}
	families, err := set.Gatherer().Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == "formrail_executions_total" {
			require.Len(t, family.GetMetric(), 201)
		}
	}
	require.InDelta(t, 300, counted(t, set, "formrail_executions_total"), 0)
}
