package expr

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// member is one place in a source where a name is read of a variable.
type member struct {
	of   Reference
	name string
	at   int // character where the name begins, from the beginning of the source
}

// noteChain notes all names of a path such as trigger.data.lines[0].price.
func (c *compiler) noteChain(n ast.Node) {
	for {
		switch at := n.(type) {
		case *ast.ChainNode:
			n = at.Node
		case *ast.MemberNode:
			if v, ok := c.path(at.Node); ok {
				c.noteMember(at, &Reference{v.root, v.path})
			}
			n = at.Node
		default:
			return
		}
	}
}

// noteMember notes the name that n reads of a variable.
func (c *compiler) noteMember(n *ast.MemberNode, of *Reference) {
	p, ok := n.Property.(*ast.StringNode)
	if of == nil || !ok {
		return
	}
	at, name := p.Location().From, []rune(p.Value)
	if at < len(c.runes) && strings.ContainsRune("\"'`", c.runes[at]) {
		at++ // ["name"]
	}
	if end := at + len(name); end <= len(c.runes) && slices.Equal(c.runes[at:end], name) {
		c.members = append(c.members, member{*of, p.Value, c.base + at})
	}
}

// Rename gives the source of an expression with other names for what it reads of
// variables. renamed is asked for the new name of a member of a variable; empty
// keeps it. A source that cannot be compiled comes back unchanged.
func Rename(source string, renamed func(of Reference, name string) string) string {
	p, err := Compile(source)
	if err != nil {
		return source
	}
	return replaced(source, p.members, renamed)
}

// RenameTemplate is [Rename] for a text with {{ expressions }}.
func RenameTemplate(source string, renamed func(of Reference, name string) string) string {
	t, err := CompileTemplate(source)
	if err != nil {
		return source
	}
	var all []member
	for _, part := range t.parts {
		if part.program != nil {
			all = append(all, part.program.members...)
		}
	}
	return replaced(source, all, renamed)
}

// replaced puts other names at the places of members.
func replaced(source string, members []member, renamed func(of Reference, name string) string) string {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b member) int { return b.at - a.at }) // from the end, so that positions hold
	out, last := []rune(source), -1
	for _, m := range members {
		name := renamed(m.of, m.name)
		if m.at == last || name == "" || name == m.name {
			continue
		}
		out = slices.Replace(out, m.at, m.at+utf8.RuneCountInString(m.name), []rune(name)...)
		last = m.at
	}
	return string(out)
}

// Refers reports whether an expression reads a variable that cleared chooses. A
// source that cannot be read reads nothing.
func Refers(source string, cleared func(Reference) bool) bool {
	p, err := Compile(source)
	return err == nil && slices.ContainsFunc(p.refs, cleared)
}

// ClearTemplate takes the expressions out of a template that read a variable that
// cleared chooses; the text around them stays.
func ClearTemplate(source string, cleared func(Reference) bool) string {
	t, err := CompileTemplate(source)
	if err != nil || !slices.ContainsFunc(t.refs, cleared) {
		return source
	}
	var b strings.Builder
	for _, p := range t.parts {
		switch {
		case p.program == nil:
			b.WriteString(p.literal)
		case !slices.ContainsFunc(p.program.refs, cleared):
			b.WriteString("{{" + p.program.source + "}}")
		}
	}
	return b.String()
}
