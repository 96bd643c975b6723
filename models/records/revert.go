package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// Reverted is what an ordinary update by the caller has to write to take something back.
type Reverted struct {
	Values  Record
	Version int64    // of the record that the values are meant for
	Ignored []string // changed fields that are left out, as far as the caller may know of them
}

// Reverted gives the values that take back one change of a record, or that bring
// back the state it had after one. Fields that the caller may not read or change
// now, that are gone or that the server makes are left out. An entry of another
// record is [models.KindNotFound].
func (s *Service) Reverted(ctx context.Context, q Query, id string, r Reversal) (*Reverted, error) {
	q.Fields, q.Except, q.Appends, q.Trash = nil, nil, nil, WithoutTrash
	current, err := s.Get(ctx, q, id)
	if err != nil {
		return nil, err
	}
	on, err := s.Collection(ctx, q.Collection)
	if err != nil {
		return nil, err
	}
	if !on.History {
		return nil, models.Invalid("BAD_PARAMETER", text.M("revert.no_history", "%s keeps no history, so nothing can be taken back.", on.Title))
	}
	entries, err := s.entriesDownTo(ctx, on, id, r.Entry)
	if err != nil {
		return nil, err
	}
	back := &reverting{on: on, current: current, values: Record{}}
	if back.may, err = s.changeable(ctx, q.Access, on, current[models.IDField]); err != nil {
		return nil, err
	}
	last := len(entries) - 1
	if entry := entries[last]; !r.State && models.Action(entry.Action) != models.Update {
		return nil, models.Invalid("BAD_PARAMETER", text.M("revert.not_update",
			"Only a change of values can be undone. Delete a record that was created, restore one that was deleted."))
	}
	if r.State {
		entries = entries[:last]
	} else {
		entries = entries[last:]
	}
	for _, e := range entries { // newest first: the oldest before wins
		if err := back.over(e); err != nil {
			return nil, fmt.Errorf("history entry %d: %w", e.ID, err)
		}
	}
	version, _ := current[models.VersionField].(int64)
	slices.Sort(back.ignored)
	return &Reverted{Values: back.values, Version: version, Ignored: slices.Compact(back.ignored)}, nil
}

// changeable tells which fields of one record the caller's update right opens.
func (s *Service) changeable(ctx context.Context, access models.Access, on *models.Collection, id any) (func(*models.CollectionField) bool, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	r, ok := rightsOn(cat, access, on, models.Update)
	if !ok {
		return nil, models.NoPermission()
	}
	b := newBuilder(cat, s.db, access, nil)
	alias := b.alias()
	conditions, err := r.flags(b, alias)
	if err != nil || len(conditions) == 0 {
		return r.open, err
	}
	var list []string
	var args, into []any
	holds := make([]int64, len(conditions))
	for i, c := range conditions {
		list, args, into = append(list, "CASE WHEN "+c.sql+" THEN 1 ELSE 0 END"), append(args, c.args...), append(into, &holds[i])
	}
	query := "SELECT " + strings.Join(list, ", ") + " FROM " + quote(on.Table) + " " + alias + " WHERE " + alias + `."id" = ?`
	if err := s.db.Read().QueryRow(ctx, query, append(args, id)...).Scan(into...); err != nil {
		return nil, fmt.Errorf("rights on %s %s: %w", on.Name, IDText(id), err)
	}
	flags := make([]bool, len(holds))
	for i, n := range holds {
		flags[i] = n == 1
	}
	return func(f *models.CollectionField) bool { return r.openIn(f, flags) }, nil
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

// reverting gathers what fields held before history entries.
type reverting struct {
	on      *models.Collection
	current Record // as the caller reads it
	may     func(*models.CollectionField) bool
	values  Record
	ignored []string
}

// over goes back over one entry: its fields get the values before it, under the names
// that hold them today. An entry that does not tell its fields was made while no
// history was kept, so nothing older can be brought back exactly.
func (back *reverting) over(e models.ChangeLogEntry) error {
	v, err := parseStoredJSON(e.Changes)
	if err != nil {
		return err
	}
	changes, _ := v.(map[string]any)
	if len(changes) == 0 {
		return models.Invalid("BAD_PARAMETER", text.M("revert.unknown",
			"One of the changes was made while no history was kept, so the values before it are not known."))
	}
	for _, name := range sortedKeys(changes) {
		change, _ := changes[name].(map[string]any)
		back.one(e, name, change)
	}
	return nil
}

// one takes one field back. What the caller may not read is not named either: the
// history does not tell him that it changed.
func (back *reverting) one(e models.ChangeLogEntry, name string, change map[string]any) {
	f, ok := fieldThen(back.on, name, e)
	if !ok {
		if back.readsAll() {
			back.ignored = append(back.ignored, name)
		}
		return
	}
	if _, open := back.current[f.Key()]; !open {
		return
	}
	if f.Preset || !back.may(f) {
		back.ignored = append(back.ignored, f.Name)
		return
	}
	back.values[f.Key()] = change["before"]
}

// readsAll reports whether no field of the record is closed to the caller.
func (back *reverting) readsAll() bool {
	for _, f := range back.on.Fields {
		if _, open := back.current[f.Key()]; !open {
			return false
		}
	}
	return true
}
