package engine

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/secret"
)

// sealing takes plain secrets out of settings and puts references in their place, so
// that no draft, version, history or file ever holds one.
type sealing struct {
	known []string // references that may stay: secrets of the same workflow
	found []models.NewSealed
}

// sealed gives the settings of a trigger without plain secrets, and what was taken out.
// References to secrets that are not known are dropped: a secret serves its own workflow
// only.
func (r *registry) sealed(typ string, config map[string]any, known []string) (map[string]any, []models.NewSealed) {
	t := r.triggers[typ]
	if t == nil {
		return config, nil
	}
	s := &sealing{known: known}
	return s.settings(t.Config, "", config), s.found
}

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
		if id := secretIn(v); slices.Contains(s.known, id) {
			return v
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

// seal gives commands without plain secrets, and stores these.
func (ed *edit) seal(ctx context.Context, tx *models.Tx, commands []Command) ([]Command, error) {
	typ := ed.w.Type
	if t := ed.e.registry.triggers[typ]; t == nil || !hasSecrets(t.Config) {
		return commands, nil
	}
	known, err := models.SecretIDs(ctx, tx, ed.w.ID, "")
	if err != nil {
		return nil, err
	}
	out := slices.Clone(commands)
	for i, c := range commands {
		var found []models.NewSealed
		switch c.Name {
		case "set_trigger":
			name, _ := c.Args["field"].(string)
			var config map[string]any
			config, found = ed.e.registry.sealed(typ, map[string]any{name: c.Args["value"]}, known)
			out[i].Args = maps.Clone(c.Args)
			out[i].Args["value"] = config[name]
		case "replace_draft":
			out[i].Args, found = ed.e.registry.sealedDraft(c.Args, typ, known)
		}
		for _, one := range found {
			one.WorkflowID, one.By = ed.w.ID, ed.by
			if _, err := models.InsertSecret(ctx, tx, one); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (r *registry) sealedDraft(args map[string]any, typ string, known []string) (map[string]any, []models.NewSealed) {
	document, _ := args["document"].(map[string]any)
	part, _ := document["trigger"].(map[string]any)
	config, ok := part["config"].(map[string]any)
	if !ok {
		return args, nil
	}
	sealed, found := r.sealed(typ, config, known)
	part, document, args = maps.Clone(part), maps.Clone(document), maps.Clone(args)
	part["config"], document["trigger"], args["document"] = sealed, part, document
	return args, found
}

func hasSecrets(fields []field.Field) bool {
	return slices.ContainsFunc(fields, func(f field.Field) bool { return f.Kind == field.Secret || hasSecrets(f.Items) })
}

// withoutSecrets gives a definition whose trigger refers to no secret: another workflow,
// or another installation, has none of them.
func withoutSecrets(d *Definition) *Definition {
	if !refersToSecrets(d.Trigger.Config) {
		return d
	}
	config, _ := strip(d.Trigger.Config).(map[string]any)
	if config == nil {
		config = map[string]any{}
	}
	return &Definition{Trigger: TriggerPart{Type: d.Trigger.Type, Config: config}, Nodes: d.Nodes}
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
// replaces; nil for a new workflow. References in the file itself mean nothing here.
func (r *registry) keepSecrets(d, draft *Definition) {
	d.Trigger.Config = withoutSecrets(d).Trigger.Config
	t := r.triggers[d.Trigger.Type]
	if draft == nil || t == nil {
		return
	}
	d.Trigger.Config = takeSecrets(t.Config, d.Trigger.Config, draft.Trigger.Config)
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
