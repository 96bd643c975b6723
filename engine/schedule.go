package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"formrail/engine/slots"
	"formrail/models"
	"formrail/models/records"
)

// How schedules work: each schedule, that is a workflow or one record of it, has its
// next slot as a due row. When its time has come, one transaction decides the row and
// plans the next one; see schedule_fire.go. Rows are unique by schedule and time, so a
// slot fires once, whoever looks and however often.

// timeZoneName is where the zone of the installation is kept.
const timeZoneName = "time_zone"

// Zone is the time zone of the installation.
func (e *Engine) Zone(ctx context.Context) (*time.Location, error) {
	name, err := e.db.Meta(ctx, timeZoneName)
	if err != nil {
		return nil, err
	}
	if zone, err := time.LoadLocation(name); err == nil && name != "" {
		return zone, nil
	}
	return time.UTC, nil
}

// dated is a workflow whose times follow records of a collection.
type dated struct {
	listener *listener
	link     string // to-one link from its own collection to this one; empty = it is its own
	fields   []string
}

// listTimed notes a workflow that follows the clock in the index.
func (e *Engine) listTimed(ctx context.Context, ix *index, l *listener) error {
	ix.timed[l.workflow.ID] = l
	if l.version == nil {
		return nil
	}
	timing := l.version.Trigger.Times(l.version.Settings)
	if !timing.Dated {
		return nil
	}
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return fmt.Errorf("read catalogue: %w", err)
	}
	on, ok := cat.Collection(l.version.Listens.Collection)
	if !ok {
		return nil
	}
	own := dated{listener: l}
	for _, path := range timing.Fields() {
		link, far, linked := strings.Cut(path, ".")
		f, ok := on.Field(link)
		if !ok {
			continue
		}
		own.fields = append(own.fields, f.Name)
		if target, ok := cat.Collection(f.Target); linked && ok {
			if last, ok := target.Field(far); ok {
				at := models.Snake(target.Name)
				ix.dated[at] = append(ix.dated[at], dated{listener: l, link: f.Name, fields: []string{last.Name}})
			}
		}
	}
	at := models.Snake(on.Name)
	ix.dated[at] = append(ix.dated[at], own)
	return nil
}

// planSlots plans a workflow from now on, in the transaction that publishes it or
// switches it on. Slots that have fired stay so; of one that never was switched on
// nothing is planned.
func (e *Engine) planSlots(ctx context.Context, tx *models.Tx, w *models.Workflow, c *Compiled, enabling bool) error {
	if c.Trigger == nil || !c.Trigger.Timed() {
		return nil
	}
	have, err := models.ScheduleByWorkflow(ctx, tx, w.ID)
	if err != nil || have == nil && !enabling {
		return err
	}
	plan := models.Schedule{WorkflowID: w.ID}
	if have != nil {
		plan = *have
	}
	moved, err := e.otherCollection(ctx, plan.VersionID, c)
	if err != nil {
		return err
	}
	plan.VersionID, plan.PlannedAt = w.LiveVersion, models.At(tx.Now().Truncate(time.Second))
	if enabling {
		plan.EnabledAt = plan.PlannedAt
	}
	timing := c.Trigger.Times(c.Settings)
	plan.Filling, plan.FillAfter, plan.FillDone, plan.FillTotal = timing.Dated, "", 0, 0
	if moved {
		plan.FillAfter = dropFirst
	}
	if err := models.SaveSchedule(ctx, tx, plan); err != nil || timing.Dated {
		tx.AfterCommit(e.lookForSlots)
		return err
	}
	return e.replanTimes(ctx, tx, w.ID, timing)
}

// planEnabled plans a workflow that was switched on.
func (e *Engine) planEnabled(ctx context.Context, tx *models.Tx, w *models.Workflow, on bool) error {
	if !on {
		return nil
	}
	v, err := e.version(ctx, w.LiveVersion)
	if err != nil {
		return err
	}
	return e.planSlots(ctx, tx, w, v.Compiled, true)
}

// otherCollection reports whether a version follows the records of another collection
// than the one that was planned before.
func (e *Engine) otherCollection(ctx context.Context, before int64, c *Compiled) (bool, error) {
	if before == 0 {
		return false, nil
	}
	v, err := e.version(ctx, before)
	if err != nil {
		return false, err
	}
	return v.Listens.Collection != c.Listens.Collection, nil
}

// replanTimes plans the next of fixed times after now. What is due already stays.
func (e *Engine) replanTimes(ctx context.Context, tx *models.Tx, workflowID int64, timing slots.Timing) error {
	since := slots.SecondOf(tx.Now())
	due, err := models.DueOf(ctx, tx, workflowID, "")
	if err != nil {
		return err
	}
	for _, d := range due {
		if !d.Held && d.At.Time().After(since) {
			if err := models.DropSlot(ctx, tx, d.ID); err != nil {
				return err
			}
		}
	}
	zone, err := e.Zone(ctx)
	if err != nil {
		return err
	}
	s, ok := timing.Schedule(zone, nil)
	if !ok {
		return nil
	}
	last, err := models.LastSlot(ctx, tx, workflowID, "")
	if err != nil {
		return err
	}
	return e.planNext(ctx, tx, models.Slot{WorkflowID: workflowID, Number: last.Number + max(last.Count, 1)}, s, s.Next(since))
}

// skippedAhead is how many times that are taken are tried one by one.
const skippedAhead = 100

// planNext stores a slot as due, or the first one after it whose time was not used yet.
func (e *Engine) planNext(ctx context.Context, tx *models.Tx, of models.Slot, s slots.Schedule, at time.Time) error {
	for tries := 0; !at.IsZero(); tries++ {
		of.At = models.At(at)
		planned, err := models.PlanSlot(ctx, tx, of)
		if err != nil {
			return err
		}
		if planned {
			tx.AfterCommit(func() { e.slotWritten(of.At) })
			return nil
		}
		due, err := models.DueOf(ctx, tx, of.WorkflowID, of.RecordID)
		if err != nil {
			return err
		}
		for _, d := range due {
			if d.At == of.At && !d.Held { // a held one has planned its next already
				return nil
			}
		}
		if tries > skippedAhead { // the clock was set back far
			last, err := models.LastSlot(ctx, tx, of.WorkflowID, of.RecordID)
			if err != nil {
				return err
			}
			if t := last.At.Time(); t.After(at) {
				at = t
			}
		}
		at = s.Next(at)
	}
	return nil
}

// dateReader gives the dates of one record and of those it links to.
type dateReader struct {
	e      *Engine
	ctx    context.Context //nolint:containedctx // lives as long as one reading
	tx     *models.Tx
	on     *models.Collection
	record records.Record
	err    error
}

// value is a date by its path; nil when it, or a link to it, is empty.
func (r *dateReader) value(path string) any {
	link, far, linked := strings.Cut(path, ".")
	f, ok := r.on.Field(link)
	if !ok {
		return nil
	}
	if !linked {
		return r.record[f.Name]
	}
	record, on, err := r.e.records.FollowIn(r.ctx, r.tx, records.Follow{Collection: r.on.Name, Record: r.record, Path: f.Name})
	if err != nil {
		r.err = err
		return nil
	}
	if last, ok := on.Field(far); ok && record != nil {
		return record[last.Name]
	}
	return nil
}

// scheduleOf binds a timing to a record; ok is false when it has no first slot.
func (e *Engine) scheduleOf(ctx context.Context, tx *models.Tx, t slots.Timing, zone *time.Location, f found) (slots.Schedule, bool, error) {
	r := &dateReader{e: e, ctx: ctx, tx: tx, on: f.collection, record: f.data}
	s, ok := t.Schedule(zone, r.value)
	return s, ok, r.err
}

// Upcoming are the next times of a draft: what the panel of the trigger shows.
type Upcoming struct {
	Zone  *time.Location
	Times []time.Time
	Dated bool // times depend on records
	Limit int  // executions; 0 = no limit
}

// UpcomingSlots works out the next times of a definition from its settings alone.
// It is false when its trigger does not follow the clock or cannot be read.
func (e *Engine) UpcomingSlots(ctx context.Context, r *Reading, n int) (Upcoming, bool, error) {
	c := r.compiled
	if c.Trigger == nil || !c.Trigger.Timed() || c.misread {
		return Upcoming{}, false, nil
	}
	zone, err := e.Zone(ctx)
	if err != nil {
		return Upcoming{}, false, err
	}
	t := c.Trigger.Times(c.Settings)
	out := Upcoming{Zone: t.In(zone), Dated: t.Dated, Limit: t.Limit}
	if t.Dated {
		return out, true, nil
	}
	if s, ok := t.Schedule(zone, func(string) any { return nil }); ok {
		out.Times = s.Upcoming(slots.SecondOf(e.now()), n)
	}
	return out, true, nil
}

// ResetCount makes the limit of a schedule count from now on, and plans it again when
// it had been reached.
func (e *Engine) ResetCount(ctx context.Context, access models.Access, key string) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.reset_count", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if w.LiveVersion == 0 {
			return nil
		}
		v, err := e.version(ctx, w.LiveVersion)
		if err != nil {
			return err
		}
		if err := models.ResetCount(ctx, tx, w.ID); err != nil {
			return err
		}
		if err := e.planSlots(ctx, tx, w, v.Compiled, false); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "workflow.reset_count", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title})
	})
	if err != nil {
		return fmt.Errorf("reset count of workflow %s: %w", key, err)
	}
	return nil
}
