package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"formrail/models"
	"formrail/models/fault"
)

// gateClock wakes the engine when a gate is to be looked at. It only saves looking: the
// rows are the truth.
type gateClock struct {
	looking sync.Mutex // one look at a time
	mu      sync.Mutex
	next    models.Millis // earliest known time; 0 = none known
	kick    chan struct{}
}

func newGateClock() *gateClock { return &gateClock{kick: make(chan struct{}, 1)} }

// gateNext hears of a gate that is to be looked at.
func (e *Engine) gateNext(at models.Millis) {
	c := e.gates
	c.mu.Lock()
	earlier := c.next == 0 || at < c.next
	if earlier {
		c.next = at
	}
	c.mu.Unlock()
	if earlier {
		e.kickGates()
	}
}

func (e *Engine) kickGates() {
	select {
	case e.gates.kick <- struct{}{}:
	default:
	}
}

// lookAtGates makes the engine look at once.
func (e *Engine) lookAtGates() { e.gateNext(1) }

func (c *gateClock) nap(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == 0 {
		return longestNap
	}
	return min(max(c.next.Time().Sub(now), 0), longestNap)
}

// gateScan is the safety net: how often the tables are read although nothing is known.
const gateScan = 5 * time.Second

// watchGates lets executions go whose time has come: by their rate, because nothing more of
// their like came, or because a pause has ended.
func (e *Engine) watchGates(ctx context.Context) {
	defer e.sweeper.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var scanned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.gates.kick:
		case <-timer.C:
		}
		if err := fault.Hit("engine.gates"); err != nil {
			timer.Reset(longestNap)
			continue
		}
		now := e.clock.Now()
		pause := longestNap
		if e.gates.nap(now) == 0 || now.Sub(scanned) >= gateScan || now.Before(scanned) {
			scanned = now
			more, err := e.LookAtGates(ctx)
			if e.report("look at gates", err); err != nil {
				pause = 100 * time.Millisecond
			} else if more {
				e.lookAtGates()
			}
		}
		timer.Reset(min(pause, e.gates.nap(e.clock.Now())))
	}
}

// gateBatch is how many executions one look settles.
const gateBatch = 500

// LookAtGates lets go what may go now, and reports whether there is more to be done at
// once. Any number of processes may do it at the same time.
func (e *Engine) LookAtGates(ctx context.Context) (more bool, err error) {
	e.gates.looking.Lock()
	defer e.gates.looking.Unlock()
	e.gates.mu.Lock()
	e.gates.next = 0 // what is planned from now on is heard of
	e.gates.mu.Unlock()
	if err := e.settleStarts(ctx); err != nil {
		return false, err
	}
	due, err := models.DueGates(ctx, e.db.Read(), e.now())
	if err != nil {
		return false, err
	}
	for _, g := range due {
		if g.DropUpto > 0 || g.NewestUpto > 0 {
			again, err := e.dropKept(ctx, g)
			if err != nil {
				return false, fmt.Errorf("drop what was kept: %w", err)
			}
			more = more || again
			continue
		}
		if err := e.atGate(ctx, g.WorkflowID, nil, nil); err != nil {
			return false, err
		}
	}
	if err := e.freePermits(ctx); err != nil {
		return false, err
	}
	next, err := models.NextGate(ctx, e.db.Read())
	if err == nil && next != 0 {
		e.gateNext(next)
	}
	return more, err
}

// settleStarts lets executions go on for which nothing more of their like is waited.
func (e *Engine) settleStarts(ctx context.Context) error {
	settled, err := models.Settled(ctx, e.db.Read(), e.now(), gateBatch)
	if err != nil {
		return err
	}
	for workflow, list := range settled {
		if err := e.atGate(ctx, workflow, list, (*models.Gate).Settle); err != nil {
			return err
		}
	}
	return nil
}

// freePermits gives back permits of executions that have ended: their rows were changed by
// somebody else than the engine.
func (e *Engine) freePermits(ctx context.Context) error {
	lost, err := models.LostPermits(ctx, e.db.Read(), gateBatch)
	if err != nil {
		return err
	}
	for workflow, list := range lost {
		e.log.Warn("permits of executions that have ended", "workflow", workflow, "executions", len(list))
		if err := e.atGate(ctx, workflow, list, (*models.Gate).Leave); err != nil {
			return err
		}
	}
	return nil
}

// atGate does something with executions of a workflow at its gate, and lets go what may go.
func (e *Engine) atGate(ctx context.Context, workflow int64, list []string, do func(*models.Gate, context.Context, *models.Tx, string) error) error {
	err := e.db.Write(ctx, "engine.gate", func(tx *models.Tx) error {
		g, err := models.LockGate(ctx, tx, workflow)
		if err != nil {
			return err
		}
		for _, id := range list {
			if err := do(g, ctx, tx, id); err != nil {
				return err
			}
		}
		return g.Look(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("look at gate of workflow %d: %w", workflow, err)
	}
	return nil
}
