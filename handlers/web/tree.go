package web

import (
	"context"
	"errors"
	"fmt"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/workflows"
)

// triggerKey stands for the trigger among the keys of nodes.
const triggerKey = "trigger"

// definition is a stored definition with what its pages say about it.
type definition struct {
	*engine.Definition
	types  types
	schema engine.Schema
	title  string // of the workflow
}

func (s *site) definition(ctx context.Context, stored, title string) (definition, error) {
	parsed, err := engine.ReadDefinition(stored)
	if err != nil {
		return definition{}, err
	}
	cat, err := s.DB.Catalog(ctx)
	if err != nil {
		return definition{}, fmt.Errorf("read catalogue: %w", err)
	}
	return definition{Definition: parsed, types: s.types, schema: engine.NewSchema(cat), title: title}, nil
}

// face is what a step looks like, whatever became of it.
type face struct {
	title, kind, icon, summary string
	typ                        *node.Type // nil for the trigger and for types that are gone
	settings                   node.Settings
}

func (d definition) triggerFace() face {
	f := face{title: d.types.triggerTitle(d.Trigger.Type), kind: "trigger", icon: d.types.triggerIcon(d.Trigger.Type)}
	if typ, ok := d.types.triggers[d.Trigger.Type]; ok {
		if settings, problems := typ.Decode(d.Trigger.Config); len(problems) == 0 {
			f.summary = typ.Line(settings, d.schema)
		}
	}
	return f
}

func (d definition) faceOf(part *engine.NodePart) face {
	f := face{title: part.Title, kind: "flow", icon: "circle-dot"}
	typ, ok := d.types.nodes[part.Type]
	if !ok {
		f.summary = part.Type
		return f
	}
	f.typ, f.kind, f.icon, f.summary = typ, tile(typ.Group), typ.Icon, typ.Title
	if f.title == "" {
		f.title = typ.Title
	}
	settings, problems := typ.Decode(part.Config)
	f.settings = settings
	if len(problems) == 0 {
		if line := typ.Line(settings, d.schema); line != "" {
			f.summary = line
		}
	}
	return f
}

// nodeIn finds a node by its key; nil when there is none.
func nodeIn(list []*engine.NodePart, key string) *engine.NodePart {
	for _, n := range list {
		if n.Key == key {
			return n
		}
		for _, b := range n.Branches {
			if found := nodeIn(b.Nodes, key); found != nil {
				return found
			}
		}
	}
	return nil
}

// marker says what an execution did to a node. It reports whether the node is done.
type marker func(*workflows.Node) (done bool)

// tree draws the definition. mark adds what an execution did to each node; nil for
// a mere definition.
func (d definition) tree(ctx context.Context, mark marker) workflows.TreeProps {
	f := d.triggerFace()
	first := workflows.Node{Key: triggerKey, Title: f.title, Summary: f.summary, Icon: f.icon, Kind: f.kind}
	if mark != nil {
		mark(&first)
	}
	return workflows.TreeProps{
		Label: text.T(ctx, "workflows.tree_of", "Definition of %s", d.title),
		Nodes: append([]workflows.Node{first}, d.nodes(d.Nodes, mark)...),
	}
}

func (d definition) nodes(list []*engine.NodePart, mark marker) []workflows.Node {
	out := make([]workflows.Node, 0, len(list))
	for _, part := range list {
		f := d.faceOf(part)
		n := workflows.Node{Key: part.Key, Title: f.title, Summary: f.summary, Icon: f.icon, Kind: f.kind}
		for _, b := range d.branches(part, f) {
			b.view.Nodes = d.nodes(b.nodes, mark)
			if mark != nil {
				b.view.Taken = reached(b.view.Nodes)
			}
			n.Branches = append(n.Branches, b.view)
		}
		if mark != nil && mark(&n) {
			takeEmpty(n.Branches)
		}
		out = append(out, n)
	}
	return out
}

// reached reports whether an execution came to one of the nodes.
func reached(nodes []workflows.Node) bool { return len(nodes) > 0 && nodes[0].Reached }

// takeEmpty finds the way a finished step went when no branch has a step that was
// reached: the only one without steps.
func takeEmpty(list []workflows.Branch) {
	var empty []int
	for i, b := range list {
		if b.Taken {
			return
		}
		if len(b.Nodes) == 0 {
			empty = append(empty, i)
		}
	}
	if len(empty) == 1 {
		list[empty[0]].Taken = true
	}
}

type branch struct {
	view  workflows.Branch
	nodes []*engine.NodePart
}

// branches lists the branches that the type declares, also empty ones, and then
// those that only the definition has, such as the error branch.
func (d definition) branches(part *engine.NodePart, f face) []branch {
	var out []branch
	stored := map[string]*engine.BranchPart{}
	for _, b := range part.Branches {
		stored[b.Key] = b
	}
	if f.typ != nil {
		for _, b := range f.typ.Branches(f.settings) {
			one := branch{view: workflows.Branch{Label: b.Title}}
			if have, ok := stored[b.Key]; ok {
				one.nodes = have.Nodes
				if have.Title != "" {
					one.view.Label = have.Title
				}
				delete(stored, b.Key)
			}
			out = append(out, one)
		}
	}
	for _, b := range part.Branches {
		if _, left := stored[b.Key]; left {
			out = append(out, branch{view: workflows.Branch{Label: labelOf(b)}, nodes: b.Nodes})
		}
	}
	return out
}

func labelOf(b *engine.BranchPart) string {
	if b.Title != "" {
		return b.Title
	}
	return b.Key
}

// versionOf loads a version with its workflow. A workflow that was removed is still
// known to its executions.
func (s *site) versionOf(ctx context.Context, id int64) (*models.Version, *models.Workflow, error) {
	v, err := models.VersionByID(ctx, s.DB.Read(), id)
	if err != nil {
		return nil, nil, err
	}
	w, err := models.WorkflowByID(ctx, s.DB.Read(), v.WorkflowID)
	return v, w, errors.Join(err)
}
