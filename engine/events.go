package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/engine/eventfilter"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
)

// eventsCap lets a step wait for events and calls.
type eventsCap struct{ *local }

// Await looks for a past event and begins to wait when there is none.
func (c eventsCap) Await(ctx context.Context, in node.AwaitEvent) (map[string]any, error) {
	filter, problems := eventfilter.New(in.Filter)
	if len(problems) > 0 {
		return nil, node.Broken("INVALID_CONFIG", problems[0].Message)
	}
	w := models.EventWait{StepID: c.step.ID, ExecutionID: c.s.exec.ID, Event: in.Event, Filter: encode(in.Filter)}
	w.ResourceType, _ = filter.Exact("resource", "type")
	w.ResourceID, _ = filter.Exact("resource", "id")
	if !in.Since.IsZero() {
		found, err := pastEvent(ctx, c.tx, w, filter, models.At(in.Since))
		if found != nil || err != nil {
			return found, err
		}
	}
	c.st.reasons++
	return nil, models.SaveEventWait(ctx, c.tx, w)
}

// pastEvent finds the first event since an instant that a wait is for.
func pastEvent(ctx context.Context, tx *models.Tx, w models.EventWait, filter eventfilter.Filter, since models.Millis) (found map[string]any, err error) {
	err = models.FindEvents(ctx, tx, w, since, func(e models.StoredEvent) (bool, error) {
		if !eventfilter.Like(w.Event, e.Name) {
			return false, nil
		}
		envelope, err := parseObject(e.Payload)
		if err != nil {
			return false, fmt.Errorf("read event %d: %w", e.Seq, err)
		}
		if !filter.Match(envelope) {
			return false, nil
		}
		envelope["seq"] = e.Seq
		found = envelope
		return true, nil
	})
	return found, err
}

// eventHappened wakes the steps that wait for an event, in the transaction of the event:
// each exactly once.
func (e *Engine) eventHappened(ctx context.Context, tx *models.Tx, of *models.Event, payload string, waits []models.EventWait) error {
	var envelope map[string]any
	for _, w := range waits {
		if !eventfilter.Like(w.Event, of.Name) {
			continue
		}
		wanted, err := parseObject(w.Filter)
		if err != nil {
			return fmt.Errorf("read filter of step %s: %w", w.StepID, err)
		}
		filter, problems := eventfilter.New(wanted)
		if len(problems) > 0 {
			e.log.Error("a step waits with a filter that cannot be read", "step", w.StepID, "problem", problems[0].Message.String())
			continue
		}
		if envelope == nil {
			if envelope, err = parseObject(payload); err != nil {
				return fmt.Errorf("read event %s: %w", of.UUID, err)
			}
		}
		if !filter.Match(envelope) {
			continue
		}
		mine, err := models.UseEventWait(ctx, tx, w.StepID)
		if err != nil {
			return err
		}
		if !mine {
			continue
		}
		if err := models.InsertWakeup(ctx, tx, &models.Wakeup{
			ExecutionID: w.ExecutionID, StepID: w.StepID, Reason: models.WakeCallback, Lane: 1, DueAt: models.At(tx.Now()),
			Signal: signalJSON(node.Signal{Reason: models.WakeCallback, Data: map[string]any{"event": envelope}}),
		}); err != nil {
			return err
		}
	}
	return nil
}

// Calls lists what was sent to the address of the step, and keeps the address open.
func (c eventsCap) Calls(ctx context.Context, deadline time.Time) ([]node.ReceivedCall, error) {
	calls, err := models.CallsOf(ctx, c.tx, c.s.exec.ID, c.step.Node, c.step.Path)
	if err != nil {
		return nil, err
	}
	out := make([]node.ReceivedCall, len(calls))
	for i, one := range calls {
		body, err := field.ParseJSON([]byte(one.Body))
		if err != nil {
			return nil, fmt.Errorf("read call %d: %w", one.ID, err)
		}
		out[i] = node.ReceivedCall{At: one.At.Time(), Body: body}
	}
	c.st.reasons++
	hash := models.HashSecret(c.s.e.callbackToken(address{c.s.exec.ID, c.step.Node, c.step.Path}))
	return out, models.OpenCallback(ctx, c.tx, c.s.exec.ID, c.step.ID, hash, models.At(deadline))
}
