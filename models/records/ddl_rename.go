package records

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// RenameCollection gives a collection another name. The old one stays as an alias.
func (s *Service) RenameCollection(ctx context.Context, call SchemaCall, name string) error {
	err := s.alter(ctx, call, change{
		action: string(RenameCollectionAction), event: models.ResourceUpdated,
		preview: s.usage(call), apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"name"}, x.renameCollection(c, name)
		},
	})
	if err != nil {
		return fmt.Errorf("rename collection %s: %w", call.Collection, err)
	}
	return nil
}

// RenameField gives a field another name. The old one stays as an alias; the foreign
// key of a link follows when it was made from the name.
func (s *Service) RenameField(ctx context.Context, call SchemaCall, name string) error {
	err := s.alter(ctx, call, change{
		action: string(RenameFieldAction), event: models.ResourceUpdated,
		preview: s.usage(call), apply: func(x *schema) (*models.Collection, []string, error) {
			c, f, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + name}, x.renameField(c, f, name)
		},
	})
	if err != nil {
		return fmt.Errorf("rename field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

// usage asks all finders where the subject of the call is used.
func (s *Service) usage(call SchemaCall) func(context.Context, *models.Catalog) ([]models.Usage, error) {
	return func(ctx context.Context, cat *models.Catalog) ([]models.Usage, error) {
		name, fieldName := call.Collection, call.Field
		if c, ok := cat.Collection(name); ok {
			name = c.Name
			if f, ok := c.Field(fieldName); ok {
				fieldName = f.Name
			}
		}
		var all []models.Usage
		for _, find := range s.usages {
			found, err := find(ctx, name, fieldName)
			if err != nil {
				return nil, fmt.Errorf("find uses of %s: %w", name, err)
			}
			all = append(all, found...)
		}
		return all, nil
	}
}

func (x *schema) renameCollection(c *models.Collection, name string) error {
	if m := models.CheckCollectionName(name); !m.IsZero() {
		return models.Invalid("BAD_PARAMETER", m)
	}
	if other, taken := x.cat.Collection(name); taken && other != c {
		return models.Invalid("NOT_UNIQUE", text.M("schema.collection_taken", "There is already a collection %s.", name))
	}
	changed := *c
	changed.Name, changed.Table = name, "c_"+models.Snake(name)
	if changed.Table != c.Table {
		if err := x.exec("ALTER TABLE " + quote(c.Table) + " RENAME TO " + quote(changed.Table)); err != nil {
			return err
		}
	}
	if err := x.saveCollection(&changed); err != nil {
		return err
	}
	if err := x.alias(c.ID, 0, c.Name, name); err != nil {
		return err
	}
	for _, link := range x.cat.LinksTo(c.Name) {
		f := *link.Field
		f.Target = name
		if err := x.saveField(&f); err != nil {
			return err
		}
	}
	if _, err := x.tx.Exec(x.ctx, "UPDATE change_log SET collection = ? WHERE collection = ?", name, c.Name); err != nil {
		return fmt.Errorf("rename in history: %w", err)
	}
	if err := x.tx.RenameCollectionInGrants(x.ctx, c.Name, name); err != nil {
		return err
	}
	return x.follow(Renamed{Collection: c, Name: name})
}

func (x *schema) renameField(c *models.Collection, f *models.CollectionField, name string) error {
	if m := models.CheckFieldName(name); !m.IsZero() {
		return models.Invalid("BAD_PARAMETER", m)
	}
	changed := *f
	changed.Name = name
	if f.ForeignKey == f.Name+"Id" {
		changed.ForeignKey = name + "Id"
	}
	changed.Column = models.Snake(changed.Key())
	for _, wanted := range []string{changed.Name, changed.ForeignKey} {
		if wanted != "" && nameTaken(c, wanted, f) {
			return models.Invalid("NOT_UNIQUE", text.M("schema.field_taken", "The name %s is already used in this collection.", wanted))
		}
	}
	if changed.Column != f.Column {
		if err := x.exec("ALTER TABLE " + quote(c.Table) + " RENAME COLUMN " + quote(f.Column) + " TO " + quote(changed.Column)); err != nil {
			return err
		}
	}
	if err := x.saveField(&changed); err != nil {
		return err
	}
	if err := x.alias(c.ID, f.ID, f.Name, name); err != nil {
		return err
	}
	if f.ForeignKey != changed.ForeignKey {
		if err := x.alias(c.ID, f.ID, f.ForeignKey, changed.ForeignKey); err != nil {
			return err
		}
	}
	if c.TitleField == f.Name {
		titled := *c
		titled.TitleField = name
		if err := x.saveCollection(&titled); err != nil {
			return err
		}
	}
	if err := x.tx.RenameFieldInGrants(x.ctx, c.Name, f.Name, name); err != nil {
		return err
	}
	return x.follow(Renamed{Collection: c, Field: f, Name: name, ForeignKey: changed.ForeignKey})
}

// alias keeps a former name, and forgets the fresh one as a former name.
func (x *schema) alias(collectionID, fieldID int64, former, fresh string) error {
	if models.Snake(former) == models.Snake(fresh) {
		return nil
	}
	_, err := x.tx.Exec(x.ctx, "DELETE FROM aliases WHERE collection_id = ? AND field_id = ? AND snake = ?", collectionID, fieldID, models.Snake(fresh))
	if err != nil {
		return fmt.Errorf("forget former name: %w", err)
	}
	_, err = x.tx.Exec(x.ctx, `INSERT INTO aliases (collection_id, field_id, snake, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (collection_id, field_id, snake) DO NOTHING`, collectionID, fieldID, models.Snake(former), x.stamp())
	if err != nil {
		return fmt.Errorf("keep former name: %w", err)
	}
	return nil
}

func (x *schema) saveCollection(c *models.Collection) error {
	definition, err := field.MarshalJSON(c.Definition())
	if err != nil {
		return err
	}
	_, err = x.tx.Exec(x.ctx, "UPDATE collections SET name = ?, snake = ?, table_name = ?, definition = ?, updated_at = ? WHERE id = ?",
		c.Name, models.Snake(c.Name), c.Table, string(definition), x.stamp(), c.ID)
	if err != nil {
		return fmt.Errorf("save collection %s: %w", c.Name, err)
	}
	return nil
}

func (x *schema) saveField(f *models.CollectionField) error {
	definition, err := field.MarshalJSON(f.Definition())
	if err != nil {
		return err
	}
	_, err = x.tx.Exec(x.ctx, "UPDATE collection_fields SET name = ?, snake = ?, column_name = ?, definition = ?, updated_at = ? WHERE id = ?",
		f.Name, models.Snake(f.Name), f.Column, string(definition), x.stamp(), f.ID)
	if err != nil {
		return fmt.Errorf("save field %s: %w", f.Name, err)
	}
	return nil
}
