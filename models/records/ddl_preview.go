package records

import (
	"context"
	"fmt"

	"formrail/models"
)

// SchemaAction is one kind of schema change that is previewed; it is also the
// action of its audit entry.
type SchemaAction string

// The changes that touch whatever uses a collection or a field.
const (
	DropCollectionAction   SchemaAction = "collection.drop"
	RenameCollectionAction SchemaAction = "collection.rename"
	DropFieldAction        SchemaAction = "field.drop"
	RenameFieldAction      SchemaAction = "field.rename"
)

// Preview finds what the change would touch, without making it.
func (s *Service) Preview(ctx context.Context, call SchemaCall, action SchemaAction) (Impact, error) {
	if err := call.Access.Require(designRight); err != nil {
		return Impact{}, err
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return Impact{}, err
	}
	found, err := change{action: string(action), preview: s.usage(call)}.impact(ctx, cat, call)
	if err != nil {
		return Impact{}, fmt.Errorf("preview %s of %s: %w", action, call.Collection, err)
	}
	return found, nil
}

// Usages lists what uses a collection, or one of its fields when field is not empty.
func (s *Service) Usages(ctx context.Context, collection, field string) ([]models.Usage, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	return s.usage(SchemaCall{Collection: collection, Field: field})(ctx, cat)
}
