package expr

import (
	"context"
	"slices"
	"strconv"

	"formrail/models/field"
	"formrail/models/text"
)

// maxGroups bounds how deeply groups of a condition may be nested.
const maxGroups = 10

// Condition is a compiled condition tree or expression.
type Condition struct {
	root  check
	refs  []Reference
	half  []string
	blank []string
	fixed [][2]string
}

// check is a group, a row, or an expression; nil is an absent group, which is true.
type check interface {
	eval(r *run, e *Explanation) (verdict, error)
}

// verdict is a result and the words that explain it.
type verdict struct {
	yes      bool
	sentence string
}

// Explanation is why a condition said what it said.
type Explanation struct {
	Result   bool   `json:"result"`
	Sentence string `json:"sentence"` // "12,400 > 10,000 and status is "open""
	Rows     []Row  `json:"rows,omitempty"`
}

// Row is one evaluated comparison, in order of appearance.
type Row struct {
	Path   string `json:"path"` // place in the condition, as "all.0"
	Left   any    `json:"left"`
	Op     string `json:"op"`
	Right  any    `json:"right"`
	Result bool   `json:"result"`
}

// CompileCondition reads {all|any|not: [ … ]} of {left, op, right} and groups, or
// {engine, expression}. Nothing, and groups without rows, are true. The error is a
// *SyntaxError whose Path says where.
func CompileCondition(v any) (*Condition, error) {
	c := conditionCompiler{}
	root, err := c.check(v, "", 1)
	if err != nil {
		return nil, err
	}
	return &Condition{root: root, refs: dedupe(c.refs), half: c.half, blank: c.blank, fixed: c.fixed}, nil
}

// Empty reports whether the condition has no rows and so is always true.
func (c *Condition) Empty() bool { return c.root == nil }

// HalfMade lists the places of comparisons that have nothing to compare with, such as
// "all.0". They compare with nothing, which nobody asks for by leaving a side empty.
func (c *Condition) HalfMade() []string { return c.half }

// Blank lists the places of comparisons that do not say what is compared.
func (c *Condition) Blank() []string { return c.blank }

// Fixed lists the comparisons whose left side is a value that never changes: the first of
// each pair is the place, the second what stands there.
func (c *Condition) Fixed() [][2]string { return c.fixed }

// References lists the variables the condition reads, each once.
func (c *Condition) References() []Reference { return c.refs }

// Eval decides the condition. All rows are evaluated, so that the explanation is
// complete; any fault makes the whole condition one.
func (c *Condition) Eval(ctx context.Context, in Input) (bool, Explanation, []Warning, error) {
	e := Explanation{Result: true, Sentence: "no condition"}
	if c.root == nil {
		return true, e, nil, nil
	}
	r := newRun(ctx, in)
	v, err := c.root.eval(r, &e)
	if err != nil {
		return false, Explanation{}, r.warnings, err
	}
	e.Result, e.Sentence = v.yes, v.sentence
	return v.yes, e, r.warnings, nil
}

type conditionCompiler struct {
	refs  []Reference
	half  []string
	blank []string
	fixed [][2]string
}

func (c *conditionCompiler) refuse(path string, m text.Message) error {
	return &SyntaxError{Code: CodeInvalid, Message: m, Path: path}
}

func (c *conditionCompiler) check(v any, path string, depth int) (check, error) {
	m, ok := v.(map[string]any)
	switch {
	case v == nil || ok && len(m) == 0:
		return nil, nil
	case !ok:
		return nil, c.refuse(path, text.M("condition.shape", "A condition is a group, a comparison or an expression."))
	case m["op"] != nil:
		return c.row(m, path)
	case m["expression"] != nil || m["engine"] != nil:
		return c.expression(m, path)
	case len(m) != 1:
		return nil, c.refuse(path, text.M("condition.one_key", "A group is either all, any or not."))
	case depth > maxGroups:
		return nil, c.refuse(path, text.M("condition.depth", "Groups are nested more than %d levels deep.", maxGroups))
	}
	for kind, rows := range m {
		return c.group(kind, rows, below(path, kind), depth)
	}
	return nil, nil
}

func (c *conditionCompiler) group(kind string, rows any, path string, depth int) (check, error) {
	if kind != "all" && kind != "any" && kind != "not" {
		return nil, c.refuse(path, text.M("condition.kind", "%s is not a kind of group. Groups are all, any and not.", kind))
	}
	list, ok := rows.([]any)
	if m, single := rows.(map[string]any); single {
		list, ok = []any{m}, true
	}
	if !ok && rows != nil {
		return nil, c.refuse(path, text.M("condition.list", "A group holds a list of comparisons."))
	}
	g := bundle{kind: kind}
	for i, row := range list {
		one, err := c.check(row, below(path, strconv.Itoa(i)), depth+1)
		if err != nil {
			return nil, err
		}
		if one != nil {
			g.checks = append(g.checks, one)
		}
	}
	if len(g.checks) == 0 {
		return nil, nil
	}
	return g, nil
}

func (c *conditionCompiler) row(m map[string]any, path string) (check, error) {
	op, ok := m["op"].(string)
	if !ok || !slices.Contains(Operators(), op) {
		return nil, c.refuse(path, text.M("condition.operator", "%s is not an operator of comparisons.", Show(m["op"])))
	}
	for k := range m {
		if k != "left" && k != "op" && k != "right" {
			return nil, c.refuse(path, text.M("condition.extra", "A comparison has left, op and right, but not %s.", k))
		}
	}
	out := row{op: op, path: path}
	if _, said := m["right"]; !said && op != "empty" && op != "notEmpty" {
		c.half = append(c.half, path)
	}
	switch left := m["left"]; {
	case left == nil || left == "":
		c.blank = append(c.blank, path)
	case !field.HasTemplate(left):
		c.fixed = append(c.fixed, [2]string{path, Show(left)})
	}
	var err error
	if out.left, err = c.operand(m["left"], below(path, "left")); err != nil {
		return nil, err
	}
	out.right, err = c.operand(m["right"], below(path, "right"))
	return out, err
}

func (c *conditionCompiler) operand(v any, path string) (operand, error) {
	t, err := CompileTree(v)
	if err != nil {
		return operand{}, within(err, path)
	}
	c.refs = append(c.refs, t.refs...)
	return operand{t, caption(t)}, nil
}

func (c *conditionCompiler) expression(m map[string]any, path string) (check, error) {
	source, ok := m["expression"].(string)
	engine, named := m["engine"]
	if !ok || named && engine != "expr" {
		return nil, c.refuse(path, text.M("condition.engine", "A condition is written as an expression of the engine expr."))
	}
	p, err := Compile(source)
	if err != nil {
		return nil, within(err, below(path, "expression"))
	}
	c.refs = append(c.refs, p.refs...)
	return formula{p}, nil
}

// bundle joins checks.
type bundle struct {
	kind   string
	checks []check
}

func (g bundle) eval(r *run, e *Explanation) (verdict, error) {
	word := " and "
	if g.kind == "any" {
		word = " or "
	}
	out := verdict{yes: g.kind != "any"}
	for i, one := range g.checks {
		v, err := one.eval(r, e)
		if err != nil {
			return verdict{}, err
		}
		if g.kind == "any" {
			out.yes = out.yes || v.yes
		} else {
			out.yes = out.yes && v.yes
		}
		if _, nested := one.(bundle); nested && len(g.checks) > 1 {
			v.sentence = "(" + v.sentence + ")"
		}
		if i > 0 {
			out.sentence += word
		}
		out.sentence += v.sentence
	}
	if g.kind == "not" {
		out = verdict{!out.yes, "not (" + out.sentence + ")"}
	}
	return out, nil
}

// formula is an expression whose result counts as yes or no.
type formula struct{ program *Program }

func (f formula) eval(r *run, e *Explanation) (verdict, error) {
	v, err := r.program(f.program)
	if err != nil {
		return verdict{}, err
	}
	yes, ok := v.(bool)
	if d, isNumber := field.AsDecimal(v); isNumber {
		yes, ok = d.Sign() != 0, true
	}
	if !ok && v != nil {
		return verdict{}, r.fault(CodeNotBoolean, 0, text.M("condition.not_boolean",
			"The condition must give yes or no, but gave %s. Write a comparison.", kindOf(v)), v)
	}
	e.Rows = append(e.Rows, Row{Path: "expression", Left: v, Op: "expression", Result: yes})
	return verdict{yes, shorten(f.program.source, 200) + " is " + Show(v)}, nil
}
