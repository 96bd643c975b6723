package engine

import (
	"context"

	"formrail/engine/expr"
)

// otherName finds the key under which a record in the variables holds a field that
// is asked for by another of its names: a version published before a field was
// renamed reads newer records, and a newer one reads what an older execution kept.
// of is the variable that holds the record, as a node at a spot reads it.
func (s *stretch) otherName(ctx context.Context, at spot, of expr.Reference, name string, record map[string]any) (string, bool) {
	cat, err := s.e.db.Catalog(ctx)
	if err != nil || !cat.Renamed() {
		return "", false
	}
	c, ok := cat.Collection(s.version.collectionAt(NewSchema(cat), at.node, of, at.own))
	if !ok {
		return "", false
	}
	wanted := c.NameNow(name)
	if wanted == "" {
		return "", false
	}
	for key := range record {
		if key != name && c.NameNow(key) == wanted {
			return key, true
		}
	}
	return "", false
}

// collectionAt is the collection whose record, or list of records, stands at a path
// of the variables of a node; empty when that is something else.
func (c *Compiled) collectionAt(schema Schema, n *compiledNode, of expr.Reference, inner bool) string {
	k := &checker{cat: schema, c: c}
	shape, ok := k.follow(n, of, inner)
	if !ok {
		return ""
	}
	return shape.Target
}
