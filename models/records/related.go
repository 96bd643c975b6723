package records

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Key is the primary key of the changed record as its canonical value.
func (c Change) Key() any {
	if c.After != nil {
		return c.After["id"]
	}
	return c.Before["id"]
}

// Match asks whether a record filter of a definition holds for one record.
type Match struct {
	Collection string
	ID         string
	Record     Record // its values, for the sentence
	Filter     any
}

// MatchesIn evaluates a filter on one record as the transaction sees it, records in
// the trash included. The sentence says which values it saw. Rights do not narrow
// it: the filter belongs to a published definition.
func (s *Service) MatchesIn(ctx context.Context, tx *models.Tx, m Match) (ok bool, sentence string, err error) {
	if m.Filter == nil {
		return true, "", nil
	}
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return false, "", err
	}
	on, err := collection(cat, m.Collection)
	if err != nil {
		return false, "", err
	}
	q := Query{
		Access: models.SystemAccess(), Collection: m.Collection, Stored: true, Fields: []string{"id"},
		Filter: map[string]any{"$and": []any{map[string]any{"id": map[string]any{"$eq": m.Record["id"]}}, m.Filter}},
	}
	if on.SoftDelete {
		q.Trash = WithTrash
	}
	n, _, err := s.CountIn(ctx, tx, q)
	if err != nil {
		return false, "", fmt.Errorf("evaluate condition on %s %s: %w", m.Collection, m.ID, err)
	}
	return n > 0, sentenceOf(on, m), nil
}

// sentenceOf names the fields a filter speaks of with the values it saw.
func sentenceOf(c *models.Collection, m Match) string {
	var names []string
	collectNames(m.Filter, &names)
	var parts []string
	for _, name := range names {
		first, _, _ := strings.Cut(name, ".")
		f, ok := c.Field(first)
		if !ok || f.Hidden {
			continue
		}
		value := "empty"
		if v := m.Record[f.Key()]; v != nil {
			b, err := field.MarshalJSON(v)
			if err != nil {
				continue
			}
			value = strings.Trim(string(b), `"`)
		}
		if part := f.Title() + " is " + value; !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

func collectNames(filter any, names *[]string) {
	switch f := filter.(type) {
	case map[string]any:
		for _, k := range sortedKeys(f) {
			if strings.HasPrefix(k, "$") {
				collectNames(f[k], names)
			} else {
				*names = append(*names, k)
			}
		}
	case []any:
		for _, e := range f {
			collectNames(e, names)
		}
	}
}

// Follow asks for the record that a record is linked to.
type Follow struct {
	Collection string
	Record     Record
	Path       string // to-one links, dotted
}

// FollowIn follows a path of to-one links as the transaction sees them. The record
// is nil when one of them is empty; a path that is no to-one association is
// BAD_ASSOCIATION_PATH.
func (s *Service) FollowIn(ctx context.Context, tx *models.Tx, f Follow) (Record, *models.Collection, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, nil, err
	}
	on, links, err := s.path(cat, f.Collection, f.Path)
	if err != nil {
		return nil, nil, err
	}
	record := f.Record
	for _, link := range links {
		id := IDText(record[link.Key()])
		if id == "" {
			return nil, on, nil
		}
		next, err := target(cat, link)
		if err != nil {
			return nil, nil, err
		}
		record, err = s.GetIn(ctx, tx, Query{Access: models.SystemAccess(), Collection: next.Name}, id)
		if models.IsKind(err, models.KindNotFound) {
			return nil, on, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return record, on, nil
}

// CheckPath refuses what is no path of one to three to-one links.
func (s *Service) CheckPath(ctx context.Context, collectionName, path string) error {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return err
	}
	_, _, err = s.path(cat, collectionName, path)
	return err
}

func (s *Service) path(cat *models.Catalog, collectionName, path string) (*models.Collection, []*models.CollectionField, error) {
	on, err := collection(cat, collectionName)
	if err != nil {
		return nil, nil, err
	}
	bad := models.Invalid("BAD_ASSOCIATION_PATH", text.M("trigger.path", "%s does not lead over links to one record.", path))
	var links []*models.CollectionField
	for _, name := range strings.Split(path, ".") {
		f, ok := on.Field(name)
		if !ok || !f.IsLink() || len(links) == maxHops {
			return nil, nil, bad
		}
		links = append(links, f)
		if on, err = target(cat, f); err != nil {
			return nil, nil, err
		}
	}
	return on, links, nil
}

// Append asks for what a record is linked to.
type Append struct {
	Access     models.Access
	Collection string
	Record     Record
	Paths      []string // dotted
}

// AppendIn gives, by the name of their first link, the linked records of one
// record: only what Access may read of them. A target that may not be read is
// its bare id.
func (s *Service) AppendIn(ctx context.Context, tx *models.Tx, a Append) (map[string]any, error) {
	cat, err := s.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	on, err := collection(cat, a.Collection)
	if err != nil {
		return nil, err
	}
	deeper := map[string][]string{}
	var firsts []string
	for _, p := range a.Paths {
		first, rest, more := strings.Cut(p, ".")
		if !slices.Contains(firsts, first) {
			firsts = append(firsts, first)
		}
		if more {
			deeper[first] = append(deeper[first], rest)
		}
	}
	out := map[string]any{}
	for _, first := range firsts {
		f, ok := on.Field(first)
		if !ok || !f.IsLink() {
			continue
		}
		id := a.Record[f.Key()]
		if id == nil {
			out[f.Name] = nil
			continue
		}
		next, err := target(cat, f)
		if err != nil {
			return nil, err
		}
		linked, err := s.GetIn(ctx, tx, Query{Access: a.Access, Collection: next.Name, Appends: deeper[first]}, IDText(id))
		if models.IsKind(err, models.KindForbidden) || models.IsKind(err, models.KindNotFound) {
			out[f.Name] = map[string]any{"id": id}
			continue
		}
		if err != nil {
			return nil, err
		}
		out[f.Name] = linked
	}
	return out, nil
}
