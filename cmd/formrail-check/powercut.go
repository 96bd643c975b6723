package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// powercutMode cuts the power at random moments under load, while the server starts and
// while it stops: whatever of the database was not synced is lost. In half of the cuts
// some of it survives, sector by sector.
func powercutMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "powercut", Seed: s.seed}
	fmt.Fprintln(s.out, "SKIPPED powercut(root): this command has only the form without rights yet")
	out, err := reachOut(&s)
	if err != nil {
		return r, err
	}
	defer out.close()
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	d, err := newDisk(ctx, v)
	if err != nil {
		return r, err
	}
	defer d.close() //nolint:errcheck // a temporary folder
	if err := d.keepCopies(); err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	if _, err := os.Stat(filepath.Join(d.copies(), durable()[0])); err != nil {
		return r, fmt.Errorf("the server did not load the library: is it linked to libc? %w", err)
	}
	l := &load{c: c, j: &journal{}, random: newRandom(s.seed + 1), run: fmt.Sprintf("c%x", s.seed&0xffff)}
	if err := l.outside(ctx, out); err != nil {
		return r, err
	}
	p := &powercuts{d: d, r: &r, random: newRandom(s.seed)}
	err = l.during(ctx, func() error {
		for range s.cycles {
			if err := p.cycle(ctx, v, l.j); err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	return finish(ctx, v, l, r)
}

// powercuts is one run of the mode.
type powercuts struct {
	d      *disk
	r      *report
	random *rand.Rand
}

// cycle cuts the power once or twice and starts the server again.
func (p *powercuts) cycle(ctx context.Context, v *server, j *journal) error {
	pause(ctx, time.Duration(20+p.random.IntN(400))*time.Millisecond)
	if j.busy() > 0 {
		p.r.InFlight++
	}
	if p.random.IntN(6) == 0 { // while it stops: the log goes back into the database
		if err := v.terminate(); err != nil {
			return err
		}
		pause(ctx, time.Duration(p.random.IntN(60))*time.Millisecond)
	}
	if err := p.cut(); err != nil {
		return err
	}
	if p.random.IntN(4) == 0 { // while it starts
		early, done := context.WithTimeout(ctx, time.Duration(1+p.random.IntN(120))*time.Millisecond)
		_ = v.start(early, "") //nolint:errcheck // it has come as far as it has
		done()
		p.r.InFlight++
		if err := p.cut(); err != nil {
			return err
		}
	}
	if p.random.IntN(4) == 0 {
		if _, err := v.command(ctx, "", "doctor"); err != nil {
			p.r.Broken = append(p.r.Broken, fmt.Sprintf("after cut %d: %s", p.r.Cuts, err))
		}
	}
	if err := v.start(ctx, ""); err != nil {
		return errors.Join(fmt.Errorf("restart after cut %d", p.r.Cuts), err)
	}
	return nil
}

func (p *powercuts) cut() error {
	survival := 0.0
	if p.random.IntN(2) == 0 {
		survival = p.random.Float64()
	}
	lost, err := p.d.cut(p.random, survival)
	p.r.Kills++
	p.r.Cuts++
	p.r.Sectors += lost
	return err
}
