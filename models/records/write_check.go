package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// pathOf names a field of one record of a batch.
func pathOf(i int, name string) string { return fmt.Sprintf("[%d].%s", i, name) }

// checkAgainstOthers looks at everything a new record's values depend on outside of
// it: linked records must exist and be visible, unique values must be free.
func (w *write) checkAgainstOthers(ctx context.Context) error {
	taken := map[string]bool{}
	for _, in := range w.inputs {
		for _, f := range w.on.Fields {
			v := in.values[f]
			if v == nil {
				continue
			}
			if err := w.checkLink(ctx, in, f, v); err != nil {
				return err
			}
			if err := w.checkUnique(ctx, in, f, v); err != nil {
				return err
			}
			key := fmt.Sprint(f.ID, "=", v)
			if f.Unique && taken[key] {
				w.addClash(in, f)
			}
			taken[key] = true
		}
	}
	return nil
}

// checkLink finds out whether a linked record exists, and, when the caller chose it
// himself, whether he may see it.
func (w *write) checkLink(ctx context.Context, in *input, f *models.CollectionField, v any) error {
	if !f.IsLink() || f.Preset {
		return nil
	}
	on, err := target(w.cat, f)
	if err != nil {
		return err
	}
	mark := *w.aliases // texts that repeat stay prepared
	defer func() { *w.aliases = mark }()
	alias := w.alias()
	seen := yes()
	if in.own[f] {
		view := w.view(on)
		if view == nil {
			w.addLost(in, f)
			return nil
		}
		if seen, err = view.records(w.builder, alias); err != nil {
			return err
		}
	}
	where := allOf(raw(alias+`."id" = ?`, v), live(on, alias), seen)
	there, err := w.exists(ctx, "SELECT 1 FROM "+quote(on.Table)+" "+alias+" WHERE "+where.sql, where.args)
	if err == nil && !there {
		w.addLost(in, f)
	}
	return err
}

func (w *write) addLost(in *input, f *models.CollectionField) {
	in.add(f, "LINK_NOT_FOUND", text.M("record.link_lost", "%s: the chosen record does not exist, or you may not see it.", f.Title()))
}

// checkUnique finds out whether a unique value is free, the record itself aside.
func (w *write) checkUnique(ctx context.Context, in *input, f *models.CollectionField, v any) error {
	if !f.Unique {
		return nil
	}
	const alias = "t0"
	others := yes()
	if in.self != nil {
		others = raw(alias+`."id" <> ?`, in.self)
	}
	where := allOf(raw(column(alias, f)+" = ?", w.bind(f, v)), live(w.on, alias), others)
	there, err := w.exists(ctx, "SELECT 1 FROM "+quote(w.on.Table)+" "+alias+" WHERE "+where.sql, where.args)
	if err == nil && there {
		w.addClash(in, f)
	}
	return err
}

// addClash reports a value that is taken. A field the caller may not read is not named.
func (w *write) addClash(in *input, f *models.CollectionField) {
	view := w.view(w.on)
	if f.Hidden || view == nil || !view.open(f) {
		in.found = append(in.found, models.FieldError{
			Code:    "NOT_UNIQUE",
			Message: text.M("record.not_unique", "A record with one of these values already exists."),
		})
		return
	}
	in.add(f, "NOT_UNIQUE", text.M("record.taken", "%s is already used by another record.", f.Title()))
}

// exists reports whether a query finds a row.
func (w *write) exists(ctx context.Context, query string, args []any) (bool, error) {
	var one int64
	err := w.from.QueryRow(ctx, query+" LIMIT 1", args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
