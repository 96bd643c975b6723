package web

import (
	"context"
	"errors"
	"strconv"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/canvas"
)

// triggerKey stands for the trigger among the keys of nodes.
const triggerKey = "trigger"

// definition is a stored definition with what its pages say about it.
type definition struct {
	*engine.Reading
	types  types
	title  string                 // of the workflow
	shapes map[string]field.Shape // of the variables that were asked for by now
}

func (s *site) definition(ctx context.Context, stored, title string) (definition, error) {
	read, err := s.Engine.Read(ctx, stored)
	return definition{Reading: read, types: s.types, title: title, shapes: map[string]field.Shape{}}, err
}

// face is what a step looks like, whatever became of it.
type face struct {
	title, kind, icon, summary string
	typ                        *node.Type // nil for the trigger and for types that are gone
	settings                   node.Settings
}

func (d definition) triggerFace() face {
	f := face{
		title: d.types.triggerTitle(d.Trigger.Type), kind: "trigger", icon: d.types.triggerIcon(d.Trigger.Type),
		summary: d.Line(triggerKey),
	}
	if typ, ok := d.types.triggers[d.Trigger.Type]; ok && f.summary != "" {
		settings, _ := typ.Decode(d.Trigger.Config)
		f.summary = typ.Line(settings, withNames{d.Schema, d})
	}
	return f
}

func (d definition) faceOf(part *engine.NodePart) face {
	f := face{title: d.nameOf(part), kind: "flow", icon: "circle-dot", summary: part.Type}
	if f.typ, f.settings = d.Type(part.Key); f.typ == nil {
		return f
	}
	f.kind, f.icon, f.summary = tile(f.typ.Group), f.typ.Icon, f.typ.Title
	if d.Line(part.Key) != "" {
		f.summary = f.typ.Line(f.settings, withNames{d.Schema, d})
	}
	return f
}

// nameOf is what a step is called; it need not be one of the definition.
func (d definition) nameOf(part *engine.NodePart) string {
	if typ, ok := d.types.nodes[part.Type]; ok && part.Title == "" {
		return typ.Title
	}
	return part.Title
}

// listens is what the trigger waits for, as far as its settings can be read.
func (d definition) listens() trigger.Listens {
	typ, ok := d.types.triggers[d.Trigger.Type]
	if !ok {
		return trigger.Listens{}
	}
	settings, _ := typ.Decode(d.Trigger.Config)
	return typ.Listens(settings)
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

// marker adds to a step what only one page knows of it; what it is drawn from is empty
// for the trigger.
type marker func(*canvas.Step, drawn)

// drawn is what a step is drawn from.
type drawn struct {
	part     *engine.NodePart
	face     face
	branches []branch
}

// drawing is a definition as it is drawn; touch adds to each step what only one page
// knows of it.
func (d definition) drawing(touch marker) (trigger canvas.Step, steps []canvas.Step) {
	f := d.triggerFace()
	trigger = canvas.Step{Key: triggerKey, Title: f.title, Summary: f.summary, Icon: f.icon, Kind: f.kind}
	touch(&trigger, drawn{face: f})
	return trigger, d.steps(d.Nodes, touch)
}

func (d definition) steps(list []*engine.NodePart, touch marker) []canvas.Step {
	out := make([]canvas.Step, 0, len(list))
	for _, part := range list {
		f := d.faceOf(part)
		s := canvas.Step{
			Key: part.Key, Title: f.title, Summary: f.summary, Icon: f.icon, Kind: f.kind,
			Ends: part.Type == endType, Note: part.Note, Skipped: part.Skip, Elevated: part.Elevated,
		}
		list := d.branches(part, f)
		for _, b := range list {
			b.view.Steps = d.steps(b.nodes, touch)
			s.Branches = append(s.Branches, b.view)
		}
		touch(&s, drawn{part, f, list})
		out = append(out, s)
	}
	return out
}

// endType is the node type that nothing follows.
const endType = "end"

type branch struct {
	view  canvas.Branch
	name  string // what people call it
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
			one := branch{view: canvas.Branch{Key: b.Key, Says: f.typ.When(f.settings, b.Key, withNames{d.Schema, d})}, name: b.Title}
			if b.Ends {
				one.view.Ends = text.M("canvas.ends_rejected", "End as rejected").String()
			}
			if have, ok := stored[b.Key]; ok {
				one.nodes = have.Nodes
				if have.Title != "" {
					one.name = have.Title
				}
				delete(stored, b.Key)
			}
			one.view.Label = ranked(b.Rank, one.name)
			out = append(out, one)
		}
	}
	for _, b := range part.Branches {
		if _, left := stored[b.Key]; left && (len(b.Nodes) > 0 || f.typ == nil) {
			out = append(out, branch{view: canvas.Branch{Key: b.Key, Label: labelOf(b)}, name: labelOf(b), nodes: b.Nodes})
		}
	}
	return out
}

// ranked puts the place of a branch that is tried in an order before its name.
func ranked(rank int, name string) string {
	if rank == 0 {
		return name
	}
	return strconv.Itoa(rank) + " · " + name
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
