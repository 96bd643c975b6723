package expr

import (
	"github.com/expr-lang/expr/ast"

	"formrail/models/text"
)

func (c *compiler) slice(n *ast.SliceNode, depth int) (eval, error) {
	parts := []ast.Node{n.Node, n.From, n.To}
	evals := make([]eval, 3)
	for i, p := range parts {
		if p == nil {
			evals[i] = constant(nil)
			continue
		}
		x, err := c.node(p, depth+1)
		if err != nil {
			return nil, err
		}
		evals[i] = x
	}
	pos := c.pos(n)
	return func(r *run) (any, error) {
		var v [3]any
		for i, x := range evals {
			var err error
			if v[i], err = x(r); err != nil {
				return nil, err
			}
		}
		return r.part(pos, v[0], v[1], v[2])
	}, nil
}

// part is v[from:to] of a list or a text, clamped to what is there.
func (r *run) part(pos int, v, from, to any) (any, error) {
	switch v := v.(type) {
	case nil:
		return r.null("[:]")
	case []any:
		i, j, err := r.bounds(pos, len(v), from, to)
		return v[i:j:j], err
	case string:
		runes := []rune(v)
		if err := r.alloc(4 * len(runes)); err != nil {
			return nil, err
		}
		i, j, err := r.bounds(pos, len(runes), from, to)
		return string(runes[i:j]), err
	}
	return nil, r.fault(CodeTypeMismatch, pos, text.M("expr.slice", "%s has no parts.", kindOf(v)), v)
}

func (r *run) bounds(pos, n int, from, to any) (i, j int, err error) {
	clamp := func(v any, none int) (int, bool) {
		if v == nil {
			return none, true
		}
		k, ok := asIndex(v)
		if k < 0 {
			k += int64(n)
		}
		return int(min(max(k, 0), int64(n))), ok
	}
	i, okI := clamp(from, 0)
	j, okJ := clamp(to, n)
	if !okI || !okJ {
		return 0, 0, r.fault(CodeTypeMismatch, pos, text.M("expr.position", "A position must be a whole number."), from, to)
	}
	return i, max(i, j), nil
}
