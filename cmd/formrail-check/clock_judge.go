package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"formrail/models"
)

// judge compares what became of all slots and waits of a journey with its table, and
// switches its workflows off.
func (x *clocked) judge(ctx context.Context, j journey) error {
	effects, err := countByMark(ctx, x.db, "SELECT mark, COUNT(*) FROM c_effects GROUP BY mark")
	if err != nil {
		return err
	}
	for _, t := range j.slots {
		if err := x.judgeSlots(ctx, j, t, effects); err != nil {
			return err
		}
		x.r.Cases++
		if _, err := x.c.must(ctx, "POST", "/api/workflows:update/"+j.key(t.key), map[string]any{"enabled": false}); err != nil {
			return err
		}
	}
	for _, w := range j.waits {
		x.r.Cases++
		status, err := x.statusOf(ctx, j.key(w.key))
		if err != nil {
			return err
		}
		if status != w.ends {
			x.wrong("%s: %s ended %q, not %s", j.name, w.key, status, w.ends)
		}
		if n := effects[j.key(w.key)]; n != w.effects {
			x.wrong("%s: %s left %d effects, not %d", j.name, w.key, n, w.effects)
		}
	}
	return nil
}

// judgeSlots compares the slots of one schedule.
func (x *clocked) judgeSlots(ctx context.Context, j journey, t timed, effects map[string]int) error {
	rows, err := x.db.Read().Query(ctx, `SELECT s.slot_at, s.state, s.reason, s.count FROM schedule_slots s JOIN workflows w ON w.id = s.workflow_id
		WHERE w.wf_key = ? AND s.state <> 'due' ORDER BY s.slot_at`, j.key(t.key))
	if err != nil {
		return fmt.Errorf("read slots: %w", err)
	}
	defer rows.Close()
	var fired []string
	skipped := 0
	for rows.Next() {
		var (
			at            models.Millis
			state, reason string
			count         int
		)
		if err := rows.Scan(&at, &state, &reason, &count); err != nil {
			return fmt.Errorf("read slots: %w", err)
		}
		switch {
		case state == "fired":
			fired = append(fired, at.Time().UTC().Format(time.RFC3339))
		case reason == "":
			x.wrong("%s: %s has no reason why the slot of %s did not fire", j.name, t.key, at.Time().Format(time.RFC3339))
		default:
			skipped += count
		}
	}
	if t.fires > 0 && len(fired) != t.fires || t.fires == 0 && !slices.Equal(fired, t.fired) {
		x.wrong("%s: %s fired %d times: %s; the table says %d: %s", j.name, t.key, len(fired), strings.Join(fired, " "), max(t.fires, len(t.fired)), strings.Join(t.fired, " "))
	}
	if skipped != t.skipped {
		x.wrong("%s: %s skipped %d slots, not %d", j.name, t.key, skipped, t.skipped)
	}
	if n := effects[j.key(t.key)]; n != len(fired) {
		x.wrong("%s: %s left %d effects of %d slots", j.name, t.key, n, len(fired))
	}
	x.r.Slots += len(fired)
	return rows.Err()
}

// waiting looks whether what waits still does, or has gone on, as the table says for the
// move.
func (x *clocked) waiting(ctx context.Context, j journey, m string) error {
	at, _, _ := strings.Cut(m, " ")
	if at == "kill" {
		return nil
	}
	for _, w := range j.waits {
		if w.until == "" || !x.hand.highest.Before(instantOf(w.until)) {
			continue
		}
		status, err := x.statusOf(ctx, j.key(w.key))
		if err != nil {
			return err
		}
		if status != "waiting" {
			x.wrong("%s: %s was %q at %s, before %s", j.name, w.key, status, m, w.until)
		}
	}
	return nil
}

// statusOf is the status of the only execution of a workflow.
func (x *clocked) statusOf(ctx context.Context, key string) (string, error) {
	all, err := countByMark(ctx, x.db, "SELECT e.status, COUNT(*) FROM executions e JOIN workflows w ON w.id = e.workflow_id WHERE w.wf_key = '"+key+"' GROUP BY e.status")
	if err != nil {
		return "", err
	}
	for status, n := range all {
		if len(all) == 1 && n == 1 {
			return status, nil
		}
	}
	return fmt.Sprint(all), nil
}
