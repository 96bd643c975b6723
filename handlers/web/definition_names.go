package web

import (
	"context"
	"maps"
	"slices"

	"formrail/engine"
	"formrail/engine/expr"
	"formrail/models/field"
)

// withNames is the catalogue with what the variables of a definition are called.
type withNames struct {
	engine.Schema
	of definition
}

// Called gives the title of what a variable holds: that of the field, or of the step when
// the path names a step alone.
func (n withNames) Called(path string) (string, bool) {
	ref := slices.Collect(maps.Values(references(braces(path))))
	if len(ref) != 1 {
		return "", false
	}
	v, ok := n.of.variable(ref[0])
	if !ok {
		return "", false
	}
	titles, _, ok := engine.Named(context.Background(), []engine.Variable{v}, ref[0])
	if !ok {
		return "", false
	}
	return titles[len(titles)-1], true
}

// variable is what a reference begins with: the trigger, or a step of the definition.
func (d definition) variable(ref expr.Reference) (engine.Variable, bool) {
	switch {
	case ref.Root == triggerKey:
		typ, ok := d.types.triggers[d.Trigger.Type]
		if !ok {
			return engine.Variable{}, false
		}
		return engine.Variable{Path: triggerKey, Shape: d.shape(triggerKey, func() field.Shape {
			settings, _ := typ.Decode(d.Trigger.Config)
			return typ.Context(settings, d.Schema)
		})}, true
	case ref.Root == "nodes" && len(ref.Path) > 0:
		part := nodeIn(d.Nodes, ref.Path[0])
		if part == nil || d.types.nodes[part.Type] == nil {
			return engine.Variable{}, false
		}
		typ := d.types.nodes[part.Type]
		title := part.Title
		if title == "" {
			title = typ.Title
		}
		path := "nodes." + part.Key
		return engine.Variable{Path: path, Title: title, Shape: d.shape(path, func() field.Shape {
			settings, _ := typ.Decode(part.Config)
			return typ.Gives(settings, part.OnError, d.Schema)
		})}, true
	}
	return engine.Variable{}, false
}

// shape is what a variable holds; it is worked out once for a page.
func (d definition) shape(path string, work func() field.Shape) field.Shape {
	known, ok := d.shapes[path]
	if !ok {
		known = work()
		d.shapes[path] = known
	}
	return known
}
