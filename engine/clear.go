package engine

import (
	"maps"
	"slices"
	"strings"

	"formrail/engine/expr"
	"formrail/models/field"
)

// clearing takes out of settings what reads variables of its choice. What is left is
// a setting that lacks something, which the checks find.
type clearing func(expr.Reference) bool

// clearReferences takes the references of one node to others out of its settings.
func (r *registry) clearReferences(n *NodePart, to []string) {
	r.clear(n, func(ref expr.Reference) bool {
		return ref.Root == "nodes" && len(ref.Path) > 0 && slices.Contains(to, ref.Path[0])
	})
}

// clear takes the references of its choice out of the settings of a node.
func (r *registry) clear(n *NodePart, c clearing) {
	for name, v := range n.Config {
		if left := c.setting(r.form(n.Type, name), n.Config, v); left == nil {
			delete(n.Config, name)
		} else {
			n.Config[name] = left
		}
	}
}

// setting gives what is left of a setting of a part; nil for nothing. config are all
// settings of the part.
func (c clearing) setting(f field.Field, config map[string]any, v any) any {
	switch {
	case f.Kind == field.Expression && config["engine"] != "template":
		return c.expression(v)
	case f.Kind == field.Condition:
		return c.condition(v)
	case f.Kind == field.Step:
		if key, ok := v.(string); ok && c(expr.Reference{Root: "nodes", Path: []string{key}}) {
			return nil
		}
		return v
	case f.Kind == field.Code:
		return v
	}
	return c.texts(v)
}

func (c clearing) expression(v any) any {
	if source, ok := v.(string); ok && expr.Refers(source, c) {
		return nil
	}
	return v
}

// condition takes rows out whose left side is gone; a row whose right side is gone
// waits for another one.
func (c clearing) condition(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			if left := c.condition(one); left != nil {
				out = append(out, left)
			}
		}
		return out
	case map[string]any:
		switch {
		case v["op"] != nil:
			if c.texts(v["left"]) == nil {
				return nil
			}
			return c.texts(v)
		case v["expression"] != nil:
			if c.expression(v["expression"]) == nil {
				return nil
			}
			return v
		}
		out := maps.Clone(v)
		for kind, rows := range v {
			out[kind] = c.condition(rows)
		}
		return out
	}
	return v
}

// texts takes out what templates inside a value read; a template of nothing else is
// gone.
func (c clearing) texts(v any) any {
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "{{") {
			return v
		}
		if left := expr.ClearTemplate(v, c); left != "" || v == "" {
			return left
		}
		return nil
	case []any:
		out := make([]any, 0, len(v))
		for _, one := range v {
			if left := c.texts(one); left != nil {
				out = append(out, left)
			}
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			if left := c.texts(one); left != nil || one == nil {
				out[name] = left
			}
		}
		return out
	}
	return v
}
