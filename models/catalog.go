package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"formrail/models/field"
)

// Catalog gives the current definitions of all collections. The value is shared.
func (db *DB) Catalog(ctx context.Context) (*Catalog, error) {
	return cachedBy(db, catalogVersion, "catalog", func() (*Catalog, error) {
		for {
			before, err := storedVersion(ctx, db.Read(), catalogVersion)
			if err != nil {
				return nil, err
			}
			cat, err := loadCatalog(ctx, db.Read())
			if err != nil {
				return nil, err
			}
			after, err := storedVersion(ctx, db.Read(), catalogVersion)
			if err != nil {
				return nil, err
			}
			if before == after {
				cat.Version = after
				db.caches.saw(catalogVersion, after)
				return cat, nil
			}
		}
	})
}

// CatalogIs reports whether version is the newest catalogue this process knows
// of. Inside a transaction the answer holds until its end: changes of the schema
// never share one.
func (db *DB) CatalogIs(version int64) bool { return db.caches.version(catalogVersion) == version }

// CatalogVersion is the newest version of the catalogue this process knows of.
func (db *DB) CatalogVersion() int64 { return db.caches.version(catalogVersion) }

// BumpCatalog raises the version of the catalogue, in the transaction that changes it.
func (tx *Tx) BumpCatalog(ctx context.Context) error { return tx.bump(ctx, catalogVersion) }

func storedVersion(ctx context.Context, q Querier, name string) (int64, error) {
	var v int64
	err := q.QueryRow(ctx, "SELECT CAST(value AS BIGINT) FROM meta WHERE name = ?", name).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read %s: %w", name, storageError(err))
	}
	return v, nil
}

// loading is a catalogue on its way, with what its parts refer to by number.
type loading struct {
	*Catalog
	q      Querier
	byID   map[int64]*Collection
	fields map[int64]*CollectionField
	former map[int64]map[string]*CollectionField // former names of fields, by collection
}

// loadCatalog reads all definitions.
func loadCatalog(ctx context.Context, q Querier) (*Catalog, error) {
	l := &loading{
		Catalog: &Catalog{byName: map[string]*Collection{}}, q: q, byID: map[int64]*Collection{},
		fields: map[int64]*CollectionField{}, former: map[int64]map[string]*CollectionField{},
	}
	for _, part := range []func(context.Context) error{l.loadCollections, l.loadFields, l.loadAliases, l.loadDropped} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	l.collections = append(l.collections, usersCollection())
	for _, c := range l.collections {
		c.index(l.former[c.ID])
		l.byName[Snake(c.Name)] = c
	}
	return l.Catalog, nil
}

func (l *loading) loadCollections(ctx context.Context) error {
	rows, err := l.q.Query(ctx, "SELECT id, table_name, definition FROM collections WHERE deleted_at = 0 ORDER BY id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id int64
		var table, definition string
		if err := r.Scan(&id, &table, &definition); err != nil {
			return err
		}
		c, err := storedCollection(definition)
		if err != nil {
			return fmt.Errorf("collection %d: %w", id, err)
		}
		c.ID, c.Table = id, table
		l.byID[id] = c
		l.collections = append(l.collections, c)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load collections: %w", err)
	}
	return nil
}

func storedCollection(definition string) (*Collection, error) {
	v, err := field.ParseJSON([]byte(definition))
	if err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	c, problems := ReadCollection(v)
	if p := Problems(problems); p != nil {
		return nil, fmt.Errorf("read definition: %w", p)
	}
	return c, nil
}

func (l *loading) loadFields(ctx context.Context) error {
	rows, err := l.q.Query(ctx, `SELECT id, collection_id, column_name, definition, created_at FROM collection_fields
		WHERE deleted_at = 0 ORDER BY collection_id, position, id`)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id, collection int64
		var column, definition string
		var since Millis
		if err := r.Scan(&id, &collection, &column, &definition, &since); err != nil {
			return err
		}
		c, ok := l.byID[collection]
		if !ok {
			return nil // a field of a dropped collection
		}
		f, err := storedField(definition)
		if err != nil {
			return fmt.Errorf("field %d: %w", id, err)
		}
		f.ID, f.Column, f.Since = id, column, since
		l.fields[id] = f
		c.Fields = append(c.Fields, f)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load fields: %w", err)
	}
	return nil
}

func storedField(definition string) (*CollectionField, error) {
	v, err := field.ParseJSON([]byte(definition))
	if err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	f, problems := ReadField(v)
	if p := Problems(problems); p != nil {
		return nil, fmt.Errorf("read definition: %w", p)
	}
	return f, nil
}

// loadAliases reads the former names of collections and fields.
func (l *loading) loadAliases(ctx context.Context) error {
	rows, err := l.q.Query(ctx, "SELECT collection_id, field_id, snake FROM aliases ORDER BY id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		var collection, fieldID int64
		var snake string
		if err := r.Scan(&collection, &fieldID, &snake); err != nil {
			return err
		}
		c := l.byID[collection]
		l.renamed = l.renamed || c != nil
		switch {
		case c == nil:
		case fieldID == 0:
			l.byName[snake] = c
		case l.fields[fieldID] != nil:
			if l.former[collection] == nil {
				l.former[collection] = map[string]*CollectionField{}
			}
			l.former[collection][snake] = l.fields[fieldID]
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load former names: %w", err)
	}
	return nil
}

// loadDropped finds the link columns of dropped fields and collections.
func (l *loading) loadDropped(ctx context.Context) error {
	rows, err := l.q.Query(ctx, `SELECT c.table_name, f.column_name, f.definition FROM collection_fields f
		JOIN collections c ON c.id = f.collection_id
		WHERE (f.deleted_at <> 0 OR c.deleted_at <> 0) AND f.type IN ('user', 'manyToOne') ORDER BY f.id`)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var d DroppedLink
		var definition string
		if err := r.Scan(&d.Table, &d.Column, &definition); err != nil {
			return err
		}
		f, err := storedField(definition)
		if err != nil {
			return fmt.Errorf("dropped link %s.%s: %w", d.Table, d.Column, err)
		}
		d.target = Snake(f.Target)
		l.dropped = append(l.dropped, d)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load dropped links: %w", err)
	}
	return nil
}

// usersCollection is the built-in collection of people. Secrets are not fields,
// so they can never be read, filtered or sorted.
func usersCollection() *Collection {
	plain := func(name, column, label string, kind field.Kind) *CollectionField {
		return &CollectionField{Column: column, Field: field.Field{Name: name, Kind: kind, Label: label}, Preset: true, ReadOnly: true}
	}
	status := plain("status", "status", "Status", field.Select)
	status.Options = field.Choices("invited", "Invited", "active", "Active", "deactivated", "Deactivated")
	manager := plain("manager", "manager_id", "Manager", field.User)
	manager.Target, manager.ForeignKey = UsersCollection, "managerId"
	return &Collection{
		Name: UsersCollection, Table: "users", Title: "User", TitlePlural: "Users", Icon: "users",
		TitleField: "nickname", IDType: IntegerID, System: true,
		Fields: []*CollectionField{
			plain(IDField, "id", "ID", field.Integer),
			plain("username", "username", "Username", field.Text),
			plain("nickname", "nickname", "Name", field.Text),
			plain("email", "email", "Email", field.Text),
			manager, status,
			plain("locale", "locale", "Language", field.Text),
			plain("timeZone", "time_zone", "Time zone", field.Text),
		},
	}
}

// PresetFields are the fields the server makes and writes for a user-made collection.
func PresetFields(idType string, softDelete bool) []*CollectionField {
	preset := func(name string, kind field.Kind, label string) *CollectionField {
		return &CollectionField{Column: Snake(name), Field: field.Field{Name: name, Kind: kind, Label: label}, Preset: true, ReadOnly: true}
	}
	person := func(name, label string) *CollectionField {
		f := preset(name, field.User, label)
		f.Target, f.ForeignKey, f.Column = UsersCollection, name+"Id", Snake(name+"Id")
		return f
	}
	id := preset(IDField, field.Integer, "ID")
	if idType == UUIDID {
		id.Kind = field.Text
	}
	out := []*CollectionField{
		id,
		preset("createdAt", field.DateTime, "Created at"), person("createdBy", "Created by"),
		preset("updatedAt", field.DateTime, "Updated at"), person("updatedBy", "Updated by"),
	}
	if softDelete {
		out = append(out, preset("deletedAt", field.DateTime, "Deleted at"), person("deletedBy", "Deleted by"))
	}
	return out
}
