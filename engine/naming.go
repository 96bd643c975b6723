package engine

import (
	"maps"
	"strings"

	"formrail/engine/expr"
	"formrail/models/field"
)

// naming gives another name for what an expression reads of a variable; an empty
// one keeps the name.
type naming func(of expr.Reference, name string) string

// setting gives a setting of a part with other names in everything of it that is
// evaluated. config are all settings of the part.
func (n naming) setting(f field.Field, config map[string]any, v any) any {
	switch {
	case f.Kind == field.Expression && config["engine"] != "template":
		return n.expression(v)
	case f.Kind == field.Condition:
		return n.condition(v)
	case f.Kind == field.Cases:
		return n.cases(v)
	case f.Kind == field.Step:
		return n.step(v)
	case f.Kind == field.Code: // two braces mean something else in a script
		return v
	}
	return n.texts(v)
}

// step changes a setting that names a node by its key.
func (n naming) step(v any) any {
	if key, ok := v.(string); ok {
		if other := n(expr.Reference{Root: "nodes"}, key); other != "" {
			return other
		}
	}
	return v
}

func (n naming) expression(v any) any {
	if source, ok := v.(string); ok && source != "" {
		return expr.Rename(source, n)
	}
	return v
}

// condition changes the operands of comparisons and what stands as an expression.
func (n naming) condition(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = n.condition(one)
		}
		return out
	case map[string]any:
		out := maps.Clone(v)
		switch {
		case v["op"] != nil:
			return n.texts(v)
		case v["expression"] != nil:
			out["expression"] = n.expression(v["expression"])
		default:
			for kind, rows := range v {
				out[kind] = n.condition(rows)
			}
		}
		return out
	}
	return v
}

// cases changes the conditions of a list of cases.
func (n naming) cases(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
		if entry, ok := one.(map[string]any); ok && entry["when"] != nil {
			entry = maps.Clone(entry)
			entry["when"] = n.condition(entry["when"])
			out[i] = entry
		}
	}
	return out
}

// texts changes every template inside a value.
func (n naming) texts(v any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "{{") {
			return expr.RenameTemplate(v, n)
		}
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = n.texts(one)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[name] = n.texts(one)
		}
		return out
	}
	return v
}
