package records

import (
	"context"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/field"
)

// note writes the history entry and the event of one change and keeps the change
// for the hook.
func (t *txWrite) note(ctx context.Context, c Change) error {
	if c.Collection == nil {
		c.Collection = t.on
	}
	state := c.After
	if state == nil {
		state = c.Before
	}
	if c.ID == "" {
		c.ID = IDText(state[models.IDField])
	}
	c.EventUUID = models.NewEventUUID()
	changes, err := historyOf(c)
	if err != nil {
		return err
	}
	p := t.op.Access.Principal
	err = t.tx.AppendChange(ctx, &models.ChangeLogEntry{
		Collection: c.Collection.Name, RecordID: c.ID, Action: string(c.Action), Changes: changes, UserID: t.actor(),
		Principal: p.String(), Role: p.Role, Origin: t.op.Origin.Kind, PageAction: t.op.PageAction, RequestID: t.requestID(ctx),
		ExecutionID: t.op.Lineage.ExecutionID, StepID: t.op.Lineage.StepID, EventUUID: c.EventUUID, At: models.At(t.now),
	})
	if err != nil {
		return err
	}
	t.changes = append(t.changes, c)
	return t.tx.Emit(ctx, t.event(ctx, c, state))
}

func (t *txWrite) requestID(ctx context.Context) string {
	if t.op.Origin.RequestID != "" {
		return t.op.Origin.RequestID
	}
	return models.RequestOf(ctx).ID
}

// event is the envelope of one change.
func (t *txWrite) event(ctx context.Context, c Change, state Record) *models.Event {
	resource := make(map[string]any, len(state)+1)
	for _, f := range c.Collection.Fields {
		if !f.Hidden {
			resource[f.Key()] = state[f.Key()]
		}
	}
	if _, taken := resource["title"]; !taken {
		resource["title"] = TitleOf(c.Collection, state)
	}
	e := &models.Event{
		UUID: c.EventUUID, Name: eventName(c.Action), Type: c.Collection.Name, ID: c.ID, Resource: resource,
		UserID: t.actor(), At: models.At(t.now), RequestID: t.requestID(ctx), ExecutionID: t.op.Lineage.ExecutionID,
		StepID: t.op.Lineage.StepID, Silent: t.op.Silent, Origin: &t.op.Origin,
	}
	if e.Name == models.ResourceUpdated {
		e.Changed = visibleNames(c)
	}
	return e
}

// visibleNames are the changed fields that an event may name.
func visibleNames(c Change) []string {
	out := []string{}
	for _, name := range c.Changed {
		if f, ok := c.Collection.Field(name); ok && !f.Hidden && (c.Action != Restore || f.Name == "deletedAt") {
			out = append(out, name)
		}
	}
	return out
}

func eventName(a models.Action) string {
	switch a {
	case models.Create:
		return models.ResourceCreated
	case models.Delete:
		return models.ResourceSoftDeleted
	case models.Purge:
		return models.ResourceHardDeleted
	}
	return models.ResourceUpdated
}

// historyOf is the JSON of the changed fields with their values before and after.
func historyOf(c Change) (string, error) {
	if !c.Collection.History || c.Action == models.Purge {
		return "{}", nil
	}
	out := make(map[string]any, len(c.Changed))
	for _, name := range c.Changed {
		f, ok := c.Collection.Field(name)
		if !ok {
			continue
		}
		one := map[string]any{"after": c.After[f.Key()]}
		if c.Before != nil {
			one["before"] = c.Before[f.Key()]
		}
		out[f.Name] = one
	}
	b, err := field.MarshalJSON(out)
	return string(b), err
}

// TitleOf names a record for people: its title field, else its number.
func TitleOf(c *models.Collection, r Record) string {
	f := titleField(c)
	if s, ok := r[f.Key()].(string); ok && utf8.ValidString(s) && s != "" {
		return s
	}
	return "#" + IDText(r[models.IDField])
}
