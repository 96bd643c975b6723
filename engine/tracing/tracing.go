// Package tracing makes spans of what the product does, for systems that collect
// traces. A context travels as a W3C traceparent, also through the database, because an
// execution may go on days later in another process. Everything works on nil, at no cost:
// a nil tracer makes nil spans, and a nil span has no traceparent. Spans carry ids and
// codes, never values of records.
package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Header is the name under which a traceparent travels over HTTP.
const Header = "traceparent"

// Tracer makes spans.
type Tracer struct{ tracer trace.Tracer }

// New makes a tracer that hands its spans to another one.
func New(t trace.Tracer) *Tracer { return &Tracer{t} }

// Kinds of spans.
const (
	Internal = trace.SpanKindInternal
	Server   = trace.SpanKindServer // answers somebody
	Client   = trace.SpanKindClient // asks somebody
)

// Begin begins a span below another one, which is given by its traceparent; empty for
// the first of a trace.
func (t *Tracer) Begin(parent, name string, kind trace.SpanKind, at time.Time) *Span {
	if t == nil {
		return nil
	}
	ctx := context.Background()
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{Header: parent})
	}
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithTimestamp(at))
	return &Span{span}
}

// Span is something that takes time. It belongs to one goroutine.
type Span struct{ span trace.Span }

// Traceparent is what those below the span are given; empty for nil.
func (s *Span) Traceparent() string {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), s.span), carrier)
	return carrier.Get(Header)
}

// Name renames the span.
func (s *Span) Name(name string) {
	if s != nil {
		s.span.SetName(name)
	}
}

// Text adds an id or a code.
func (s *Span) Text(key, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Number adds a number.
func (s *Span) Number(key string, value int) {
	if s != nil {
		s.span.SetAttributes(attribute.Int(key, value))
	}
}

// Fail marks the span as failed, with a code.
func (s *Span) Fail(code string) {
	if s != nil {
		s.span.SetStatus(codes.Error, code)
	}
}

// End ends the span and hands it over.
func (s *Span) End(at time.Time) {
	if s != nil {
		s.span.End(trace.WithTimestamp(at))
	}
}
