package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// How many connections flood mode uses, and how long each part may take to come to rest.
const (
	atCapacity   = 64
	overCapacity = 512
	floodRest    = 3 * time.Minute
	floodRoom    = 2000                   // executions that may wait before more are refused
	refusedRest  = 100 * time.Millisecond // until who was refused comes again: ten times as soon as he is asked to
)

// Bounds of flood mode, for a machine that others use as well, on which those who flood take
// their part of the processors. On one of its own the promise is half a second for the
// sign-in page, and 80 percent of the capacity under overload.
const (
	signInBound = 2 * time.Second
	quietBound  = 2 * time.Second // from the request to the first step of an execution
	aheadBound  = 256             // executions of others that start before a quiet one
	usefulShare = 20              // percent of the capacity that overload must leave
)

const (
	noisyFlow  = `{"key":"noisy","title":"Noisy","type":"webhook","config":{"response":{"body":"{}"}},"nodes":[{"key":"c","type":"condition","config":{"mode":"branch","when":{"all":[]}},"branches":[{"key":"yes","nodes":[{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.mark }}"}}}]}]}]}`
	calmFlow   = `{"key":"calm","title":"Calm","type":"webhook","config":{"response":{"body":"{}"}},"nodes":[{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.mark }}"}}}]}`
	capped     = `{"key":"capped","title":"Capped","type":"webhook","config":{"rate":5,"response":{"body":"{}"}},"nodes":[{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.mark }}"}}}]}`
	signInPath = "/sign-in"
)

// flood is one server under more load than it can bear.
type flood struct {
	s       settings
	v       *server
	c       *client
	j       *journal
	n       atomic.Int64
	mu      sync.Mutex
	broken  []string
	refused map[int]int // by status
}

func (f *flood) wrong(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.broken) < 50 {
		f.broken = append(f.broken, fmt.Sprintf(format, args...))
	}
}

// floodMode sends webhooks to one workflow over as many connections as the server can serve,
// and then over many more, beside a quiet workflow, one with a rate, and somebody who wants
// to sign in. What was taken is done, what was not is refused politely, and others hardly
// notice.
func floodMode(ctx context.Context, s settings) (report, error) {
	r := report{Mode: "flood", Seed: s.seed}
	v, err := newServer(s)
	if err != nil {
		return r, err
	}
	c, err := setUp(ctx, v)
	if err != nil {
		return r, err
	}
	defer v.kill()
	f := &flood{s: s, v: v, c: newClient(v.address), j: &journal{}, refused: map[int]int{}}
	f.c.token = c.token
	f.c.http.Transport = &http.Transport{MaxIdleConnsPerHost: 2 * overCapacity, DisableCompression: true}
	for _, text := range []string{noisyFlow, calmFlow, capped} {
		if err := publish(ctx, c, text); err != nil {
			return r, err
		}
	}
	if err := setRoom(ctx, v, floodRoom); err != nil {
		return r, err
	}
	span := time.Duration(s.cycles) * time.Second
	capacity := f.part(ctx, "capacity", atCapacity, span, &r)
	overload := f.part(ctx, "overload", overCapacity, span, &r)
	r.Capacity, r.Overload = int(capacity), int(overload)
	if overload < capacity*usefulShare/100 {
		f.wrong("%.0f executions a second under overload, less than %d %% of %.0f", overload, usefulShare, capacity)
	}
	return f.finish(ctx, r)
}

// part floods the server for a time and gives how many executions a second were done, until
// all that was taken had ended.
func (f *flood) part(ctx context.Context, name string, connections int, span time.Duration, r *report) float64 {
	begun, before := time.Now(), f.taken("noisy")
	driving, halt := context.WithTimeout(ctx, span)
	defer halt()
	beside, hush := context.WithCancel(ctx)
	defer hush()
	signIn, calm := f.signIn(), f.calm()
	var wait, others sync.WaitGroup
	others.Go(func() { signIn.sing(beside) })
	others.Go(func() { calm.sing(beside) })
	for range connections {
		wait.Go(func() {
			for driving.Err() == nil {
				f.send(driving, "noisy")
			}
		})
	}
	wait.Go(func() { // a workflow with a rate refuses what is above it
		for driving.Err() == nil {
			f.send(driving, "capped")
			pause(driving, 10*time.Millisecond)
		}
	})
	wait.Wait()
	atRest := f.drain(ctx)
	took := time.Since(begun)
	hush()
	others.Wait()
	if !atRest {
		f.wrong("%s: executions are still live after %s", name, floodRest)
	}
	rate := float64(f.taken("noisy")-before) / took.Seconds()
	line := fmt.Sprintf("%s: %d connections, %.0f executions/s done, sign-in page %s", name, connections, rate, signIn.took.said())
	fmt.Fprintln(f.s.out, line)
	r.Floods = append(r.Floods, line)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = append(f.broken, signIn.judge(name+": the sign-in page", signInBound)...)
	f.broken = append(f.broken, calm.judge(name+": the quiet workflow", quietBound)...)
	return rate
}

// taken is how many requests of a kind have been acknowledged.
func (f *flood) taken(kind string) (n int) {
	for _, e := range f.j.acknowledged() {
		if e.kind == kind {
			n++
		}
	}
	return n
}

// send starts one execution. A refusal says when to come again; nobody does.
func (f *flood) send(ctx context.Context, kind string) {
	e := &entry{mark: fmt.Sprintf("%s-%d", kind, f.n.Add(1)), kind: kind}
	f.j.begin(e)
	status, header, err := f.post(context.WithoutCancel(ctx), "/hooks/"+kind, fmt.Sprintf(`{"mark":%q}`, e.mark))
	f.j.end(func() {
		e.status = status
		switch {
		case err != nil:
			f.j.unknown++
		case status == http.StatusOK:
			e.acked = true
		}
	})
	switch {
	case err != nil:
		f.wrong("a request was not answered: %v", err)
	case status == http.StatusOK:
	case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
		f.wrong("a request was answered %d", status)
	case header.Get("Retry-After") == "":
		f.wrong("a request was answered %d without Retry-After", status)
	default:
		f.mu.Lock()
		f.refused[status]++
		f.mu.Unlock()
		pause(ctx, refusedRest)
	}
}

// signIn asks for the page that people sign in on.
func (f *flood) signIn() *canary {
	return &canary{rest: 50 * time.Millisecond, ask: func(ctx context.Context) error {
		status, _, err := f.get(ctx, signInPath)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d", status)
		}
		return err
	}}
}

// calm starts an execution of the quiet workflow now and then.
func (f *flood) calm() *canary {
	return &canary{rest: 200 * time.Millisecond, ask: func(ctx context.Context) error {
		before := f.taken("calm")
		f.send(ctx, "calm")
		if f.taken("calm") == before {
			return errors.New("it was refused")
		}
		return nil
	}}
}

// drain waits until nothing is live any more.
func (f *flood) drain(ctx context.Context) bool {
	c := newClient(f.v.address)
	c.token = f.c.token
	return calm(ctx, c, floodRest)
}

// finish stops the server and compares the journal with the database.
func (f *flood) finish(ctx context.Context, r report) (report, error) {
	r.judgeMemory(f.v)
	f.c.http.CloseIdleConnections() // the server waits for them when it stops
	r.Broken = append(r.Broken, stopped(f.v)...)
	r.Sent, r.Unknown = f.j.sent, f.j.unknown
	if err := f.judge(ctx, &r); err != nil {
		return r, err
	}
	r.Broken = append(r.Broken, f.broken...)
	if err := judgeRest(ctx, f.v, time.Now(), &r); err != nil {
		return r, err
	}
	if !r.ok() {
		r.Folder = f.v.folder
		return r, nil
	}
	return r, os.RemoveAll(f.v.folder)
}
