package records

import (
	"context"
	"database/sql"
	"fmt"

	"formrail/models"
)

// Dropped is a collection or field that was dropped and can be restored.
type Dropped struct {
	Name  string
	Title string
	At    models.Millis // when it was dropped
}

// DroppedCollections lists the collections that can be restored, those dropped last
// first. Of several with one name it is the last one.
func (s *Service) DroppedCollections(ctx context.Context, access models.Access) ([]Dropped, error) {
	if err := access.Require(designRight); err != nil {
		return nil, err
	}
	rows, err := s.db.Read().Query(ctx, `SELECT c.name, c.definition, c.deleted_at FROM collections c WHERE c.deleted_at <> 0 AND NOT EXISTS (
		SELECT 1 FROM collections later WHERE later.snake = c.snake AND later.deleted_at <> 0
			AND (later.deleted_at > c.deleted_at OR later.deleted_at = c.deleted_at AND later.id > c.id))
		ORDER BY c.deleted_at DESC, c.id DESC`)
	out, err := droppedOf(rows, err, func(definition string) (string, error) {
		v, err := parseStoredJSON(definition)
		if err != nil {
			return "", err
		}
		c, problems := models.ReadCollection(v)
		if p := models.Problems(problems); p != nil {
			return "", p
		}
		return c.Title, nil
	})
	if err != nil {
		return nil, fmt.Errorf("list dropped collections: %w", err)
	}
	return out, nil
}

// DroppedFields lists the fields of a collection that can be restored, those dropped
// last first. Of several with one name it is the last one.
func (s *Service) DroppedFields(ctx context.Context, access models.Access, on *models.Collection) ([]Dropped, error) {
	if err := access.Require(designRight); err != nil {
		return nil, err
	}
	rows, err := s.db.Read().Query(ctx, `SELECT f.name, f.definition, f.deleted_at FROM collection_fields f
		WHERE f.collection_id = ? AND f.deleted_at <> 0 AND NOT EXISTS (
			SELECT 1 FROM collection_fields later WHERE later.collection_id = f.collection_id AND later.snake = f.snake AND later.deleted_at <> 0
				AND (later.deleted_at > f.deleted_at OR later.deleted_at = f.deleted_at AND later.id > f.id))
		ORDER BY f.deleted_at DESC, f.id DESC`, on.ID)
	out, err := droppedOf(rows, err, func(definition string) (string, error) {
		f, err := storedField(definition)
		if err != nil {
			return "", err
		}
		return f.Title(), nil
	})
	if err != nil {
		return nil, fmt.Errorf("list dropped fields of %s: %w", on.Name, err)
	}
	return out, nil
}

func droppedOf(rows *sql.Rows, err error, title func(definition string) (string, error)) (out []Dropped, _ error) {
	err = models.Rows(rows, err, func(r *sql.Rows) error {
		var d Dropped
		var definition string
		if err := r.Scan(&d.Name, &definition, &d.At); err != nil {
			return err
		}
		var err error
		if d.Title, err = title(definition); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		out = append(out, d)
		return nil
	})
	return out, err
}
