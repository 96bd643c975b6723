package records

import (
	"context"
	"fmt"
	"slices"

	"formrail/models"
)

// MoveField moves the field of the call by that many places, up for a negative
// number. Fields the server makes keep their places at the beginning; a field stops
// at either end.
func (s *Service) MoveField(ctx context.Context, call SchemaCall, by int) error {
	err := s.alter(ctx, call, change{
		action: "field.move", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, f, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + f.Name}, x.moveField(c, f, by)
		},
	})
	if err != nil {
		return fmt.Errorf("move field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

func (x *schema) moveField(c *models.Collection, f *models.CollectionField, by int) error {
	order := slices.Clone(c.Fields)
	first := slices.IndexFunc(order, func(one *models.CollectionField) bool { return !one.Preset })
	from := slices.Index(order, f)
	to := min(max(from+by, first), len(order)-1)
	order = slices.Insert(slices.Delete(order, from, from+1), to, f)
	for position, one := range order {
		_, err := x.tx.Exec(x.ctx, "UPDATE collection_fields SET position = ? WHERE id = ?", position, one.ID)
		if err != nil {
			return fmt.Errorf("place field %s: %w", one.Name, err)
		}
	}
	return nil
}
