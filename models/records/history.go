package records

import (
	"context"
	"fmt"
	"time"

	"formrail/models"
	"formrail/models/field"
)

// HistoryEntry is one change of a record as the reader may see it.
type HistoryEntry struct {
	ID          int64
	Action      models.Action
	At          time.Time
	UserID      int64
	Principal   string
	Role        string
	Origin      string
	PageAction  string
	RequestID   string
	ExecutionID string
	StepID      string
	Fields      []FieldChange
}

// FieldChange is one field with its values before and after.
type FieldChange struct {
	Field         string
	Before, After any
}

// HistoryPage bounds one page of a history.
const HistoryPage = 50

// History reads the changes of a record the caller may see now, newest first, with
// the fields he may read now. before continues behind an entry; 0 starts.
func (s *Service) History(ctx context.Context, q Query, id string, before int64) ([]HistoryEntry, error) {
	q.Fields, q.Except, q.Appends = nil, nil, nil
	current, err := s.Get(ctx, q, id)
	if err != nil {
		return nil, err
	}
	on, err := s.Collection(ctx, q.Collection)
	if err != nil {
		return nil, err
	}
	entries, err := models.ChangesOf(ctx, s.db.Read(), models.ChangeLogPage{Collection: on.Name, RecordID: id, Before: before, Limit: HistoryPage})
	if err != nil {
		return nil, err
	}
	out := make([]HistoryEntry, len(entries))
	for i, e := range entries {
		out[i] = HistoryEntry{
			ID: e.ID, Action: models.Action(e.Action), At: e.At.Time(), UserID: e.UserID, Principal: e.Principal, Role: e.Role,
			Origin: e.Origin, PageAction: e.PageAction, RequestID: e.RequestID, ExecutionID: e.ExecutionID, StepID: e.StepID,
		}
		if out[i].Fields, err = readChanges(on, e, inRecord(current)); err != nil {
			return nil, fmt.Errorf("history entry %d: %w", e.ID, err)
		}
	}
	return out, nil
}

// inRecord opens the fields that the reader's own reading of the record holds.
func inRecord(current Record) func(*models.CollectionField) bool {
	return func(f *models.CollectionField) bool {
		_, open := current[f.Key()]
		return open
	}
}

// readChanges gives the changed fields that are open to the reader, in the order of
// the collection. Former names are shown as today's.
func readChanges(on *models.Collection, e models.ChangeLogEntry, open func(*models.CollectionField) bool) ([]FieldChange, error) {
	v, err := parseStoredJSON(e.Changes)
	if err != nil {
		return nil, err
	}
	changes, _ := v.(map[string]any)
	byField := map[*models.CollectionField]map[string]any{}
	for name, one := range changes {
		if f, ok := fieldThen(on, name, e); ok {
			byField[f], _ = one.(map[string]any)
		}
	}
	var out []FieldChange
	for _, f := range on.Fields {
		if one, changed := byField[f]; changed && open(f) {
			out = append(out, FieldChange{Field: f.Name, Before: historic(f, one["before"]), After: historic(f, one["after"])})
		}
	}
	return out, nil
}

// fieldThen finds the field that a history entry names. A field made since is another
// one, even when it has the name of one that was dropped.
func fieldThen(on *models.Collection, name string, e models.ChangeLogEntry) (*models.CollectionField, bool) {
	f, ok := on.Field(name)
	return f, ok && f.Since <= e.At
}

// historic brings a value from JSON to the canonical form of its field.
func historic(f *models.CollectionField, v any) any {
	switch f.Kind {
	case field.Number:
		if d, ok := field.AsDecimal(v); ok {
			return d
		}
	case field.DateOnly:
		if s, ok := v.(string); ok {
			return field.Date(s)
		}
	case field.DateTime:
		if s, ok := v.(string); ok {
			if t, err := time.Parse(field.TimeLayout, s); err == nil {
				return t
			}
		}
	}
	return v
}

func parseStoredJSON(s string) (any, error) {
	v, err := field.ParseJSON([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("read stored JSON: %w", err)
	}
	return v, nil
}
