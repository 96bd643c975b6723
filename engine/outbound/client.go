package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"

	"formrail/models/fault"
	"formrail/models/metrics"
	"formrail/models/text"
)

// perHost is how many calls to one host run at a time; others wait within their own
// time.
const perHost = 16

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Options configure a client.
type Options struct {
	Egress   Egress
	Clock    Clock          // measures calls; required
	Resolver Resolver       // of names; that of the system when nil
	Dialer   Dialer         // of numeric addresses; that of the system when nil
	Metrics  *metrics.Set   // nil: nobody watches
	Roots    *x509.CertPool // who may sign certificates; those of the system when nil
}

// Client makes calls. It may be used by many goroutines at once.
type Client struct {
	clock     Clock
	guard     *guard
	metrics   *metrics.Set
	transport *http.Transport
}

// New makes a client. It connects to nothing.
func New(o Options) *Client {
	c := &Client{clock: o.Clock, guard: newGuard(o), metrics: o.Metrics}
	c.transport = &http.Transport{
		Proxy:                  nil, // the environment is not asked
		DialContext:            c.guard.dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    tlsTime,
		DisableCompression:     true, // unpacked here, within bounds
		MaxResponseHeaderBytes: maxHeaders,
		MaxConnsPerHost:        perHost,
		// A transport repeats by itself what it sent on a connection that it used before.
		DisableKeepAlives: true,
	}
	return c
}

// Do makes a call and follows its redirects. Any status is an answer; every error is
// an *Error.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	begun := c.clock.Now()
	answer, err := c.do(ctx, r)
	c.metrics.Called(outcome(answer, err), c.clock.Now().Sub(begun))
	return answer, err
}

// outcome names how a call ended: the class of its status, or the code of its failure.
func outcome(answer *Response, err error) string {
	var e *Error
	switch {
	case err == nil:
		return strconv.Itoa(answer.Status/100) + "xx"
	case errors.As(err, &e):
		return e.Code
	}
	return "error"
}

func (c *Client) do(ctx context.Context, r Request) (*Response, error) {
	h, err := r.first()
	if err != nil {
		return nil, err
	}
	timeout := min(r.Timeout, MaxTimeout)
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, done := context.WithTimeoutCause(ctx, timeout, errTooSlow)
	defer done()
	limit := r.MaxBytes
	if limit <= 0 || limit > MaxAnswer {
		limit = MaxAnswer
	}
	begun := c.clock.Now()
	for left := min(r.Redirects, MaxRedirects); ; left-- {
		if len(r.Hosts) > 0 && !HostIn(h.to, r.Hosts) {
			return nil, &Error{Code: CodeBlocked, Message: text.M("outbound.other_host", "%s is not one of the hosts that this call may reach.", h.to.Hostname())}
		}
		answer, err := c.send(ctx, h, reading{headers: headersWithin(timeout), limit: limit, large: r.Large})
		if err != nil {
			return nil, err
		}
		next, err := h.redirected(answer.Status, first(answer.Header["location"]))
		if left <= 0 || next == nil && err == nil {
			answer.Took = c.clock.Now().Sub(begun)
			return answer, nil
		}
		if err != nil {
			return nil, err
		}
		h = next
	}
}

// headersWithin is how long the headers may take. Who gives a call more time than
// usual means an answer that takes long to make.
func headersWithin(timeout time.Duration) time.Duration {
	if timeout > DefaultTimeout {
		return timeout
	}
	return headerTime
}

// send puts one request on the wire and reads the whole answer.
func (c *Client) send(ctx context.Context, h *hop, how reading) (*Response, error) {
	if err := fault.Hit("outbound.send.before"); err != nil {
		return nil, classify(ctx, err, h.to.Hostname())
	}
	answer, err := c.exchange(ctx, h, how)
	if err != nil {
		return nil, err
	}
	if err := fault.Hit("outbound.send.after"); err != nil {
		return nil, classify(ctx, err, h.to.Hostname())
	}
	return answer, nil
}

func (c *Client) exchange(ctx context.Context, h *hop, how reading) (*Response, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	waiting := time.AfterFunc(how.headers, func() { stop(errNoHeaders) })
	defer waiting.Stop()
	var conn net.Conn
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { conn = i.Conn }})
	var body io.Reader
	if len(h.body) > 0 {
		body = bytes.NewReader(h.body)
	}
	req, err := http.NewRequestWithContext(traced, h.method, h.to.String(), body)
	if err != nil {
		return nil, invalidURL(nil)
	}
	req.Header = h.header.Clone()
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		if flooded(conn) {
			return nil, &Error{Code: CodeTooLarge, Message: text.M("outbound.headers_large", "The headers of the answer are too large."), cause: err}
		}
		return nil, classify(ctx, err, h.to.Hostname())
	}
	defer resp.Body.Close()
	waiting.Stop()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, classify(ctx, errSwitched, h.to.Hostname())
	}
	data, err := how.read(ctx, resp)
	if err != nil {
		return nil, classify(ctx, err, h.to.Hostname())
	}
	return &Response{
		Status: resp.StatusCode, StatusText: strings.TrimSpace(strings.TrimPrefix(resp.Status, resp.Status[:min(3, len(resp.Status))])),
		Header: lowered(resp.Header), Body: data, URL: withoutQuery(h.to),
	}, nil
}

// flooded reports whether a connection brought as many bytes as headers may have,
// before there was an answer.
func flooded(conn net.Conn) bool {
	if over, ok := conn.(*tls.Conn); ok {
		conn = over.NetConn()
	}
	c, ok := conn.(*counted)
	return ok && c.received.Load() >= maxHeaders
}

func lowered(h http.Header) map[string][]string {
	out := make(map[string][]string, len(h))
	for name, values := range h {
		out[strings.ToLower(name)] = values
	}
	return out
}

func withoutQuery(u *url.URL) string {
	c := *u
	c.RawQuery = ""
	return c.String()
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
