package engine

import (
	"context"
	"sync"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
)

// Schema shows the collections of the instance to the declarations of nodes and
// triggers: to their checks, shapes and forms.
type Schema struct {
	cat   *models.Catalog
	known *sync.Map                                  // collections by the names they were asked for; nil = none are remembered
	flows func(key string) (node.WorkflowInfo, bool) // nil = no workflow can be called
}

// NewSchema shows a catalogue as it is now. It describes each collection once.
func NewSchema(cat *models.Catalog) Schema { return Schema{cat: cat, known: &sync.Map{}} }

// schema shows a catalogue and the workflows that can be called.
func (e *Engine) schema(ctx context.Context, cat *models.Catalog) Schema {
	s := NewSchema(cat)
	s.flows = func(key string) (node.WorkflowInfo, bool) { return e.workflowInfo(ctx, key) }
	return s
}

// Workflow describes a workflow to those that call it.
func (s Schema) Workflow(key string) (node.WorkflowInfo, bool) {
	if s.flows == nil {
		return node.WorkflowInfo{}, false
	}
	return s.flows(key)
}

// Collection describes a collection. What it gives is shared.
func (s Schema) Collection(name string) (node.CollectionInfo, bool) {
	if s.known == nil {
		return s.describe(name)
	}
	if known, ok := s.known.Load(name); ok {
		return known.(node.CollectionInfo), true //nolint:forcetypeassert // nothing else is stored
	}
	info, ok := s.describe(name)
	if ok {
		s.known.Store(name, info)
	}
	return info, ok
}

func (s Schema) describe(name string) (node.CollectionInfo, bool) {
	found, ok := s.cat.Collection(name)
	if !ok {
		return node.CollectionInfo{}, false
	}
	info := node.CollectionInfo{Name: found.Name, Title: found.Title}
	if s.cat.Renamed() {
		info.Today = found.NameNow
	}
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
func (s Schema) CollectionNames() []string {
	var out []string
	for _, found := range s.cat.Collections() {
		out = append(out, found.Name)
	}
	return out
}

// HasCollection reports whether a collection exists.
func (s Schema) HasCollection(name string) bool {
	_, ok := s.cat.Collection(name)
	return ok
}

// Record is the shape of one record with links up to depth hops.
func (s Schema) Record(collection string, depth int) field.Shape {
	info, ok := s.Collection(collection)
	if !ok {
		return field.Any(collection)
	}
	return info.Shape(s, depth)
}

// CheckFilter finds what is wrong with a record filter whose values may be templates.
func (s Schema) CheckFilter(collection string, filter any) field.Problems {
	rest, paths := begun(filter)
	return append(records.CheckFilter(s.cat, collection, rest), missingValues(paths)...)
}
