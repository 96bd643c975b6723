package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// receivers are other systems that answer as badly as they can. Each path is one way.
type receivers struct {
	server *http.Server
	base   string
	gone   chan struct{}
	bomb   []byte // a gigabyte of zeros, packed
}

func newReceivers() (*receivers, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as another system: %w", err)
	}
	r := &receivers{base: "http://" + socket.Addr().String(), gone: make(chan struct{})}
	var packed bytes.Buffer
	into := gzip.NewWriter(&packed)
	for zeros := make([]byte, 1<<20); packed.Len() < 1<<20; {
		if _, err := into.Write(zeros); err != nil {
			return nil, fmt.Errorf("pack: %w", err)
		}
	}
	if err := into.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	r.bomb = packed.Bytes()
	r.server = &http.Server{Handler: r}        //nolint:gosec // talks to this machine only
	go func() { _ = r.server.Serve(socket) }() //nolint:errcheck // ends with the run
	return r, nil
}

// address is what a server must be allowed to call.
func (r *receivers) address() string { return strings.TrimPrefix(r.base, "http://") }

func (r *receivers) close() {
	close(r.gone)
	_ = r.server.Close() //nolint:errcheck // at the end of a run
}

// badAnswers are the paths with the codes that a call may end with; "" is a success.
func badAnswers() map[string][]string {
	network, slow, large := "NETWORK_ERROR", "TIMEOUT", "OUTPUT_TOO_LARGE"
	return map[string][]string{
		"hang": {slow}, "hang-after-head": {slow, network}, "cut": {network}, "cut-in-body": {network, slow}, "reset": {network}, "drip": {slow}, "stream": {large, slow},
		"loop": {"HTTP_STATUS"}, "to-file": {"INVALID_URL", "EGRESS_BLOCKED"}, "to-inside": {"EGRESS_BLOCKED", network}, "bomb": {large, "ANSWER_UNREADABLE"}, "bomb-of-bombs": {large, "ANSWER_UNREADABLE", ""},
		"headers": {large, network}, "one-header": {large, network}, "short": {network}, "chunks": {network, slow}, "no-http": {network}, "continue": {network, slow, large}, "switch": {network},
		"no-json": {"", "ANSWER_UNREADABLE"}, "deep-json": {"", "ANSWER_UNREADABLE"}, "large-json": {"", large, "ANSWER_UNREADABLE", slow}, "wrong-type": {"", "ANSWER_UNREADABLE"}, "status-0": {network, "HTTP_STATUS"}, "status-999": {"HTTP_STATUS", network}, "no-utf8": {"", "ANSWER_UNREADABLE"},
		"zero-bytes": {"", "ANSWER_UNREADABLE"}, "wrong-packing": {"ANSWER_UNREADABLE"}, "cut-packing": {"ANSWER_UNREADABLE", network}, "lying-length": {large, network, slow},
	}
}

// calls starts one execution for each bad answer and judges how it ended. Each is given two
// seconds for the call.
func (h *hostile) calls(ctx context.Context, wait *sync.WaitGroup) int {
	list := badAnswers()
	for path, ends := range list {
		id := h.start(ctx, "outward", map[string]any{"path": path})
		if id == "" {
			h.wrong("the call of %s was not started", path)
			continue
		}
		wait.Go(func() {
			begun := time.Now()
			o, ok := h.awaited(ctx, id, 30*time.Second)
			if !ok || !slices.Contains(ends, o.code) && o.code != "TIMEOUT" {
				h.wrong("the call of %s ended %s with %q after %s: %.200s", path, o.status, o.code, time.Since(begun).Round(time.Millisecond), o.says)
			}
			if took := time.Since(begun); took > 15*time.Second {
				h.wrong("the call of %s ended after %s", path, took.Round(time.Millisecond))
			}
		})
	}
	return len(list)
}

// rawAnswers are answers that no HTTP library would write.
func (r *receivers) rawAnswers() map[string]string {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	return map[string]string{
		"cut": "HTTP/1.1 200 O", "cut-in-body": ok + "Content-Length: 1000\r\n\r\n{\"a\":", "short": ok + "Content-Length: 100\r\n\r\n{}", "chunks": ok + "Transfer-Encoding: chunked\r\n\r\nzzzz\r\n{}\r\n",
		"no-http": "hello\r\n\r\n", "switch": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "status-0": "HTTP/1.1 000 \r\nContent-Length: 0\r\n\r\n", "status-999": "HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
		"lying-length": ok + "Content-Length: 99999999999\r\n\r\n{}", "continue": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 5000),
		"one-header": ok + "X-A: " + strings.Repeat("a", 8<<20) + "\r\n\r\n", "headers": ok + strings.Repeat("X-A: b\r\n", 1<<20) + "\r\n", "reset": "",
	}
}

// ServeHTTP answers as the path says.
func (r *receivers) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	path := strings.TrimPrefix(q.URL.Path, "/")
	if raw, ok := r.rawAnswers()[path]; ok {
		r.raw(w, raw)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch path {
	case "hang":
		r.hold(q)
	case "hang-after-head":
		flush(w, "{")
		r.hold(q)
	case "drip":
		r.repeat(w, q, "[", 100*time.Millisecond)
	case "stream":
		r.repeat(w, q, strings.Repeat("x", 1<<20), 0)
	case "loop":
		http.Redirect(w, q, "/loop", http.StatusFound)
	case "to-file":
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(http.StatusFound)
	case "to-inside":
		w.Header().Set("Location", "http://169.254.169.254/latest/meta-data")
		w.WriteHeader(http.StatusFound)
	case "bomb", "wrong-packing", "cut-packing", "bomb-of-bombs":
		r.packed(w, path)
	default:
		said(w, path)
	}
}

// said writes a body that cannot be read, or should not.
func said(w http.ResponseWriter, path string) {
	body := map[string]string{
		"no-json": "{", "deep-json": strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "large-json": "[" + strings.Repeat("{},", 2_000_000) + "{}]",
		"no-utf8": "\"\xff\xfe\"", "zero-bytes": `{"a":"\u0000","b":"` + "\x00" + `"}`, "wrong-type": "\x89PNG\r\n",
	}[path]
	if path == "wrong-type" {
		w.Header().Set("Content-Type", "image/png; charset=utf-16")
	}
	_, _ = io.WriteString(w, body) //nolint:errcheck // the caller may be gone
}

func (r *receivers) packed(w http.ResponseWriter, path string) {
	w.Header().Set("Content-Encoding", "gzip")
	body := r.bomb
	switch path {
	case "wrong-packing":
		w.Header().Set("Content-Encoding", "br")
	case "cut-packing":
		body = body[:1000]
	case "bomb-of-bombs":
		w.Header().Set("Content-Encoding", "gzip, gzip")
	}
	_, _ = w.Write(body) //nolint:errcheck // the caller may be gone
}

// hold keeps a call until the caller has gone.
func (r *receivers) hold(q *http.Request) {
	select {
	case <-q.Context().Done():
	case <-r.gone:
	}
}

// repeat writes a text again and again until the caller has gone.
func (r *receivers) repeat(w http.ResponseWriter, q *http.Request, text string, rest time.Duration) {
	for q.Context().Err() == nil {
		select {
		case <-r.gone:
			return
		default:
		}
		flush(w, text)
		pause(q.Context(), rest)
	}
}

func flush(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text) //nolint:errcheck // the caller may be gone
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// raw takes the connection and writes bytes to it.
func (r *receivers) raw(w http.ResponseWriter, text string) {
	taken, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := taken.Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok && text == "" {
		_ = tcp.SetLinger(0) //nolint:errcheck // then it is closed without a reset
	}
	_, _ = io.WriteString(conn, text) //nolint:errcheck // the caller may be gone
}
