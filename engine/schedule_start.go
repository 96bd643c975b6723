package engine

import (
	"context"
	"time"

	"formrail/engine/slots"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

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
