package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// sink is another system that workflows call: a witness that no server can touch. It
// writes down every call before it answers, and can hold an answer back.
type sink struct {
	server *http.Server
	base   string

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

// ServeHTTP takes one call. The path is the mark.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mark := strings.TrimPrefix(r.URL.Path, "/")
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

func (s *sink) close() { _ = s.server.Close() } //nolint:errcheck // at the end of a run
