package settings

import (
	"context"
	"maps"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/views/fields"
	views "formrail/views/settings"
	"formrail/views/ui"
)

// filterGrammar is {"$and": [ … ]} of {"field": {"$op": value}}.
type filterGrammar struct {
	schema     node.Catalog
	collection string
}

func (filterGrammar) group(either bool, parts []any) any {
	if len(parts) == 1 {
		return parts[0]
	}
	if either {
		return map[string]any{"$or": parts}
	}
	return map[string]any{"$and": parts}
}

func (g filterGrammar) comparison(r row) any {
	op := r.op
	kind := g.kind(r.left)
	if op == "" || !slices.Contains(filterOps(kind), op) && slices.Contains(allOps(), op) {
		op = filterOps(kind)[0] // of another kind of field; spellings that are not offered stay
	}
	var v any = true
	if !isUnary(op) {
		v = g.operand(op, r.right, kind)
	}
	return map[string]any{r.left: map[string]any{op: v}}
}

// operand reads what stands on the right: several values are written with commas. What
// is not written yet is kept as an empty text, which a finding names.
func (g filterGrammar) operand(op, written string, kind field.Kind) any {
	var v any
	switch {
	case strings.Contains(written, "{{") || !slices.Contains([]string{"$in", "$notIn", "$between", "$dateBetween"}, op):
		v = heard(written, kind)
	case strings.HasPrefix(strings.TrimSpace(written), "["):
		v = heard(written, "")
	case strings.TrimSpace(written) != "":
		return several(written, kind)
	}
	if v == nil {
		return ""
	}
	return v
}

// read takes a stored filter apart.
func (g filterGrammar) read(v any) (*rule, bool) {
	m, ok := v.(map[string]any)
	if v == nil || ok && len(m) == 0 {
		return &rule{}, true
	}
	if !ok {
		return nil, false
	}
	out := &rule{}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if key == "$and" || key == "$or" {
			group, ok := g.readGroup(key == "$or", m[key])
			if !ok {
				return nil, false
			}
			if len(m) == 1 {
				return group, true
			}
			out.rows = append(out.rows, row{group: group})
			continue
		}
		rows, ok := g.readField(key, m[key])
		if !ok {
			return nil, false
		}
		out.rows = append(out.rows, rows...)
	}
	return out, true
}

func (g filterGrammar) readGroup(either bool, v any) (*rule, bool) {
	list, ok := v.([]any)
	out := &rule{either: either}
	for _, one := range list {
		part, fine := g.read(one)
		if ok = ok && fine; !ok {
			return nil, false
		}
		if len(part.rows) == 1 {
			out.rows = append(out.rows, part.rows[0])
		} else {
			out.rows = append(out.rows, row{group: part})
		}
	}
	return out, ok
}

// readField reads the comparisons of one field, which may be below a link.
func (g filterGrammar) readField(path string, v any) ([]row, bool) {
	if strings.HasPrefix(path, "$") {
		return nil, false
	}
	kind := g.kind(path)
	ops, ok := v.(map[string]any)
	if !ok {
		return []row{{left: path, op: "$eq", right: spoken(v, kind)}}, true
	}
	var out []row
	for _, op := range slices.Sorted(maps.Keys(ops)) {
		if !strings.HasPrefix(op, "$") {
			below, ok := g.readField(path+"."+op, ops[op])
			if !ok {
				return nil, false
			}
			out = append(out, below...)
			continue
		}
		if ops[op] == false {
			return nil, false
		}
		out = append(out, row{left: path, op: op, right: shown(ops[op], kind)})
	}
	return out, true
}

// shown says the right side of a comparison: several values with commas.
func shown(v any, kind field.Kind) string {
	list, ok := v.([]any)
	if !ok {
		return spoken(v, kind)
	}
	return enumerated(list, kind)
}

// kind is that of the field at a path; empty when there is none.
func (g filterGrammar) kind(path string) field.Kind { return g.field(path).Kind }

func (g filterGrammar) field(path string) node.FieldInfo {
	collection := g.collection
	var f node.FieldInfo
	for name := range strings.SplitSeq(path, ".") {
		info, _ := g.schema.Collection(collection)
		f, _ = info.Field(name)
		collection = f.Target
	}
	return f
}

// part offers the fields of the collection and those one link away, and what the
// chosen one can be compared by.
func (g filterGrammar) part(ctx context.Context, p *views.Part) {
	p.Lefts = g.paths()
	if !slices.ContainsFunc(p.Lefts, func(c ui.Choice) bool { return c.Value == p.Left }) && p.Left != "" {
		p.Lefts = append(p.Lefts, ui.Choice{Value: p.Left, Label: p.Left})
	}
	f := g.field(p.Left)
	ops := filterOps(f.Kind)
	if p.Op == "" || !slices.Contains(ops, p.Op) && slices.Contains(allOps(), p.Op) {
		p.Op = ops[0]
	}
	p.Ops = offered(ctx, ops, p.Op)
	p.Rights, p.Fits = offers(f.Field), string(f.Kind)
}

// allOps are the comparisons that are offered with some kind of field.
func allOps() []string {
	return slices.Concat(filterOps(field.Text), filterOps(field.Number), filterOps(field.Boolean), filterOps(field.DateOnly))
}

func (g filterGrammar) paths() []ui.Choice {
	out := []ui.Choice{}
	info, ok := g.schema.Collection(g.collection)
	if !ok {
		return out
	}
	for _, f := range info.Fields {
		if !f.Hidden {
			out = append(out, ui.Choice{Value: f.Name, Label: f.Label})
		}
	}
	for _, f := range info.Fields {
		target, ok := g.schema.Collection(f.Target)
		if f.Hidden || f.Target == "" || !ok {
			continue
		}
		for _, below := range target.Fields {
			if !below.Hidden && below.Target == "" {
				out = append(out, ui.Choice{Value: f.Name + "." + below.Name, Label: f.Label + " / " + below.Label})
			}
		}
	}
	return out
}

// offers are the values of a select with their colours.
func offers(f field.Field) []ui.Offer {
	var out []ui.Offer
	for _, o := range f.Options {
		if !o.Archived {
			out = append(out, ui.Offer{Value: o.Value, Label: o.Label, Tone: fields.ColourTone(o.Colour)})
		}
	}
	return out
}

// options are the values of a select.
func options(f field.Field) []ui.Choice {
	var out []ui.Choice
	for _, o := range f.Options {
		if !o.Archived {
			out = append(out, ui.Choice{Value: o.Value, Label: o.Label})
		}
	}
	return out
}
