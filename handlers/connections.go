package handlers

import (
	"net"
	"sync"
)

// limited is a listener that gives each address a bounded number of connections, so
// that one caller cannot take them all. The server below has such a limit too, but
// its own one races with the closing of idle connections at shutdown.
type limited struct {
	net.Listener
	max  int
	mu   sync.Mutex
	open map[string]int // connections by address without port
}

func limit(l net.Listener, max int) *limited {
	return &limited{Listener: l, max: max, open: map[string]int{}}
}

// Accept gives the next connection that may come in. Others are closed at once.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, _, err := net.SplitHostPort(conn.RemoteAddr().String())
		if err != nil {
			return conn, nil //nolint:nilerr // an address without port, as sockets of files have
		}
		if l.enter(from) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.leave(from) })}, nil
		}
		_ = conn.Close() // nothing was sent over it
	}
}

func (l *limited) enter(from string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from] >= l.max {
		return false
	}
	l.open[from]++
	return true
}

func (l *limited) leave(from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from]--; l.open[from] <= 0 {
		delete(l.open, from)
	}
}

// counted is a connection that says when it is gone.
type counted struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
