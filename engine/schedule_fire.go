package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"formrail/engine/slots"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/records"
)

// Bounds of looking for due slots.
const (
	slotBatch   = 500 // slots of one reading
	slotWorkers = 32  // transactions that wait for the same commit
	skipBatch   = 400 // skipped slots of one transaction
)

// FireSlots decides all slots that are due: it starts their executions or records why
// not. The engine calls it by itself; tests that move a clock need not wait for that.
func (e *Engine) FireSlots(ctx context.Context) error {
	if e.held() {
		return nil
	}
	e.slots.firing.Lock()
	defer e.slots.firing.Unlock()
	failed := map[int64]error{}
	for ctx.Err() == nil && !e.stopping.Load() {
		due, err := models.DueSlots(ctx, e.db.Read(), models.At(e.now()), slotBatch)
		if err != nil {
			return err
		}
		if e.fireAll(ctx, due, failed) == 0 {
			break
		}
	}
	held, err := models.HeldSlots(ctx, e.db.Read(), slotBatch)
	if err != nil {
		return err
	}
	e.slots.held.Store(len(held) > 0)
	e.fireAll(ctx, held, failed)
	errs := make([]error, 0, len(failed))
	for _, err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fireAll decides slots of different schedules beside each other, so that they share
// commits, and says how many were. Those that could not be decided get into failed and
// are tried another time.
func (e *Engine) fireAll(ctx context.Context, due []models.Slot, failed map[int64]error) (decided int) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	due = slices.DeleteFunc(due, func(s models.Slot) bool { return failed[s.ID] != nil })
	before := len(failed)
	free := make(chan struct{}, slotWorkers)
	for _, s := range due {
		free <- struct{}{}
		wg.Add(1)
		go func() {
			defer func() { <-free; wg.Done() }()
			if err := e.fire(ctx, s); err != nil {
				mu.Lock()
				failed[s.ID] = fmt.Errorf("slot %s of schedule %s: %w", s.At.Time().Format(time.RFC3339), s.Schedule(), err)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return len(due) - (len(failed) - before)
}

// fire decides one slot in one transaction.
func (e *Engine) fire(ctx context.Context, s models.Slot) error {
	ix, err := e.listeners(ctx)
	if err != nil {
		return fmt.Errorf("read trigger index: %w", err)
	}
	l := ix.timed[s.WorkflowID]
	return e.db.Write(ctx, "engine.slot", func(tx *models.Tx) error {
		now := tx.Now()
		taken, err := models.TakeSlot(ctx, tx, s.ID)
		if err != nil || taken == nil || taken.At > models.At(now) { // never early
			return err
		}
		if l == nil {
			return models.DropSlot(ctx, tx, s.ID)
		}
		plan, err := models.ScheduleByWorkflow(ctx, tx, s.WorkflowID)
		if err != nil {
			return err
		}
		if plan == nil {
			plan = &models.Schedule{WorkflowID: s.WorkflowID}
		}
		f := &firing{e: e, tx: tx, listener: l, slot: *taken, plan: *plan, zone: ix.zone, now: now}
		return f.run(ctx)
	})
}

// firing is the deciding of one slot.
type firing struct {
	e        *Engine
	tx       *models.Tx
	listener *listener
	slot     models.Slot
	plan     models.Schedule
	zone     *time.Location // of the installation
	now      time.Time

	timing   slots.Timing
	schedule slots.Schedule
	record   found // when the slots follow records
}

func (f *firing) run(ctx context.Context) error {
	reason := f.e.unusable(f.listener, (*trigger.Type).Timed)
	if f.listener.version == nil {
		return f.skip(ctx, reason, "")
	}
	goes, err := f.bind(ctx)
	if err != nil || !goes {
		return err
	}
	at := f.slot.At.Time()
	switch {
	case f.slot.Held && reason != "":
		return f.skip(ctx, reason, "")
	case f.slot.Held:
		return f.start(ctx)
	case reason != "":
		return f.skipMany(ctx, reason, f.schedule.Passed(at, f.now))
	case f.slot.At < f.plan.EnabledAt:
		return f.skipMany(ctx, "disabled", f.schedule.Passed(at, f.plan.EnabledAt.Time().Add(-time.Millisecond)))
	}
	due := f.due(at)
	if len(due.Skip) > 0 || due.More.Count > 0 {
		if len(due.Fire) > 0 {
			due.Next = due.Fire[0]
		}
		return f.skipMany(ctx, "misfire_skipped", due)
	}
	if len(due.Fire) > 1 {
		due.Next = due.Fire[1]
	}
	return f.startAndPlan(ctx, due.Next)
}

// due sorts what is due from the slot on. A slot planned before the last publishing
// stands alone: what follows was planned from then on.
func (f *firing) due(at time.Time) slots.Backlog {
	if f.timing.Dated || f.slot.At >= f.plan.PlannedAt {
		return f.schedule.Due(at, f.now, f.timing.Misfire, f.timing.Cap)
	}
	if slots.Missed(at, f.now) && f.timing.Misfire == slots.None {
		return slots.Backlog{Skip: []time.Time{at}}
	}
	return slots.Backlog{Fire: []time.Time{at}}
}

// bind finds the record and the schedule of the slot. It is false when that decided
// the slot.
func (f *firing) bind(ctx context.Context) (bool, error) {
	v := f.listener.version
	f.timing = v.Trigger.Times(v.Settings)
	if !f.timing.Dated {
		var ok bool
		if f.schedule, ok = f.timing.Schedule(f.zone, nil); !ok {
			return false, models.DropSlot(ctx, f.tx, f.slot.ID)
		}
		return true, nil
	}
	on, err := f.e.records.Collection(ctx, v.Listens.Collection)
	if models.IsKind(err, models.KindNotFound) {
		return false, f.skip(ctx, "invalid_definition", "")
	}
	if err != nil {
		return false, err
	}
	record, err := f.e.records.GetIn(ctx, f.tx, records.Query{Access: models.SystemAccess(), Collection: on.Name}, f.slot.RecordID)
	if models.IsKind(err, models.KindNotFound) {
		return false, f.skip(ctx, "record_gone", recordGone())
	}
	if err != nil {
		return false, err
	}
	f.record = found{data: record, collection: on, id: f.slot.RecordID}
	var ok bool
	if f.schedule, ok, err = f.e.scheduleOf(ctx, f.tx, f.timing, f.zone, f.record); err != nil {
		return false, err
	}
	if !f.slot.Held && (!ok || !hasSlot(f.schedule, f.slot.At.Time())) { // planned by another version
		p := planning{e: f.e, tx: f.tx, listener: f.listener, zone: f.zone, since: f.now}
		return false, errors.Join(models.DropSlot(ctx, f.tx, f.slot.ID), p.record(ctx, f.record))
	}
	return true, nil
}

// skip decides that the slot does not start, and says why.
func (f *firing) skip(ctx context.Context, reason, explanation string) error {
	f.slot.State, f.slot.Reason = models.Skipped, reason
	if _, err := models.DecideSlot(ctx, f.tx, f.slot); err != nil {
		return err
	}
	return f.e.logSkipped(ctx, f.tx, f.listener, f.slot, 1, explanation)
}

// skipMany skips the slots of a backlog, oldest first: the oldest of very many as one
// row, of the others at most a batch. What is left is due again at once.
func (f *firing) skipMany(ctx context.Context, reason string, b slots.Backlog) error {
	own, rest, next := f.slot, b.Skip, b.Next
	own.State, own.Reason = models.Skipped, reason
	if b.More.Count > 0 {
		own.Count, own.LastAt = int64(b.More.Count), models.At(b.More.Last)
	} else {
		rest = rest[1:]
	}
	if len(rest) > skipBatch {
		next = rest[skipBatch]
		rest = rest[:skipBatch]
	}
	if _, err := models.DecideSlot(ctx, f.tx, own); err != nil {
		return err
	}
	number := own.Number + max(own.Count, 1)
	for _, at := range rest {
		s := models.Slot{WorkflowID: own.WorkflowID, RecordID: own.RecordID, At: models.At(at), Reason: reason, Number: number}
		if err := models.SkipSlot(ctx, f.tx, s); err != nil {
			return err
		}
		number++
	}
	if err := f.e.logSkipped(ctx, f.tx, f.listener, own, int(number-f.slot.Number), ""); err != nil {
		return err
	}
	return f.planNext(ctx, number, next)
}

func (f *firing) planNext(ctx context.Context, number int64, at time.Time) error {
	return f.e.planNext(ctx, f.tx, models.Slot{WorkflowID: f.slot.WorkflowID, RecordID: f.slot.RecordID, Number: number}, f.schedule, at)
}
