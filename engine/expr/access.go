package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"formrail/models/field"
	"formrail/models/text"
)

// access compiles variables, members and the # of predicates.
func (c *compiler) access(n ast.Node, depth int) (eval, error) {
	if from := c.origin(n); from != nil {
		c.refs = append(c.refs, *from)
	}
	if v, ok := c.path(n); ok {
		c.noteChain(n)
		return v.eval(), nil
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.ChainNode:
		return c.quietly(n, depth)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.MemberNode:
		return c.member(n, depth)
	}
	return nil, c.fail(n, text.M("expr.unsupported", "This part of the expression is not supported."))
}

func isAccess(n ast.Node) bool {
	switch n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode, *ast.PointerNode:
		return true
	}
	return false
}

func (c *compiler) identifier(n *ast.IdentifierNode) (eval, error) {
	if l, ok := c.local(n.Value); ok {
		return func(r *run) (any, error) { return r.locals[l.slot], nil }, nil
	}
	if n.Value == "null" {
		return constant(nil), nil
	}
	return nil, c.fail(n, text.M("expr.unknown_name", "There is no variable called %s. Variables begin with %s.",
		n.Value, strings.Join(Roots(), ", ")))
}

// quietly evaluates a chain with ?. : what is missing in it is expected.
func (c *compiler) quietly(n *ast.ChainNode, depth int) (eval, error) {
	x, err := c.node(n.Node, depth)
	if err != nil {
		return nil, err
	}
	return func(r *run) (any, error) {
		r.quiet++
		v, err := x(r)
		r.quiet--
		return v, err
	}, nil
}

func (c *compiler) pointer(n *ast.PointerNode) (eval, error) {
	if len(c.scopes) == 0 {
		return nil, c.fail(n, text.M("expr.pointer", "# has a meaning only inside functions such as filter and map."))
	}
	s := c.scopes[len(c.scopes)-1]
	slot := map[string]int{"": s.element, "index": s.index, "acc": s.acc}
	at, ok := slot[n.Name]
	if !ok || at < 0 {
		return nil, c.fail(n, text.M("expr.pointer_name", "#%s is not known here. Use #, #index or, in reduce, #acc.", n.Name))
	}
	return func(r *run) (any, error) { return r.locals[at], nil }, nil
}

func (c *compiler) member(n *ast.MemberNode, depth int) (eval, error) {
	mark := len(c.refs)
	x, err := c.node(n.Node, depth)
	if err != nil {
		return nil, err
	}
	if c.origin(n) != nil && isAccess(n.Node) {
		c.refs = slices.Delete(c.refs, mark, mark+1) // the longer path says it all
	}
	of := c.origin(n.Node)
	c.noteMember(n, of)
	if p, ok := n.Property.(*ast.StringNode); ok {
		return func(r *run) (any, error) {
			v, err := x(r)
			if err != nil {
				return nil, err
			}
			return r.named(v, p.Value, of)
		}, nil
	}
	key, err := c.node(n.Property, depth+1)
	if err != nil {
		return nil, err
	}
	pos := c.pos(n)
	return func(r *run) (any, error) {
		v, err := x(r)
		if err != nil {
			return nil, err
		}
		k, err := key(r)
		if err != nil {
			return nil, err
		}
		return r.dynamic(pos, v, k, of)
	}, nil
}

// dynamic is v[k].
func (r *run) dynamic(pos int, v, k any, of *Reference) (any, error) {
	if name, ok := k.(string); ok {
		return r.named(v, name, of)
	}
	if v == nil || k == nil {
		r.missing("[" + Show(k) + "]")
		return nil, nil
	}
	i, isNumber := asIndex(k)
	list, isList := v.([]any)
	if !isNumber || !isList {
		return nil, r.fault(CodeTypeMismatch, pos, text.M("expr.index", "%s cannot be read with %s in brackets.", kindOf(v), kindOf(k)), v, k)
	}
	e, ok := element(list, i)
	if !ok {
		r.missing("[" + strconv.FormatInt(i, 10) + "]")
	}
	return e, nil
}

// named is v.name. Of a list it is the list of that member of every element, lists
// among them flattened by one level. of is the variable that v is, nil when unknown.
func (r *run) named(v any, name string, of *Reference) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		e, ok := r.property(v, name, of)
		if !ok {
			r.missing(name)
		}
		return e, nil
	case []any:
		return r.column(v, name, of)
	}
	r.missing(name)
	return nil, nil
}

// property is a member of an object, also under another name that the variables
// know for it.
func (r *run) property(v map[string]any, name string, of *Reference) (any, bool) {
	e, ok := v[name]
	if ok || of == nil {
		return e, ok
	}
	if named, can := r.in.Vars.(Renamed); can {
		if other, known := named.OtherName(*of, name, v); known {
			e, ok = v[other]
		}
	}
	return e, ok
}

func (r *run) column(list []any, name string, of *Reference) (any, error) {
	out, err := r.newList(len(list))
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			out = append(out, nil)
			continue
		}
		value, _ := r.property(m, name, of)
		inner, ok := value.([]any)
		if !ok {
			out = append(out, value)
			continue
		}
		if err := r.step(len(inner)); err != nil {
			return nil, err
		}
		if err := r.alloc(24 * len(inner)); err != nil {
			return nil, err
		}
		out = append(out, inner...)
	}
	return out, nil
}

// element reads a list position; negative ones count from the end.
func element(list []any, i int64) (any, bool) {
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return nil, false
	}
	return list[i], true
}

// asIndex reads a whole number.
func asIndex(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case field.Decimal:
		return v.Int64()
	}
	return 0, false
}
