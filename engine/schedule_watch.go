package engine

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"formrail/engine/cluster"
	"formrail/models"
	"formrail/models/fault"
)

// slotClock wakes the engine when the next slot is due. It only saves looking: the rows
// are the truth.
type slotClock struct {
	firing sync.Mutex // one look at a time
	mu     sync.Mutex
	next   models.Millis // earliest known due slot; 0 = none known
	held   atomic.Bool   // some slot waits for an execution to end
	kick   chan struct{}
}

// Pauses of looking for due slots.
const (
	longestNap = time.Second      // so that a step of the system's time is noticed
	slotScan   = 15 * time.Second // safety net: read the table again
)

func newSlotClock() *slotClock { return &slotClock{kick: make(chan struct{}, 1)} }

// slotWritten hears of a slot that this process has committed as due.
func (e *Engine) slotWritten(at models.Millis) {
	if !e.Leading() {
		e.member.Tell(cluster.Planned, strconv.FormatInt(int64(at), 10))
		return
	}
	e.slotPlanned(at)
}

// slotPlanned hears of a slot that is due at an instant.
func (e *Engine) slotPlanned(at models.Millis) {
	c := e.slots
	c.mu.Lock()
	earlier := c.next == 0 || at < c.next
	if earlier {
		c.next = at
	}
	c.mu.Unlock()
	if earlier {
		e.lookForSlots()
	}
}

// lookForSlots wakes the goroutine that decides slots.
func (e *Engine) lookForSlots() {
	select {
	case e.slots.kick <- struct{}{}:
	default:
	}
}

// nap is how long nothing is due.
func (c *slotClock) nap(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == 0 {
		return longestNap
	}
	return min(max(c.next.Time().Sub(now), 0), longestNap)
}

// watchSlots decides slots when they are due, fills in those of existing records, and
// plans what a restored or copied database lacks.
func (e *Engine) watchSlots(ctx context.Context) {
	defer e.sweeper.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var scanned, checked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.slots.kick:
		case <-timer.C:
		}
		if err := fault.Hit("engine.slots"); err != nil || !e.Leading() {
			scanned, checked = time.Time{}, time.Time{} // a new leader looks at once
			timer.Reset(longestNap)
			continue
		}
		now := e.clock.Now()
		if passed(checked, now, models.WatchdogPause) {
			checked = now
			e.report("plan schedules", e.planMissing(ctx))
		}
		if e.slots.nap(now) == 0 || passed(scanned, now, slotScan) || e.slots.held.Load() {
			scanned = now
			e.report("fire slots", e.FireSlots(ctx))
			e.report("read next slot", e.readNextSlot(ctx))
		}
		more, err := e.FillSlots(ctx)
		e.report("fill slots", err)
		pause := e.slots.nap(e.clock.Now())
		if more {
			pause = 0
		} else if pause == 0 { // what is due could not be decided
			pause = 100 * time.Millisecond
			if e.held() {
				pause = longestNap
			}
		}
		timer.Reset(pause)
	}
}

// readNextSlot reads when the next slot is due.
func (e *Engine) readNextSlot(ctx context.Context) error {
	e.slots.mu.Lock()
	e.slots.next = 0 // what is planned from now on is heard of
	e.slots.mu.Unlock()
	at, err := models.NextSlot(ctx, e.db.Read())
	if err == nil && at != 0 {
		e.slotPlanned(at)
	}
	return err
}

// planMissing plans workflows that are switched on without being planned for their live
// version: a database may have been restored, copied or changed by hand.
func (e *Engine) planMissing(ctx context.Context) error {
	ix, err := e.listeners(ctx)
	if err != nil {
		return fmt.Errorf("read trigger index: %w", err)
	}
	for id, l := range ix.timed {
		if !l.workflow.Enabled || l.version == nil {
			continue
		}
		plan, err := models.ScheduleByWorkflow(ctx, e.db.Read(), id)
		if err != nil {
			return err
		}
		if plan != nil && plan.VersionID == l.version.ID {
			continue
		}
		err = e.db.Write(ctx, "engine.plan_slots", func(tx *models.Tx) error {
			w, err := models.WorkflowByID(ctx, tx, id)
			if err != nil || !w.Enabled || w.LiveVersion != l.version.ID {
				return err // it has changed meanwhile, and was planned then
			}
			return e.planSlots(ctx, tx, w, l.version.Compiled, plan == nil)
		})
		if err != nil {
			return fmt.Errorf("plan workflow %s: %w", l.workflow.Key, err)
		}
	}
	return nil
}
