package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// sink is another system that workflows call: a witness that no server can touch. It
// writes down every call before it answers, and can hold an answer back.
type sink struct {
	server *http.Server
	base   string
	slow   time.Duration // before each answer

	mu    sync.Mutex
	calls map[string][]call        // by mark
	holds map[string]chan struct{} // marks whose first call waits until the channel is closed
}

// call is one call as the other system saw it.
type call struct {
	key  string // Idempotency-Key
	port string // of the caller's side of the connection
}

func newSink() (*sink, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as another system: %w", err)
	}
	s := &sink{base: "http://" + socket.Addr().String(), calls: map[string][]call{}, holds: map[string]chan struct{}{}}
	s.server = &http.Server{Handler: s}        //nolint:gosec // talks to this machine only
	go func() { _ = s.server.Serve(socket) }() //nolint:errcheck // ends with the run
	return s, nil
}

// ServeHTTP takes one call. The path is the mark, or the body where there is no path.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mark := strings.TrimPrefix(r.URL.Path, "/")
	if mark == "" {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		mark = string(body)
	}
	_, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		port = ""
	}
	s.mu.Lock()
	s.calls[mark] = append(s.calls[mark], call{key: r.Header.Get("Idempotency-Key"), port: port})
	hold := s.holds[mark]
	first := len(s.calls[mark]) == 1
	s.mu.Unlock()
	if hold != nil && first {
		<-hold
	}
	pause(r.Context(), s.slow)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"ok":true}`)) //nolint:errcheck // the caller is gone
}

// hold makes the first call of a mark wait until release is called.
func (s *sink) hold(mark string) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := make(chan struct{})
	s.holds[mark] = ch
	return sync.OnceFunc(func() { close(ch) })
}

// of lists the calls of a mark so far.
func (s *sink) of(mark string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.calls[mark]...)
}

// count is how many calls came.
func (s *sink) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.calls {
		n += len(list)
	}
	return n
}

// address is what a server must be allowed to call.
func (s *sink) address() string { return strings.TrimPrefix(s.base, "http://") }

func (s *sink) close() { _ = s.server.Close() } //nolint:errcheck // at the end of a run
