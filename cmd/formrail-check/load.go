package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// load sends requests from several goroutines until it is stopped, and decides
// the tasks that come up.
type load struct {
	c      *client
	j      *journal
	random *rand.Rand
	mu     sync.Mutex
	n      int
	run    string
	more   []string // kinds of requests beside the usual ones
	sink   *sink    // what they call; nil = nothing
}

// chance draws a number below n.
func (l *load) chance(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.random.IntN(n)
}

func (l *load) next() *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	kinds := append([]string{"plain", "flow", "flow", "script", "sync", "approval"}, l.more...)
	return &entry{mark: fmt.Sprintf("%s-%06d", l.run, l.n), key: fmt.Sprintf("key-%s-%06d", l.run, l.n), kind: kinds[l.random.IntN(len(kinds))]}
}

// drive sends with n senders and one decider until ctx ends.
func (l *load) drive(ctx context.Context, n int) {
	var wait sync.WaitGroup
	for range n {
		wait.Go(func() {
			for ctx.Err() == nil {
				e := l.next()
				l.j.begin(e)
				l.send(e)
				for e.status == 0 && ctx.Err() == nil && l.chance(16) > 0 { // most ask again at once
					l.j.again()
					l.send(e)
				}
			}
		})
	}
	wait.Go(func() {
		for ctx.Err() == nil {
			l.decideOpen()
			pause(ctx, 20*time.Millisecond)
		}
	})
	wait.Wait()
}

// during drives the load while fn does something to the server, and a moment longer.
func (l *load) during(ctx context.Context, fn func() error) error {
	driving, halt := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() {
		l.drive(driving, senders)
		close(finished)
	}()
	err := fn()
	if err == nil {
		pause(ctx, 200*time.Millisecond)
	}
	halt()
	<-finished
	return err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// send makes one attempt of a request. The context is not cancelled by the end of
// the load: only the server's death cuts a request.
func (l *load) send(e *entry) {
	path := "/api/sources:create"
	switch e.kind {
	case "plain":
	case "hook":
		path = "/hooks/hook"
	default:
		path += "?triggerWorkflows=" + e.kind
	}
	r := l.c.call(context.Background(), "POST", path, e.key, map[string]any{"mark": e.mark})
	l.j.end(func() {
		e.status, e.code = r.status, r.code()
		switch {
		case r.status >= 200 && r.status < 300:
			e.acked, e.recordID = true, number(r.data()["id"])
		case r.status == 0:
			l.j.unknown++
		}
	})
	if r.status == 0 || r.status == http.StatusServiceUnavailable {
		pause(context.Background(), 25*time.Millisecond)
	}
}

// decideOpen approves the tasks that are open now.
func (l *load) decideOpen() {
	r := l.c.call(context.Background(), "GET", "/api/tasks:list?pageSize=100", "", nil)
	for _, t := range r.list() {
		m, ok := t.(map[string]any)
		if !ok {
			continue
		}
		l.c.call(context.Background(), "POST", fmt.Sprintf("/api/tasks:approve/%v", m["id"]), "", map[string]any{})
	}
}

// repeat sends every unanswered request again with its key, and says which are refused.
func (l *load) repeat() (broken []string) {
	list := make(chan *entry)
	var wait sync.WaitGroup
	for range senders {
		wait.Go(func() {
			for e := range list {
				l.j.again()
				l.send(e)
			}
		})
	}
	open := slices.DeleteFunc(l.j.list(), func(e *entry) bool { return e.acked })
	for _, e := range open {
		list <- e
	}
	close(list)
	wait.Wait()
	for _, e := range open {
		if !e.acked {
			broken = append(broken, fmt.Sprintf("repeating %s with its key answered %d", e.mark, e.status))
		}
	}
	return broken
}

// settle repeats every unanswered request with its key, decides what is open and
// waits until everything has come to rest, or the time is over.
func (l *load) settle(ctx context.Context, limit time.Duration) []string {
	broken := l.repeat()
	l.rest(ctx, limit)
	return broken
}

// rest decides what is open and waits until no execution is under way; false when the
// time is over before.
func (l *load) rest(ctx context.Context, limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 50*time.Millisecond) {
		l.decideOpen()
		r := l.c.call(ctx, "GET", "/api/executions:list?status=queued,running,waiting&pageSize=1", "", nil)
		if r.status == 200 && len(r.list()) == 0 {
			return true
		}
	}
	return false
}
