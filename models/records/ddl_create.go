package records

import (
	"context"
	"fmt"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// CreateCollection makes a table and its catalogue entry. Of c, names, titles,
// settings and fields count; preset fields are added. It returns the stored
// definition.
func (s *Service) CreateCollection(ctx context.Context, call SchemaCall, c *models.Collection) (*models.Collection, error) {
	var name string
	err := s.alter(ctx, call, change{
		action: "collection.create", event: models.ResourceCreated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			made, err := x.create(*c)
			if err != nil {
				return nil, nil, err
			}
			name = made.Name
			return made, nil, nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("create collection %s: %w", c.Name, err)
	}
	return s.Collection(ctx, name)
}

// Collection gives the definition of a collection.
func (s *Service) Collection(ctx context.Context, name string) (*models.Collection, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	return collection(cat, name)
}

// create works on a copy of the wanted definition.
func (x *schema) create(c models.Collection) (*models.Collection, error) {
	given := c.Fields
	c.Fields, c.System = nil, false
	if c.IDType == "" {
		c.IDType = models.IntegerID
	}
	if c.Title == "" {
		c.Title = c.Name
	}
	c.Table = "c_" + models.Snake(c.Name)
	problems := x.checkCollection(&c)
	c.Fields = models.PresetFields(c.IDType, c.SoftDelete)
	for i, f := range given {
		if f.Preset {
			continue // a definition that was read comes back
		}
		f := completed(*f)
		problems = append(problems, x.checkField(&c, &f, fmt.Sprintf("fields[%d].", i))...)
		c.Fields = append(c.Fields, &f)
	}
	problems = append(problems, checkTitleField(&c)...)
	if len(c.Fields) > models.MaxFields {
		problems.Add("fields", "BAD_PARAMETER", text.M("schema.fields", "A collection has at most %d fields.", models.MaxFields))
	}
	if err := models.Problems(problems); err != nil {
		return nil, err
	}
	if err := x.insertCollection(&c); err != nil {
		return nil, err
	}
	if err := x.tx.ForgetCollectionInGrants(x.ctx, c.Name); err != nil {
		return nil, err
	}
	return &c, x.buildTable(&c)
}

func (x *schema) checkCollection(c *models.Collection) field.Problems {
	var problems field.Problems
	if m := models.CheckCollectionName(c.Name); !m.IsZero() {
		fieldProblem(&problems, "", "name", m)
	} else if _, taken := x.cat.Collection(c.Name); taken {
		problems.Add("name", "NOT_UNIQUE", text.M("schema.collection_taken", "There is already a collection %s.", c.Name))
	}
	if utf8.RuneCountInString(c.Title) > 80 {
		fieldProblem(&problems, "", "title", text.M("definition.title_long", "A title has at most %d characters.", 80))
	}
	if c.IDType != models.IntegerID && c.IDType != models.UUIDID {
		fieldProblem(&problems, "", "idType", text.M("schema.id_type", "idType is integer or uuid."))
	}
	if len(x.cat.Collections()) > models.MaxCollections {
		fieldProblem(&problems, "", "name", text.M("schema.collections", "There are at most %d collections.", models.MaxCollections))
	}
	return problems
}

// completed fills in what follows from the rest of a field's definition.
func completed(f models.CollectionField) models.CollectionField {
	f.Preset = false
	if f.Kind == field.User {
		f.Target = models.UsersCollection
	}
	f.Column = models.Snake(f.Name)
	if f.IsLink() {
		if f.ForeignKey == "" {
			f.ForeignKey = f.Name + "Id"
		}
		f.Column = models.Snake(f.ForeignKey)
	}
	return f
}

// checkField looks at a new field of c together with its surroundings.
func (x *schema) checkField(c *models.Collection, f *models.CollectionField, at string) field.Problems {
	problems := f.Check(at)
	for _, name := range []string{f.Name, f.ForeignKey} {
		if name != "" && nameTaken(c, name, nil) {
			problems.Add(at+"name", "NOT_UNIQUE", text.M("schema.field_taken", "The name %s is already used in this collection.", name))
			break
		}
	}
	if f.Target != "" && models.Snake(f.Target) != models.Snake(c.Name) {
		if on, ok := x.cat.Collection(f.Target); ok {
			f.Target = on.Name
		} else {
			fieldProblem(&problems, at, "target", text.M("schema.target", "There is no collection %s.", f.Target))
		}
	}
	if _, isTemplate := templateName(f.Default); f.Default != nil && !isTemplate && len(problems) == 0 && !f.IsLink() {
		problems = append(problems, parseDefault(f, at)...)
	}
	return problems
}

// parseDefault checks a constant default against its own field. Text with
// templates inside is checked when it is used.
func parseDefault(f *models.CollectionField, at string) (problems field.Problems) {
	if s, ok := f.Default.(string); ok && simpleTemplate().MatchString(s) {
		return nil
	}
	_, found := f.Parse(f.Default, field.ParseContext{})
	for _, p := range found {
		problems.Add(at+"default", p.Code, p.Message)
	}
	return problems
}

// checkTitleField chooses the field that names a record: the wanted one, else the
// first line of text, else the id.
func checkTitleField(c *models.Collection) field.Problems {
	if c.TitleField != "" {
		f, ok := c.Field(c.TitleField)
		if ok && (isText(f) || f.Name == models.IDField) {
			c.TitleField = f.Name
			return nil
		}
		var problems field.Problems
		fieldProblem(&problems, "", "titleField", text.M("schema.title_field", "%s is not a text field of this collection.", c.TitleField))
		return problems
	}
	c.TitleField = models.IDField
	for _, f := range c.Fields {
		if f.Kind == field.Text && !f.Preset && !f.Hidden {
			c.TitleField = f.Name
			break
		}
	}
	return nil
}

func (x *schema) insertCollection(c *models.Collection) error {
	definition, err := field.MarshalJSON(c.Definition())
	if err != nil {
		return err
	}
	err = x.tx.QueryRow(x.ctx, `INSERT INTO collections (name, snake, table_name, definition, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?) RETURNING id`, c.Name, models.Snake(c.Name), c.Table, string(definition), x.stamp(), x.stamp()).Scan(&c.ID)
	if err != nil {
		return fmt.Errorf("insert collection: %w", err)
	}
	for i, f := range c.Fields {
		if err := x.insertField(c, f, i); err != nil {
			return err
		}
	}
	return nil
}

func (x *schema) insertField(c *models.Collection, f *models.CollectionField, position int) error {
	definition, err := field.MarshalJSON(f.Definition())
	if err != nil {
		return err
	}
	err = x.tx.QueryRow(x.ctx, `INSERT INTO collection_fields (collection_id, name, snake, column_name, type, position, definition, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		c.ID, f.Name, models.Snake(f.Name), f.Column, string(f.Kind), position, string(definition), x.stamp(), x.stamp()).Scan(&f.ID)
	if err != nil {
		return fmt.Errorf("insert field %s: %w", f.Name, err)
	}
	return nil
}
