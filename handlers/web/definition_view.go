package web

import (
	"context"
	"errors"
	"fmt"
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
	*engine.Definition
	types  types
	schema engine.Schema
	title  string                 // of the workflow
	shapes map[string]field.Shape // of the variables that were asked for by now
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
	return definition{Definition: parsed, types: s.types, schema: engine.NewSchema(cat), title: title, shapes: map[string]field.Shape{}}, nil
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
			f.summary = typ.Line(settings, withNames{d.schema, d})
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
		if line := typ.Line(settings, withNames{d.schema, d}); line != "" {
			f.summary = line
		}
	}
	return f
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

// marker says what an execution did to a step.
type marker func(*canvas.Step)

// drawing is a definition as it is drawn; touch adds to each step what only one page
// knows of it.
func (d definition) drawing(touch marker) (trigger canvas.Step, steps []canvas.Step) {
	f := d.triggerFace()
	trigger = canvas.Step{Key: triggerKey, Title: f.title, Summary: f.summary, Icon: f.icon, Kind: f.kind}
	touch(&trigger)
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
		for _, b := range d.branches(part, f) {
			b.view.Steps = d.steps(b.nodes, touch)
			s.Branches = append(s.Branches, b.view)
		}
		touch(&s)
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
			one := branch{view: canvas.Branch{Key: b.Key, Says: f.typ.When(f.settings, b.Key, withNames{d.schema, d})}, name: b.Title}
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
