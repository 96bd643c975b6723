package records

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// CollectionPatch changes settings of a collection; nil leaves one as it is.
type CollectionPatch struct {
	Title, TitlePlural, Description, Icon, TitleField *string
	TrashDays                                         *int
	History                                           *bool
}

// UpdateCollection changes settings that do not touch the table.
func (s *Service) UpdateCollection(ctx context.Context, call SchemaCall, p CollectionPatch) error {
	err := s.alter(ctx, call, change{
		action: "collection.update", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			changed, names := p.laidOver(*c)
			if err := models.Problems(checkTitleField(&changed)); err != nil {
				return nil, nil, err
			}
			if changed.Title == "" || utf8.RuneCountInString(changed.Title) > 80 {
				return nil, nil, badParameter(text.M("schema.title", "A title has 1 to 80 characters."))
			}
			return &changed, names, x.saveCollection(&changed)
		},
	})
	if err != nil {
		return fmt.Errorf("update collection %s: %w", call.Collection, err)
	}
	return nil
}

func (p CollectionPatch) laidOver(c models.Collection) (models.Collection, []string) {
	var names []string
	lay := func(name string, to *string, from *string) {
		if from != nil && *from != *to {
			*to = *from
			names = append(names, name)
		}
	}
	lay("title", &c.Title, p.Title)
	lay("titlePlural", &c.TitlePlural, p.TitlePlural)
	lay("description", &c.Description, p.Description)
	lay("icon", &c.Icon, p.Icon)
	lay("titleField", &c.TitleField, p.TitleField)
	if p.TrashDays != nil && *p.TrashDays != c.TrashDays {
		c.TrashDays, names = *p.TrashDays, append(names, "trashDays")
	}
	if p.History != nil && *p.History != c.History {
		c.History, names = *p.History, append(names, "history")
	}
	return c, names
}

// AddField adds a field to a collection. Existing records have no value in it.
func (s *Service) AddField(ctx context.Context, call SchemaCall, f *models.CollectionField) error {
	err := s.alter(ctx, call, change{
		action: "field.create", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + f.Name}, x.addField(c, completed(*f))
		},
	})
	if err != nil {
		return fmt.Errorf("add field %s.%s: %w", call.Collection, f.Name, err)
	}
	return nil
}

func (x *schema) addField(c *models.Collection, f models.CollectionField) error {
	problems := x.checkField(c, &f, "")
	if len(c.Fields) >= models.MaxFields {
		problems.Add("name", "BAD_PARAMETER", text.M("schema.fields", "A collection has at most %d fields.", models.MaxFields))
	}
	if len(indexes(c, &f)) > 0 && indexCount(c) >= models.MaxIndexes {
		problems.Add("index", "BAD_PARAMETER", text.M("schema.indexes", "A collection has at most %d indexes.", models.MaxIndexes))
	}
	if err := models.Problems(problems); err != nil {
		return err
	}
	if err := x.insertField(c, &f, len(c.Fields)); err != nil {
		return err
	}
	if err := x.tx.ForgetFieldInGrants(x.ctx, c.Name, f.Name); err != nil {
		return err
	}
	column, err := x.columnSQL(c, &f)
	if err != nil {
		return err
	}
	return x.exec(append([]string{"ALTER TABLE " + quote(c.Table) + " ADD COLUMN " + column}, indexes(c, &f)...)...)
}

func indexCount(c *models.Collection) int {
	n := 0
	for _, f := range c.Fields {
		n += len(indexes(c, f))
	}
	return n
}

// UpdateField gives a field new settings. Name, type, target and scale stay; what
// the rows would break is shown first.
func (s *Service) UpdateField(ctx context.Context, call SchemaCall, f *models.CollectionField) error {
	err := s.alter(ctx, call, change{
		action: "field.update", event: models.ResourceUpdated,
		preview: func(ctx context.Context, cat *models.Catalog) ([]models.Usage, error) {
			x := &schema{ctx: ctx, cat: cat, call: call}
			return x.rowUsage(s.db.Read(), f)
		},
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, old, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + old.Name}, x.updateField(c, old, *f)
		},
	})
	if err != nil {
		return fmt.Errorf("update field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

func (x *schema) updateField(c *models.Collection, old *models.CollectionField, f models.CollectionField) error {
	if f.Kind != old.Kind || f.Kind == field.ManyToOne && models.Snake(f.Target) != models.Snake(old.Target) || f.Kind == field.Number && f.Scale != old.Scale {
		return badParameter(text.M("schema.type_fixed", "Type, target and scale of a field cannot be changed. Add a new field instead."))
	}
	f.ID, f.Column, f.Name, f.ForeignKey, f.Target, f.Preset = old.ID, old.Column, old.Name, old.ForeignKey, old.Target, false
	keepUsedOptions(x, c, old, &f)
	problems := f.Check("")
	if _, isTemplate := templateName(f.Default); f.Default != nil && !isTemplate && len(problems) == 0 && !f.IsLink() {
		problems = append(problems, parseDefault(&f, "")...)
	}
	if err := models.Problems(problems); err != nil {
		return err
	}
	if err := x.saveField(&f); err != nil {
		return err
	}
	if f.Unique == old.Unique && f.Index == old.Index {
		return nil
	}
	if f.Unique && !old.Unique {
		if err := x.refuseDuplicates(c, &f); err != nil {
			return err
		}
	}
	return x.exec(append(dropIndexes(old), indexes(c, &f)...)...)
}

// keepUsedOptions keeps options that were left out but that records still hold, as
// archived ones.
func keepUsedOptions(x *schema, c *models.Collection, old, f *models.CollectionField) {
	for _, o := range old.Options {
		if slices.ContainsFunc(f.Options, func(n field.Option) bool { return n.Value == o.Value }) {
			continue
		}
		if n, err := countRows(x.ctx, x.tx, c, raw(column("t0", f)+" = ?", o.Value)); err != nil || n > 0 {
			o.Archived = true
			f.Options = append(f.Options, o)
		}
	}
}

// refuseDuplicates tells how many values occur twice before a field becomes unique.
func (x *schema) refuseDuplicates(c *models.Collection, f *models.CollectionField) error {
	var n int64
	col := column("t0", f)
	where := allOf(raw(col+" IS NOT NULL"), live(c, "t0"))
	err := x.tx.QueryRow(x.ctx, "SELECT COUNT(*) FROM (SELECT "+col+" FROM "+quote(c.Table)+" t0 WHERE "+where.sql+
		" GROUP BY "+col+" HAVING COUNT(*) > 1) twice", where.args...).Scan(&n)
	if err != nil {
		return fmt.Errorf("look for duplicates: %w", err)
	}
	if n > 0 {
		return models.Invalid("NOT_UNIQUE", text.M("schema.duplicates", "%d values of %s occur more than once. Change them first.", n, f.Title())).
			With("duplicates", n)
	}
	return nil
}

// rowUsage finds the records that new settings of a field would break.
func (x *schema) rowUsage(q models.Querier, f *models.CollectionField) ([]models.Usage, error) {
	c, old, err := x.field()
	if err != nil {
		return nil, err
	}
	var out []models.Usage
	note := func(where sqlText, place text.Message) error {
		n, err := countRows(x.ctx, q, c, where)
		if n > 0 {
			out = append(out, models.Usage{Kind: "rows", Key: c.Name, Title: fmt.Sprintf("%s: %d", c.Title, n), Place: place.In(x.ctx)})
		}
		return err
	}
	if f.Required && !old.Required {
		err := note(raw(column("t0", old)+" IS NULL"), text.M("schema.rows_empty", "%s is empty; it must be filled at the next change of the record.", old.Title()))
		if err != nil {
			return nil, err
		}
	}
	for _, o := range old.Options {
		if o.Archived || slices.ContainsFunc(f.Options, func(n field.Option) bool { return n.Value == o.Value }) {
			continue
		}
		err := note(raw(column("t0", old)+" = ?", o.Value), text.M("schema.rows_option", "%s is used; it will be archived.", o.Label))
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func countRows(ctx context.Context, q models.Querier, c *models.Collection, where sqlText) (int64, error) {
	where = allOf(where, live(c, "t0"))
	var n sql.NullInt64
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM "+quote(c.Table)+" t0 WHERE "+where.sql, where.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count rows of %s: %w", c.Name, err)
	}
	return n.Int64, nil
}
