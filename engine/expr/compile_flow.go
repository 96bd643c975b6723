package expr

import (
	"github.com/expr-lang/expr/ast"

	"formrail/models/text"
)

func (c *compiler) conditional(n *ast.ConditionalNode, depth int) (eval, error) {
	cond, err := c.node(n.Cond, depth+1)
	if err != nil {
		return nil, err
	}
	yes, err := c.node(n.Exp1, depth+1)
	if err != nil {
		return nil, err
	}
	no, err := c.node(n.Exp2, depth+1)
	if err != nil {
		return nil, err
	}
	pos := c.pos(n.Cond)
	return func(r *run) (any, error) {
		v, err := r.truth(cond, pos)
		switch {
		case err != nil:
			return nil, err
		case v:
			return yes(r)
		}
		return no(r)
	}, nil
}

func (c *compiler) let(n *ast.VariableDeclaratorNode, depth int) (eval, error) {
	if isRoot(n.Name) {
		return nil, c.fail(n, text.M("expr.let_root", "%s is the name of a variable of the workflow. Choose another name.", n.Name))
	}
	value, err := c.node(n.Value, depth+1)
	if err != nil {
		return nil, err
	}
	name := local{name: n.Name, slot: c.slot(), from: c.origin(n.Value)}
	c.names = append(c.names, name)
	body, err := c.node(n.Expr, depth) // a row of lets is one level
	c.names = c.names[:len(c.names)-1]
	if err != nil {
		return nil, err
	}
	return func(r *run) (any, error) {
		v, err := value(r)
		if err != nil {
			return nil, err
		}
		r.locals[name.slot] = v
		return body(r)
	}, nil
}

func (c *compiler) sequence(n *ast.SequenceNode, depth int) (eval, error) {
	all, err := c.nodes(n.Nodes, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run) (v any, err error) {
		for _, x := range all {
			if v, err = x(r); err != nil {
				return nil, err
			}
		}
		return v, nil
	}, nil
}

func (c *compiler) nodes(list []ast.Node, depth int) ([]eval, error) {
	out := make([]eval, len(list))
	for i, n := range list {
		x, err := c.node(n, depth+1)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (c *compiler) list(n *ast.ArrayNode, depth int) (eval, error) {
	all, err := c.nodes(n.Nodes, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run) (any, error) {
		out, err := r.newList(len(all))
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			v, err := x(r)
			if err != nil {
				return nil, err
			}
			out = append(out, outward(v))
		}
		return out, nil
	}, nil
}

type pair struct {
	key, value eval
	pos        int
}

func (c *compiler) object(n *ast.MapNode, depth int) (eval, error) {
	pairs := make([]pair, len(n.Pairs))
	for i, p := range n.Pairs {
		p, ok := p.(*ast.PairNode)
		if !ok {
			return nil, c.fail(n, text.M("expr.unsupported", "This part of the expression is not supported."))
		}
		key, err := c.node(p.Key, depth+1)
		if err != nil {
			return nil, err
		}
		value, err := c.node(p.Value, depth+1)
		if err != nil {
			return nil, err
		}
		pairs[i] = pair{key, value, c.pos(p.Key)}
	}
	return func(r *run) (any, error) {
		if err := r.step(len(pairs)); err != nil {
			return nil, err
		}
		if err := r.alloc(64 * len(pairs)); err != nil {
			return nil, err
		}
		out := make(map[string]any, len(pairs))
		for _, p := range pairs {
			if err := r.fill(out, p); err != nil {
				return nil, err
			}
		}
		return out, nil
	}, nil
}

func (r *run) fill(out map[string]any, p pair) error {
	k, err := p.key(r)
	if err != nil {
		return err
	}
	name, ok := k.(string)
	if !ok {
		return r.fault(CodeTypeMismatch, p.pos, text.M("expr.key", "The name of a property must be text, not %s.", kindOf(k)), k)
	}
	v, err := p.value(r)
	out[name] = outward(v)
	return err
}
