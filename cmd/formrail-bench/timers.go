package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// What waits until a time that a record says: a step in an execution, and the slot of a
// schedule.
const (
	deadlines = `{"name":"deadlines","title":"Deadline","fields":[{"name":"title","type":"text","title":"Title"},{"name":"at","type":"datetime","title":"At"}]}`
	moments   = `{"name":"moments","title":"Moment","fields":[{"name":"title","type":"text","title":"Title"},{"name":"at","type":"datetime","title":"At"}]}`
	flowDelay = `{"key":"delays","title":"Delays","type":"post_action","config":{"collection":"deadlines"},"nodes":[{"key":"w","type":"delay","config":{"by":"until","until":"{{ trigger.data.at }}"}}]}`
	flowSlots = `{"key":"slots","title":"Slots","type":"schedule","config":{"basis":"date_field","collection":"moments","startsOn":{"field":"at"}},"nodes":[]}`
	timers    = 10_000
	timerSpan = time.Minute
	leadTime  = 45 * time.Second // while the times are set
)

// timers measures W8: how late 10,000 delays are, and 10,000 slots of a schedule, of
// which each kind is due within one minute. Late is the commit that goes on, counted from
// the time that was set.
func (in *instance) timers(ctx context.Context) ([]figure, error) {
	if err := in.tables(ctx, deadlines, moments); err != nil {
		return nil, err
	}
	for _, text := range []string{flowDelay, flowSlots} {
		if err := in.workflow(ctx, text); err != nil {
			return nil, err
		}
	}
	delays, err := in.late(ctx, "deadlines", "delays", `SELECT e.ended_at - MAX(w.due_at) FROM executions e JOIN workflows f ON f.id = e.workflow_id
		JOIN wakeups w ON w.execution_id = e.id AND w.reason = 'timer' WHERE f.wf_key = 'delays' AND e.status = 'succeeded' GROUP BY e.id, e.ended_at`)
	if err != nil {
		return nil, err
	}
	slots, err := in.late(ctx, "moments", "", `SELECT decided_at - slot_at FROM schedule_slots WHERE state = 'fired'`)
	if err != nil {
		return nil, err
	}
	return []figure{
		median("W8 10,000 delays due in a minute", "ms late", delays, "p99 <= 250 ms"),
		median("W8 10,000 slots due in a minute", "ms late", slots, "p99 <= 250 ms"),
	}, in.sound(ctx)
}

// late writes records whose times lie within a minute, waits until that is over and reads
// by how much each was late. Nothing may be early or missing.
func (in *instance) late(ctx context.Context, collection, workflow, query string) ([]float64, error) {
	start := time.Now().Add(leadTime)
	for range timers / 100 {
		op := &records.Operation{Access: in.access, Collection: collection, Action: models.Create, Origin: models.Origin{Kind: "api"}}
		if workflow != "" {
			op.Bindings = []models.Binding{{Key: workflow}}
		}
		for range 100 {
			at := start.Add(rand.N(timerSpan)) //nolint:gosec // any time will do
			op.Batch = append(op.Batch, records.Record{"title": "wait", "at": field.FormatTime(at)})
		}
		if _, err := in.recs.Write(ctx, op); err != nil {
			return nil, fmt.Errorf("set times: %w", err)
		}
	}
	if time.Now().After(start) {
		return nil, fmt.Errorf("this machine needs %s more to set the times", time.Since(start))
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Until(start.Add(timerSpan + 5*time.Second))):
	}
	if err := in.eng.WaitIdle(ctx); err != nil {
		return nil, err
	}
	var list []float64
	rows, err := in.db.Read().Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read how late: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var late float64
		if err := rows.Scan(&late); err != nil {
			return nil, fmt.Errorf("read how late: %w", err)
		}
		if late < 0 {
			return nil, fmt.Errorf("%g ms early", -late)
		}
		list = append(list, late)
	}
	if len(list) != timers {
		return nil, fmt.Errorf("%d of %d came", len(list), timers)
	}
	return list, rows.Err()
}
