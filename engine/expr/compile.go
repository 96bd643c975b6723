package expr

import (
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"

	"formrail/models/field"
	"formrail/models/text"
)

// compiler turns one syntax tree into closures.
type compiler struct {
	source  string
	runes   []rune // what the parser saw
	base    int    // position of the source in a larger one
	aliases []span
	members []member
	slots   int     // of run.locals in use
	names   []local // let variables in scope, innermost last
	scopes  []scope // predicates in scope, innermost last
	refs    []Reference
}

// local is a let variable. from is the variable of the workflow it stands for, if it
// does nothing else.
type local struct {
	name string
	slot int
	from *Reference
}

// scope is the predicate of a call such as filter(list, .price > 3).
type scope struct {
	element, index, acc int // slots
	from                *Reference
}

func (c *compiler) slot() int {
	c.slots++
	return c.slots - 1
}

func (c *compiler) pos(n ast.Node) int { return c.base + n.Location().From }

func (c *compiler) fail(n ast.Node, m text.Message) error { return syntax(c.pos(n), m) }

// node compiles one node. depth counts nesting; a chain such as a + b + c is one level.
func (c *compiler) node(n ast.Node, depth int) (eval, error) {
	if depth > maxDepth {
		return nil, c.fail(n, text.M("expr.depth", "The expression is nested more than %d levels deep.", maxDepth))
	}
	switch n := n.(type) {
	case *ast.NilNode:
		return constant(nil), nil
	case *ast.BoolNode:
		return constant(n.Value), nil
	case *ast.IntegerNode:
		return constant(int64(n.Value)), nil
	case *ast.StringNode:
		return constant(n.Value), nil
	case *ast.FloatNode:
		return c.decimal(n)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode, *ast.PointerNode:
		return c.access(n, depth)
	case *ast.SliceNode:
		return c.slice(n, depth)
	case *ast.UnaryNode:
		return c.unary(n, depth)
	case *ast.BinaryNode:
		return c.binary(n, depth)
	case *ast.ConditionalNode:
		return c.conditional(n, depth)
	case *ast.VariableDeclaratorNode:
		return c.let(n, depth)
	case *ast.SequenceNode:
		return c.sequence(n, depth)
	case *ast.ArrayNode:
		return c.list(n, depth)
	case *ast.MapNode:
		return c.object(n, depth)
	case *ast.BuiltinNode:
		return c.call(call{n, n.Name, n.Arguments}, depth)
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			return nil, c.fail(n, text.M("expr.method", "Values have no methods. Use a function instead, as in upper(name)."))
		}
		return c.call(call{n, name.Value, n.Arguments}, depth)
	}
	return nil, c.fail(n, text.M("expr.unsupported", "This part of the expression is not supported."))
}

func constant(v any) eval { return func(*run) (any, error) { return v, nil } }

// decimal reads the literal from the source, because the parser has already made a
// binary number of it.
func (c *compiler) decimal(n *ast.FloatNode) (eval, error) {
	at := n.Location()
	d, err := field.ParseDecimal(strings.ReplaceAll(string(c.runes[at.From:at.To]), "_", ""))
	if err != nil {
		return nil, c.fail(n, text.M("expr.literal", "The number is too large or has too many digits."))
	}
	return constant(d), nil
}

func (c *compiler) unary(n *ast.UnaryNode, depth int) (eval, error) {
	x, err := c.node(n.Node, depth+1)
	if err != nil {
		return nil, err
	}
	pos := c.pos(n)
	switch n.Operator {
	case "!", "not":
		return func(r *run) (any, error) {
			v, err := r.truth(x, pos)
			return !v, err
		}, nil
	case "-":
		return func(r *run) (any, error) {
			v, err := x(r)
			if err != nil {
				return nil, err
			}
			return r.negate(pos, v)
		}, nil
	}
	op := operator{"+", pos} // +x is 0 + x: a number or a fault
	return func(r *run) (any, error) {
		v, err := x(r)
		if err != nil {
			return nil, err
		}
		return r.arithmetic(op, int64(0), v)
	}, nil
}

// truth evaluates an operand of and, or, not and ?: — yes, no or nothing, which is no.
func (r *run) truth(x eval, pos int) (bool, error) {
	v, err := x(r)
	if err != nil {
		return false, err
	}
	switch v := v.(type) {
	case bool:
		return v, nil
	case nil:
		return false, nil
	}
	return false, r.fault(CodeTypeMismatch, pos, text.M("expr.truth", "Expected yes or no, but got %s. Write a comparison.", kindOf(v)), v)
}

// binaryOp applies an operator to two evaluated operands.
type binaryOp func(r *run, op operator, a, b any) (any, error)

func (c *compiler) binary(n *ast.BinaryNode, depth int) (eval, error) {
	if n.Operator == "??" {
		return c.fallback(n, depth)
	}
	left := depth + 1
	if inner, ok := n.Left.(*ast.BinaryNode); ok && inner.Operator == n.Operator {
		left = depth
	}
	a, err := c.node(n.Left, left)
	if err != nil {
		return nil, err
	}
	b, err := c.node(n.Right, depth+1)
	if err != nil {
		return nil, err
	}
	op := operator{n.Operator, c.pos(n)}
	switch n.Operator {
	case "and", "&&":
		return logical(a, b, op, false), nil
	case "or", "||":
		return logical(a, b, op, true), nil
	}
	apply, err := c.operation(n)
	if err != nil {
		return nil, err
	}
	return func(r *run) (any, error) {
		x, err := a(r)
		if err != nil {
			return nil, err
		}
		y, err := b(r)
		if err != nil {
			return nil, err
		}
		if err := r.step(1 + weight(x) + weight(y)); err != nil {
			return nil, err
		}
		return apply(r, op, x, y)
	}, nil
}

// weight makes reading a long text count as many steps.
func weight(v any) int {
	if s, ok := v.(string); ok {
		return len(s) >> 10
	}
	return 0
}

// logical stops at the first operand that decides.
func logical(a, b eval, op operator, decides bool) eval {
	return func(r *run) (any, error) {
		v, err := r.truth(a, op.pos)
		if err != nil || v == decides {
			return v, err
		}
		return boolean(r.truth(b, op.pos))
	}
}

func boolean(v bool, err error) (any, error) { return v, err }

func (c *compiler) fallback(n *ast.BinaryNode, depth int) (eval, error) {
	a, err := c.node(n.Left, depth+1)
	if err != nil {
		return nil, err
	}
	b, err := c.node(n.Right, depth+1)
	if err != nil {
		return nil, err
	}
	return func(r *run) (any, error) {
		r.quiet++
		v, err := a(r)
		r.quiet--
		if v != nil || err != nil {
			return v, err
		}
		return b(r)
	}, nil
}

func (c *compiler) operation(n *ast.BinaryNode) (binaryOp, error) {
	switch n.Operator {
	case "+", "-", "*", "/", "%", "**", "^":
		return (*run).arithmetic, nil
	case "==":
		return func(r *run, _ operator, a, b any) (any, error) { return boolean(r.equal(a, b)) }, nil
	case "!=":
		return func(r *run, _ operator, a, b any) (any, error) {
			same, err := r.equal(a, b)
			return !same, err
		}, nil
	case "<", "<=", ">", ">=":
		return (*run).ordered, nil
	case "in":
		return (*run).within, nil
	case "contains", "startsWith", "endsWith":
		return (*run).textual, nil
	case "matches":
		return c.pattern(n)
	case "..":
		return (*run).sequence, nil
	}
	return nil, c.fail(n, text.M("expr.operator", "The operator %s is not supported.", n.Operator))
}

// pattern compiles a constant pattern once; others on every use.
func (c *compiler) pattern(n *ast.BinaryNode) (binaryOp, error) {
	var fixed *regexp.Regexp
	if s, ok := n.Right.(*ast.StringNode); ok {
		re, err := regexp.Compile(s.Value)
		if err != nil {
			return nil, c.fail(n.Right, text.M("expr.pattern", "The pattern is not valid: %s.", err))
		}
		fixed = re
	}
	return func(r *run, op operator, a, b any) (any, error) {
		if a == nil || b == nil {
			return false, nil
		}
		s, isText := a.(string)
		source, ok := b.(string)
		if !isText || !ok {
			return nil, r.mismatch(op, a, b)
		}
		re := fixed
		if re == nil {
			var err error
			if re, err = regexp.Compile(source); err != nil {
				return nil, r.fault(CodeError, op.pos, text.M("expr.pattern", "The pattern is not valid: %s.", err), b)
			}
		}
		return re.MatchString(s), nil
	}, nil
}

func (r *run) textual(op operator, a, b any) (any, error) {
	if a == nil || b == nil {
		return false, nil
	}
	if list, ok := a.([]any); ok && op.symbol == "contains" {
		return r.within(op, b, list)
	}
	x, isX := a.(string)
	y, isY := b.(string)
	switch {
	case !isX || !isY:
		return nil, r.mismatch(op, a, b)
	case op.symbol == "contains":
		return strings.Contains(x, y), nil
	case op.symbol == "startsWith":
		return strings.HasPrefix(x, y), nil
	}
	return strings.HasSuffix(x, y), nil
}

// sequence is the list of whole numbers from a to b.
func (r *run) sequence(op operator, a, b any) (any, error) {
	from, okA := asIndex(a)
	to, okB := asIndex(b)
	if !okA || !okB {
		return nil, r.mismatch(op, a, b)
	}
	if to < from {
		return []any{}, nil
	}
	if to-from < 0 || to-from >= maxSteps {
		return nil, r.limit(op.pos, text.M("expr.steps", "The expression takes more than %d steps.", maxSteps))
	}
	out, err := r.newList(int(to-from) + 1)
	for n := from; n <= to && err == nil; n++ {
		out = append(out, n)
	}
	return out, err
}

// newList is an empty list with room for n elements, counted as steps and memory.
func (r *run) newList(n int) ([]any, error) {
	if err := r.step(n); err != nil {
		return nil, err
	}
	if err := r.alloc(24 * n); err != nil {
		return nil, err
	}
	return make([]any, 0, n), nil
}
