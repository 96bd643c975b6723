package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/models"
	"formrail/models/records"
)

// fillBatch is how many records get their slots in one transaction.
const fillBatch = 100

// dropFirst stands for a place before the first record: due slots of the collection
// that was followed before are dropped first.
const dropFirst = "*"

// FillSlots plans the slots of existing records of workflows that follow a date: of each
// workflow one batch. It reports whether there is more to do.
func (e *Engine) FillSlots(ctx context.Context) (bool, error) {
	plans, err := models.Schedules(ctx, e.db.Read())
	if err != nil {
		return false, err
	}
	ix, err := e.listeners(ctx)
	if err != nil {
		return false, fmt.Errorf("read trigger index: %w", err)
	}
	more := false
	for _, plan := range plans {
		l := ix.timed[plan.WorkflowID]
		if l != nil && (!plan.Filling || l.version == nil) || ctx.Err() != nil || e.stopping.Load() {
			continue
		}
		more = true
		if l == nil {
			err = e.db.Write(ctx, "engine.slots_forget", func(tx *models.Tx) error { return forgetSlots(ctx, tx, plan) })
		} else {
			err = e.fill(ctx, l, ix.zone, plan)
		}
		if err != nil {
			return false, fmt.Errorf("plan slots of workflow %d: %w", plan.WorkflowID, err)
		}
	}
	return more, nil
}

// forgetSlots drops due slots of a workflow that was deleted, in parts.
func forgetSlots(ctx context.Context, tx *models.Tx, plan models.Schedule) error {
	n, err := models.DropSlotsFrom(ctx, tx, plan.WorkflowID, 0, slotBatch)
	if err != nil || n > 0 {
		return err
	}
	return models.DeleteSchedule(ctx, tx, plan.WorkflowID)
}

// fill plans one batch of records. Which ones is found outside the transaction, what
// they hold is read in it: saves that came meanwhile count.
func (e *Engine) fill(ctx context.Context, l *listener, zone *time.Location, plan models.Schedule) error {
	q := records.Query{Access: models.SystemAccess(), Collection: l.version.Listens.Collection}
	next, ids, err := e.fillNext(ctx, q, plan)
	if err != nil {
		return err
	}
	return e.db.Write(ctx, "engine.slots_fill", func(tx *models.Tx) error {
		now, err := models.ScheduleByWorkflow(ctx, tx, plan.WorkflowID)
		if err != nil || now == nil || !now.Filling || now.VersionID != l.version.ID || now.FillAfter != plan.FillAfter {
			return err // it begins again with another version, or somebody else has done this
		}
		if plan.FillAfter == dropFirst {
			n, err := models.DropSlotsFrom(ctx, tx, plan.WorkflowID, plan.PlannedAt, slotBatch)
			if err != nil || n > 0 {
				return err
			}
			now.FillAfter = ""
			return models.SaveSchedule(ctx, tx, *now)
		}
		p := planning{e: e, tx: tx, listener: l, zone: zone}
		if err := p.all(ctx, q, ids, now.PlannedAt.Time()); err != nil {
			return err
		}
		now.FillDone, now.FillTotal = next.FillDone, next.FillTotal
		now.FillAfter, now.Filling = next.FillAfter, next.Filling
		return models.SaveSchedule(ctx, tx, *now)
	})
}

// fillNext finds the keys of the next records and how far they lead.
func (e *Engine) fillNext(ctx context.Context, q records.Query, plan models.Schedule) (next models.Schedule, ids []any, err error) {
	next = plan
	if plan.FillAfter == dropFirst {
		return next, nil, nil
	}
	if plan.FillAfter == "" {
		n, _, err := e.records.CountIn(ctx, e.db.Read(), q)
		if err != nil && !models.IsKind(err, models.KindNotFound) {
			return next, nil, err
		}
		next.FillTotal, next.FillDone = int64(n), 0
	}
	q.Sort, q.PageSize, q.Keyset, q.Cursor, q.Fields = []string{"id"}, fillBatch, true, plan.FillAfter, []string{"id"}
	page, err := e.records.List(ctx, q)
	switch {
	case models.IsKind(err, models.KindNotFound): // the collection is gone
		next.Filling = false
		return next, nil, nil
	case models.IsCode(err, "BAD_CURSOR"): // signed with another key: from the start
		next.FillAfter = ""
		return next, nil, nil
	case err != nil:
		return next, nil, err
	}
	for _, r := range page.Records {
		ids = append(ids, r["id"])
	}
	next.FillDone += int64(len(ids))
	next.FillAfter, next.Filling = page.NextCursor, page.NextCursor != ""
	return next, ids, nil
}

// all plans the slots of some records. Times before the workflow was planned, or before
// a record was saved last, are past.
func (p planning) all(ctx context.Context, q records.Query, ids []any, since time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	on, err := p.e.records.Collection(ctx, q.Collection)
	if err != nil {
		return err
	}
	q.Filter, q.PageSize = map[string]any{"id": map[string]any{"$in": ids}}, fillBatch
	page, err := p.e.records.ListIn(ctx, p.tx, q)
	if err != nil {
		return err
	}
	for _, r := range page.Records {
		p.since = since
		if saved, ok := r["updatedAt"].(time.Time); ok && saved.After(since) {
			p.since = saved
		}
		if err := p.record(ctx, found{data: r, collection: on, id: records.IDText(r["id"])}); err != nil {
			return err
		}
	}
	return nil
}
