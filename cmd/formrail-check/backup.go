package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"formrail/models"
)

// Workflows that reach the outside: one for each record, one by the clock.
const (
	callFlow  = `{"key":"call","title":"Call","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"out","type":"http_request","config":{"url":"%s","method":"PUT","body":"text","text":"{{ trigger.data.mark }}"}},` + effect + `,` + mark + `]}`
	clockFlow = `{"key":"clock","title":"Clock","type":"schedule","config":{"startsOn":"2020-01-01T00:00","repeat":{"every":"1s"}},"nodes":[{"key":"out","type":"http_request","config":{"url":"%s","method":"PUT","body":"text","text":"clock"}}]}`
)

// backupMode makes backups under load. Each is restored into a folder of its own while
// the installation stands still; the restored one must hold everything that was
// acknowledged before the backup began, and must call nobody before it is released.
func backupMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "backup", Seed: s.seed}
	out, err := newSink()
	if err != nil {
		return r, err
	}
	defer out.close()
	s.serve = append(s.serve, "--egress-allow", out.address())
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	for _, flow := range []string{callFlow, clockFlow} {
		if err := publish(ctx, c, fmt.Sprintf(flow, out.base)); err != nil {
			return r, err
		}
	}
	b := &backups{s: s, v: v, sink: out, r: &r}
	j := &journal{}
	b.l = &load{c: c, j: j, random: newRandom(s.seed), run: fmt.Sprintf("b%x", s.seed&0xffff), more: []string{"call"}}
	for n := range s.cycles {
		if ctx.Err() != nil {
			break
		}
		if err := b.cycle(ctx, n); err != nil {
			return r, fmt.Errorf("backup %d: %w", n, err)
		}
		if len(r.Broken) > 0 || r.Lost > 0 {
			break
		}
	}
	if _, err := c.must(ctx, "POST", "/api/workflows:update/clock", map[string]any{"enabled": false}); err != nil {
		return r, err
	}
	return finish(ctx, v, b.l, r)
}

// backups is one run of the mode.
type backups struct {
	s    settings
	v    *server
	l    *load
	sink *sink
	r    *report
}

func (b *backups) broken(format string, args ...any) {
	b.r.Broken = append(b.r.Broken, fmt.Sprintf(format, args...))
}

// cycle makes a backup under load, kills the server, drills the restore and starts the
// server again.
func (b *backups) cycle(ctx context.Context, n int) error {
	driving, halt := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() {
		b.l.drive(driving, senders)
		close(finished)
	}()
	pause(ctx, time.Duration(200+b.l.chance(600))*time.Millisecond)
	before := b.l.j.acknowledged()
	file := filepath.Join(b.v.folder, fmt.Sprintf("backup-%d", n))
	if b.l.j.busy() > 0 {
		b.r.InFlight++
	}
	_, err := b.v.command(ctx, "", "backup", file)
	halt()
	<-finished
	if err != nil {
		b.broken("backup %d: %s", n, err)
		return nil
	}
	b.r.Backups++
	b.v.kill() // nobody but the restored one may call from now on
	b.r.Kills++
	if err := b.drill(ctx, file, before); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("remove backup: %w", err)
	}
	return b.v.start(ctx, "")
}

// drill restores a backup and looks at what the restored installation does and holds.
func (b *backups) drill(ctx context.Context, file string, before []*entry) error {
	s := b.s
	s.database = "" // a backup has one format, whatever database it is of
	twin, err := newServer(s)
	if err != nil {
		return err
	}
	if _, err := twin.command(ctx, "", "restore", file); err != nil {
		b.broken("restore: %s", err)
		return nil
	}
	if err := twin.start(ctx, ""); err != nil {
		return err
	}
	defer twin.kill()
	j := &journal{}
	l := &load{c: newClient(twin.address), j: j, random: newRandom(b.s.seed + uint64(b.r.Backups)), run: fmt.Sprintf("r%d", b.r.Backups), more: []string{"call"}} //nolint:gosec // small
	l.c.token = b.l.c.token
	called := b.sink.count()
	err = b.whileHeld(ctx, twin, l)
	b.r.CallsHeld += b.sink.count() - called
	if err == nil {
		err = b.release(ctx, l.c)
	}
	if err != nil { // what the installation had is not there
		b.broken("restored: %s", err)
		return b.judge(ctx, twin, before, nil)
	}
	b.r.Broken = append(b.r.Broken, l.settle(ctx, 60*time.Second)...)
	if err := twin.stop(); err != nil {
		b.broken("%s", err)
	}
	return b.judge(ctx, twin, before, j.list())
}

// whileHeld loads the restored installation, restarts it, and gives its schedules time
// to do what they must not.
func (b *backups) whileHeld(ctx context.Context, twin *server, l *load) error {
	for round := range 2 {
		driving, halt := context.WithTimeout(ctx, 700*time.Millisecond)
		l.drive(driving, 2)
		halt()
		if r := l.c.call(ctx, "GET", "/api/executions:list?status=waiting&pageSize=1", "", nil); r.status != 200 || len(r.list()) == 0 {
			b.broken("no execution waits while the installation is held: %d", r.status)
		}
		if round > 0 {
			continue
		}
		twin.kill()
		b.r.Kills++
		if err := twin.start(ctx, ""); err != nil {
			return err
		}
	}
	return nil
}

// release signs the owner in and lets the installation go. Its schedule is switched off
// first: it would never rest.
func (b *backups) release(ctx context.Context, c *client) error {
	if _, err := c.must(ctx, "POST", "/api/workflows:update/clock", map[string]any{"enabled": false}); err != nil {
		return err
	}
	owner := newClient(c.at)
	signed, err := owner.must(ctx, "POST", "/api/auth:signIn", map[string]any{"account": "root@example.com", "password": rootPassword})
	if err != nil {
		return err
	}
	owner.token = fmt.Sprint(signed.data()["token"])
	if state, err := owner.must(ctx, "GET", "/api/instance:get", nil); err != nil || state.data()["held"] != true {
		return errors.Join(errors.New("the restored installation is not held"), err)
	}
	_, err = owner.must(ctx, "POST", "/api/instance:release", map[string]any{})
	return err
}

// judge compares the restored installation with what was acknowledged before its backup
// began, and with what it was asked since.
func (b *backups) judge(ctx context.Context, twin *server, before, since []*entry) error {
	db, err := openWitness(ctx, twin)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // only read
	records, err := countByMark(ctx, db, `SELECT mark, COUNT(*) FROM c_sources GROUP BY mark`)
	if err != nil { // a table that is not there holds nothing
		b.broken("restored: %s", err)
	}
	done, err := countByMark(ctx, db, `SELECT mark, COUNT(*) FROM c_effects GROUP BY mark`)
	if err != nil {
		b.broken("restored: %s", err)
	}
	for _, e := range append(before, since...) {
		want := 1
		if e.kind == "plain" {
			want = 0
		}
		tally(b.r, true, records[e.mark], 1)
		tally(b.r, true, done[e.mark], want)
		if e.kind == "call" && len(b.sink.of(e.mark)) == 0 {
			b.broken("%s was never called, also not after the release", e.mark)
		}
	}
	breaches, err := models.CheckInvariants(ctx, db.Read(), models.All, time.Now())
	if err != nil {
		return err
	}
	for _, f := range breaches {
		b.broken("restored: %s %s: %s", f.Query, f.Says, f.Row)
	}
	if b.r.ok() {
		return os.RemoveAll(twin.folder)
	}
	b.broken("restored in %s", twin.folder)
	return nil
}
