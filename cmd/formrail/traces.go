package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"formrail/engine/tracing"
	"formrail/models/text"
)

// traces hands spans to a collector, in the background and in batches. Without an
// address there are none.
type traces struct{ provider *sdk.TracerProvider }

// tracesTime is how long the last spans may take when the server stops.
const tracesTime = 3 * time.Second

// newTraces begins to hand spans over to a collector that speaks OTLP over HTTP. What
// the standard variables say of headers, time-outs and sampling is heard.
func newTraces(ctx context.Context, address string) (*traces, error) {
	if address == "" {
		return nil, nil //nolint:nilnil // off is an ordinary answer
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usageError{text.M("serve.otlp", "--otlp-endpoint must be an address such as http://localhost:4318.").String()}
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "formrail"), attribute.String("service.version", version()))
	return &traces{sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))}, nil
}

// tracer is what makes the spans; nil when nobody collects them.
func (t *traces) tracer() *tracing.Tracer {
	if t == nil {
		return nil
	}
	return tracing.New(t.provider.Tracer("formrail"))
}

// close hands over what is left. A collector that does not answer holds nobody up for
// long, and is no reason to fail.
func (t *traces) close() error {
	if t == nil {
		return nil
	}
	ctx, done := context.WithTimeout(context.Background(), tracesTime)
	defer done()
	if err := t.provider.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil // spans are lost, nothing else
	}
	return nil
}
