package records

import (
	"context"
	"fmt"
	"maps"

	"formrail/models"
	"formrail/models/text"
)

// Reversal says what of a record's history is taken back.
type Reversal struct {
	Entry int64 // id of the history entry
	State bool  // bring back the state after the entry, instead of undoing the entry alone
}

// revertDepth bounds how many entries one reversal looks through.
const revertDepth = 2_000

// Reverted gives the values that take back one change of a record, or that bring
// back the state it had after one: what an ordinary update by the caller then
// writes, meant for the version that comes with it. Fields that the caller may not
// read now, that are gone or that the server makes are left out. An entry of another
// record is [models.KindNotFound].
func (s *Service) Reverted(ctx context.Context, q Query, id string, r Reversal) (values Record, version int64, err error) {
	q.Fields, q.Except, q.Appends, q.Trash = nil, nil, nil, WithoutTrash
	current, err := s.Get(ctx, q, id)
	if err != nil {
		return nil, 0, err
	}
	on, err := s.Collection(ctx, q.Collection)
	if err != nil {
		return nil, 0, err
	}
	if !on.History {
		return nil, 0, models.Invalid("BAD_PARAMETER", text.M("revert.no_history", "%s keeps no history, so nothing can be taken back.", on.Title))
	}
	entries, err := s.entriesDownTo(ctx, on, id, r.Entry)
	if err != nil {
		return nil, 0, err
	}
	last := len(entries) - 1
	if entry := entries[last]; !r.State && models.Action(entry.Action) != models.Update {
		return nil, 0, models.Invalid("BAD_PARAMETER", text.M("revert.not_update",
			"Only a change of values can be undone. Delete a record that was created, restore one that was deleted."))
	}
	if r.State {
		entries = entries[:last]
	} else {
		entries = entries[last:]
	}
	values = Record{}
	for _, e := range entries { // newest first: the oldest before wins
		before, err := valuesBefore(on, e.Changes, current)
		if err != nil {
			return nil, 0, fmt.Errorf("history entry %d: %w", e.ID, err)
		}
		maps.Copy(values, before)
	}
	version, _ = current[models.VersionField].(int64)
	return values, version, nil
}

// entriesDownTo reads the history from the newest entry to the one that is named.
func (s *Service) entriesDownTo(ctx context.Context, on *models.Collection, id string, entry int64) ([]models.ChangeLogEntry, error) {
	var out []models.ChangeLogEntry
	page := models.ChangeLogPage{Collection: on.Name, RecordID: id, Limit: HistoryPage}
	for {
		entries, err := models.ChangesOf(ctx, s.db.Read(), page)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			out = append(out, e)
			if e.ID == entry {
				return out, nil
			}
		}
		if len(entries) < HistoryPage || entries[len(entries)-1].ID < entry {
			return nil, models.NotFound()
		}
		if len(out) >= revertDepth {
			return nil, models.Invalid("BAD_PARAMETER", text.M("revert.deep", "This change is too far back: more than %d changes came after it.", revertDepth))
		}
		page.Before = entries[len(entries)-1].ID
	}
}

// valuesBefore gives what the fields of one entry held before it, by the names that
// hold them today.
func valuesBefore(on *models.Collection, stored string, current Record) (Record, error) {
	v, err := parseStoredJSON(stored)
	if err != nil {
		return nil, err
	}
	changes, _ := v.(map[string]any)
	out := Record{}
	for name, one := range changes {
		f, ok := on.Field(name)
		if !ok || f.Preset {
			continue
		}
		change, _ := one.(map[string]any)
		if _, open := current[f.Key()]; open {
			out[f.Key()] = change["before"]
		}
	}
	return out, nil
}
