package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"formrail/models/fault"
	"formrail/models/field"
	"formrail/models/metrics"
	"formrail/models/text"
)

// When a child is replaced although nothing went wrong.
const (
	maxRuns    = 500
	maxGrowth  = 64 << 20
	cpuSeconds = 150 // hard limit of a child's life
	cpuRetire  = 60 * time.Second
)

const (
	defaultTimeout = 5 * time.Second
	maxTimeout     = 60 * time.Second
)

// Options configure a pool.
type Options struct {
	Command   []string      // program and arguments of a process that calls Serve
	Size      int           // children at most; 2 when 0
	MemoryMiB int           // of one script; 128 when 0
	Wait      time.Duration // for a free child; 10 seconds when 0
	Logger    *slog.Logger  // required
	Metrics   *metrics.Set  // nil: nobody watches
	Clock     Clock         // measures runs, where they are counted
}

// Clock tells the time.
type Clock interface{ Now() time.Time }

// Pool runs scripts in child processes. Children are started when they are needed.
type Pool struct {
	opts   Options
	slots  chan *child // as many as Size; nil where none is running
	closed chan struct{}
	close  sync.Once

	isolation sync.Once
	isolated  bool // the kernel allows own namespaces; known after the first start
}

// NewPool prepares a pool; it starts nothing. Close ends the children.
func NewPool(opts Options) *Pool {
	opts.Size = orDefault(opts.Size, 2)
	opts.MemoryMiB = orDefault(opts.MemoryMiB, 128)
	opts.Wait = orDefault(opts.Wait, 10*time.Second)
	p := &Pool{opts: opts, slots: make(chan *child, opts.Size), closed: make(chan struct{})}
	for range opts.Size {
		p.slots <- nil
	}
	return p
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Close kills all children, waits until they are gone and makes later runs fail.
// Runs in progress end as killed.
func (p *Pool) Close() {
	p.close.Do(func() {
		close(p.closed)
		for range p.opts.Size {
			if c := <-p.slots; c != nil {
				c.end()
			}
		}
	})
}

// Run runs one script. A failure of the script is an *Error; other errors mean that
// no child could be started or that ctx has ended, and say nothing about the script.
func (p *Pool) Run(ctx context.Context, q Request) (Result, error) {
	if p.opts.Metrics == nil || p.opts.Clock == nil {
		return p.run(ctx, q)
	}
	begun := p.opts.Clock.Now()
	out, err := p.run(ctx, q)
	p.opts.Metrics.Scripted(outcome(err), p.opts.Clock.Now().Sub(begun))
	return out, err
}

// outcome names how a run ended.
func outcome(err error) string {
	var e *Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &e):
		return e.Code
	}
	return "error"
}

// take waits for a free slot.
func (p *Pool) take(ctx context.Context) (*child, error) {
	select {
	case <-p.closed:
		return nil, busy()
	default:
	}
	wait := time.NewTimer(p.opts.Wait)
	defer wait.Stop()
	select {
	case c := <-p.slots:
		return c, nil
	case <-p.closed:
		return nil, busy()
	case <-wait.C:
		return nil, busy()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a script process: %w", ctx.Err())
	}
}

func busy() error {
	return &Error{Code: CodeBusy, Message: text.M("script.busy", "Too many scripts are running. Try again in a moment.")}
}

func (p *Pool) start() (*child, error) {
	if err := fault.Hit("script.start.before"); err != nil {
		return nil, fmt.Errorf("start script process: %w", err)
	}
	c, err := p.startChild()
	if err != nil {
		return nil, fmt.Errorf("start script process: %w", err)
	}
	if err := fault.Hit("script.start.after"); err != nil {
		c.end()
		return nil, fmt.Errorf("start script process: %w", err)
	}
	return c, nil
}

// startChild finds out once whether the kernel allows namespaces of its own.
func (p *Pool) startChild() (*child, error) {
	var first *child
	p.isolation.Do(func() {
		c, err := newChild(p.opts, true)
		if err == nil && c.alive() {
			first, p.isolated = c, true
		} else if c != nil {
			c.end()
		}
		p.opts.Logger.Info("script processes", "isolated", p.isolated)
	})
	if first != nil {
		return first, nil
	}
	return newChild(p.opts, p.isolated)
}

// explain says why a child gave no answer.
func (p *Pool) explain(ctx context.Context, err error, timeout time.Duration) error {
	var died *death
	switch {
	case errors.Is(err, errDeadline):
		return tooLong(timeout)
	case ctx.Err() != nil:
		return fmt.Errorf("run script: %w", ctx.Err())
	case !errors.As(err, &died):
		return fmt.Errorf("run script: %w", err)
	case died.outOfMemory():
		return &Error{Code: CodeKilled, Message: text.M("script.memory", "The script used more than %d MB.", p.opts.MemoryMiB)}
	}
	p.opts.Logger.Warn("script process ended", "state", died.state, "output", died.output)
	return &Error{Code: CodeKilled, Message: text.M("script.ended", "The script ended its process. It may have used too much memory or time.")}
}

// spoiled reports whether the child may be in a state that the next script should
// not meet. A source that could not be compiled has not run.
func (a answer) spoiled() bool { return a.failure != nil && a.failure.Code != CodeInvalid }

// result reads the JSON a script returned.
func (a answer) result() (Result, error) {
	out := Result{Log: a.log, Warnings: a.warnings}
	if a.failure != nil {
		return out, a.failure
	}
	v, err := field.ParseJSON([]byte(a.json))
	if err != nil {
		return out, &Error{Code: CodeError, Message: text.M("script.not_json", "The result of the script cannot be stored: %s.", err)}
	}
	out.Value = v
	return out, nil
}
