package records

import (
	"context"
	"fmt"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// CloneCollection makes a collection with the settings and fields of the one of the
// call, without its records and without rights on them. A link to the collection
// itself becomes one to the clone.
func (s *Service) CloneCollection(ctx context.Context, call SchemaCall, name, title string) (*models.Collection, error) {
	var made *models.Collection
	err := s.alter(ctx, call, change{
		action: "collection.create", event: models.ResourceCreated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			source, err := x.collection()
			if err != nil {
				return nil, nil, err
			}
			wanted, err := definitionAgain(source)
			if err != nil {
				return nil, nil, err
			}
			wanted.Name, wanted.Title, wanted.TitlePlural = name, title, ""
			for _, f := range wanted.Fields {
				if f.Target == source.Name {
					f.Target = name
				}
			}
			made, err = x.create(*wanted)
			return made, nil, err
		},
	})
	if err != nil {
		return nil, fmt.Errorf("clone collection %s: %w", call.Collection, err)
	}
	return s.Collection(ctx, made.Name)
}

// definitionAgain reads a collection from its own definition: a copy without ids and
// columns.
func definitionAgain(c *models.Collection) (*models.Collection, error) {
	b, err := c.MarshalJSON()
	if err != nil {
		return nil, err
	}
	tree, err := field.ParseJSON(b)
	if err != nil {
		return nil, fmt.Errorf("read definition of %s: %w", c.Name, err)
	}
	again, problems := models.ReadCollection(tree)
	if found := models.Problems(problems); found != nil {
		return nil, fmt.Errorf("read definition of %s: %w", c.Name, found)
	}
	return again, nil
}

// MoveField puts a field of a collection behind another one; with no other before
// all that are not made by the server.
func (s *Service) MoveField(ctx context.Context, call SchemaCall, behind string) error {
	err := s.alter(ctx, call, change{
		action: "field.move", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, f, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			order, err := moved(c, f, behind)
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields"}, x.order(order)
		},
	})
	if err != nil {
		return fmt.Errorf("move field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

// moved gives the fields of a collection in their new order.
func moved(c *models.Collection, f *models.CollectionField, behind string) ([]*models.CollectionField, error) {
	rest := slices.DeleteFunc(slices.Clone(c.Fields), func(o *models.CollectionField) bool { return o == f })
	at := slices.IndexFunc(rest, func(o *models.CollectionField) bool { return !o.Preset })
	if at < 0 {
		at = len(rest)
	}
	if behind != "" {
		other, ok := c.Field(behind)
		if !ok || other == f {
			return nil, badParameter(text.M("schema.move", "A field is moved behind another one of the same collection; %s is none.", behind))
		}
		at = slices.Index(rest, other) + 1
	}
	return slices.Insert(rest, at, f), nil
}

func (x *schema) order(fields []*models.CollectionField) error {
	for i, f := range fields {
		if _, err := x.tx.Exec(x.ctx, "UPDATE collection_fields SET position = ? WHERE id = ?", i, f.ID); err != nil {
			return fmt.Errorf("order field %s: %w", f.Name, err)
		}
	}
	return nil
}
