package records

import (
	"fmt"
	"strings"

	"formrail/models"
)

// table is a collection with the SQL texts that are the same for all its records.
type table struct {
	on      *models.Collection
	columns string // of a whole record: id, version, then all fields but the id
	fields  []*models.CollectionField
	insert  string // gives the key
	keyed   string // the same for a key that is a number and known: it comes first
}

// table gives the texts of a collection, made once per version of the catalogue.
func (s *Service) table(cat *models.Catalog, on *models.Collection) *table {
	type key struct{ id, version int64 }
	at := key{on.ID, cat.Version}
	if known, ok := s.tables.Load(at); ok {
		if t, ok := known.(*table); ok && t.on == on {
			return t
		}
	}
	t := &table{on: on}
	names := []string{`t0."id"`, "t0." + quote(models.VersionColumn)}
	var into []string
	for _, f := range on.Fields {
		if f.Name == models.IDField {
			continue
		}
		t.fields = append(t.fields, f)
		names = append(names, column("t0", f))
		into = append(into, quote(f.Column))
	}
	t.columns = strings.Join(names, ", ")
	if on.IDType == models.UUIDID {
		into = append([]string{`"id"`}, into...)
	}
	t.insert = fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s) RETURNING "id"`, quote(on.Table), strings.Join(into, ", "), placeholders(len(into)))
	t.keyed = fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, quote(on.Table), strings.Join(append([]string{`"id"`}, into...), ", "), placeholders(len(into)+1))
	s.tables.Range(func(k, _ any) bool { // older versions are of no use any more
		if old, ok := k.(key); ok && old.id == at.id && old.version < at.version {
			s.tables.Delete(k)
		}
		return true
	})
	s.tables.Store(at, t)
	return t
}
