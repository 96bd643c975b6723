package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// senders is how many requests are under way at once.
const senders = 8

// killMode kills the server at random moments under load, sometimes while it
// starts, and judges what is left.
func killMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "kill", Seed: s.seed}
	out, err := reachOut(&s)
	if err != nil {
		return r, err
	}
	defer out.close()
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	random := newRandom(s.seed)
	l := &load{c: c, j: &journal{}, random: newRandom(s.seed + 1), run: fmt.Sprintf("k%x", s.seed&0xffff)}
	if err := l.outside(ctx, out); err != nil {
		return r, err
	}
	err = l.during(ctx, func() error {
		for range s.cycles {
			pause(ctx, time.Duration(20+random.IntN(400))*time.Millisecond)
			if ctx.Err() != nil {
				break
			}
			if l.j.busy() > 0 {
				r.InFlight++
			}
			v.kill()
			r.Kills++
			if random.IntN(4) == 0 { // twice in a row: recovery is the normal path
				early, done := context.WithTimeout(ctx, time.Duration(1+random.IntN(60))*time.Millisecond)
				err := v.start(early, "")
				done()
				if err == nil {
					v.kill()
				}
				r.Kills++
				r.InFlight++
			}
			if err := v.start(ctx, ""); err != nil {
				return errors.Join(fmt.Errorf("restart after kill %d", r.Kills), err)
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return r, err
	}
	return finish(ctx, v, l, r)
}

// finish lets everything come to rest, stops the server and judges.
func finish(ctx context.Context, v *server, l *load, r report) (report, error) {
	r.Broken = append(r.Broken, l.settle(ctx, 60*time.Second)...)
	l.c.http.CloseIdleConnections() // else the server waits for a request on each
	if err := v.stop(); err != nil {
		r.Broken = append(r.Broken, err.Error())
	}
	r.Sent, r.Unknown, r.SlowestReady = l.j.sent, l.j.unknown, v.slowest.Round(time.Millisecond).String()
	if err := judge(ctx, v, l.j, &r); err != nil {
		return r, err
	}
	if l.sink != nil {
		l.sink.judge(l.j, &r)
	}
	if _, err := v.command(ctx, "", "doctor"); err != nil { // is the file sound, are the chains whole
		r.Broken = append(r.Broken, err.Error())
	}
	if !r.ok() {
		r.Folder = v.folder
		lines := strings.Split(strings.TrimSpace(v.log.String()), "\n")
		r.Broken = append(r.Broken, lines[max(0, len(lines)-5):]...)
		return r, nil
	}
	return r, os.RemoveAll(v.folder)
}
