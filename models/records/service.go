package records

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"formrail/models"
	"formrail/models/text"
)

// Service reads and writes records. It is safe for concurrent use once its hooks
// are set.
type Service struct {
	db     *models.DB
	hooks  Hooks
	usages []UsageFinder
	tables sync.Map // collection id and catalogue version → *table, its constant SQL texts

	keyOnce sync.Mutex
	key     []byte // signs cursors; from the database, so all processes share it
}

// New makes the service.
func New(db *models.DB) *Service { return &Service{db: db} }

// SetHooks lets others take part in writes. It is called once, before the first write.
func (s *Service) SetHooks(h Hooks) { s.hooks = h }

// DB is the database behind the service.
func (s *Service) DB() *models.DB { return s.db }

// collection finds a collection, or says that there is none.
func collection(cat *models.Catalog, name string) (*models.Collection, error) {
	c, ok := cat.Collection(name)
	if !ok {
		return nil, models.NotFound()
	}
	return c, nil
}

// target is the collection a link points to. The catalogue keeps links whole, so
// a missing one is a defect.
func target(cat *models.Catalog, f *models.CollectionField) (*models.Collection, error) {
	c, ok := cat.Collection(f.Target)
	if !ok {
		return nil, fmt.Errorf("link %s: no collection %s", f.Name, f.Target)
	}
	return c, nil
}

// cursorKey is the name of the signing key among the facts of the installation.
const cursorKey = "cursor_key"

// signingKey gives the key that signs cursors, made once per installation.
func (s *Service) signingKey(ctx context.Context) ([]byte, error) {
	s.keyOnce.Lock()
	defer s.keyOnce.Unlock()
	if s.key != nil {
		return s.key, nil
	}
	stored, err := s.db.Meta(ctx, cursorKey)
	if err != nil {
		return nil, err
	}
	if stored == "" {
		var b [32]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, fmt.Errorf("make cursor key: %w", err)
		}
		fresh := base64.RawStdEncoding.EncodeToString(b[:])
		err := s.db.Write(ctx, "records.cursor_key", func(tx *models.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", cursorKey, fresh)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("store cursor key: %w", err)
		}
		if stored, err = s.db.Meta(ctx, cursorKey); err != nil {
			return nil, err
		}
	}
	s.key, err = base64.RawStdEncoding.DecodeString(stored)
	return s.key, err
}

// zoneOf is the zone of a request; UTC when it has none.
func zoneOf(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}

func unknownField(name string) *models.Error {
	return models.InvalidFields([]models.FieldError{{
		Field: name, Code: "UNKNOWN_FIELD",
		Message: text.M("record.unknown_field", "There is no field %s. Check its spelling.", name),
	}})
}

func fieldNotAllowed(name string) *models.Error {
	e := models.Forbidden("FIELD_NOT_ALLOWED", text.M("record.field_not_allowed", "You may not use the field %s.", name))
	e.Fields = []models.FieldError{{Field: name, Code: e.Code, Message: e.Message}}
	return e
}

func badParameter(m text.Message) *models.Error { return models.Invalid("BAD_PARAMETER", m) }
