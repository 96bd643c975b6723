package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"formrail/models"
)

// hand moves the clock of a server, which reads it from a file.
type hand struct {
	file    string
	real    time.Time
	shown   time.Time
	highest time.Time // that was ever shown
}

// to makes the clock show an instant and go on from there.
func (h *hand) to(at time.Time) error {
	h.highest = later(h.highest, h.now())
	h.real, h.shown = time.Now(), at
	h.highest = later(h.highest, at)
	line := fmt.Sprintf("%s %s 1\n", h.real.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano))
	if err := os.WriteFile(h.file+".new", []byte(line), 0o600); err != nil {
		return fmt.Errorf("move the clock: %w", err)
	}
	if err := os.Rename(h.file+".new", h.file); err != nil {
		return fmt.Errorf("move the clock: %w", err)
	}
	return nil
}

// now is what the clock shows.
func (h *hand) now() time.Time {
	if h.real.IsZero() {
		return time.Time{}
	}
	return h.shown.Add(time.Since(h.real))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// How long everything that has become due may take, by a clock on the wall, after a step of
// the server's clock; with tens of millions of slots to skip it may take longer.
const (
	settleBound = 20 * time.Second
	manyBound   = 90 * time.Second
)

// clocked is a server whose clock is moved.
type clocked struct {
	v       *server
	c       *client
	db      *models.DB
	hand    *hand
	r       *report
	settled latencies
	seen    map[string]bool // slots that were looked at
}

// clockMode steps the clock of a running server by minutes to years in both directions, over
// clock changes, the leap day and the ends of months, with restarts between. Nothing is
// early or doubled, what does not fire has a row, nothing is stuck.
func clockMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "clock", Seed: s.seed}
	if s.database != "" {
		return r, errors.New("SKIPPED clock: on PostgreSQL the time is that of the database server, which nobody here can move")
	}
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	x := &clocked{v: v, r: &r, hand: &hand{file: filepath.Join(v.folder, "clock")}, seen: map[string]bool{}}
	v.env = append(v.env, "FORMRAIL_CLOCK="+x.hand.file)
	if err := x.hand.to(time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)); err != nil {
		return r, err
	}
	if x.c, err = setUp(ctx, v); err != nil {
		return r, err
	}
	defer v.kill()
	if err := x.isMoved(ctx); err != nil {
		return r, err
	}
	if x.db, err = openWitness(ctx, v); err != nil {
		return r, err
	}
	defer x.db.Close() //nolint:errcheck // only read
	for _, j := range journeys(s.quick) {
		begun := time.Now()
		if err := x.travel(ctx, j); err != nil {
			return r, fmt.Errorf("%s: %w", j.name, err)
		}
		r.Journeys++
		fmt.Fprintf(s.out, "%s: %d moves, %d cases in %s\n", j.name, len(j.moves), len(j.slots)+len(j.waits), time.Since(begun).Round(100*time.Millisecond))
	}
	return x.finish(ctx)
}

// isMoved finds out whether the server follows the clock at all: only builds for tests do.
func (x *clocked) isMoved(ctx context.Context) error {
	r, err := x.c.must(ctx, "POST", "/api/effects:create", map[string]any{"mark": "moved"})
	if err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, fmt.Sprint(r.data()["createdAt"]))
	if err != nil || at.Sub(x.hand.now()).Abs() > time.Minute {
		return fmt.Errorf("the server does not follow FORMRAIL_CLOCK: build it with -tags faults (%v)", r.data()["createdAt"])
	}
	return nil
}

// travel publishes the workflows of a journey at its start, makes its moves and judges.
func (x *clocked) travel(ctx context.Context, j journey) error {
	if err := x.hand.to(instantOf(j.start)); err != nil {
		return err
	}
	if err := x.newToken(ctx); err != nil {
		return err
	}
	for _, t := range j.slots {
		text := fmt.Sprintf(`{"key":%q,"title":%q,"type":"schedule","config":%s,"nodes":[%s]}`, j.key(t.key), j.key(t.key), t.config, leaves(j.key(t.key)))
		if err := publish(ctx, x.c, text); err != nil {
			return err
		}
	}
	for _, w := range j.waits {
		for _, text := range w.workflows(j) {
			if err := publish(ctx, x.c, text); err != nil {
				return err
			}
		}
		if _, err := x.c.must(ctx, "POST", "/hooks/"+j.key(w.key), map[string]any{}); err != nil {
			return err
		}
	}
	if err := x.settle(ctx, j, j.start); err != nil {
		return err
	}
	for _, m := range j.moves {
		if err := x.move(ctx, j, m); err != nil {
			return err
		}
	}
	if err := x.newToken(ctx); err != nil {
		return err
	}
	return x.judge(ctx, j)
}

// newToken makes the token anew: they expire like everything else.
func (x *clocked) newToken(ctx context.Context) (err error) {
	x.c.token, err = x.v.command(ctx, "", "token", "create", "--user", "root@example.com", "--name", "check")
	return err
}

// move makes one move and waits until what it made due is done.
func (x *clocked) move(ctx context.Context, j journey, m string) error {
	x.r.Moves++
	switch at, down, _ := strings.Cut(m, " "); {
	case at == "kill":
		x.v.kill()
		if err := x.v.start(ctx, ""); err != nil {
			return err
		}
		x.r.Kills++
	case down == "while down":
		if err := x.v.stop(); err != nil {
			return err
		}
		if err := x.hand.to(instantOf(at)); err != nil {
			return err
		}
		if err := x.v.start(ctx, ""); err != nil {
			return err
		}
	default:
		if err := x.hand.to(instantOf(at)); err != nil {
			return err
		}
	}
	if err := x.settle(ctx, j, m); err != nil {
		return err
	}
	if err := x.neverEarly(ctx, j, m); err != nil {
		return err
	}
	return x.waiting(ctx, j, m)
}

// settle waits until nothing that is due is left.
func (x *clocked) settle(ctx context.Context, j journey, m string) error {
	begun := time.Now()
	left := "?"
	bound := settleBound
	if j.many {
		bound = manyBound
	}
	for time.Since(begun) < bound && ctx.Err() == nil && left != "" {
		pause(ctx, 20*time.Millisecond)
		var err error
		if left, err = x.unsettled(ctx); err != nil {
			return err
		}
	}
	x.settled.add(time.Since(begun))
	if left != "" {
		x.wrong("%s: %s after the move to %s: %s", j.name, bound, m, left)
	}
	return nil
}

func (x *clocked) wrong(format string, args ...any) {
	x.r.Broken = append(x.r.Broken, fmt.Sprintf(format, args...))
}

// unsettled says what is due and not done; empty when nothing is.
func (x *clocked) unsettled(ctx context.Context) (string, error) {
	now := models.At(x.hand.now())
	for what, query := range map[string]string{
		"slots are due":                  "SELECT COUNT(*) FROM schedule_slots WHERE state = 'due' AND slot_at <= ?",
		"wake-ups are due":               "SELECT COUNT(*) FROM wakeups WHERE state <> 'done' AND due_at <= ?",
		"executions are overdue":         "SELECT COUNT(*) FROM executions WHERE status IN ('queued', 'running', 'waiting') AND expires_at > 0 AND expires_at <= ?",
		"executions have not even begun": "SELECT COUNT(*) FROM executions WHERE status IN ('queued', 'running') AND created_at <= ?",
	} {
		var n int
		if err := x.db.Read().QueryRow(ctx, query, now).Scan(&n); err != nil {
			return "", fmt.Errorf("look for what is due: %w", err)
		}
		if n > 0 {
			return fmt.Sprintf("%d %s", n, what), nil
		}
	}
	return "", nil
}

// neverEarly looks at slots that have fired since the last look: the clock must have shown
// their time.
func (x *clocked) neverEarly(ctx context.Context, j journey, m string) error {
	x.hand.highest = later(x.hand.highest, x.hand.now())
	rows, err := x.db.Read().Query(ctx, "SELECT schedule, slot_at, decided_at FROM schedule_slots WHERE state = 'fired'")
	if err != nil {
		return fmt.Errorf("read slots: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			schedule    string
			at, decided models.Millis
		)
		if err := rows.Scan(&schedule, &at, &decided); err != nil {
			return fmt.Errorf("read slots: %w", err)
		}
		name := fmt.Sprint(schedule, at)
		if !x.seen[name] && (at.Time().After(x.hand.highest) || decided < at) {
			x.wrong("%s: after the move to %s the slot of %s had fired, at %s", j.name, m, at.Time().Format(time.RFC3339), decided.Time().Format(time.RFC3339))
		}
		x.seen[name] = true
	}
	return rows.Err()
}

// finish moves beyond everything, stops and judges what is left.
func (x *clocked) finish(ctx context.Context) (report, error) {
	x.r.judgeMemory(x.v)
	now := x.hand.now()
	x.r.Broken = append(x.r.Broken, stopped(x.v)...)
	x.r.Settled, x.r.SlowestReady = x.settled.said(), x.v.slowest.Round(time.Millisecond).String()
	if err := judgeRest(ctx, x.v, now, x.r); err != nil {
		return *x.r, err
	}
	if !x.r.ok() {
		x.r.Folder = x.v.folder
		return *x.r, nil
	}
	return *x.r, os.RemoveAll(x.v.folder)
}

func instantOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic("the table of the clock: " + err.Error())
	}
	return t
}
