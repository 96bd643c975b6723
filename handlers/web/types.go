package web

import (
	"strings"

	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
)

// types finds the declarations of node and trigger types by their keys.
type types struct {
	nodes    map[string]*node.Type
	triggers map[string]*trigger.Type
}

func newTypes(nodes []*node.Type, triggers []*trigger.Type) types {
	t := types{nodes: map[string]*node.Type{}, triggers: map[string]*trigger.Type{}}
	for _, n := range nodes {
		t.nodes[n.Key] = n
	}
	for _, tr := range triggers {
		t.triggers[tr.Key] = tr
	}
	return t
}

// triggerTitle is what a trigger type is called.
func (t types) triggerTitle(key string) string {
	if typ, ok := t.triggers[key]; ok {
		return typ.Title
	}
	return key
}

// triggerIcon is the icon of a trigger type.
func (t types) triggerIcon(key string) string {
	if typ, ok := t.triggers[key]; ok {
		return typ.Icon
	}
	return "zap"
}

// tile is the colour of a node group.
func tile(g node.Group) string {
	switch g {
	case node.Data:
		return "data"
	case node.People:
		return "human"
	case node.Connect:
		return "link"
	case node.Compute:
		return "calc"
	case node.Flow:
	}
	return "flow"
}

// schema is the catalogue as declarations of types ask for it.
type schema struct{ cat *models.Catalog }

// Collection describes a collection.
func (s schema) Collection(name string) (node.CollectionInfo, bool) {
	found, ok := s.cat.Collection(name)
	if !ok {
		return node.CollectionInfo{}, false
	}
	info := node.CollectionInfo{Name: found.Name, Title: found.Title}
	for _, f := range found.Fields {
		declared := f.Field
		declared.Label = f.Title()
		if f.Kind == field.User {
			declared.Target = models.UsersCollection
		}
		info.Fields = append(info.Fields, node.FieldInfo{Field: declared, ForeignKey: f.ForeignKey, ReadOnly: f.ReadOnly || f.Preset, Hidden: f.Hidden})
	}
	return info, true
}

// CollectionNames lists all collections.
func (s schema) CollectionNames() []string {
	var out []string
	for _, c := range s.cat.Collections() {
		out = append(out, c.Name)
	}
	return out
}

// HasCollection reports whether a collection exists.
func (s schema) HasCollection(name string) bool {
	_, ok := s.cat.Collection(name)
	return ok
}

// Record is the shape of one record with links up to depth hops.
func (s schema) Record(collection string, depth int) field.Shape {
	info, ok := s.Collection(collection)
	if !ok {
		return field.Any(collection)
	}
	return info.Shape(s, depth)
}

// IsField reports whether a dotted path leads over links to a field.
func (s schema) IsField(collection, path string) bool {
	for {
		info, ok := s.Collection(collection)
		if !ok {
			return false
		}
		name, rest, more := strings.Cut(path, ".")
		f, known := info.Field(name)
		if !known || !more {
			return known
		}
		collection, path = f.Target, rest
	}
}
