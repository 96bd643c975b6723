// Package local is the queue of a single process: a hand-off in memory after each
// commit, a heap of due times for what comes later, and a scan of the wakeups
// table at the start and every half minute as a safety net.
package local

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"formrail/engine/queue"
	"formrail/models"
)

// Options say how the queue works.
type Options struct {
	DB      *models.DB
	Clock   models.Clock
	Log     *slog.Logger
	Workers int           // goroutines; 0 = 64
	Scan    time.Duration // pause between scans of the table; 0 = 30 s
}

// horizon is how far ahead a scan loads due times.
const horizon = time.Hour

// scanLimit is how many wake-ups one scan loads.
const scanLimit = 20_000

// Queue is the queue of one process. It is safe for concurrent use.
type Queue struct {
	o Options

	mu      sync.Mutex
	work    *sync.Cond
	lanes   [2]lane // waiting executions, people first
	queued  map[string]bool
	busy    map[int64]int // running stretches by workflow
	timers  queue.Timers
	turns   models.Turns // of stretches that others of their workflow wait behind
	running int
	stopped bool
	kick    chan struct{} // the earliest timer changed
	done    sync.WaitGroup
}

// New makes a queue.
func New(o Options) *Queue {
	if o.Workers == 0 {
		o.Workers = 64
	}
	if o.Scan == 0 {
		o.Scan = 30 * time.Second
	}
	q := &Queue{o: o, queued: map[string]bool{}, busy: map[int64]int{}, kick: make(chan struct{}, 1), turns: make(models.Turns, runtime.GOMAXPROCS(0))}
	for i := range q.lanes {
		q.lanes[i].flows = map[int64]*flow{}
	}
	q.work = sync.NewCond(&q.mu)
	return q
}

// Start begins to deliver and loads what is in the table.
func (q *Queue) Start(ctx context.Context, handler queue.Handler) error {
	for range q.o.Workers {
		q.done.Add(1)
		go q.worker(ctx, handler)
	}
	q.done.Add(1)
	go q.clock(ctx, q.o.Clock.Now())
	return q.scan(ctx)
}

// Wake hands over a committed wake-up: at once, or when it is due.
func (q *Queue) Wake(w models.PendingWakeup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return
	}
	if w.DueAt.After(q.o.Clock.Now()) {
		q.later(w)
		return
	}
	q.enqueue(w)
}

func (q *Queue) enqueue(w models.PendingWakeup) {
	if q.queued[w.ExecutionID] {
		return
	}
	q.queued[w.ExecutionID] = true
	q.lanes[min(max(w.Lane, 0), len(q.lanes)-1)].push(w.WorkflowID, w.ExecutionID)
	q.work.Signal()
}

func (q *Queue) later(w models.PendingWakeup) {
	if q.timers.Add(w) {
		q.kickClock()
	}
}

func (q *Queue) kickClock() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// Stats says how much waits.
func (q *Queue) Stats() queue.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return queue.Stats{Waiting: q.lanes[0].size + q.lanes[1].size, Running: q.running, Timers: q.timers.Len()}
}

// WaitingOf says how much waits of one workflow.
func (q *Queue) WaitingOf(workflow int64) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.lanes {
		if f := q.lanes[i].flows[workflow]; f != nil {
			n += len(f.waiting)
		}
	}
	return n
}

// Stop stops delivering and waits for running handlers, as long as ctx allows.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	q.stopped = true
	q.work.Broadcast()
	q.mu.Unlock()
	q.kickClock()
	finished := make(chan struct{})
	go func() {
		q.done.Wait()
		close(finished)
	}()
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop queue: %w", ctx.Err())
	}
}

func (q *Queue) worker(ctx context.Context, handler queue.Handler) {
	defer q.done.Done()
	for {
		t, ok := q.take()
		if !ok {
			return
		}
		q.deliver(ctx, handler, t)
		q.mu.Lock()
		q.running--
		if q.busy[t.workflow]--; q.busy[t.workflow] == 0 {
			delete(q.busy, t.workflow)
		}
		q.mu.Unlock()
	}
}

// deliver runs one stretch. One of many takes a turn, and what it writes may wait for
// others.
func (q *Queue) deliver(ctx context.Context, handler queue.Handler, t taken) {
	if t.more {
		var leave func()
		ctx, leave = q.turns.Bulk(ctx)
		defer leave()
	}
	handler(ctx, t.execution)
}

// take waits for work: people's lane first.
func (q *Queue) take() (t taken, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.stopped {
		for i := range q.lanes {
			if t, ok = q.lanes[i].pop(q.mayRun); ok {
				delete(q.queued, t.execution)
				q.running++
				q.busy[t.workflow]++
				return t, true
			}
		}
		q.work.Wait()
	}
	return t, false
}

// spare is the part of the workers that only takes workflows of which nothing runs, so
// that one whose steps are slow never has all of them.
const spare = 8

// mayRun reports whether one more stretch of a workflow may run.
func (q *Queue) mayRun(workflow int64) bool {
	return q.o.Workers-q.running > q.o.Workers/spare || q.busy[workflow] == 0
}

// clock delivers what becomes due and scans the table now and then. last is what the time
// was when the table was last scanned, or is about to be.
func (q *Queue) clock(ctx context.Context, last time.Time) {
	defer q.done.Done()
	scan := time.NewTicker(q.o.Scan)
	defer scan.Stop()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if now := q.o.Clock.Now(); now.Sub(last).Abs() > jump { // set, or the process stood still: what lies beyond the horizon may be due
			if err := q.scan(ctx); err != nil {
				q.o.Log.Warn("scan wake-ups", "error", err)
			}
		}
		last = q.o.Clock.Now()
		timer.Reset(q.deliverDue())
		select {
		case <-ctx.Done():
			return
		case <-q.kick:
		case <-timer.C:
		case <-scan.C:
			if err := q.scan(ctx); err != nil {
				q.o.Log.Warn("scan wake-ups", "error", err)
			}
		}
		q.mu.Lock()
		stopped := q.stopped
		q.mu.Unlock()
		if stopped {
			return
		}
	}
}

// maxPause bounds how long the clock sleeps, so that a step of the system's time
// is noticed.
const maxPause = time.Second

// jump is a step of the time that no pause explains.
const jump = 30 * time.Second

// deliverDue moves due timers to the lanes and gives the pause until the next.
func (q *Queue) deliverDue() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	due, pause := q.timers.Due(q.o.Clock.Now(), maxPause)
	for _, w := range due {
		q.enqueue(w)
	}
	return pause
}

// scan loads what the table says is due now or soon.
func (q *Queue) scan(ctx context.Context) error {
	pending, err := models.PendingWakeups(ctx, q.o.DB.Read(), q.o.Clock.Now().Add(horizon), scanLimit)
	if err != nil {
		return err
	}
	for _, w := range pending {
		q.Wake(w)
	}
	return nil
}

// Poke looks at the clock at once: tests that move a fake clock call it.
func (q *Queue) Poke() { q.kickClock() }
