package records

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// remove puts records into the trash, or removes them for good.
func (t *txWrite) remove(ctx context.Context) error {
	soft := t.op.Action == models.Delete && t.on.SoftDelete
	from := liveAndTrash
	if t.op.Action == models.Delete {
		from = liveOnly
	}
	rows, err := t.find(ctx, from)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := t.checkVersion(ctx, row); err != nil {
			return err
		}
	}
	if err := t.checkUse(ctx, rows, soft); err != nil {
		return err
	}
	if !soft {
		if err := t.unlink(ctx, rows); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if soft {
			err = t.trash(ctx, row)
		} else {
			err = t.purge(ctx, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trash moves one record to the trash.
func (t *txWrite) trash(ctx context.Context, row *locked) error {
	after := copyOf(row.record)
	after["deletedAt"], after["deletedById"] = t.now, nilIfZero(t.actor())
	return t.store(ctx, row, after, models.Delete)
}

func copyOf(r Record) Record {
	out := make(Record, len(r))
	for k, v := range r {
		out[k] = v
	}
	return out
}

// purge removes one record for good, and with it the values in its history: who did
// what and when stays.
func (t *txWrite) purge(ctx context.Context, row *locked) error {
	err := t.tx.QueueWanting(ctx, databaseMoved(), "DELETE FROM "+quote(t.on.Table)+` WHERE "id" = ?`, row.id)
	if err != nil {
		return fmt.Errorf("delete record %s: %w", row.text(), err)
	}
	err = t.tx.Queue(ctx, "UPDATE change_log SET changes = '{}' WHERE collection = ? AND record_id = ?", t.on.Name, row.text())
	if err != nil {
		return fmt.Errorf("empty history of %s: %w", row.text(), err)
	}
	return t.note(ctx, Change{Action: models.Purge, ID: row.text(), Before: row.record})
}

// checkUse refuses to remove a record that another one needs: a required link points
// to it. Into the trash, records in the trash do not count.
func (t *txWrite) checkUse(ctx context.Context, rows []*locked, soft bool) error {
	for _, link := range t.cat.LinksTo(t.on.Name) {
		if !link.Field.Required || link.Field.Preset {
			continue
		}
		for _, row := range rows {
			where := raw(column("t0", link.Field)+" = ?", row.id)
			if soft {
				where = allOf(where, live(link.From, "t0"))
			}
			used, err := t.exists(ctx, "SELECT 1 FROM "+quote(link.From.Table)+" t0 WHERE "+where.sql, where.args)
			if err != nil {
				return err
			}
			if used {
				return models.Conflict("IN_USE", text.M("record.in_use", "%s %s is needed by a record of %s. Change that first.",
					t.on.Title, TitleOf(t.on, row.record), link.From.Title))
			}
		}
	}
	return nil
}

// unlink empties the links that point to records about to be removed for good. Each
// is a change of the record that holds it, with history and event.
func (t *txWrite) unlink(ctx context.Context, rows []*locked) error {
	gone := make([]any, len(rows))
	removed := map[any]bool{}
	for i, row := range rows {
		gone[i], removed[row.id] = row.id, true
	}
	if len(gone) == 0 {
		return nil
	}
	if err := t.countLinks(ctx, gone); err != nil {
		return err
	}
	for _, d := range t.cat.DroppedLinksTo(t.on) {
		column := quote(d.Column)
		_, err := t.tx.Exec(ctx, "UPDATE "+quote(d.Table)+" SET "+column+" = NULL WHERE "+column+" IN ("+placeholders(len(gone))+")", gone...)
		if err != nil {
			return fmt.Errorf("empty dropped link: %w", err)
		}
	}
	everything, ok := rightsOn(t.cat, models.SystemAccess(), t.on, models.Update)
	if !ok {
		return nil
	}
	for _, link := range t.cat.LinksTo(t.on.Name) {
		holder := &txWrite{
			write: &write{builder: t.builder, s: t.s, op: t.op, on: link.From, rights: everything, from: t.tx, result: t.result},
			tx:    t.tx, table: t.s.table(t.cat, link.From),
		}
		found, err := holder.lock(ctx, raw(column("t0", link.Field)+" IN ("+placeholders(len(gone))+")", gone...))
		if err != nil {
			return err
		}
		for _, row := range found {
			if link.From == t.on && removed[row.id] {
				continue
			}
			after := copyOf(row.record)
			after[link.Field.Key()] = nil
			if err := t.store(ctx, row, after, models.Update); err != nil {
				return err
			}
		}
	}
	return nil
}

// countLinks refuses before anything is written when too many records would have to
// let go.
func (t *txWrite) countLinks(ctx context.Context, gone []any) error {
	total := int64(0)
	for _, link := range t.cat.LinksTo(t.on.Name) {
		var n int64
		err := t.tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+quote(link.From.Table)+" t0 WHERE "+column("t0", link.Field)+
			" IN ("+placeholders(len(gone))+")", gone...).Scan(&n)
		if err != nil {
			return fmt.Errorf("count links from %s: %w", link.From.Name, err)
		}
		total += n
	}
	if total > int64(t.radius()) {
		return t.tooMany()
	}
	return nil
}

// restore brings records back from the trash when their unique values are still free.
func (t *txWrite) restore(ctx context.Context) error {
	rows, err := t.find(ctx, trashOnly)
	if err != nil {
		return err
	}
	in := &input{}
	t.inputs = []*input{in}
	for _, row := range rows {
		in.self = row.id
		for _, f := range t.on.Fields {
			if v := row.record[f.Key()]; v != nil {
				if err := t.checkUnique(ctx, in, f, v); err != nil {
					return err
				}
			}
		}
	}
	if err := t.findings(); err != nil {
		return err
	}
	for _, row := range rows {
		after := copyOf(row.record)
		after["deletedAt"], after["deletedById"] = nil, nil
		if err := t.store(ctx, row, after, Restore); err != nil {
			return err
		}
	}
	return nil
}
