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
	"formrail/models/text"
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

// startAndPlan starts the slot, unless something speaks against it, and plans the next.
// Once the limit is reached nothing more is planned.
func (f *firing) startAndPlan(ctx context.Context, next time.Time) error {
	full, err := f.full(ctx)
	if err != nil {
		return err
	}
	if full {
		return f.skip(ctx, "limit_reached", text.M("schedule.limit", "%d executions have started; that is the limit. Nothing more is planned until the count is reset.", f.timing.Limit).String())
	}
	if err := f.planNext(ctx, f.slot.Number+1, next); err != nil {
		return err
	}
	return f.start(ctx)
}

func (f *firing) full(ctx context.Context) (bool, error) {
	if f.timing.Limit == 0 {
		return false, nil
	}
	n, err := models.FiredSince(ctx, f.tx, f.slot, f.plan.CountsFrom, f.timing.Limit)
	return n >= f.timing.Limit, err
}

// start inserts the execution of the slot, or records why not.
func (f *firing) start(ctx context.Context) error {
	waits, err := f.busy(ctx)
	switch {
	case err != nil:
		return err
	case waits && f.timing.Overlap == slots.Queue:
		f.tx.AfterCommit(func() { f.e.slots.held.Store(true) })
		return models.HoldSlot(ctx, f.tx, f.slot.ID)
	case waits:
		return f.skip(ctx, "overlap_skipped", text.M("schedule.overlap", "An earlier execution had not ended.").String())
	}
	if f.slot.Held { // others may have started meanwhile
		full, err := f.full(ctx)
		if err != nil {
			return err
		}
		if full {
			return f.skip(ctx, "limit_reached", "")
		}
	}
	if f.timing.Condition != nil {
		ok, sentence, err := f.e.records.MatchesIn(ctx, f.tx, records.Match{
			Collection: f.record.collection.Name, ID: f.record.id, Record: f.record.data, Filter: f.timing.Condition,
		})
		switch {
		case err != nil:
			f.e.log.Error("schedule cannot decide", "workflow", f.listener.workflow.Key, "error", err)
			return f.skip(ctx, "invalid_definition", "")
		case !ok:
			return f.skip(ctx, "condition_false", sentence)
		}
	}
	return f.begin(ctx)
}

// busy reports whether an earlier execution has not ended, or an earlier slot waits for
// one.
func (f *firing) busy(ctx context.Context) (bool, error) {
	if f.timing.Overlap == slots.Allow {
		return false, nil
	}
	if f.timing.Overlap == slots.Queue {
		due, err := models.DueOf(ctx, f.tx, f.slot.WorkflowID, f.slot.RecordID)
		if err != nil {
			return false, err
		}
		if due[0].Held && due[0].ID != f.slot.ID {
			return true, nil
		}
	}
	return models.HasLive(ctx, f.tx, f.slot.WorkflowID, f.slot.RecordID)
}

func (f *firing) begin(ctx context.Context) error {
	data := map[string]any{"event": "timer", "slot": f.slot.Number, "missed": slots.Missed(f.slot.At.Time(), f.now), "previousDate": nil}
	before, err := models.FiredBefore(ctx, f.tx, f.slot)
	if err != nil {
		return err
	}
	if before.At != 0 {
		data["previousDate"] = before.At.Time()
	}
	b := beginning{
		listener: f.listener, trigger: data, date: f.slot.At.Time(), idemKey: f.slot.At.Time().Format(time.RFC3339Nano),
		principal: models.System(), origin: models.Origin{Kind: "timer"},
	}
	if f.timing.Dated {
		record, err := f.e.preload(ctx, f.tx, f.listener.version, f.record)
		if err != nil {
			return err
		}
		data["data"], data["collection"] = record, f.record.collection.Name
		b.resource = resource{f.record.collection.Name, f.record.id}
		b.idemKey = f.record.id + " " + b.idemKey
	}
	out, err := f.e.begin(ctx, f.tx, b)
	if err != nil {
		return err
	}
	f.slot.State, f.slot.Reason = models.Fired, ""
	if out.Started {
		f.slot.ExecutionID = out.ExecutionID
	} else {
		f.slot.State, f.slot.Reason = models.Skipped, out.Reason
	}
	_, err = models.DecideSlot(ctx, f.tx, f.slot)
	return err
}
