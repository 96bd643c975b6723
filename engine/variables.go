package engine

import (
	"context"
	"slices"

	"formrail/engine/expr"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Variable is something that the settings of a step may refer to, with everything
// below it.
type Variable struct {
	Path  string // as it is written: "trigger", "nodes.k3f9", "system"
	Title string
	Icon  string
	Shape field.Shape
}

// Variables lists what a step of a definition may refer to: the trigger, the steps
// that have run on every way to it, in their order, and the system. An unknown key
// names the end of the workflow.
func (r *Reading) Variables(ctx context.Context, key string) []Variable {
	c, schema := r.compiled, r.Schema
	var out []Variable
	if c.Trigger != nil {
		out = append(out, Variable{Path: "trigger", Title: c.Trigger.Title, Icon: c.Trigger.Icon, Shape: c.Trigger.Context(c.Settings, schema)})
	}
	if key == "trigger" {
		return append(out, systemVariable(ctx))
	}
	at := c.byKey[key]
	out = append(out, loopVariables(ctx, &checker{cat: schema, c: c}, at)...)
	for _, n := range c.Nodes {
		if at == nil && n.parent == nil || at != nil && runsBefore(n, at) {
			out = append(out, Variable{Path: "nodes." + n.part.Key, Title: n.title, Icon: n.typ.Icon, Shape: n.typ.Gives(n.settings, n.part.OnError, schema)})
		}
	}
	system := systemVariable(ctx)
	if addresses := c.addresses(at); len(addresses.Fields) > 0 {
		addresses.Label = text.T(ctx, "variable.callbacks", "Addresses for calls")
		system.Shape.Fields = append(system.Shape.Fields, field.Named{Name: "callbacks", Shape: addresses})
	}
	return append(out, system)
}

// loopVariables lists what the loops around a node offer, the innermost first. A loop
// offers its own to the settings that it reads in its passes.
func loopVariables(ctx context.Context, k *checker, n *compiledNode) []Variable {
	var out []Variable
	if n == nil {
		return nil
	}
	for at := n; at != nil; at = at.around(false) {
		if !at.typ.Loops() {
			continue
		}
		v := Variable{Path: "loops." + at.part.Key, Title: at.title, Icon: at.typ.Icon, Shape: k.pass(at)}
		if len(out) == 0 {
			v.Path, v.Title = "loop", text.T(ctx, "variable.loop", "This pass of %s", at.title)
		}
		out = append(out, v)
	}
	return out
}

// Named follows a reference through the variables of a step: the titles from the root
// on, such as "Trigger", "Applicant", "Nickname", and the shape of what it holds. ok is
// false when there is nothing of that name; what cannot be known before the workflow
// runs, such as the environment, counts as there.
func Named(ctx context.Context, list []Variable, ref expr.Reference) (titles []string, shape field.Shape, ok bool) {
	root, path := ref.Root, ref.Path
	if (root == "nodes" || root == "loops") && len(path) > 0 {
		root, path = root+"."+path[0], path[1:]
	}
	at := slices.IndexFunc(list, func(v Variable) bool { return v.Path == root })
	if at < 0 {
		return []string{root}, field.Any(""), ref.Root == "env"
	}
	shape, titles = list[at].Shape, []string{list[at].Title}
	if root == "trigger" {
		titles[0] = text.T(ctx, "variable.trigger", "Trigger")
	}
	for i, name := range path {
		open := shape.Open || len(shape.Fields) == 0 && shape.Kind == "" && shape.Target == ""
		prop, known := shape.Prop(name)
		switch {
		case shape.List && isIndex(name):
			shape.List = false
			titles = append(titles, name)
			continue
		case !known && !open && root != "system": // what the system computes is not listed
			return titles, field.Shape{}, false
		case !known:
			prop = field.Any("")
		}
		shape = prop
		if root == "trigger" && i == 0 && name == "data" && len(path) > 1 {
			continue // the record of the trigger is what people mean by it
		}
		if prop.Label != "" {
			name = prop.Label
		}
		titles = append(titles, name)
	}
	return titles, shape, true
}

// systemVariable describes what [stretch.system] gives.
func systemVariable(ctx context.Context) Variable {
	named := func(name, label string, s field.Shape) field.Named {
		s.Label = label
		return field.Named{Name: name, Shape: s}
	}
	written := field.Shape{Kind: field.Text}
	return Variable{Path: "system", Title: text.T(ctx, "variable.system", "System"), Icon: "settings-2", Shape: field.Shape{Fields: []field.Named{
		named("now", text.T(ctx, "variable.now", "Now"), field.Shape{Kind: field.DateTime}),
		named("execution", text.T(ctx, "variable.execution", "Execution"), field.Shape{Fields: []field.Named{
			named("id", text.T(ctx, "variable.id", "Id"), written),
		}}),
		named("workflow", text.T(ctx, "variable.workflow", "Workflow"), field.Shape{Fields: []field.Named{
			named("key", text.T(ctx, "variable.key", "Key"), written),
			named("title", text.T(ctx, "variable.title", "Title"), written),
		}}),
		named("baseUrl", text.T(ctx, "variable.base_url", "Address of this app"), written),
	}}}
}

// Draft tells how the draft of a workflow stands.
func (e *Engine) Draft(ctx context.Context, access models.Access, w *models.Workflow) (DraftState, error) {
	if err := access.Require("workflow.view"); err != nil {
		return DraftState{}, err
	}
	ed := &edit{e: e, by: access.Principal.UserID, w: w}
	return ed.state(ctx, e.db.Read())
}

// DraftBrief is [Engine.Draft] without the findings: it is quick for any size.
func (e *Engine) DraftBrief(ctx context.Context, access models.Access, w *models.Workflow) (DraftState, error) {
	if err := access.Require("workflow.view"); err != nil {
		return DraftState{}, err
	}
	ed := &edit{e: e, by: access.Principal.UserID, w: w}
	return ed.brief(ctx, e.db.Read())
}
