package engine

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"formrail/engine/node"
	"formrail/engine/outbound"
	"formrail/engine/tracing"
	"formrail/models/text"
)

// outside makes the calls of external nodes.
type outside struct {
	client *outbound.Client
	held   func() bool // nothing may leave the process
	cancel <-chan struct{}
	trace  string // traceparent that calls carry; empty for none

	reading  *largeReading // room for large answers; nil without a bound
	mayLeave func() bool   // false when the execution may be somebody else's by now
}

// below makes the calls part of a span.
func (o outside) below(span *tracing.Span) outside {
	o.trace = cmp.Or(span.Traceparent(), o.trace)
	return o
}

// Do makes one call; a cancelled execution ends it.
func (o outside) Do(ctx context.Context, r node.HTTPRequest) (node.HTTPResponse, error) {
	if o.client == nil {
		return node.HTTPResponse{}, node.Broken(outbound.CodeBlocked, text.M("outside.none", "Calls to others are switched off on this server."))
	}
	if o.held() {
		return node.HTTPResponse{}, instanceHeld()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if !o.mayLeave() {
		<-ctx.Done() // the stretch ends and settles nothing
		return node.HTTPResponse{}, ctx.Err()
	}
	go func() {
		select {
		case <-o.cancel:
			stop()
		case <-ctx.Done():
		}
	}()
	call := outbound.Request{
		Method: r.Method, URL: r.URL, Body: r.Body, Timeout: r.Timeout, Redirects: r.Redirects, MaxBytes: int64(r.MaxBytes), Hosts: r.Hosts,
	}
	if o.reading != nil {
		call.Large = o.reading.enter
	}
	own := false
	for _, h := range r.Headers {
		call.Headers = append(call.Headers, outbound.Header(h))
		own = own || strings.EqualFold(h.Name, tracing.Header)
	}
	if o.trace != "" && !own { // who designed the step may carry on another trace
		call.Headers = append(call.Headers, outbound.Header{Name: tracing.Header, Value: o.trace})
	}
	answer, err := o.client.Do(ctx, call)
	if err != nil {
		return node.HTTPResponse{}, outsideFailure(err)
	}
	return node.HTTPResponse{
		Status: answer.Status, StatusText: answer.StatusText, Header: answer.Header, Body: answer.Body, Took: answer.Took,
	}, nil
}

// outsideFailure turns an error of the client into a failure of the step. Only what
// the network did may be different the next time.
func outsideFailure(err error) error {
	var e *outbound.Error
	if !errors.As(err, &e) {
		return err
	}
	f := node.Broken(e.Code, e.Message).Because(err)
	switch e.Code {
	case outbound.CodeNetwork:
		f.Class = "network"
	case outbound.CodeTimeout:
		f.Kind, f.Class = node.Timeout, "timeout"
	}
	return f
}
