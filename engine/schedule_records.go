package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"formrail/engine/slots"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// followDates moves the slots of the records a write has changed, in its transaction.
func (e *Engine) followDates(ctx context.Context, tx *models.Tx, ix *index, changes []records.Change) error {
	if len(ix.dated) == 0 {
		return nil
	}
	for _, change := range changes {
		for _, d := range ix.dated[models.Snake(change.Collection.Name)] {
			if !d.moves(change) {
				continue
			}
			if err := e.followDate(ctx, tx, ix, d, change); err != nil {
				return fmt.Errorf("plan slots of workflow %s: %w", d.listener.workflow.Key, err)
			}
		}
	}
	return nil
}

// moves reports whether a change can move slots.
func (d dated) moves(c records.Change) bool {
	if c.Action != models.Update {
		return true
	}
	return slices.ContainsFunc(d.fields, func(name string) bool { return slices.Contains(c.Changed, name) })
}

func (e *Engine) followDate(ctx context.Context, tx *models.Tx, ix *index, d dated, change records.Change) error {
	w := d.listener.workflow
	plan, err := models.ScheduleByWorkflow(ctx, tx, w.ID)
	if err != nil || plan == nil {
		return err
	}
	p := planning{e: e, tx: tx, listener: d.listener, zone: ix.zone, since: tx.Now()}
	gone := change.Action == models.Delete || change.Action == models.Purge
	switch {
	case d.link != "" && gone:
		return nil // its link is empty from now on: that is a change of the records themselves
	case d.link != "":
		return e.followLinked(ctx, p, d, *plan, change.ID)
	case gone:
		return p.gone(ctx, change.ID)
	}
	return p.record(ctx, found{data: change.After, collection: change.Collection, id: change.ID})
}

// linkedRecords is how many records follow a linked one in its transaction; more do so
// in the background.
const linkedRecords = 200

// followLinked moves the slots of the records that link to a changed one.
func (e *Engine) followLinked(ctx context.Context, p planning, d dated, plan models.Schedule, id string) error {
	on, err := e.records.Collection(ctx, d.listener.version.Listens.Collection)
	if err != nil {
		return err
	}
	page, err := e.records.ListIn(ctx, p.tx, records.Query{
		Access: models.SystemAccess(), Collection: on.Name, PageSize: linkedRecords,
		Filter: map[string]any{d.link + ".id": map[string]any{"$eq": id}},
	})
	if err != nil {
		return err
	}
	if page.HasNext {
		plan.Filling, plan.FillAfter, plan.FillDone, plan.FillTotal = true, "", 0, 0
		p.tx.AfterCommit(e.lookForSlots)
		return models.SaveSchedule(ctx, p.tx, plan)
	}
	for _, r := range page.Records {
		if err := p.record(ctx, found{data: r, collection: on, id: records.IDText(r["id"])}); err != nil {
			return err
		}
	}
	return nil
}

// planning plans the slots of single records of one workflow.
type planning struct {
	e        *Engine
	tx       *models.Tx
	listener *listener
	zone     *time.Location // of the installation
	since    time.Time      // slots before its second are past
}

// record plans the next slot of a record and forgets others that are due. Times that
// were used stay used.
func (p planning) record(ctx context.Context, f found) error {
	w, v := p.listener.workflow, p.listener.version
	s, ok, err := p.e.scheduleOf(ctx, p.tx, v.Trigger.Times(v.Settings), p.zone, f)
	if err != nil {
		return err
	}
	var want time.Time
	if ok {
		want = s.Next(slots.SecondOf(p.since))
	}
	due, err := models.DueOf(ctx, p.tx, w.ID, f.id)
	if err != nil {
		return err
	}
	planned := false
	for _, d := range due {
		switch at := d.At.Time(); {
		case d.Held:
		case ok && at.Equal(want), ok && !at.After(p.tx.Now()) && hasSlot(s, at): // stays, or is just about to fire
			planned = true
		default:
			if err := models.DropSlot(ctx, p.tx, d.ID); err != nil {
				return err
			}
		}
	}
	if planned || want.IsZero() {
		return nil
	}
	last, err := models.LastSlot(ctx, p.tx, w.ID, f.id)
	if err != nil {
		return err
	}
	return p.e.planNext(ctx, p.tx, models.Slot{WorkflowID: w.ID, RecordID: f.id, Number: last.Number + max(last.Count, 1)}, s, want)
}

func hasSlot(s slots.Schedule, at time.Time) bool { return s.Next(at.Add(-time.Millisecond)).Equal(at) }

// gone removes the slots of a record that was deleted. One of this very second is
// recorded as skipped.
func (p planning) gone(ctx context.Context, id string) error {
	w := p.listener.workflow
	due, err := models.DueOf(ctx, p.tx, w.ID, id)
	if err != nil {
		return err
	}
	for _, d := range due {
		if d.At.Time().Truncate(time.Second).After(p.tx.Now()) {
			if err := models.DropSlot(ctx, p.tx, d.ID); err != nil {
				return err
			}
			continue
		}
		d.State, d.Reason = models.Skipped, "record_gone"
		if _, err := models.DecideSlot(ctx, p.tx, d); err != nil {
			return err
		}
		if err := p.e.logSkipped(ctx, p.tx, p.listener, d, 1, recordGone()); err != nil {
			return err
		}
	}
	return nil
}

func recordGone() string {
	return text.M("schedule.record_gone", "The record was deleted before its time.").String()
}

// logSkipped writes why a slot, or several of the same schedule, did not start.
func (e *Engine) logSkipped(ctx context.Context, tx *models.Tx, l *listener, s models.Slot, count int, explanation string) error {
	entry := models.TriggerEntry{
		WorkflowID: l.workflow.ID, WorkflowKey: l.workflow.Key, VersionID: l.workflow.LiveVersion,
		Reason: s.Reason, Explanation: explanation, ResourceID: s.RecordID, Count: int64(count),
	}
	if s.RecordID != "" && l.version != nil {
		entry.ResourceType = l.version.Listens.Collection
	}
	return models.LogTrigger(ctx, tx, entry)
}
