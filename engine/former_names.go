package engine

import (
	"context"

	"formrail/engine/expr"
	"formrail/models/field"
)

// otherName finds the key under which a record in the variables holds a field that
// is asked for by another of its names: a version published before a field was
// renamed reads newer records, and a newer one reads what an older execution kept.
// of is the variable that holds the record.
func (s *stretch) otherName(ctx context.Context, of expr.Reference, name string, record map[string]any) (string, bool) {
	cat, err := s.e.db.Catalog(ctx)
	if err != nil || !cat.Renamed() {
		return "", false
	}
	c, ok := cat.Collection(s.version.collectionAt(NewSchema(cat), of))
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
// of the variables; empty when that is something else.
func (c *Compiled) collectionAt(schema Schema, of expr.Reference) string {
	var shape field.Shape
	path := of.Path
	switch {
	case of.Root == "trigger" && c.Trigger != nil:
		shape = c.Trigger.Context(c.Settings, schema)
	case of.Root == "nodes" && len(path) > 0:
		n := c.byKey[path[0]]
		if n == nil {
			return ""
		}
		shape, path = n.typ.Outputs(n.settings, schema), path[1:]
	default:
		return ""
	}
	for _, name := range path {
		if shape.List {
			shape.List = false
			if isIndex(name) {
				continue
			}
		}
		var ok bool
		if shape, ok = shape.Prop(name); !ok {
			return ""
		}
	}
	return shape.Target
}
