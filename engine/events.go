package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"formrail/engine/eventfilter"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
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
	if _, ok := c.s.accessFor(c.step.Node).On(w.ResourceType, models.View); !ok {
		return nil, recordFailure(models.NoPermission())
	}
	if !in.Since.IsZero() {
		found, err := pastEvent(ctx, c.tx, w, filter, models.At(in.Since))
		if err != nil {
			return nil, err
		}
		if found != nil {
			return c.Open(ctx, found)
		}
	}
	c.st.reasons++
	return nil, models.SaveEventWait(ctx, c.tx, w)
}

// Open leaves out of an event the fields of its record that the step may not read now. Of
// a record that it may not see, or that is gone, only type and id are left.
func (c eventsCap) Open(ctx context.Context, envelope map[string]any) (map[string]any, error) {
	resource, ok := envelope["resource"].(map[string]any)
	if !ok {
		return envelope, nil
	}
	typ, _ := resource["type"].(string)
	layers, _ := c.s.accessFor(c.step.Node).On(typ, models.View)
	inReach, err := c.inReach(ctx, typ, resource[models.IDField], layers)
	if err != nil {
		return nil, err
	}
	seen := func(name string) bool {
		return name == "type" || name == models.IDField || inReach && !slices.ContainsFunc(layers, func(grants []models.Grant) bool {
			return !slices.ContainsFunc(grants, func(g models.Grant) bool { return g.HasField(name) })
		})
	}
	open := maps.Clone(envelope)
	kept := make(map[string]any, len(resource))
	for name, v := range resource {
		if seen(name) {
			kept[name] = v
		}
	}
	open["resource"] = kept
	return open, nil
}

// inReach reports whether the step may see the record of an event. Where its rights cover
// some records only, the record itself decides: one that is gone is out of reach.
func (c eventsCap) inReach(ctx context.Context, collection string, id any, layers [][]models.Grant) (bool, error) {
	narrow := slices.ContainsFunc(layers, func(grants []models.Grant) bool {
		return !slices.ContainsFunc(grants, func(g models.Grant) bool { return g.Scope == models.ScopeAll })
	})
	if len(layers) == 0 || !narrow {
		return len(layers) > 0, nil
	}
	list, err := c.s.e.records.ListIn(ctx, c.tx, records.Query{
		Access: c.s.accessFor(c.step.Node), Collection: collection, Filter: map[string]any{models.IDField: map[string]any{"$eq": id}}, Page: 1, PageSize: 1,
	})
	if err != nil {
		return false, recordFailure(err)
	}
	return len(list.Records) > 0, nil
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
			ExecutionID: w.ExecutionID, WorkflowID: w.WorkflowID, StepID: w.StepID, Reason: models.WakeCallback, Lane: 1, DueAt: models.At(tx.Now()),
			Signal: signalJSON(node.Signal{Reason: models.WakeCallback, Data: map[string]any{"event": envelope}}),
		}); err != nil {
			return err
		}
	}
	return nil
}

// Calls lists what was sent to the address of the step, and keeps the address open as
// long as that is not enough.
func (c eventsCap) Calls(ctx context.Context, times int, deadline time.Time) ([]node.ReceivedCall, error) {
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
	if len(out) >= times {
		return out, models.UseCallback(ctx, c.tx, c.step.ID)
	}
	c.st.reasons++
	hash := models.HashSecret(c.s.e.callbackToken(address{c.s.exec.ID, c.step.Node, c.step.Path}))
	return out, models.OpenCallback(ctx, c.tx, c.s.exec.ID, c.step.ID, hash, models.At(deadline))
}
