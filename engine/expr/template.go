package expr

import (
	"context"
	"strings"
	"unicode/utf8"

	"formrail/models/text"
)

// Template is a text with {{ expressions }}.
type Template struct {
	parts []part
	refs  []Reference
}

// part is a literal text, or an expression.
type part struct {
	literal string
	program *Program
}

// CompileTemplate reads a template. The error is a *SyntaxError whose position
// counts from the beginning of source.
func CompileTemplate(source string) (*Template, error) {
	t := &Template{}
	if strings.Contains(source, "{{") && !utf8.ValidString(source) {
		return nil, syntax(0, text.M("expr.utf8", "The text is not valid UTF-8."))
	}
	rest, pos := source, 0
	for {
		before, after, found := strings.Cut(rest, "{{")
		if before != "" {
			t.parts = append(t.parts, part{literal: before})
		}
		if !found {
			return t, nil
		}
		pos += utf8.RuneCountInString(before) + 2
		inner, ok := insideBraces(after)
		if !ok {
			return nil, syntax(pos-2, text.M("expr.unclosed", "A variable is opened but not closed."))
		}
		p, err := compileAt(inner, pos)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part{program: p})
		t.refs = dedupe(append(t.refs, p.refs...))
		pos += utf8.RuneCountInString(inner) + 2
		rest = after[len(inner)+2:]
	}
}

// insideBraces is the text up to the }} that closes a {{ before it.
func insideBraces(s string) (string, bool) {
	limit := s
	if len(limit) > maxSource+4 { // a longer expression is refused anyway
		limit = limit[:maxSource+4]
	}
	sc := scanner{in: []rune(limit)}
	for sc.i < len(sc.in) {
		at := sc.i
		if sc.in[at] == '}' && sc.at(1) == '}' && len(sc.open) == 0 {
			return string(sc.in[:at]), true
		}
		sc.next()
	}
	return "", false
}

// Whole reports whether the template is exactly one {{ }}, so that its value keeps
// its type.
func (t *Template) Whole() bool { return len(t.parts) == 1 && t.parts[0].program != nil }

// Constant reports whether the template has no {{ }} at all.
func (t *Template) Constant() bool {
	return len(t.parts) == 0 || len(t.parts) == 1 && t.parts[0].program == nil
}

// References lists the variables the template reads, each once.
func (t *Template) References() []Reference { return t.refs }

// Render gives the text: nothing is empty, numbers and dates are in canonical form,
// lists and objects are JSON. What a variable holds is never evaluated again.
func (t *Template) Render(ctx context.Context, in Input) (string, []Warning, error) {
	r := newRun(ctx, in)
	s, err := t.render(r)
	return s, r.warnings, err
}

// Value is the value of the only expression if the template is Whole, else the text.
func (t *Template) Value(ctx context.Context, in Input) (any, []Warning, error) {
	r := newRun(ctx, in)
	v, err := t.value(r)
	return v, r.warnings, err
}

func (t *Template) value(r *run) (any, error) {
	if t.Whole() {
		return r.program(t.parts[0].program)
	}
	s, err := t.render(r)
	return s, err
}

func (t *Template) render(r *run) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		s := p.literal
		if p.program != nil {
			v, err := r.program(p.program)
			if err != nil {
				return "", err
			}
			if s, err = r.text(v); err != nil {
				return "", err
			}
		}
		if b.Len()+len(s) > maxResult {
			return "", r.limit(0, text.M("expr.text_size", "The text is longer than %d MiB.", maxResult>>20))
		}
		b.WriteString(s)
	}
	return b.String(), nil
}
