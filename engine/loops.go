package engine

import (
	"slices"
	"strings"

	"formrail/engine/expr"
	"formrail/models/field"
	"formrail/models/text"
)

// inside reports whether a node stands in a branch of another, at any depth.
func (n *compiledNode) inside(outer *compiledNode) bool {
	for at := n.parent; at != nil; at = at.parent {
		if at == outer {
			return true
		}
	}
	return false
}

// readsInside reports whether a reference of a node is read inside its own passes.
func (n *compiledNode) readsInside(ref expr.Reference) bool {
	return slices.ContainsFunc(n.inner, func(r expr.Reference) bool { return r.Root == ref.Root && slices.Equal(r.Path, ref.Path) })
}

// loopOf finds the loop that a reference to "loop" or "loops" names, and what it reads
// of it; nil when there is none around the node. A setting that a loop reads inside its
// own passes may name the loop itself.
func (n *compiledNode) loopOf(ref expr.Reference, inner bool) (loop *compiledNode, path []string) {
	if n == nil {
		return nil, nil
	}
	path = ref.Path
	for at := n.around(inner); at != nil; at = at.around(false) {
		switch {
		case !at.typ.Loops():
		case ref.Root == "loop":
			return at, path
		case len(path) > 0 && path[0] == at.part.Key:
			return at, path[1:]
		}
	}
	return nil, nil
}

// around is the node in whose passes a node runs: the owner of its branch, or of a branch
// around it. What handles the failure of a node runs after its passes. With inner it is
// the node itself.
func (n *compiledNode) around(inner bool) *compiledNode {
	if inner {
		return n
	}
	at := n
	for at.branch == errorBranch && at.parent != nil {
		at = at.parent
	}
	return at.parent
}

// pass is the shape of what "loop" holds inside a node that loops.
func (k *checker) pass(loop *compiledNode) field.Shape {
	number := func(name, label string) field.Named {
		return field.Named{Name: name, Shape: field.Shape{Kind: field.Integer, Label: label}}
	}
	return field.Object(loop.title,
		field.Named{Name: "item", Shape: k.item(loop)}, number("index", "Position from 0"), number("number", "Number from 1"), number("length", "How many"))
}

// item is the shape of one item of a loop: of the list that its setting names.
func (k *checker) item(loop *compiledNode) field.Shape {
	setting, batches := loop.typ.Items(loop.settings)
	unknown := field.Any("Item")
	written, _ := loop.part.Config[setting].(string)
	written = strings.TrimSpace(written)
	if !strings.HasPrefix(written, "{{") || strings.Index(written, "}}") != len(written)-2 {
		return unknown
	}
	for _, t := range loop.trees {
		refs := t.tree.References()
		if t.name != setting || len(refs) != 1 {
			continue
		}
		list, ok := k.follow(loop, refs[0], false)
		switch {
		case !ok:
		case list.Kind == field.Integer && !list.List:
			return field.Shape{Kind: field.Integer, Label: "Item"}
		case list.List:
			list.List = batches
			if list.Label == "" {
				list.Label = "Item"
			}
			return list
		}
	}
	return unknown
}

// follow gives the shape at a reference of a node; false when it names nothing known.
// inner says that the node reads it inside its own passes.
func (k *checker) follow(n *compiledNode, ref expr.Reference, inner bool) (field.Shape, bool) {
	var shape field.Shape
	path := ref.Path
	switch ref.Root {
	case "trigger":
		if k.c.Trigger == nil {
			return field.Shape{}, false
		}
		shape = k.shape(nil)
	case "nodes":
		other := k.c.byKey[first(path)]
		if other == nil {
			return field.Shape{}, false
		}
		shape, path = k.shape(other), path[1:]
	case "loop", "loops":
		loop, rest := n.loopOf(ref, inner)
		if loop == nil {
			return field.Shape{}, false
		}
		shape, path = k.pass(loop), rest
	default:
		return field.Shape{}, false
	}
	for _, name := range path {
		if shape.List && isIndex(name) {
			shape.List = false
			continue
		}
		next, ok := shape.Prop(name)
		if !ok {
			return field.Shape{}, false
		}
		next.List = next.List || shape.List // a name is read of each
		shape = next
	}
	return shape, true
}

func first(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[0]
}

// assignment checks that a node changes the value of a node that declares one, and
// does not do so from passes that overlap.
func (k *checker) assignment(n *compiledNode) {
	target := n.typ.Assigns(n.settings)
	if target == "" {
		return
	}
	bad := func(m text.Message) {
		k.add("error", field.Problem{Field: join(n.part.Key, "target"), Code: "UNKNOWN_VARIABLE", Message: m})
	}
	of := k.c.byKey[target]
	if of == nil {
		return // told as a reference
	}
	if of.typ.Key != n.typ.Key || of.typ.Assigns(of.settings) != "" {
		bad(text.M("check.no_variable", "“%s” declares no variable.", of.title))
		return
	}
	for at := n.around(false); at != nil; at = at.around(false) {
		if at.typ.Overlaps(at.settings) && !of.inside(at) {
			bad(text.M("check.overlap", "“%s” runs several items at once, so a variable from outside cannot be changed in it.", at.title))
			return
		}
	}
}
