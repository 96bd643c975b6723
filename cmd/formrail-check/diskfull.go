package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// How long things may take when a disk is full, and free again.
const (
	refusalLimit = 20 * time.Second       // until nothing is acknowledged any more
	calmDown     = 500 * time.Millisecond // without an acknowledgement: there is no more space
	serviceLimit = 10 * time.Second       // from space to the first acknowledgement
)

// diskfullMode fills the disk under load and frees it again: requests are refused in an
// orderly way meanwhile, and what was refused has left nothing. Then it starts the server
// on a full disk.
func diskfullMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "diskfull", Seed: s.seed}
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	d, err := newDisk(ctx, v)
	if err != nil {
		return r, err
	}
	defer d.close() //nolint:errcheck // a temporary folder
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	f := &fullness{d: d, v: v, r: &r, c: c, seen: &answers{}}
	c.seen = f.seen.take
	f.l = &load{c: c, j: &journal{}, random: newRandom(s.seed + 1), run: fmt.Sprintf("d%x", s.seed&0xffff)}
	random := newRandom(s.seed)
	pid := v.pid()
	err = f.l.during(ctx, func() error {
		for n := range s.cycles {
			pause(ctx, time.Duration(200+random.IntN(500))*time.Millisecond)
			if err := f.round(ctx, n%2 == 1, time.Duration(500+random.IntN(1500))*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if v.pid() != pid || f.dead() {
		r.Broken = append(r.Broken, "the server ended when the disk was full")
	}
	r.Broken = append(r.Broken, f.seen.wrong()...)
	r.Refused = f.seen.refused()
	c.seen = nil
	if !f.l.rest(ctx, serviceLimit) {
		f.broken("executions that the full disk stopped do not go on %s after it was freed", serviceLimit)
	}
	if err := f.starts(ctx); err != nil {
		return r, err
	}
	r.SlowestService = r.slowestService.Round(time.Millisecond).String()
	return finish(ctx, v, f.l, r)
}

// fullness is one run of the mode.
type fullness struct {
	d    *disk
	v    *server
	r    *report
	c    *client
	l    *load
	seen *answers
}

func (f *fullness) broken(format string, args ...any) {
	f.r.Broken = append(f.r.Broken, fmt.Sprintf(format, args...))
}

func (f *fullness) dead() bool {
	select {
	case <-f.v.ended():
		return true
	default:
		return false
	}
}

// round fills the disk for a while under load and frees it.
func (f *fullness) round(ctx context.Context, names bool, long time.Duration) error {
	if err := f.d.fill(names); err != nil {
		return err
	}
	f.r.Fills++
	if !f.within(ctx, refusalLimit, func() bool { return f.seen.quietFor() > calmDown && f.seen.refused() > 0 }) {
		f.broken("requests are acknowledged although the disk has been full for %s", refusalLimit)
	}
	f.looks(ctx)
	pause(ctx, long)
	freed := time.Now()
	if err := f.d.free(); err != nil {
		return err
	}
	if !f.within(ctx, serviceLimit, func() bool { return f.seen.last().After(freed) }) {
		f.broken("nothing is acknowledged %s after the disk was freed", serviceLimit)
		return nil
	}
	f.r.slowestService = max(f.r.slowestService, f.seen.last().Sub(freed))
	return nil
}

func (f *fullness) within(ctx context.Context, limit time.Duration, fn func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 10*time.Millisecond) {
		if fn() {
			return true
		}
	}
	return fn()
}

// looks does what people do while the disk is full: reading goes on, and nobody sees a
// page that says the server is broken.
func (f *fullness) looks(ctx context.Context) {
	if r := f.c.call(ctx, "GET", "/api/sources:list?pageSize=1", "", nil); r.status != http.StatusOK {
		f.broken("reading records on a full disk answered %d", r.status)
	}
	for _, path := range []string{"/sign-in", "/healthz", "/readyz"} {
		f.page(ctx, path)
	}
	// Of these, seen judges the answers.
	f.c.call(ctx, "POST", "/api/auth:signIn", "", map[string]any{"account": "root@example.com", "password": rootPassword})
	f.c.call(ctx, "POST", "/api/collections:create", "", map[string]any{"name": "late", "title": "Late", "fields": []any{}})
}

// page opens a page as somebody who is not signed in.
func (f *fullness) page(ctx context.Context, path string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.v.address()+path, nil)
	if err != nil {
		f.broken("%s", err)
		return
	}
	res, err := f.c.http.Do(req)
	if err != nil {
		f.broken("%s on a full disk: %s", path, err)
		return
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		f.broken("%s on a full disk answered %d", path, res.StatusCode)
	}
}

// starts starts servers on a full disk: the one that was stopped, and one that has no data
// yet. They say so and end; with space they start.
func (f *fullness) starts(ctx context.Context) error {
	if err := f.v.stop(); err != nil {
		f.broken("%s", err)
	}
	if err := f.absent(ctx); err != nil {
		return err
	}
	fresh, err := newServer(f.v.s)
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh.folder)
	if err := f.d.under(fresh); err != nil {
		return err
	}
	for _, v := range []*server{f.v, fresh} {
		for _, names := range []bool{false, true} {
			if err := f.d.fill(names); err != nil {
				return err
			}
			f.refusesToStart(ctx, v)
			if err := f.d.free(); err != nil {
				return err
			}
		}
		if err := v.start(ctx, ""); err != nil {
			return fmt.Errorf("start on a disk that was full: %w", err)
		}
	}
	fresh.kill()
	return nil
}

// refusesToStart starts a server where it cannot work: it says why and ends.
func (f *fullness) refusesToStart(ctx context.Context, v *server) {
	short, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	said, err := v.serve(short).CombinedOutput()
	var code *exec.ExitError
	switch {
	case short.Err() != nil:
		f.broken("the server started on a full disk: %s", said)
	case !errors.As(err, &code):
		f.broken("the server ended in order on a full disk: %v", err)
	case !strings.Contains(string(said), "formrail: The d") || !strings.Contains(string(said), "disk"):
		f.broken("starting on a full disk said %q", said)
	}
}

// unfinished is the code of a refusal that says that the record is saved, while what
// follows from it waits for space.
const unfinished = "WORKFLOW_UNFINISHED"

// absent looks for what requests left that were refused and never acknowledged.
func (f *fullness) absent(ctx context.Context) error {
	db, err := openWitness(ctx, f.v)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	records, err := countByMark(ctx, db, `SELECT mark, COUNT(*) FROM c_sources GROUP BY mark`)
	if err != nil {
		return err
	}
	for _, e := range f.l.j.list() {
		want := 0
		if e.code == unfinished {
			want = 1
		}
		if !e.acked && e.status == http.StatusServiceUnavailable && records[e.mark] != want {
			f.broken("%s was refused with %s and is there %d times", e.mark, e.code, records[e.mark])
		}
	}
	return nil
}

// answers judges all answers of a server that is never killed: each has to be a success,
// what a caller did wrong, or an orderly 503 that says when to come back.
type answers struct {
	mu    sync.Mutex
	acked time.Time // the last success of a change
	no    int       // orderly refusals
	bad   map[string]int
}

func (a *answers) take(method, path string, r reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path, _, _ = strings.Cut(path, "?")
	switch {
	case r.status == http.StatusServiceUnavailable && r.retry != "":
		a.no++
	case r.status == 0 || r.status >= 500:
		if a.bad == nil {
			a.bad = map[string]int{}
		}
		a.bad[fmt.Sprintf("%s %s answered %d %v", method, path, r.status, r.body["errors"])]++
	case r.status < 300 && strings.HasSuffix(path, ":create"):
		a.acked = time.Now()
	}
}

func (a *answers) last() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.acked
}

func (a *answers) quietFor() time.Duration { return time.Since(a.last()) }

func (a *answers) refused() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.no
}

// wrong lists the answers that were not orderly, each once.
func (a *answers) wrong() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for what, n := range a.bad {
		out = append(out, fmt.Sprintf("%d times: %s", n, what))
	}
	return out
}
