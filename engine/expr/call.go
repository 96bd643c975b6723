package expr

import (
	"slices"
	"sort"
	"strings"

	"github.com/expr-lang/expr/ast"

	"formrail/models/text"
)

// call is a function call as the parser saw it.
type call struct {
	at   ast.Node
	name string
	args []ast.Node
}

func (c *compiler) call(n call, depth int) (eval, error) {
	if p, ok := predicates()[n.name]; ok {
		if len(n.args) == 2 || len(n.args) == 3 {
			if body, ok := n.args[1].(*ast.PredicateNode); ok {
				return c.predicate(n, p, body, depth)
			}
		}
	}
	f, ok := functions()[n.name]
	if !ok {
		return nil, c.fail(n.at, text.M("expr.unknown_function", "There is no function called %s.", n.name))
	}
	if len(n.args) < f.min || f.max >= 0 && len(n.args) > f.max {
		return nil, c.fail(n.at, text.M("expr.arguments", "%s is written %s. It got %d arguments.", n.name, f.usage, len(n.args)))
	}
	args, err := c.nodes(n.args, depth)
	if err != nil {
		return nil, err
	}
	pos := c.pos(n.at)
	return func(r *run) (any, error) {
		if err := r.step(1 + len(args)); err != nil {
			return nil, err
		}
		values := make([]any, len(args))
		for i, x := range args {
			v, err := x(r)
			if err == nil {
				err = r.step(weight(v))
			}
			if err != nil {
				return nil, err
			}
			if v == nil && !f.nulls {
				return r.null(f.name)
			}
			values[i] = v
		}
		return f.call(&invocation{run: r, fn: f.name, pos: pos, args: values})
	}, nil
}

// Function describes one function of the language, for help and completion.
type Function struct {
	Name  string
	Usage string // "round(number, digits?, "even"?)"
	Help  string // one line
}

// Functions lists the language's functions by name.
func Functions() []Function {
	out := make([]Function, 0, len(functions())+len(predicates()))
	for _, f := range functions() {
		out = append(out, Function{f.name, f.usage, f.help})
	}
	for name, p := range predicates() {
		if _, plain := functions()[name]; !plain {
			out = append(out, Function{name, p.usage, p.help})
		}
	}
	slices.SortFunc(out, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// iteration is one pass of a predicate over a list.
type iteration struct {
	run  *run
	list []any
	body func(i int) (any, error) // evaluates the predicate for element i
	yes  func(i int) (bool, error)
}

// predicate is a function that evaluates an expression for each element.
type predicate struct {
	usage, help string
	call        func(it iteration) (any, error)
}

func (c *compiler) predicate(n call, p predicate, body *ast.PredicateNode, depth int) (eval, error) {
	if n.name == "reduce" {
		return c.reduce(n, body, depth)
	}
	list, err := c.node(n.args[0], depth+1)
	if err != nil {
		return nil, err
	}
	s := scope{element: c.slot(), index: c.slot(), acc: -1, from: c.origin(n.args[0])}
	each, err := c.inScope(s, body, depth)
	if err != nil {
		return nil, err
	}
	descending := false
	if len(n.args) == 3 {
		direction, ok := n.args[2].(*ast.StringNode)
		if n.name != "sortBy" || !ok || direction.Value != "asc" && direction.Value != "desc" {
			return nil, c.fail(n.at, text.M("expr.arguments", "%s is written %s. It got %d arguments.", n.name, p.usage, len(n.args)))
		}
		descending = direction.Value == "desc"
	}
	pos := c.pos(n.at)
	return func(r *run) (any, error) {
		v, err := r.listFrom(pos, n.name, list)
		if err != nil || v == nil {
			return nil, err
		}
		it := iteration{run: r, list: v}
		it.body = func(i int) (any, error) {
			if err := r.step(1); err != nil {
				return nil, err
			}
			r.locals[s.element], r.locals[s.index] = v[i], int64(i)
			return each(r)
		}
		it.yes = func(i int) (bool, error) {
			return r.truth(func(*run) (any, error) { return it.body(i) }, pos)
		}
		out, err := p.call(it)
		if l, ok := out.([]any); ok && descending {
			slices.Reverse(l)
		}
		return out, err
	}, nil
}

func (c *compiler) inScope(s scope, body *ast.PredicateNode, depth int) (eval, error) {
	c.scopes = append(c.scopes, s)
	x, err := c.node(body.Node, depth+1)
	c.scopes = c.scopes[:len(c.scopes)-1]
	return x, err
}

// listFrom evaluates the list of a predicate call. nil is an empty list, with a warning.
func (r *run) listFrom(pos int, name string, x eval) ([]any, error) {
	v, err := x(r)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case []any:
		return v, nil
	case nil:
		_, err = r.null(name)
		return []any{}, err
	}
	return nil, r.fault(CodeTypeMismatch, pos, text.M("expr.need_list", "%s needs a list, but got %s.", name, kindOf(v)), v)
}

func (c *compiler) reduce(n call, body *ast.PredicateNode, depth int) (eval, error) {
	list, err := c.node(n.args[0], depth+1)
	if err != nil {
		return nil, err
	}
	s := scope{element: c.slot(), index: c.slot(), acc: c.slot(), from: c.origin(n.args[0])}
	each, err := c.inScope(s, body, depth)
	if err != nil {
		return nil, err
	}
	var start eval
	if len(n.args) == 3 {
		if start, err = c.node(n.args[2], depth+1); err != nil {
			return nil, err
		}
	}
	pos := c.pos(n.at)
	return func(r *run) (any, error) {
		v, err := r.listFrom(pos, "reduce", list)
		if err != nil {
			return nil, err
		}
		from := 0
		var acc any
		switch {
		case start != nil:
			if acc, err = start(r); err != nil {
				return nil, err
			}
		case len(v) == 0:
			return nil, nil
		default:
			acc, from = v[0], 1
		}
		for i := from; i < len(v); i++ {
			if err := r.step(1); err != nil {
				return nil, err
			}
			r.locals[s.element], r.locals[s.index], r.locals[s.acc] = v[i], int64(i), acc
			if acc, err = each(r); err != nil {
				return nil, err
			}
		}
		return acc, nil
	}, nil
}

// sortStable sorts by keys that were computed before. Nothing sorts first; keys of
// different kinds are a fault.
func (r *run) sortStable(list, keys []any) ([]any, error) {
	if err := r.step(len(list)); err != nil {
		return nil, err
	}
	index := make([]int, len(list))
	for i := range index {
		index[i] = i
	}
	var failed error
	sort.SliceStable(index, func(i, j int) bool {
		a, b := keys[index[i]], keys[index[j]]
		if a == nil || b == nil {
			return a == nil && b != nil
		}
		less, err := r.ordered(operator{"<", 0}, a, b)
		if err != nil && failed == nil {
			failed = err
		}
		return less == true
	})
	if failed != nil {
		return nil, failed
	}
	out, err := r.newList(len(list))
	for _, i := range index {
		out = append(out, list[i])
	}
	return out, err
}
