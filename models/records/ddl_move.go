package records

import (
	"context"
	"fmt"
	"slices"

	"formrail/models"
)

// ShiftField moves the field of the call by that many places, up for a negative
// number. Fields the server makes keep their places at the beginning; a field stops
// at either end.
func (s *Service) ShiftField(ctx context.Context, call SchemaCall, by int) error {
	err := s.alter(ctx, call, change{
		action: "field.move", event: models.ResourceUpdated,
		apply: func(x *schema) (*models.Collection, []string, error) {
			c, f, err := x.field()
			if err != nil {
				return nil, nil, err
			}
			return c, []string{"fields." + f.Name}, x.order(shifted(c, f, by))
		},
	})
	if err != nil {
		return fmt.Errorf("move field %s.%s: %w", call.Collection, call.Field, err)
	}
	return nil
}

// shifted gives the fields of a collection in their new order.
func shifted(c *models.Collection, f *models.CollectionField, by int) []*models.CollectionField {
	order := slices.Clone(c.Fields)
	first := slices.IndexFunc(order, func(one *models.CollectionField) bool { return !one.Preset })
	from := slices.Index(order, f)
	to := min(max(from+by, first), len(order)-1)
	return slices.Insert(slices.Delete(order, from, from+1), to, f)
}
