package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// sink is another system: it counts the calls that it gets, by what they carry.
type sink struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
	marks map[string]int
}

func newSink() *sink {
	s := &sink{marks: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		s.mu.Lock()
		s.calls++
		s.marks[string(body)]++
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}))
	return s
}

// address is what a server must be allowed to call.
func (s *sink) address() string { return net.JoinHostPort("127.0.0.1", portOf(s.Listener.Addr())) }

func portOf(a net.Addr) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return ""
	}
	return port
}

// count is how many calls came.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// of is how many calls carried a mark.
func (s *sink) of(mark string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[mark]
}
