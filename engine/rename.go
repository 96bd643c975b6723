package engine

import (
	"context"
	"fmt"
	"maps"

	"formrail/engine/expr"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// renamed writes a new name of a collection or field into the drafts that use the
// former one, each as one edit that its designer can undo. Published versions never
// change; they read by the former name.
func (e *Engine) renamed(ctx context.Context, tx *models.Tx, r records.Renamed) error {
	workflows, err := models.Workflows(ctx, tx)
	if err != nil {
		return err
	}
	former := r.Collection.Name
	if r.Field != nil {
		former = r.Field.Name
	}
	for _, w := range workflows {
		d, err := ReadDefinition(w.Draft)
		if err != nil {
			return fmt.Errorf("read draft of %s: %w", w.Key, err)
		}
		touched := e.renameIn(d, r)
		if len(touched) == 0 {
			continue
		}
		after, _, err := d.JSON()
		if err != nil {
			return err
		}
		ed := &edit{e: e, by: r.By.Principal.UserID, w: w, touched: touched}
		err = ed.store(ctx, tx, &models.DraftCommand{
			ID: models.NewID(), Label: text.M("draft.renamed", "Renamed %s to %s", former, r.Name).String(), Commands: "[]", After: after,
		})
		if err != nil {
			return fmt.Errorf("rename in draft of %s: %w", w.Key, err)
		}
	}
	return nil
}

// renaming is one change of a name on its way through one definition.
type renaming struct {
	records.Renamed
	schema Schema
	c      *Compiled
	node   *compiledNode // whose settings are changed; nil for the trigger
	inner  bool          // by a setting that is read inside its own passes
}

// renameIn changes a definition and lists the keys of the nodes that differ.
func (e *Engine) renameIn(d *Definition, r records.Renamed) []string {
	c, _ := e.registry.compile(d, "")
	rn := &renaming{Renamed: r, schema: NewSchema(r.Catalog), c: c}
	var touched []string
	if c.Trigger != nil && rn.settings(d.Trigger.Config, c.Trigger.Config) {
		touched = append(touched, "trigger")
	}
	for _, n := range c.Nodes {
		rn.node = n
		if rn.settings(n.part.Config, n.typ.Config) {
			touched = append(touched, n.part.Key)
		}
	}
	return touched
}

// settings changes the settings of one part and reports whether any differs.
func (r *renaming) settings(config map[string]any, form []field.Field) (differs bool) {
	on, _ := r.Catalog.Collection(textOf(config["collection"]))
	for _, f := range form {
		old, ok := config[f.Name]
		if !ok || old == nil {
			continue
		}
		r.inner = r.node != nil && r.node.typ.ReadInside(f.Name)
		fresh := r.setting(on, f, config, old)
		if !field.Equal(old, fresh) {
			config[f.Name], differs = fresh, true
		}
	}
	return differs
}

// setting gives one setting with the new name. on is the collection that the part
// is about, nil for none.
func (r *renaming) setting(on *models.Collection, f field.Field, config map[string]any, v any) any {
	switch f.Kind {
	case field.Collection:
		if found, ok := r.Catalog.Collection(textOf(v)); ok && found == r.Collection && r.Field == nil {
			return r.Name
		}
		return v
	case field.Filter:
		return r.Names().Filter(on, r.texts(v))
	case field.Values:
		return r.Names().Keys(on, r.texts(v))
	case field.FieldNames, field.Paths:
		return r.Names().Paths(on, v)
	case field.MomentKind:
		if m, ok := v.(map[string]any); ok && m["field"] != nil {
			m = maps.Clone(m)
			m["field"] = r.Names().Paths(on, m["field"])
			return m
		}
		return v
	case field.People:
		subject, _ := r.Catalog.Collection(r.c.Listens.Collection)
		return r.people(subject, r.texts(v))
	}
	return naming(r.member).setting(f, config, v)
}

// texts changes every template inside a value.
func (r *renaming) texts(v any) any { return naming(r.member).texts(v) }

// member gives the new name of what an expression reads of a record.
func (r *renaming) member(of expr.Reference, name string) string {
	if r.Field == nil {
		return ""
	}
	on, ok := r.Catalog.Collection(r.c.collectionAt(r.schema, r.node, of, r.inner))
	if !ok {
		return ""
	}
	return r.New(on, name)
}

// people changes the paths of the trigger's record that name people.
func (r *renaming) people(subject *models.Collection, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = r.people(subject, one)
		}
		return out
	case map[string]any:
		out := maps.Clone(v)
		if path, ok := v["field"].(string); ok {
			out["field"], _ = r.Names().Path(subject, path)
		}
		if m, ok := v["managers"].(map[string]any); ok {
			m = maps.Clone(m)
			if path, ok := m["of"].(string); ok {
				m["of"], _ = r.Names().Path(subject, path)
			}
			out["managers"] = m
		}
		return out
	}
	return v
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}
