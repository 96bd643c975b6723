package records

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"formrail/models"
)

// create writes new records.
func (t *txWrite) create(ctx context.Context) error {
	if err := t.lookUp(ctx); err != nil || t.found != "" {
		return err
	}
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

// lookUp finds the record that makes a new one needless.
func (t *txWrite) lookUp(ctx context.Context) error {
	if t.op.Unless == nil {
		return nil
	}
	record, err := t.s.GetIn(ctx, t.tx, Query{
		Access: t.op.Access, Collection: t.on.Name, Filter: t.op.Unless,
		Fields: []string{models.IDField}, Zone: t.op.Zone,
	}, "")
	if models.IsKind(err, models.KindNotFound) {
		return nil
	}
	t.found = IDText(record[models.IDField])
	return err
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
	var (
		id  any
		err error
	)
	if t.on.IDType == models.UUIDID {
		err = t.tx.QueryRow(ctx, t.table.insert, args...).Scan(&id)
	} else {
		id, err = t.tx.Insert(ctx, quote(t.on.Table), t.table.keyed, t.table.insert, args...)
	}
	if err != nil {
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
