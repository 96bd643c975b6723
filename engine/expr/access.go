package expr

import (
	"slices"
	"strconv"
	"strings"

	"formrail/models/field"
	"formrail/models/text"

	"github.com/expr-lang/expr/ast"
)

func isRoot(name string) bool { return slices.Contains(Roots(), name) }

// variable is a path with constant names: trigger.data.lines[0].price.
type variable struct {
	root  string
	path  []string // list positions as digits
	quiet bool     // written with ?. : missing is expected
}

func (v variable) String() string { return v.upTo(len(v.path)) }

// upTo is the text of the first n names.
func (v variable) upTo(n int) string {
	return strings.Join(append([]string{v.root}, v.path[:n]...), ".")
}

// path reads a node as a variable of the workflow.
func (c *compiler) path(n ast.Node) (variable, bool) {
	v, ok := c.chain(n)
	if !ok {
		return variable{}, false
	}
	if _, shadowed := c.local(v.root); shadowed {
		return variable{}, false
	}
	return c.resolve(v, n)
}

// chain collects an identifier and its constant members, whatever the identifier is.
func (c *compiler) chain(n ast.Node) (variable, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return variable{root: n.Value}, true
	case *ast.ChainNode:
		return c.chain(n.Node)
	case *ast.MemberNode:
		v, ok := c.chain(n.Node)
		if !ok {
			return v, false
		}
		switch p := n.Property.(type) {
		case *ast.StringNode:
			v.path = append(v.path, p.Value)
		case *ast.IntegerNode:
			v.path = append(v.path, strconv.Itoa(p.Value))
		default:
			return v, false
		}
		v.quiet = v.quiet || n.Optional
		return v, true
	}
	return variable{}, false
}

// resolve maps aliases of other products to roots.
func (c *compiler) resolve(v variable, n ast.Node) (variable, bool) {
	if c.inAlias(n) {
		switch {
		case v.root == "workflow" && len(v.path) > 0 && v.path[0] == "input":
			v.root, v.path = "trigger", v.path[1:]
		case len(v.path) > 0 && v.path[0] == "output":
			v.root, v.path = "nodes", append([]string{v.root}, v.path[1:]...)
		}
	}
	switch v.root {
	case "$context":
		v.root = "trigger"
	case "$jobsMapByNodeKey":
		v.root = "nodes"
	case "$scopes":
		v.root = "loops"
	case "$system", "$env":
		v.root = v.root[1:]
	}
	return v, isRoot(v.root)
}

func (c *compiler) inAlias(n ast.Node) bool {
	at := n.Location().From
	return slices.ContainsFunc(c.aliases, func(s span) bool { return s.holds(at) })
}

func (c *compiler) local(name string) (local, bool) {
	for i := len(c.names) - 1; i >= 0; i-- {
		if c.names[i].name == name {
			return c.names[i], true
		}
	}
	return local{}, false
}

// origin is the workflow variable that a node is, or whose members it picks, as far
// as that is known before running.
func (c *compiler) origin(n ast.Node) *Reference {
	if v, ok := c.path(n); ok {
		return &Reference{v.root, v.path}
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if l, ok := c.local(n.Value); ok {
			return l.from
		}
	case *ast.ChainNode:
		return c.origin(n.Node)
	case *ast.PointerNode:
		if len(c.scopes) > 0 && n.Name == "" {
			return c.scopes[len(c.scopes)-1].from
		}
	case *ast.MemberNode:
		from := c.origin(n.Node)
		switch p := n.Property.(type) {
		case *ast.StringNode:
			if from != nil {
				return &Reference{from.Root, append(slices.Clip(from.Path), p.Value)}
			}
		case *ast.IntegerNode, *ast.UnaryNode: // an element of a list
			return from
		}
		return nil
	case *ast.BuiltinNode: // the elements of filter(x, …) are those of x
		if keepsElements(n.Name) && len(n.Arguments) > 0 {
			return c.origin(n.Arguments[0])
		}
	}
	return nil
}

func keepsElements(name string) bool {
	switch name {
	case "filter", "find", "findLast", "sortBy", "first", "last", "reverse", "take":
		return true
	}
	return false
}

// access compiles variables, members and the # of predicates.
func (c *compiler) access(n ast.Node, depth int) (eval, error) {
	if from := c.origin(n); from != nil {
		c.refs = append(c.refs, *from)
	}
	if v, ok := c.path(n); ok {
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
	if p, ok := n.Property.(*ast.StringNode); ok {
		return func(r *run) (any, error) {
			v, err := x(r)
			if err != nil {
				return nil, err
			}
			return r.named(v, p.Value)
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
		return r.dynamic(pos, v, k)
	}, nil
}

// dynamic is v[k].
func (r *run) dynamic(pos int, v, k any) (any, error) {
	if name, ok := k.(string); ok {
		return r.named(v, name)
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
// among them flattened by one level.
func (r *run) named(v any, name string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[name]
		if !ok {
			r.missing(name)
		}
		return e, nil
	case []any:
		return r.column(v, name)
	}
	r.missing(name)
	return nil, nil
}

func (r *run) column(list []any, name string) (any, error) {
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
		inner, ok := m[name].([]any)
		if !ok {
			out = append(out, m[name])
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

// eval reads the variable.
func (v variable) eval() eval {
	return func(r *run) (any, error) {
		if err := r.step(1); err != nil {
			return nil, err
		}
		var cur any
		found := false
		if r.in.Vars != nil {
			cur, found = r.in.Vars.Root(v.root)
		}
		if v.root == "system" && len(v.path) > 0 {
			cur, found = r.system(cur, v.path[0]), true
		}
		for i, name := range v.path {
			if !found || cur == nil {
				return r.absent(v, i)
			}
			switch at := cur.(type) {
			case map[string]any:
				cur, found = at[name]
			case []any:
				if i64, err := strconv.ParseInt(name, 10, 64); err == nil {
					cur, found = element(at, i64)
					break
				}
				list, err := r.column(at, name)
				if err != nil {
					return nil, err
				}
				cur = list
			default:
				return r.absent(v, i+1)
			}
		}
		if !found {
			return r.absent(v, len(v.path))
		}
		return cur, nil
	}
}

func (r *run) absent(v variable, n int) (any, error) {
	if !v.quiet && r.quiet == 0 {
		r.missing(v.upTo(n))
	}
	return nil, nil
}

// system adds the computed periods to what the caller offers under system.
func (r *run) system(given any, name string) any {
	if m, ok := given.(map[string]any); ok {
		if _, ok := m[name]; ok {
			return m
		}
	}
	if v, ok := systemValue(name, r.in.Now, r.zone); ok {
		return map[string]any{name: v}
	}
	return given
}

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
