package settings

import (
	"context"

	"formrail/models/field"
	views "formrail/views/settings"
)

// conditionGrammar is {all|any: [ … ]} of {left, op, right}.
type conditionGrammar struct {
	kind func(variable string) field.Kind // of what a variable holds
}

func (conditionGrammar) group(either bool, parts []any) any {
	return map[string]any{groupKey(either): parts}
}

func groupKey(either bool) string {
	if either {
		return "any"
	}
	return "all"
}

func (g conditionGrammar) comparison(r row) any {
	out := map[string]any{"left": heard(r.left, ""), "op": r.op}
	if r.left == "" {
		out["left"] = "" // what is compared is asked for
	}
	if r.op == "" {
		out["op"] = "equal"
	}
	if right := heard(r.right, g.kind(r.left)); right != nil {
		out["right"] = right
	}
	return out
}

// read takes a stored condition apart.
func (g conditionGrammar) read(v any) (*rule, bool) {
	m, ok := v.(map[string]any)
	switch {
	case v == nil || ok && len(m) == 0:
		return &rule{}, true
	case !ok:
		return nil, false
	case m["op"] != nil: // a comparison that stands alone
		return g.read(map[string]any{"all": []any{m}})
	}
	if written, ok := m["expression"].(string); ok {
		return &rule{written: true, expression: written}, true
	}
	for _, kind := range []string{"all", "any"} {
		if list, ok := m[kind].([]any); ok && len(m) == 1 {
			return g.readRows(kind == "any", list)
		}
	}
	return nil, false
}

func (g conditionGrammar) readRows(either bool, list []any) (*rule, bool) {
	out := &rule{either: either}
	for _, v := range list {
		m, _ := v.(map[string]any)
		op, single := m["op"].(string)
		if single {
			left := spoken(m["left"], "")
			out.rows = append(out.rows, row{left: left, op: op, right: spoken(m["right"], g.kind(left))})
			continue
		}
		group, ok := g.read(v)
		if !ok || group.written {
			return nil, false
		}
		out.rows = append(out.rows, row{group: group})
	}
	return out, true
}

// part offers all comparisons.
func (g conditionGrammar) part(ctx context.Context, p *views.Part) {
	p.Ops = offered(ctx, conditionOps(), p.Op)
	if p.Op == "" {
		p.Op = "equal"
	}
	p.Fits = string(g.kind(p.Left))
}
