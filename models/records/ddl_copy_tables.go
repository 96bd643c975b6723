package records

import (
	"database/sql"
	"fmt"
	"strings"

	"formrail/models"
)

// userTable is the table of a collection, one in the trash included.
type userTable struct {
	copied
	on     *models.Collection
	all    []*models.CollectionField // of the table, dropped ones included
	gone   map[*models.CollectionField]bool
	linked map[string]string // linking column → table it points to
}

// collections reads every table of a collection with all of its columns.
func (c *copying) collections() ([]*userTable, error) {
	byID := map[int64]*userTable{}
	var out []*userTable
	rows, err := c.from.Query(c.ctx, "SELECT id, table_name, definition FROM collections ORDER BY id")
	err = models.Rows(rows, err, func(r *sql.Rows) error {
		var definition string
		on := &models.Collection{}
		if err := r.Scan(&on.ID, &on.Table, &definition); err != nil {
			return err
		}
		v, err := parseStoredJSON(definition)
		if err != nil {
			return err
		}
		read, problems := models.ReadCollection(v)
		if err := models.Problems(problems); err != nil {
			return err
		}
		on.IDType, on.SoftDelete = read.IDType, read.SoftDelete
		t := &userTable{on: on, gone: map[*models.CollectionField]bool{}}
		t.name, t.fields = on.Table, map[string]*models.CollectionField{}
		byID[on.ID], out = t, append(out, t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read collections: %w", err)
	}
	if err := c.columns(byID); err != nil {
		return nil, fmt.Errorf("read fields: %w", err)
	}
	for _, t := range out {
		if t.linked, err = models.TableLinks(c.ctx, c.from, t.name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *copying) columns(byID map[int64]*userTable) error {
	rows, err := c.from.Query(c.ctx, `SELECT id, collection_id, column_name, definition, deleted_at FROM collection_fields
		ORDER BY collection_id, position, id`)
	return models.Rows(rows, err, func(r *sql.Rows) error {
		var id, collectionID, deleted int64
		var column, definition string
		if err := r.Scan(&id, &collectionID, &column, &definition, &deleted); err != nil {
			return err
		}
		f, err := storedField(definition)
		if err != nil {
			return err
		}
		f.ID, f.Column = id, column
		t := byID[collectionID]
		t.all, t.fields[column], t.gone[f] = append(t.all, f), f, deleted != 0
		return nil
	})
}

// build makes the tables: first each with what stands for itself, then the links
// between them, whose order may be any.
func (c *copying) build(tables []*userTable) error {
	x := &schema{ctx: c.ctx, tx: c.tx}
	byName := map[string]*models.Collection{"users": {Table: "users", IDType: models.IntegerID}}
	for _, t := range tables {
		byName[t.name] = t.on
		if err := x.exec(t.create(x), x.createdIndex(t.on)); err != nil {
			return err
		}
	}
	for _, t := range tables {
		for _, f := range t.all {
			var statements []string
			if f.IsLink() {
				on := byName[t.linked[f.Column]]
				if on == nil {
					return fmt.Errorf("column %s of %s points to no known table", f.Column, t.name)
				}
				statements = append(statements, "ALTER TABLE "+quote(t.name)+" ADD COLUMN "+quote(f.Column)+" "+x.linkType(on)+
					" REFERENCES "+quote(on.Table)+" (id) DEFERRABLE INITIALLY DEFERRED")
			}
			if !t.gone[f] {
				statements = append(statements, indexes(t.on, f)...)
			}
			if err := x.exec(statements...); err != nil {
				return err
			}
		}
	}
	return nil
}

// create declares a table without its links.
func (t *userTable) create(x *schema) string {
	columns := []string{quote(models.VersionColumn) + " " + x.integer() + " NOT NULL DEFAULT 1"}
	for _, f := range t.all {
		name := quote(f.Column) + " "
		switch {
		case f.Name == models.IDField && f.Preset:
			columns = append(columns, name+x.keySQL(t.on.IDType))
		case f.Preset && (f.Name == "createdAt" || f.Name == "updatedAt"):
			columns = append(columns, name+columnType(x.tx.Dialect(), f)+" NOT NULL")
		case !f.IsLink():
			columns = append(columns, name+columnType(x.tx.Dialect(), f))
		}
	}
	sql := "CREATE TABLE " + quote(t.name) + " (" + strings.Join(columns, ", ") + ")"
	if x.tx.Dialect() == models.SQLite {
		sql += " STRICT"
	}
	return sql
}
