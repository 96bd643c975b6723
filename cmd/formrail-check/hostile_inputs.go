package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// hostileInput is one request, byte by byte.
type hostileInput struct {
	name string
	head string // up to the empty line, without it; "{host}" and "{token}" are filled in
	body []byte
	cut  bool  // the bytes are no request: the connection may be closed without an answer
	want []int // statuses, empty = any orderly one
}

// inputsBeside is how many requests are under way at once.
const inputsBeside = 8

// inputs sends each request over a connection of its own and judges its answer.
func (h *hostile) inputs(ctx context.Context, list []hostileInput) int {
	var wait sync.WaitGroup
	next := make(chan hostileInput)
	for range inputsBeside {
		wait.Go(func() {
			for in := range next {
				h.input(ctx, in)
			}
		})
	}
	n := 0
	for _, in := range list {
		if ctx.Err() != nil || !h.alive("during "+in.name) {
			break
		}
		next <- in
		n++
	}
	close(next)
	wait.Wait()
	return n
}

func (h *hostile) input(ctx context.Context, in hostileInput) {
	a, err := h.exchange(ctx, in, 20*time.Second)
	switch {
	case err != nil && !in.cut:
		h.wrong("input %s has no answer: %v", in.name, err)
	case err != nil:
	case a.status == 503 && a.header.Get("Retry-After") == "", a.status == 429 && a.header.Get("Retry-After") == "":
		h.wrong("input %s was answered %d without Retry-After", in.name, a.status)
	case a.status >= 500 && a.status != 503:
		h.wrong("input %s was answered %d: %.200s", in.name, a.status, a.body)
	case a.status >= 400 && !a.explained():
		h.wrong("input %s was refused with %d without a reason: %.200s", in.name, a.status, a.body)
	case len(in.want) > 0 && !slices.Contains(in.want, a.status):
		h.wrong("input %s was answered %d, not %v: %.200s", in.name, a.status, in.want, a.body)
	}
}

// rawAnswer is an answer as it came.
type rawAnswer struct {
	status int
	header http.Header
	body   []byte
	head   bool // it is the answer to HEAD
}

// explained reports whether a refusal says why: as JSON with its errors, as a page or as
// words. The answer to HEAD says nothing.
func (a rawAnswer) explained() bool {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	if a.head || len(a.body) > 0 && (kind == "text/html" || kind == "text/plain") {
		return true
	}
	var said struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	return json.Unmarshal(a.body, &said) == nil && len(said.Errors) > 0 && said.Errors[0].Message != ""
}

// dial opens a connection to the server, for bytes that no HTTP client would send.
func (h *hostile) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second} //nolint:forbidigo // it calls the server under test
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(h.c.at(), "http://"))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// exchange writes the bytes of one request and reads its answer, which may come before all
// is written.
func (h *hostile) exchange(ctx context.Context, in hostileInput, limit time.Duration) (rawAnswer, error) {
	host := strings.TrimPrefix(h.c.at(), "http://")
	conn, err := h.dial(ctx)
	if err != nil {
		return rawAnswer{}, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return rawAnswer{}, fmt.Errorf("set deadline: %w", err)
	}
	head := strings.NewReplacer("{host}", host, "{token}", h.c.token).Replace(in.head)
	method, _, _ := strings.Cut(head, " ")
	go func() { // the server may answer, and close, before it has read everything
		_, _ = io.Copy(conn, io.MultiReader(strings.NewReader(head+"\r\n\r\n"), bytes.NewReader(in.body))) //nolint:errcheck // see above
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return rawAnswer{}, fmt.Errorf("read answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil && !in.cut {
		return rawAnswer{}, fmt.Errorf("read answer: %w", err)
	}
	return rawAnswer{status: res.StatusCode, header: res.Header, body: body, head: method == http.MethodHead}, nil
}

// Bounds of bodies that never end: how many at once, and when the server must have let go
// of each.
const (
	endlessBeside = 12
	endlessBound  = 40 * time.Second
)

// neverEnding opens requests that never come to an end and waits until the server has
// closed or answered each.
func (h *hostile) neverEnding(ctx context.Context) {
	kinds := []struct{ name, head, again string }{
		{"chunks that drip", "POST /hooks/take HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked", "1\r\n[\r\n"},
		{"a body that drips", "POST /hooks/take HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 1000000", "["},
		{"a head that drips", "POST /hooks/take HTTP/1.1\r\nHost: {host}\r\nX-A: b", "c"},
		{"silence in the body", "POST /hooks/take HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 10", ""},
	}
	var wait sync.WaitGroup
	for i := range endlessBeside {
		k := kinds[i%len(kinds)]
		wait.Go(func() {
			begun := time.Now()
			if !h.drip(ctx, k.head, k.again) && ctx.Err() == nil && h.alive("during "+k.name) {
				h.wrong("%s held a connection for more than %s", k.name, time.Since(begun).Round(time.Second))
			}
		})
	}
	wait.Wait()
}

// drip sends the head and then a little again and again; it is true once the server has
// answered or closed.
func (h *hostile) drip(ctx context.Context, head, again string) bool {
	host := strings.TrimPrefix(h.c.at(), "http://")
	conn, err := h.dial(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	head = strings.ReplaceAll(head, "{host}", host)
	if !strings.HasSuffix(head, "X-A: b") {
		head += "\r\n\r\n"
	}
	if _, err := io.WriteString(conn, head); err != nil {
		return true
	}
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, conn) //nolint:errcheck // what comes does not matter here, only that it ends
		close(closed)
	}()
	limit := time.NewTimer(endlessBound)
	defer limit.Stop()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-closed:
			return true
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		case <-tick.C:
			if _, err := io.WriteString(conn, again); err != nil {
				return true
			}
		}
	}
}
