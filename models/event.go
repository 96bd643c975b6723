package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"formrail/models/field"
)

// Names of the events about records.
const (
	ResourceCreated     = "resource.ResourceCreated"
	ResourceUpdated     = "resource.ResourceUpdated"
	ResourceSoftDeleted = "resource.ResourceSoftDeleted"
	ResourceHardDeleted = "resource.ResourceHardDeleted"
)

// Event is one thing that happened, in the one envelope all events share.
type Event struct {
	Seq         int64  // grows in commit order; 0 until stored
	UUID        string // set by [Tx.Emit] when empty
	Name        string
	Type        string         // type of the resource: a collection's name, or such as passportsvc.User
	ID          string         // of the resource, as text
	Resource    map[string]any // the resource without type, as receivers see it
	Changed     []string       // names of changed fields, updates only
	UserID      int64
	At          Millis
	RequestID   string
	ExecutionID string
	StepID      string
	Silent      bool // on the feed, but starts nothing
	Origin      *Origin
	Extra       map[string]any // further members of the envelope, for events that are not about records
}

// NewEventUUID makes the identity of an event.
func NewEventUUID() string {
	u, err := uuid.NewV7() // later ones sort later, so the index grows at its end
	if err != nil {
		panic("read random bytes: " + err.Error()) // crypto/rand never fails on supported systems
	}
	return u.String()
}

// Envelope is the event as it is shown and sent, without its sequence number.
func (e *Event) Envelope() map[string]any {
	resource := make(map[string]any, len(e.Resource)+1)
	for k, v := range e.Resource {
		resource[k] = v
	}
	resource["type"] = e.Type
	out := make(map[string]any, 10+len(e.Extra))
	for k, v := range e.Extra {
		out[k] = v
	}
	out["event"], out["uuid"], out["resource"] = e.Name, e.UUID, resource
	out["timestamp"], out["requestId"], out["namespaces"] = e.At.Time(), e.RequestID, []any{}
	out["user"] = nil
	if e.UserID != 0 {
		out["user"] = map[string]any{IDField: e.UserID}
	}
	if e.Changed != nil {
		out["changed"] = anyList(e.Changed)
	}
	if e.Origin != nil {
		out["origin"] = e.Origin.Value()
	}
	if e.ExecutionID != "" {
		out["executionId"] = e.ExecutionID
	}
	return out
}

func anyList(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// Value is the origin as variables and events show it; what is not set is null.
func (o *Origin) Value() map[string]any {
	orNull := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	out := map[string]any{"kind": o.Kind, "requestId": orNull(o.RequestID), "nested": nil, "execution": orNull(o.Execution), "node": orNull(o.Node)}
	if o.Nested != nil {
		out["nested"] = map[string]any{"collection": o.Nested.Collection, "id": o.Nested.ID, "path": o.Nested.Path}
	}
	return out
}

// Emit writes an event. Its uuid and time are filled in when they are missing.
func (tx *Tx) Emit(ctx context.Context, e *Event) error {
	if e.UUID == "" {
		e.UUID = NewEventUUID()
	}
	if e.At == 0 {
		e.At = At(tx.Now())
	}
	payload, err := field.MarshalJSON(e.Envelope())
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Name, err)
	}
	changed, err := field.MarshalJSON(anyList(e.Changed))
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.Name, err)
	}
	origin, silent := "", 0
	if e.Origin != nil {
		origin = e.Origin.Kind
	}
	if e.Silent {
		silent = 1
	}
	err = tx.Queue(ctx, `INSERT INTO events (uuid, event, resource_type, resource_id, payload, changed, user_id, at, request_id,
		execution_id, step_id, silent, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.UUID, e.Name, e.Type, e.ID, string(payload), string(changed), e.UserID, int64(e.At), e.RequestID,
		e.ExecutionID, e.StepID, silent, origin)
	if err != nil {
		return fmt.Errorf("write event %s of %s %s: %w", e.Name, e.Type, e.ID, err)
	}
	if e.Silent {
		return nil
	}
	return tx.heard(ctx, e, string(payload))
}

// StoredEvent is an event as the feed shows it.
type StoredEvent struct {
	Seq     int64
	UUID    string
	Name    string
	Type    string
	ID      string
	Payload string // the envelope as JSON, without seq
	UserID  int64
	At      Millis
	Silent  bool
}

// EventFilter narrows the feed; the zero value matches everything.
type EventFilter struct {
	After  int64  // only events with a greater sequence number, oldest first
	Before int64  // or: only events with a smaller one, newest first; 0 starts at the end
	Name   string // exact
	Type   string // exact
	ID     string // of the resource; only together with Type
	Limit  int
}

// Events reads the feed: oldest first when After is set, else newest first.
func Events(ctx context.Context, q Querier, f EventFilter) ([]StoredEvent, error) {
	where, args := []string{"seq < ?"}, []any{f.Before}
	order := "DESC"
	switch {
	case f.After > 0:
		where, args, order = []string{"seq > ?"}, []any{f.After}, "ASC"
	case f.Before == 0:
		where, args = []string{"seq > ?"}, []any{0}
	}
	for _, c := range [][2]string{{"event", f.Name}, {"resource_type", f.Type}, {"resource_id", f.ID}} {
		if c[1] != "" {
			where, args = append(where, c[0]+" = ?"), append(args, c[1])
		}
	}
	rows, err := q.Query(ctx, "SELECT seq, uuid, event, resource_type, resource_id, payload, user_id, at, silent FROM events WHERE "+
		strings.Join(where, " AND ")+" ORDER BY seq "+order+" LIMIT ?", append(args, f.Limit)...)
	var out []StoredEvent
	err = Rows(rows, err, func(r *sql.Rows) error {
		var e StoredEvent
		if err := r.Scan(&e.Seq, &e.UUID, &e.Name, &e.Type, &e.ID, &e.Payload, &e.UserID, &e.At, &e.Silent); err != nil {
			return err
		}
		out = append(out, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return out, nil
}
