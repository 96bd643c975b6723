package records

import (
	"context"
	"fmt"

	"formrail/models"
)

// ExecutionChange is one record as a step of an execution changed it.
type ExecutionChange struct {
	HistoryEntry
	Collection *models.Collection // as it is now
	RecordID   string
	Hidden     bool // it changed more than the reader may see
}

// OpenFields tells which fields of a record are open to a reader.
type OpenFields func(ctx context.Context, on *models.Collection, id string) (func(*models.CollectionField) bool, error)

// ChangesBy reads what the steps of an execution changed, in order and at most limit
// entries, with the fields that open lets through. Collections that are gone are left out.
func (s *Service) ChangesBy(ctx context.Context, execution string, open OpenFields, limit int) ([]ExecutionChange, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	entries, err := models.ChangesBy(ctx, s.db.Read(), execution, limit)
	if err != nil {
		return nil, err
	}
	var out []ExecutionChange
	for _, e := range entries {
		on, ok := cat.Collection(e.Collection)
		if !ok {
			continue
		}
		one := ExecutionChange{
			Collection: on, RecordID: e.RecordID,
			HistoryEntry: HistoryEntry{ID: e.ID, Action: models.Action(e.Action), At: e.At.Time(), UserID: e.UserID, StepID: e.StepID, ExecutionID: execution},
		}
		may, err := open(ctx, on, e.RecordID)
		if err != nil {
			return nil, err
		}
		if one.Fields, err = readChanges(on, e, may); err != nil {
			return nil, fmt.Errorf("history entry %d: %w", e.ID, err)
		}
		all, err := readChanges(on, e, func(*models.CollectionField) bool { return true })
		if err != nil {
			return nil, fmt.Errorf("history entry %d: %w", e.ID, err)
		}
		one.Hidden = len(all) > len(one.Fields)
		out = append(out, one)
	}
	return out, nil
}
