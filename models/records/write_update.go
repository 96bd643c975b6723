package records

import (
	"context"
	"fmt"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// update changes existing records.
func (t *txWrite) update(ctx context.Context) error {
	rows, err := t.find(ctx, liveOnly)
	if err != nil {
		return err
	}
	in := t.inputs[0]
	t.many = len(rows) > 1
	after := make([]Record, len(rows))
	for i, row := range rows {
		if err := t.admitFields(in, row.flags); err != nil {
			return err
		}
		if err := t.checkVersion(ctx, row); err != nil {
			return err
		}
		in.self = row.id
		if after[i], err = t.merge(ctx, in, row); err != nil {
			return err
		}
	}
	if err := t.findings(); err != nil {
		return err
	}
	for i, row := range rows {
		if err := t.store(ctx, row, after[i], models.Update); err != nil {
			return err
		}
	}
	return nil
}

// merge lays the submitted values over a stored record and checks what depends on it.
func (t *txWrite) merge(ctx context.Context, in *input, row *locked) (Record, error) {
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
			if err := t.checkNew(ctx, in, f, v); err != nil {
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
func (t *txWrite) checkNew(ctx context.Context, in *input, f *models.CollectionField, v any) error {
	if v == nil {
		return nil
	}
	if f.Kind == field.Select {
		if _, found := f.Parse(v, field.ParseContext{}); found != nil { // archived
			in.add(f, found[0].Code, found[0].Message)
		}
	}
	if f.Unique && t.many {
		t.addClash(in, f)
		return nil
	}
	if err := t.checkLink(ctx, in, f, v); err != nil {
		return err
	}
	return t.checkUnique(ctx, in, f, v)
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
func (t *txWrite) store(ctx context.Context, row *locked, after Record, action models.Action) error {
	of := row.of
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
