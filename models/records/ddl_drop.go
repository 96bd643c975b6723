package records

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// DropField takes a field out of its collection. Its values are kept aside and come
// back with [Service.RestoreField].
func (s *Service) DropField(ctx context.Context, call SchemaCall) error {
	err := s.alter(ctx, call, change{
		action: string(DropFieldAction), event: models.ResourceUpdated, preview: s.usage(call),
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, f, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + f.Name}, x.dropField(c, f)
		},
	})
	if err != nil {
		return fmt.Errorf("drop field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

func (x *schema) dropField(c *models.Collection, f *models.CollectionField) error {
	aside := fmt.Sprintf("x_%d", f.ID)
	statements := append(dropIndexes(f), "ALTER TABLE "+quote(c.Table)+" RENAME COLUMN "+quote(f.Column)+" TO "+quote(aside))
	if err := x.exec(statements...); err != nil {
		return err
	}
	_, err := x.tx.Exec(x.ctx, "UPDATE collection_fields SET column_name = ?, deleted_at = ? WHERE id = ?", aside, x.stamp(), f.ID)
	if err != nil {
		return fmt.Errorf("mark field: %w", err)
	}
	if c.TitleField != f.Name {
		return nil
	}
	untitled := *c
	untitled.TitleField, untitled.Fields = "", nil
	for _, other := range c.Fields {
		if other != f {
			untitled.Fields = append(untitled.Fields, other)
		}
	}
	if err := models.Problems(checkTitleField(&untitled)); err != nil {
		return err
	}
	return x.saveCollection(&untitled)
}

// RestoreField brings the field of the call back that was dropped last under its
// name, with all values it had.
func (s *Service) RestoreField(ctx context.Context, call SchemaCall) error {
	err := s.alter(ctx, call, change{
		action: "field.restore", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + call.Field}, x.restoreField(c)
		},
	})
	if err != nil {
		return fmt.Errorf("restore field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

func (x *schema) restoreField(c *models.Collection) error {
	var id int64
	var aside, definition string
	err := x.tx.QueryRow(x.ctx, `SELECT id, column_name, definition FROM collection_fields
		WHERE collection_id = ? AND snake = ? AND deleted_at <> 0 ORDER BY deleted_at DESC, id DESC LIMIT 1`,
		c.ID, models.Snake(x.call.Field)).Scan(&id, &aside, &definition)
	if errors.Is(err, sql.ErrNoRows) {
		return models.NotFound()
	}
	if err != nil {
		return fmt.Errorf("find dropped field: %w", err)
	}
	f, err := storedField(definition)
	if err != nil {
		return err
	}
	back := completed(*f)
	back.ID = id
	if err := models.Problems(x.checkField(c, &back, "")); err != nil {
		return err
	}
	if back.Unique {
		held := back
		held.Column = aside
		if err := x.refuseDuplicates(c, &held); err != nil {
			return err
		}
	}
	rename := "ALTER TABLE " + quote(c.Table) + " RENAME COLUMN " + quote(aside) + " TO " + quote(back.Column)
	if err := x.exec(append([]string{rename}, indexes(c, &back)...)...); err != nil {
		return err
	}
	_, err = x.tx.Exec(x.ctx, "UPDATE collection_fields SET column_name = ?, deleted_at = 0 WHERE id = ?", back.Column, id)
	return err
}

// DropCollection takes a collection out of the catalogue. Its records are kept aside
// and come back with [Service.RestoreCollection]. A collection that others link to
// cannot be dropped.
func (s *Service) DropCollection(ctx context.Context, call SchemaCall) error {
	err := s.alter(ctx, call, change{
		action: string(DropCollectionAction), event: models.ResourceSoftDeleted, preview: s.usage(call),
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			for _, link := range x.cat.LinksTo(c.Name) {
				if link.From != c {
					return nil, nil, models.Conflict("IN_USE", text.M("schema.linked", "%s of %s links to this collection. Drop that field first.",
						link.Field.Title(), link.From.Title))
				}
			}
			aside := fmt.Sprintf("x_%d", c.ID)
			if err := x.exec("ALTER TABLE " + quote(c.Table) + " RENAME TO " + quote(aside)); err != nil {
				return nil, nil, err
			}
			_, err = x.tx.Exec(x.ctx, "UPDATE collections SET table_name = ?, deleted_at = ? WHERE id = ?", aside, x.stamp(), c.ID)
			return c, nil, err
		},
	})
	if err != nil {
		return fmt.Errorf("drop collection %s: %w", call.Collection, err)
	}
	return nil
}

// RestoreCollection brings the collection back that was dropped last under the name
// of the call, with all its records.
func (s *Service) RestoreCollection(ctx context.Context, call SchemaCall) error {
	err := s.alter(ctx, call, change{
		action: "collection.restore", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.restoreCollection()
			return c, nil, err
		},
	})
	if err != nil {
		return fmt.Errorf("restore collection %s: %w", call.Collection, err)
	}
	return nil
}

func (x *schema) restoreCollection() (*models.Collection, error) {
	if _, taken := x.cat.Collection(x.call.Collection); taken {
		return nil, models.Invalid("NOT_UNIQUE", text.M("schema.collection_taken", "There is already a collection %s.", x.call.Collection))
	}
	c := &models.Collection{}
	var aside string
	err := x.tx.QueryRow(x.ctx, `SELECT id, name, table_name FROM collections WHERE snake = ? AND deleted_at <> 0
		ORDER BY deleted_at DESC, id DESC LIMIT 1`, models.Snake(x.call.Collection)).Scan(&c.ID, &c.Name, &aside)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, models.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("find dropped collection: %w", err)
	}
	c.Title, c.Table = c.Name, "c_"+models.Snake(c.Name)
	if err := x.checkTargets(c); err != nil {
		return nil, err
	}
	if err := x.exec("ALTER TABLE " + quote(aside) + " RENAME TO " + quote(c.Table)); err != nil {
		return nil, err
	}
	_, err = x.tx.Exec(x.ctx, "UPDATE collections SET table_name = ?, deleted_at = 0 WHERE id = ?", c.Table, c.ID)
	return c, err
}

// checkTargets refuses to restore a collection whose links would lead nowhere.
func (x *schema) checkTargets(c *models.Collection) error {
	rows, err := x.tx.Query(x.ctx, "SELECT definition FROM collection_fields WHERE collection_id = ? AND deleted_at = 0", c.ID)
	return models.Rows(rows, err, func(r *sql.Rows) error {
		var definition string
		if err := r.Scan(&definition); err != nil {
			return err
		}
		f, err := storedField(definition)
		if err != nil {
			return err
		}
		if _, ok := x.cat.Collection(f.Target); f.IsLink() && !ok && models.Snake(f.Target) != models.Snake(c.Name) {
			return models.Conflict("IN_USE", text.M("schema.target_gone", "%s links to %s, which was dropped too. Restore that first.", f.Title(), f.Target))
		}
		return nil
	})
}

// storedField reads a definition that the catalogue keeps.
func storedField(definition string) (*models.CollectionField, error) {
	v, err := parseStoredJSON(definition)
	if err != nil {
		return nil, err
	}
	f, problems := models.ReadField(v)
	if p := models.Problems(problems); p != nil {
		return nil, p
	}
	return f, nil
}
