package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func isRoot(name string) bool { return slices.Contains(Roots(), name) }

// variable is a path with constant names: trigger.data.lines[0].price.
type variable struct {
	root  string
	path  []string // list positions as digits
	quiet bool     // written with ?. : missing is expected
}

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
				cur, found = r.property(at, name, &Reference{v.root, v.path[:i]})
			case []any:
				if i64, err := strconv.ParseInt(name, 10, 64); err == nil {
					cur, found = element(at, i64)
					break
				}
				list, err := r.column(at, name, &Reference{v.root, v.path[:i]})
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
