package records

import (
	"context"
	"fmt"
	"time"

	"formrail/models"
)

// trashChunk is how many expired records are purged in one transaction.
const trashChunk = 100

// EmptyTrash removes for good what has been in the trash longer than its collection
// keeps it, in the name of the product itself. Records that others need are left
// where they are. It gives the number of removed records.
func (s *Service) EmptyTrash(ctx context.Context) (int, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, c := range cat.Collections() {
		if !c.SoftDelete || c.TrashDays == 0 {
			continue
		}
		n, err := s.emptyTrashOf(ctx, c)
		total += n
		if err != nil {
			return total, fmt.Errorf("empty trash of %s: %w", c.Name, err)
		}
	}
	return total, nil
}

func (s *Service) emptyTrashOf(ctx context.Context, c *models.Collection) (int, error) {
	until := s.db.Now().Add(-time.Duration(c.TrashDays) * 24 * time.Hour)
	q := Query{
		Access: models.SystemAccess(), Collection: c.Name, Trash: OnlyTrash, PageSize: trashChunk, Keyset: true,
		Fields: []string{models.IDField}, Filter: map[string]any{"deletedAt": map[string]any{"$lt": until}},
	}
	total := 0
	for {
		page, err := s.List(ctx, q)
		if err != nil {
			return total, err
		}
		var ids []string
		for _, r := range page.Records {
			ids = append(ids, IDText(r[models.IDField]))
		}
		n, err := s.purgeExpired(ctx, c, ids)
		if total += n; err != nil || page.NextCursor == "" {
			return total, err
		}
		q.Cursor = page.NextCursor
	}
}

// purgeExpired purges records together, or, when that is refused, each by itself.
func (s *Service) purgeExpired(ctx context.Context, c *models.Collection, ids []string) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	result, err := s.Write(ctx, &Operation{
		Access: models.SystemAccess(), Collection: c.Name, Action: models.Purge, IDs: ids,
		Origin: models.Origin{Kind: "system"},
	})
	switch {
	case err == nil:
		return len(result.Changes), nil
	case models.AsError(err).Kind == models.KindInternal || models.IsKind(err, models.KindUnavailable):
		return 0, err
	case len(ids) == 1:
		return 0, nil // needed, or gone meanwhile
	}
	total := 0
	for _, id := range ids {
		n, err := s.purgeExpired(ctx, c, []string{id})
		if total += n; err != nil {
			return total, err
		}
	}
	return total, nil
}
