package tracing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/tracing"
)

//nolint:paralleltest // counts allocations
func TestTracer_CostsNothingWhenItIsOff(t *testing.T) {
	var off *tracing.Tracer
	at := time.Unix(1_800_000_000, 0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		span := off.Begin("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "step", tracing.Internal, at)
		span.Name("other")
		span.Text("formrail.node", "a")
		span.Number("formrail.attempt", 1)
		span.Fail("TIMEOUT")
		span.End(at)
		if span.Traceparent() != "" {
			t.Error("a span of nobody has a traceparent")
		}
	}))
}
