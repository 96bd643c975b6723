package expr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"formrail/models/field"
	"formrail/models/text"
)

// Limits of one expression.
const (
	maxSource = 4 << 10
	maxDepth  = 64
	maxSteps  = 100_000
	maxMemory = 8 << 20
	maxResult = 10 << 20
)

// Vars gives the roots an expression may name: trigger, nodes, loop, loops, system
// and env. Values are canonical and must not change during a run.
type Vars interface {
	Root(name string) (any, bool)
}

// MapVars is Vars from a map.
type MapVars map[string]any

// Root returns the value under name.
func (m MapVars) Root(name string) (any, bool) {
	v, ok := m[name]
	return v, ok
}

// Roots lists the names a variable may begin with.
func Roots() []string { return []string{"trigger", "nodes", "loop", "loops", "system", "env"} }

// Input is what one run depends on. Equal inputs give equal results.
type Input struct {
	Vars Vars
	Now  time.Time      // the step's time
	Seed int64          // of random numbers
	Zone *time.Location // for calendar functions; UTC when nil
}

// Renamed are [Vars] whose objects may hold a member under another name than the
// one that is asked for. OtherName is asked when of, an object or a list of objects,
// has no member called name in object; it gives the key that stands for it.
type Renamed interface {
	OtherName(of Reference, name string, object map[string]any) (string, bool)
}

// Reference is one variable an expression reads. Constant list positions are part
// of the path as digits.
type Reference struct {
	Root string
	Path []string
}

// Program is a compiled expression.
type Program struct {
	source string
	code   eval
	slots  int
	whole  bool // nothing but one variable
	refs   []Reference

	members []member // in no order, some twice
}

// Compile reads an expression. The error is a *SyntaxError.
func Compile(source string) (*Program, error) { return compileAt(source, 0) }

// compileAt compiles a part of a larger source that begins at character base.
func compileAt(source string, base int) (*Program, error) {
	if len(source) > maxSource {
		return nil, syntax(base, text.M("expr.long", "The expression is longer than %d characters.", maxSource))
	}
	if !utf8.ValidString(source) {
		return nil, syntax(base, text.M("expr.utf8", "The text is not valid UTF-8."))
	}
	plain, err := prepare(source, base)
	if err != nil {
		return nil, err
	}
	tree, err := parse(plain.text)
	if err != nil {
		return nil, parseError(err, base)
	}
	c := compiler{source: source, runes: []rune(plain.text), base: base, aliases: plain.aliases}
	code, err := c.node(tree.Node, 0)
	if err != nil {
		return nil, err
	}
	_, whole := c.path(tree.Node)
	return &Program{source: source, code: code, slots: c.slots, whole: whole, refs: dedupe(c.refs), members: c.members}, nil
}

// parse turns a panic of the parser into an error: a defect there must not end the process.
func parse(source string) (tree *parser.Tree, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("parse expression: %v", p)
		}
	}()
	return parser.Parse(source)
}

func parseError(err error, base int) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return syntax(base, text.M("expr.unreadable", "The expression cannot be read."))
	}
	if at.Message == "unexpected token EOF" || at.Message == "unexpected end of expression" {
		return syntax(base+at.From, text.M("expr.ended", "The expression ends too early."))
	}
	return syntax(base+at.From, text.M("expr.syntax", "The expression has a mistake at position %d: %s.", base+at.From+1, at.Message))
}

// Source is the text the program was compiled from.
func (p *Program) Source() string { return p.source }

// References lists the variables the program reads, each once, in order of appearance.
func (p *Program) References() []Reference { return p.refs }

// Run evaluates the program. A failure is a *Fault, or the context's error.
func (p *Program) Run(ctx context.Context, in Input) (any, []Warning, error) {
	r := newRun(ctx, in)
	v, err := r.program(p)
	return v, r.warnings, err
}

func dedupe(refs []Reference) []Reference {
	var out []Reference
	for _, ref := range refs {
		same := func(o Reference) bool { return o.Root == ref.Root && slices.Equal(o.Path, ref.Path) }
		if !slices.ContainsFunc(out, same) {
			out = append(out, ref)
		}
	}
	return out
}

// outward turns values that exist only during a run into canonical ones: a length
// of time becomes whole milliseconds.
func outward(v any) any {
	switch v := v.(type) {
	case time.Duration:
		return v.Milliseconds()
	case field.Span:
		return v.Approximate().Milliseconds()
	case int:
		return int64(v)
	}
	return v
}
