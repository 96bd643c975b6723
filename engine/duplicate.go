package engine

import (
	"context"
	"slices"

	"formrail/engine/expr"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Duplicate says how a workflow is copied.
type Duplicate struct {
	Title   string
	Key     string // empty = from the title
	Version string // draft (default), live, or a version number
	Type    string // trigger type, or an alias of one; empty = the same
	Sync    *bool  // nil = the same
}

// DuplicateWorkflow copies a workflow. The copy is disabled, was never published,
// and its nodes have new keys, which its own references follow. With another
// trigger type the steps stay as they are; the findings say what no longer holds.
func (e *Engine) DuplicateWorkflow(ctx context.Context, access models.Access, key string, in Duplicate) (*models.Workflow, []Finding, error) {
	if err := access.Require("workflow.edit"); err != nil {
		return nil, nil, err
	}
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return nil, nil, err
	}
	d, err := e.DefinitionOf(ctx, w, in.Version)
	if err != nil {
		return nil, nil, err
	}
	d = withoutSecrets(d)
	e.registry.rekey(d)
	if err := e.registry.retrigger(d, in.Type); err != nil {
		return nil, nil, err
	}
	fresh := NewWorkflow{Key: in.Key, Title: in.Title, Description: w.Description, Type: d.Trigger.Type, Sync: w.Sync, Options: w.Options}
	if in.Sync != nil {
		fresh.Sync = *in.Sync
	}
	if err := fresh.check(); err != nil {
		return nil, nil, err
	}
	_, findings, err := e.Check(ctx, d, fresh.Sync)
	if err != nil {
		return nil, nil, err
	}
	draft, _, err := d.JSON()
	if err != nil {
		return nil, nil, err
	}
	made, err := e.insertWorkflow(ctx, access, fresh, draft)
	return made, findings, err
}

// rekey gives all nodes of a definition new keys. References to a node of the
// definition follow it; any other stays and is found by the checks.
func (r *registry) rekey(d *Definition) {
	taken := map[string]bool{}
	d.walk(func(n *NodePart) { taken[n.Key] = true }) // a former key must not mean another node
	r.rekeyNodes(d, taken)
}

// rekeyNodes is [registry.rekey] with keys that are not taken; it notes the new ones.
func (r *registry) rekeyNodes(d *Definition, taken map[string]bool) {
	keys := map[string]string{}
	d.walk(func(n *NodePart) {
		fresh := newNodeKey(func(key string) bool { return taken[key] })
		keys[n.Key], taken[fresh] = fresh, true
	})
	follow := naming(func(of expr.Reference, name string) string {
		if (of.Root == "nodes" || of.Root == "loops") && len(of.Path) == 0 {
			return keys[name]
		}
		return ""
	})
	d.walk(func(n *NodePart) {
		n.Key = keys[n.Key]
		for name, v := range n.Config {
			n.Config[name] = follow.setting(r.form(n.Type, name), n.Config, v)
		}
	})
}

// form finds the declaration of a setting; one that is not known is a text.
func (r *registry) form(nodeType, name string) field.Field {
	if typ := r.nodes[nodeType]; typ != nil {
		for _, f := range typ.Config {
			if f.Name == name {
				return f
			}
		}
	}
	return field.Field{Name: name, Label: name}
}

// retrigger gives a definition another type of trigger. Settings that both types
// have stay where the new type accepts them.
func (r *registry) retrigger(d *Definition, typ string) error {
	if alias, ok := typeAliases()[typ]; ok {
		typ = alias
	}
	if typ == "" || typ == d.Trigger.Type {
		return nil
	}
	next := r.triggers[typ]
	if next == nil {
		return models.InvalidFields([]models.FieldError{{
			Field: "type", Code: "BAD_PARAMETER", Message: text.M("definition.trigger_type", "There is no trigger type %s.", typ),
		}})
	}
	had := d.Trigger
	d.Trigger = TriggerPart{Type: typ, Config: map[string]any{}}
	before := r.triggers[had.Type]
	if before == nil {
		return nil
	}
	for _, f := range next.Config {
		shared := slices.ContainsFunc(before.Config, func(o field.Field) bool { return o.Name == f.Name && o.Kind == f.Kind })
		v, set := had.Config[f.Name]
		if !shared || !set {
			continue
		}
		_, problems := next.Decode(map[string]any{f.Name: v})
		if !slices.ContainsFunc(problems, func(p field.Problem) bool { return p.Field == f.Name }) {
			d.Trigger.Config[f.Name] = v
		}
	}
	return nil
}
