package records

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"

	"github.com/google/uuid"
)

// create writes new records.
func (t *txWrite) create(ctx context.Context) error {
	fresh := make([]Record, len(t.inputs))
	for i, in := range t.inputs {
		fresh[i] = t.newRecord(in)
		if err := t.admit(ctx, in, fresh[i]); err != nil {
			return err
		}
	}
	if err := t.checkAgainstOthers(ctx); err != nil {
		return err
	}
	if err := t.findings(); err != nil {
		return err
	}
	for _, record := range fresh {
		if err := t.insert(ctx, record); err != nil {
			return err
		}
	}
	return nil
}

// newRecord puts together what will be stored, except an automatic key.
func (t *txWrite) newRecord(in *input) Record {
	out := make(Record, len(t.on.Fields)+2)
	for _, f := range t.on.Fields {
		out[f.Key()] = in.values[f]
	}
	var actor any
	if id := t.actor(); id != 0 {
		actor = id
	}
	out["createdAt"], out["updatedAt"], out["createdById"], out["updatedById"] = t.now, t.now, actor, actor
	out[models.VersionField] = int64(1)
	if t.on.IDType == models.UUIDID {
		out[models.IDField] = uuid.Must(uuid.NewV7()).String()
	}
	return out
}

func (t *txWrite) insert(ctx context.Context, record Record) error {
	args := make([]any, 0, len(t.table.fields)+1)
	if t.on.IDType == models.UUIDID {
		args = append(args, record[models.IDField])
	}
	for _, f := range t.table.fields {
		v, err := encode(f, t.dialect, record[f.Key()])
		if err != nil {
			return err
		}
		args = append(args, v)
	}
	var id any
	if err := t.tx.QueryRow(ctx, t.table.insert, args...).Scan(&id); err != nil {
		return fmt.Errorf("insert record: %w", err)
	}
	record[models.IDField] = plain(id)
	return t.note(ctx, Change{Action: models.Create, After: record, Changed: t.filled(record)})
}

// filled lists the fields of a new record that have a value.
func (t *txWrite) filled(record Record) []string {
	var out []string
	for _, f := range t.on.Fields {
		if !f.Preset && record[f.Key()] != nil {
			out = append(out, f.Name)
		}
	}
	return out
}

// update changes existing records.
func (t *txWrite) update(ctx context.Context) error {
	rows, err := t.find(ctx, liveOnly)
	if err != nil {
		return err
	}
	in := t.inputs[0]
	after := make([]Record, len(rows))
	for i, row := range rows {
		if err := t.admitFields(in, row.flags); err != nil {
			return err
		}
		if err := t.checkVersion(ctx, row); err != nil {
			return err
		}
		if after[i], err = t.merge(ctx, in, row, len(rows)); err != nil {
			return err
		}
	}
	if err := t.findings(); err != nil {
		return err
	}
	for i, row := range rows {
		if err := t.store(ctx, t.table, row, after[i], models.Update); err != nil {
			return err
		}
	}
	return nil
}

// merge lays the submitted values over a stored record and checks what depends on it.
func (t *txWrite) merge(ctx context.Context, in *input, row *locked, of int) (Record, error) {
	out := make(Record, len(row.record))
	for k, v := range row.record {
		out[k] = v
	}
	for _, f := range t.on.Fields {
		v, given := in.values[f]
		if by, ok := v.(increment); ok {
			v = t.incremented(in, f, row.record[f.Key()], by)
		}
		if given && !field.Equal(v, row.record[f.Key()]) {
			out[f.Key()] = v
			if err := t.checkNew(ctx, in, f, v, row, of); err != nil {
				return nil, err
			}
		}
		if f.Required && !f.Preset && field.Missing(out[f.Key()]) {
			in.add(f, "REQUIRED", text.M("record.required", "%s is required.", f.Title()))
		}
	}
	return out, nil
}

// checkNew checks a value that differs from the stored one.
func (t *txWrite) checkNew(ctx context.Context, in *input, f *models.CollectionField, v any, row *locked, of int) error {
	if v == nil {
		return nil
	}
	if f.Kind == field.Select {
		if _, found := f.Parse(v, field.ParseContext{}); found != nil { // archived
			in.add(f, found[0].Code, found[0].Message)
		}
	}
	if f.Unique && of > 1 {
		t.addClash(in, f)
		return nil
	}
	if err := t.checkLink(ctx, in, f, v); err != nil {
		return err
	}
	return t.checkUnique(ctx, in, f, v, row.id)
}

// incremented is a stored number moved by a step; an empty one counts as 0.
func (t *txWrite) incremented(in *input, f *models.CollectionField, stored any, step increment) any {
	was, _ := field.AsDecimal(stored)
	v, found := f.Parse(was.Add(step.by), t.parseContext())
	if found != nil {
		in.add(f, found[0].Code, found[0].Message)
	}
	return v
}

// checkVersion refuses when somebody else has changed the record meanwhile.
func (t *txWrite) checkVersion(ctx context.Context, row *locked) error {
	if t.op.Version == 0 || row.record[models.VersionField] == t.op.Version {
		return nil
	}
	e := models.Conflict("RECORD_CHANGED", text.M("record.changed", "Somebody else changed this record meanwhile. Compare the values and save again."))
	current, err := t.s.GetIn(ctx, t.tx, Query{Access: t.op.Access, Collection: t.on.Name}, row.text())
	if models.IsKind(err, models.KindNotFound) || models.IsKind(err, models.KindForbidden) {
		return e // he may change it, but not see it
	}
	if err != nil {
		return err
	}
	conflicting := []string{}
	for _, f := range t.on.Fields {
		now, open := current[f.Key()]
		if v, given := t.inputValue(f); given && open && !field.Equal(v, now) {
			conflicting = append(conflicting, f.Name)
		}
	}
	e = e.With("current", current).With("conflictingFields", conflicting)
	last, ok, err := models.LastChange(ctx, t.tx, t.on.Name, row.text())
	if err != nil || !ok {
		return errOr(err, e)
	}
	var by any
	if last.UserID != 0 {
		by = last.UserID
	}
	return e.With("changedBy", by).With("changedAt", last.At.Time())
}

func errOr(err error, e *models.Error) error {
	if err != nil {
		return err
	}
	return e
}

// inputValue is the canonical value of an update or restore.
func (t *txWrite) inputValue(f *models.CollectionField) (any, bool) {
	if len(t.inputs) == 0 {
		return nil, false
	}
	v, ok := t.inputs[0].values[f]
	return v, ok
}

// store writes the columns in which after differs from the locked record. A record
// that does not change is noted as such, and nothing is written.
func (t *txWrite) store(ctx context.Context, of *table, row *locked, after Record, action models.Action) error {
	var names, set []string
	var args []any
	for _, f := range of.fields {
		v := after[f.Key()]
		if field.Equal(v, row.record[f.Key()]) {
			continue
		}
		bound, err := encode(f, t.dialect, v)
		if err != nil {
			return err
		}
		names, set, args = append(names, f.Name), append(set, quote(f.Column)+" = ?"), append(args, bound)
	}
	c := Change{Collection: of.on, Action: action, ID: row.text(), Before: row.record, After: after, Changed: names}
	if len(names) == 0 {
		t.changes = append(t.changes, c)
		return nil
	}
	for _, f := range of.fields { // who and when
		if f.Preset && (f.Name == "updatedAt" || f.Name == "updatedBy") {
			var v any = t.now
			if f.Name == "updatedBy" {
				v = nilIfZero(t.actor())
			}
			bound, err := encode(f, t.dialect, v)
			if err != nil {
				return err
			}
			after[f.Key()] = v
			set, args = append(set, quote(f.Column)+" = ?"), append(args, bound)
		}
	}
	version, _ := row.record[models.VersionField].(int64)
	after[models.VersionField] = version + 1
	err := t.tx.QueueWanting(ctx, databaseMoved(), "UPDATE "+quote(of.on.Table)+" SET "+strings.Join(set, ", ")+
		`, "_version" = ? WHERE "id" = ? AND "_version" = ?`, append(args, version+1, row.id, version)...)
	if err != nil {
		return fmt.Errorf("update record %s: %w", row.text(), err)
	}
	return t.note(ctx, c)
}

func nilIfZero(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// databaseMoved says that a locked record is not what it was: somebody works on the
// tables by hand.
func databaseMoved() *models.Error {
	return models.Conflict("CONFLICT", text.M("record.conflict", "The record was changed at the same moment. Try again."))
}

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
	e := &models.Event{UUID: c.EventUUID, Name: eventName(c.Action), Type: c.Collection.Name, ID: c.ID, Resource: resource,
		UserID: t.actor(), At: models.At(t.now), RequestID: t.requestID(ctx), ExecutionID: t.op.Lineage.ExecutionID,
		StepID: t.op.Lineage.StepID, Silent: t.op.Silent, Origin: &t.op.Origin}
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
