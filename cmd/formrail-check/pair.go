package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// pair is two servers on one PostgreSQL, with what watches them.
type pair struct {
	s       settings
	servers [2]*server
	api     [2]*client // at one server each
	load    *load
	sink    *sink
	r       *report

	mu     sync.Mutex
	frozen int // index of the server that stands still, -1 = none
	turn   int
}

// The workflows that only this mode uses.
const (
	outsideFlow = `{"key":"outside","title":"Outside","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"call","type":"http_request","config":{"method":"PUT","url":"%s/{{ trigger.data.mark }}","body":"none","timeout":"60s"}},` + effect + `,` + mark + `,{"key":"ask","type":"approval","config":{"assignees":{"users":[1]},"applicant":"allow"}}]}`
	slotFlow    = `{"key":"clock","title":"Clock","type":"schedule","config":{"startsOn":"2026-01-01T00:00:00Z","repeat":{"every":"1s"},"misfire":"none"},"nodes":[]}`
)

// newPair starts two servers on an empty database and makes what is under test.
func newPair(ctx context.Context, s settings, r *report) (*pair, error) {
	if s.database == "" {
		return nil, errors.New("cluster needs PostgreSQL: name an empty database with --database-url")
	}
	p := &pair{s: s, r: r, frozen: -1}
	var err error
	if p.sink, err = newSink(); err != nil {
		return nil, err
	}
	s.serve = append(s.serve, "--egress-allow", p.sink.address())
	if p.servers[0], err = newServer(s); err != nil {
		return nil, err
	}
	c, err := setUp(ctx, p.servers[0])
	if err != nil {
		return nil, err
	}
	for _, text := range []string{fmt.Sprintf(outsideFlow, p.sink.base), slotFlow} {
		if err := publish(ctx, c, text); err != nil {
			return nil, err
		}
	}
	p.servers[1] = &server{s: s, folder: p.servers[0].folder, log: &bytes.Buffer{}}
	if err := p.servers[1].start(ctx, ""); err != nil {
		return nil, fmt.Errorf("start the second server: %w", err)
	}
	for i, v := range p.servers {
		p.api[i] = newClient(v.address)
		p.api[i].token, p.api[i].http.Timeout = c.token, 8*time.Second
	}
	both := newClient(p.address)
	both.token, both.http.Timeout = c.token, 8*time.Second
	p.load = &load{c: both, j: &journal{}, random: newRandom(s.seed + 1), run: fmt.Sprintf("c%x", s.seed&0xffff)}
	return p, nil
}

// address is that of one server after the other, as a load balancer gives it: one that
// does not answer is left out.
func (p *pair) address() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	i := p.turn % 2
	if i == p.frozen {
		i = 1 - i
	}
	return p.servers[i].address()
}

// freeze stops a server and its children where they are; thaw lets them go on.
func (p *pair) freeze(i int) error {
	p.mu.Lock()
	p.frozen = i
	p.mu.Unlock()
	return syscall.Kill(-p.servers[i].pid(), syscall.SIGSTOP)
}

func (p *pair) thaw(i int) error {
	p.mu.Lock()
	p.frozen = -1
	p.mu.Unlock()
	return syscall.Kill(-p.servers[i].pid(), syscall.SIGCONT)
}

// close ends everything.
func (p *pair) close() {
	p.sink.close()
	for _, v := range p.servers {
		if v != nil && v.pid() != 0 {
			_ = syscall.Kill(-v.pid(), syscall.SIGCONT) //nolint:errcheck // may be gone already
			v.kill()
		}
	}
}

// holder finds which server has the connection whose own port is port; -1 = neither.
func (p *pair) holder(port string) int {
	inode := socketOf(port)
	if inode == "" {
		return -1
	}
	for i, v := range p.servers {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", v.pid()))
		if err != nil {
			continue
		}
		for _, f := range files {
			if to, err := os.Readlink(f); err == nil && to == "socket:["+inode+"]" {
				return i
			}
		}
	}
	return -1
}

// socketOf finds the kernel's number of the socket with a local port.
func socketOf(port string) string {
	n, err := strconv.Atoi(port)
	if err != nil {
		return ""
	}
	want := fmt.Sprintf(":%04X", n)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table) //nolint:gosec // one of the two above
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && strings.HasSuffix(f[1], want) && f[3] != "0A" {
				return f[9]
			}
		}
	}
	return ""
}

// onDatabase runs one statement as a witness.
func (p *pair) onDatabase(ctx context.Context, statement string, args ...any) (n int64, err error) {
	conn, err := pgx.Connect(ctx, p.s.database)
	if err != nil {
		return 0, fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := conn.QueryRow(ctx, statement, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", statement, err)
	}
	return n, nil
}

// becomes waits until a count has a value.
func (p *pair) becomes(ctx context.Context, limit time.Duration, want int64, statement string, args ...any) bool {
	for end := time.Now().Add(limit); time.Now().Before(end) && ctx.Err() == nil; {
		if n, err := p.onDatabase(ctx, statement, args...); err == nil && n == want {
			return true
		}
		pause(ctx, 50*time.Millisecond)
	}
	return false
}

// wrong notes a breach.
func (p *pair) wrong(format string, args ...any) {
	p.r.Broken = append(p.r.Broken, fmt.Sprintf(format, args...))
}

// mishaps are lines of the servers' logs that must not be there whatever is done to them:
// work that could not be committed for another reason than that it was lost.
func (p *pair) mishaps() []string {
	var out []string
	for _, v := range p.servers {
		for line := range strings.Lines(v.log.String()) {
			if strings.Contains(line, "could not move") || strings.Contains(line, "panicked") {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	return out
}
