// Package river is the queue of several processes on one PostgreSQL. A River job says
// "look at execution X" and nothing else; it is written right after the commit of the
// wake-up. The wakeups table is the truth: when all jobs are lost, as they are when the
// database server crashes, the leader finds what is due and wakes it again within seconds.
package river

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"formrail/engine/queue"
	"formrail/models"
)

// Options say how the queue works.
type Options struct {
	DB      *models.DB
	URL     string // of the same database
	Clock   models.Clock
	Log     *slog.Logger
	Workers int         // handlers at once; 0 = 64, negative = none: this process only wakes
	Leading func() bool // whether this process looks after the table; nil = always
}

// Settings of River. Its defaults are for jobs that may wait for a second.
const (
	fetchCooldown = 4 * time.Millisecond
	fetchPoll     = 150 * time.Millisecond
	keepDone      = time.Minute
	connections   = 8
)

// client is River on pgx.
type client = river.Client[pgx.Tx]

// Queue is the queue of one of several processes. It is safe for concurrent use.
type Queue struct {
	o       Options
	pool    *pgxpool.Pool
	client  *client
	handler queue.Handler
	work    context.Context //nolint:containedctx // of the handlers: it outlives the delivery

	mu      sync.Mutex
	ready   map[string]waiting // due, not yet with River
	timers  queue.Timers
	stopped bool
	busy    busy // tells workflows apart that flood the queue
	kick    chan struct{}

	running atomic.Int64
	waiting atomic.Int64 // due and not yet with a worker of any process, as of the last look
	halt    context.CancelFunc
	done    sync.WaitGroup
}

// New connects the queue and brings River's own tables up to date. They hold nothing that
// cannot be made again, so they stand outside the numbered migrations and are not synced.
func New(ctx context.Context, o Options) (*Queue, error) {
	if o.Workers == 0 {
		o.Workers = 64
	}
	if o.Leading == nil {
		o.Leading = func() bool { return true }
	}
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read database address: %w", err)
	}
	cfg.MaxConns = connections
	cfg.ConnConfig.RuntimeParams["application_name"] = "formrail-queue"
	cfg.ConnConfig.RuntimeParams["synchronous_commit"] = "off" // a lost job costs time only
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect queue: %w", err)
	}
	q := &Queue{o: o, pool: pool, ready: map[string]waiting{}, kick: make(chan struct{}, 1)}
	if err := q.open(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open queue: %w", err)
	}
	return q, nil
}

// open migrates River's tables and makes its client.
func (q *Queue) open(ctx context.Context) error {
	driver := riverpgxv5.New(q.pool)
	quiet := slog.New(warnings{q.o.Log.Handler()})
	err := q.o.DB.OneAtATime(ctx, func(ctx context.Context) error {
		migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
		if err != nil {
			return err
		}
		if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return err
		}
		return q.o.DB.Unlogged(ctx, "river_job")
	})
	if err != nil {
		return fmt.Errorf("migrate River: %w", err)
	}
	config := &river.Config{
		Logger: quiet, FetchCooldown: fetchCooldown, FetchPollInterval: fetchPoll, JobTimeout: -1, MaxAttempts: 1, CompletedJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: keepDone, CancelledJobRetentionPeriod: keepDone, Workers: river.NewWorkers(),
	}
	river.AddWorker(config.Workers, &worker{q: q})
	if q.o.Workers > 0 {
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.o.Workers}}
	}
	if q.client, err = river.NewClient(driver, config); err != nil {
		return fmt.Errorf("make River client: %w", err)
	}
	return nil
}

// Start begins to deliver, unless this process only wakes.
func (q *Queue) Start(ctx context.Context, handler queue.Handler) error {
	q.handler, q.work = handler, ctx
	caring, halt := context.WithCancel(context.WithoutCancel(ctx))
	q.halt = halt
	q.done.Go(func() { q.send(caring) })
	q.done.Go(func() { q.care(caring) })
	if q.o.Workers < 0 {
		return nil
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start River: %w", err)
	}
	return nil
}

// Wake hands over a committed wake-up: at once, or when it is due.
func (q *Queue) Wake(w models.PendingWakeup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch now := q.o.Clock.Now(); {
	case q.stopped && !w.DueAt.After(now): // others may have it still: what is kept is sent before the end
		q.due(w)
	case q.stopped:
	case !w.DueAt.After(now):
		q.due(w)
	case w.DueAt.Sub(now) > horizon: // the leader finds it in the table before
	case !q.timers.Add(w):
		return
	}
	q.kicked()
}

// due keeps what is to be given to River. The lock is held.
func (q *Queue) due(w models.PendingWakeup) {
	if known, ok := q.ready[w.ExecutionID]; !ok || w.Lane < known.lane {
		q.ready[w.ExecutionID] = waiting{lane: w.Lane, busy: q.busy.count(w.WorkflowID, q.o.Clock.Now())}
	}
}

func (q *Queue) kicked() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// Stop stops delivering and waits for running handlers, as long as ctx allows. What was
// woken here and not given to River yet is given to the other processes.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	q.stopped = true
	q.mu.Unlock()
	var errs []error
	if q.o.Workers > 0 && q.handler != nil {
		if err := q.client.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop River: %w", err))
			cut, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			errs = append(errs, q.client.StopAndCancel(cut))
			done()
		}
	}
	if q.halt != nil {
		q.halt()
	}
	q.done.Wait()
	q.flush(context.WithoutCancel(ctx))
	q.pool.Close()
	return errors.Join(errs...)
}

// Stats says how much waits. What waits with River for other processes is as of the last
// look.
func (q *Queue) Stats() queue.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	running := int(q.running.Load())
	s := queue.Stats{Waiting: len(q.ready), Running: running, Timers: q.timers.Len()}
	if running >= q.o.Workers { // otherwise whatever waits is on its way to a free worker
		s.Waiting += int(q.waiting.Load())
	}
	return s
}

// WaitingOf says how often a workflow was woken lately, and not more than waits of all: the
// table of jobs does not know workflows.
func (q *Queue) WaitingOf(workflow int64) int {
	all := q.Stats().Waiting
	q.mu.Lock()
	defer q.mu.Unlock()
	return min(all, q.busy.of(workflow))
}

// waiting is what is to be given to River.
type waiting struct {
	lane int
	busy bool // its workflow has many others
}

// look is a River job.
type look struct {
	ID string `json:"id"`
}

// Kind names the job for River.
func (look) Kind() string { return "look" }

// worker gives jobs to the handler.
type worker struct {
	river.WorkerDefaults[look]
	q *Queue
}

// Work delivers one execution. It never fails: what could not be done is still in the
// wakeups table.
func (w *worker) Work(_ context.Context, job *river.Job[look]) error {
	w.q.running.Add(1)
	defer w.q.running.Add(-1)
	w.q.handler(w.q.work, job.Args.ID)
	return nil
}
