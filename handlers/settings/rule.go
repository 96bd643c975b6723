package settings

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/models/field"
	views "formrail/views/settings"
)

// grammar is what conditions and filters differ in: how a group and a comparison are
// stored.
type grammar interface {
	group(either bool, parts []any) any
	comparison(r row) any
	read(v any) (*rule, bool)
}

// rule is a group of comparisons as the form holds it.
type rule struct {
	either     bool
	rows       []row
	written    bool
	expression string
	raw        string // JSON that rows cannot show
}

// row is a comparison, or a group.
type row struct {
	group           *rule
	left, op, right string
}

// ruleOf reads a rule from a form.
func ruleOf(t *Tree) *rule {
	r := &rule{either: t.Text("kind") == "any", written: t.Text("written") != "", expression: t.Text("expression"), raw: t.Text("raw")}
	for _, at := range t.Rows() {
		if at.Text("group") != "" {
			r.rows = append(r.rows, row{group: ruleOf(at)})
			continue
		}
		r.rows = append(r.rows, row{left: at.Text("left"), op: at.Text("op"), right: at.Text("right")})
	}
	return r
}

// do adds or removes rows; path leads to the group.
func (r *rule) do(path []string, what string) {
	if len(path) > 0 {
		n, err := strconv.Atoi(path[0])
		switch {
		case err != nil || n < 0 || n >= len(r.rows):
		case len(path) == 1 && what == "remove":
			r.rows = slices.Delete(r.rows, n, n+1)
		case r.rows[n].group != nil:
			r.rows[n].group.do(path[1:], what)
		}
		return
	}
	switch what {
	case "add":
		r.rows = append(r.rows, row{})
	case "group":
		r.rows = append(r.rows, row{group: &rule{either: !r.either, rows: []row{{}}}})
	case "write":
		r.write()
	case "rows":
		r.written, r.expression = false, ""
	}
}

// write turns rows into an expression; rows that cannot be said in one stay.
func (r *rule) write() {
	expression, ok := r.sentence()
	if !ok {
		return
	}
	r.written, r.expression, r.rows = true, expression, nil
}

// sentence is the rule as an expression.
func (r *rule) sentence() (string, bool) {
	join := " && "
	if r.either {
		join = " || "
	}
	var parts []string
	for _, one := range r.rows {
		var part string
		var ok bool
		switch {
		case one.group != nil:
			part, ok = one.group.sentence()
			part = "(" + part + ")"
		case one.left == "":
			continue
		default:
			part, ok = one.sentence()
		}
		if !ok {
			return "", false
		}
		if part != "()" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, join), true
}

// sentence is a comparison as an expression.
func (r row) sentence() (string, bool) {
	signs := map[string]string{"": "==", "equal": "==", "notEqual": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
	sign, ok := signs[r.op]
	if !ok {
		return "", false
	}
	left, fine := term(r.left)
	right, also := term(r.right)
	return left + " " + sign + " " + right, fine && also
}

// term is one side of a comparison in an expression: a variable without braces, or a
// value.
func term(written string) (string, bool) {
	v := heard(written, "")
	s, isText := v.(string)
	if inner, open := strings.CutPrefix(s, "{{"); isText && open {
		inner, closed := strings.CutSuffix(inner, "}}")
		return strings.TrimSpace(inner), closed && !strings.Contains(inner, "{{")
	}
	switch v.(type) {
	case nil:
		return "nil", true
	case string, int64, field.Decimal, bool:
		b, err := field.MarshalJSON(v)
		return string(b), err == nil && !strings.Contains(s, "{{")
	}
	return "", false
}

// stored is the rule as a definition holds it; rows of which nothing was said are left out.
func (r *rule) stored(g grammar) any {
	if r.raw != "" {
		return written(r.raw)
	}
	if r.written {
		if r.expression == "" {
			return nil
		}
		return map[string]any{"engine": "expr", "expression": r.expression}
	}
	var parts []any
	for _, one := range r.rows {
		var v any
		if one.group != nil {
			v = one.group.stored(g)
		} else if one.left != "" || one.right != "" {
			v = g.comparison(one)
		}
		if v != nil {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return g.group(r.either, parts)
}

// view draws the rule. part completes a comparison with what can be chosen.
func (r *rule) view(ctx context.Context, at string, part func(context.Context, *views.Part)) *views.Rule {
	out := &views.Rule{At: at, Any: r.either, Written: r.written, Expression: r.expression, Raw: r.raw}
	for i, one := range r.rows {
		p := views.Part{At: at + "." + strconv.Itoa(i), Left: one.left, Op: one.op, Right: one.right}
		if one.group != nil {
			p.Group = one.group.view(ctx, p.At, part)
		} else {
			part(ctx, &p)
			p.Unary = isUnary(p.Op)
		}
		out.Parts = append(out.Parts, p)
	}
	return out
}

// kept is a rule that rows cannot show.
func kept(v any) *rule {
	b, err := field.MarshalJSON(v)
	if err != nil {
		return &rule{}
	}
	return &rule{raw: string(b)}
}
