package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/secret"
)

// sealing takes plain secrets out of settings and puts references in their place, so
// that no draft, version, history or file ever holds one.
type sealing struct {
	known func() ([]string, error) // references that may stay: secrets of the same workflow; nil = none
	err   error
	found []models.NewSealed
}

// trigger gives the settings of a trigger without plain secrets.
func (s *sealing) trigger(r *registry, typ string, config map[string]any) map[string]any {
	if t := r.triggers[typ]; t != nil {
		return s.settings(t.Config, "", config)
	}
	return config
}

// node gives the settings of a step without plain secrets.
func (s *sealing) node(r *registry, typ string, config map[string]any) map[string]any {
	if t := r.nodes[typ]; t != nil {
		return s.settings(t.Config, "", config)
	}
	return config
}

// nodes gives steps, as definitions hold them, without plain secrets at any depth.
func (s *sealing) nodes(r *registry, v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := slices.Clone(list)
	for i, one := range list {
		m, ok := one.(map[string]any)
		if !ok {
			continue
		}
		m = maps.Clone(m)
		typ, _ := m["type"].(string)
		if config, ok := m["config"].(map[string]any); ok {
			m["config"] = s.node(r, typ, config)
		}
		if branches, ok := m["branches"].([]any); ok {
			branches = slices.Clone(branches)
			for b, branch := range branches {
				if of, ok := branch.(map[string]any); ok {
					of = maps.Clone(of)
					of["nodes"] = s.nodes(r, of["nodes"])
					branches[b] = of
				}
			}
			m["branches"] = branches
		}
		out[i] = m
	}
	return out
}

// settings gives settings without plain secrets and keeps what was taken out. References to
// secrets that are not known are dropped: a secret serves its own workflow only.
func (s *sealing) settings(fields []field.Field, at string, config map[string]any) map[string]any {
	out := maps.Clone(config)
	for _, f := range fields {
		v, ok := config[f.Name]
		if !ok {
			continue
		}
		if out[f.Name] = s.value(f, join(at, f.Name), v); out[f.Name] == nil {
			delete(out, f.Name)
		}
	}
	return out
}

func (s *sealing) value(f field.Field, at string, v any) any {
	switch f.Kind {
	case field.Secret:
		return s.secret(at, v)
	case field.Group:
		if m, ok := v.(map[string]any); ok {
			return s.settings(f.Items, at, m)
		}
	case field.List:
		if list, ok := v.([]any); ok {
			out := slices.Clone(list)
			for i, e := range list {
				if m, ok := e.(map[string]any); ok {
					out[i] = s.settings(f.Items, at, m)
				}
			}
			return out
		}
	default:
	}
	return v
}

func (s *sealing) secret(at string, v any) any {
	plain, ok := v.(string)
	if !ok {
		if id := secretIn(v); id != "" && s.known != nil {
			known, err := s.known()
			s.err = errors.Join(s.err, err)
			if slices.Contains(known, id) {
				return v
			}
		}
		return nil
	}
	if plain == "" {
		return nil
	}
	id := models.NewID()
	s.found = append(s.found, models.NewSealed{ID: id, Setting: at, Content: secret.New(plain)})
	return map[string]any{"secret": id}
}

// secretIn is the id in a reference to a secret; empty when a value is none.
func secretIn(v any) string {
	m, ok := v.(map[string]any)
	id, isText := m["secret"].(string)
	if !ok || !isText || len(m) != 1 || len(id) != len(models.NewID()) {
		return ""
	}
	return id
}

// refersToSecrets reports whether a reference stands in a value, at any depth.
func refersToSecrets(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		if secretIn(v) != "" {
			return true
		}
		for _, one := range v {
			if refersToSecrets(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, refersToSecrets)
	}
	return false
}

// seal gives a command on a definition without plain secrets, and stores these. The command
// itself stays as it is: the function that runs it may be run again.
func (ed *edit) seal(ctx context.Context, tx *models.Tx, d *Definition, cmd Command) (Command, error) {
	r := ed.e.registry
	s := &sealing{known: func() ([]string, error) { return models.SecretIDs(ctx, tx, ed.w.ID, "") }}
	name, _ := cmd.Args["field"].(string)
	out := Command{Name: cmd.Name, Args: maps.Clone(cmd.Args)}
	switch cmd.Name {
	case "set_trigger":
		out.Args["value"] = s.trigger(r, ed.w.Type, map[string]any{name: cmd.Args["value"]})[name]
	case "set_config":
		if n := d.node(cmd.Args["key"]); n != nil {
			out.Args["value"] = s.node(r, n.Type, map[string]any{name: cmd.Args["value"]})[name]
		}
	case "add_node":
		typ, _ := cmd.Args["type"].(string)
		if config, ok := cmd.Args["config"].(map[string]any); ok {
			out.Args["config"] = s.node(r, typ, config)
		}
	case "paste_nodes":
		out.Args["nodes"] = s.nodes(r, cmd.Args["nodes"])
	case "replace_draft":
		out.Args["document"] = s.document(r, ed.w.Type, cmd.Args["document"])
	default:
		return cmd, nil
	}
	if s.err != nil {
		return cmd, s.err
	}
	for _, one := range s.found {
		one.WorkflowID, one.By = ed.w.ID, ed.by
		if _, err := models.InsertSecret(ctx, tx, one); err != nil {
			return cmd, err
		}
	}
	return out, nil
}

// document gives a whole definition without plain secrets.
func (s *sealing) document(r *registry, typ string, v any) any {
	document, ok := v.(map[string]any)
	if !ok {
		return v
	}
	document = maps.Clone(document)
	part, _ := document["trigger"].(map[string]any)
	if config, ok := part["config"].(map[string]any); ok {
		part = maps.Clone(part)
		part["config"], document["trigger"] = s.trigger(r, typ, config), part
	}
	if _, ok := document["nodes"]; ok {
		document["nodes"] = s.nodes(r, document["nodes"])
	}
	return document
}

// withoutSecrets gives a definition that refers to no secret: another workflow, or another
// installation, has none of them.
func withoutSecrets(d *Definition) *Definition {
	refers := refersToSecrets(d.Trigger.Config)
	d.walk(func(n *NodePart) { refers = refers || refersToSecrets(n.Config) })
	if !refers {
		return d
	}
	d = d.clone()
	d.Trigger.Config = stripped(d.Trigger.Config)
	d.walk(func(n *NodePart) { n.Config = stripped(n.Config) })
	return d
}

func stripped(config map[string]any) map[string]any {
	if !refersToSecrets(config) {
		return config
	}
	out, _ := strip(config).(map[string]any)
	if out == nil {
		out = map[string]any{}
	}
	return out
}

// strip leaves out references to secrets, and what then is empty.
func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if secretIn(v) != "" {
			return nil
		}
		out := make(map[string]any, len(v))
		for name, one := range v {
			kept := strip(one)
			if m, ok := kept.(map[string]any); kept != nil && (!ok || len(m) > 0) || one == nil {
				out[name] = kept
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = strip(one)
		}
		return out
	}
	return v
}

// keepSecrets gives a definition that comes from a file the secrets of the draft it
// replaces, step by step; nil for a new workflow. References in the file itself mean nothing
// here.
func (r *registry) keepSecrets(d, draft *Definition) {
	clean := withoutSecrets(d)
	d.Trigger, d.Nodes = clean.Trigger, clean.Nodes
	if draft == nil {
		return
	}
	if t := r.triggers[d.Trigger.Type]; t != nil {
		d.Trigger.Config = takeSecrets(t.Config, d.Trigger.Config, draft.Trigger.Config)
	}
	d.walk(func(n *NodePart) {
		if t, had := r.nodes[n.Type], draft.node(n.Key); t != nil && had != nil && had.Type == n.Type {
			n.Config = takeSecrets(t.Config, n.Config, had.Config)
		}
	})
}

func takeSecrets(fields []field.Field, into, from map[string]any) map[string]any {
	out := maps.Clone(into)
	for _, f := range fields {
		switch {
		case f.Kind == field.Secret && secretIn(from[f.Name]) != "":
			if out == nil {
				out = map[string]any{}
			}
			out[f.Name] = from[f.Name]
		case f.Kind == field.Group:
			inner, _ := into[f.Name].(map[string]any)
			had, _ := from[f.Name].(map[string]any)
			if kept := takeSecrets(f.Items, inner, had); len(kept) > 0 {
				if out == nil {
					out = map[string]any{}
				}
				out[f.Name] = kept
			}
		}
	}
	return out
}

// randomKey is the key of a workflow that others must not guess from its title.
func randomKey() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var b [11]byte
	rand.Read(b[:]) // never fails
	for i := range b {
		n := len(letters)
		if i == 0 {
			n = 26
		}
		b[i] = letters[int(b[i])%n]
	}
	return string(b[:])
}
