package engine

import (
	"context"
	"fmt"

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
func (e *Engine) Variables(ctx context.Context, d *Definition, key string) ([]Variable, error) {
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	c, _ := e.registry.compile(d, "")
	schema := Schema{cat}
	var out []Variable
	if c.Trigger != nil {
		out = append(out, Variable{Path: "trigger", Title: c.Trigger.Title, Icon: c.Trigger.Icon, Shape: c.Trigger.Context(c.Settings, schema)})
	}
	if key == "trigger" {
		return append(out, systemVariable(ctx)), nil
	}
	at := c.byKey[key]
	for _, n := range c.Nodes {
		if at == nil && n.parent == nil || at != nil && runsBefore(n, at) {
			out = append(out, Variable{Path: "nodes." + n.part.Key, Title: n.title, Icon: n.typ.Icon, Shape: n.typ.Outputs(n.settings, schema)})
		}
	}
	return append(out, systemVariable(ctx)), nil
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
