package field

import (
	"strconv"
	"unicode/utf8"

	"formrail/models/text"
)

// maxJSONDepth bounds how deeply lists and objects may be nested.
const maxJSONDepth = 64

// JSONError says where and why a JSON text was refused.
type JSONError struct {
	Offset int // bytes before the finding
	Line   int // from 1
	Column int // from 1, in bytes
	Reason text.Message
}

// Error is the sentence with its position.
func (e *JSONError) Error() string { return e.Message().String() }

// Message is the sentence with its position.
func (e *JSONError) Message() text.Message {
	return text.M("json.at", "%s (line %d, column %d)", e.Reason, e.Line, e.Column)
}

// ParseJSON reads exactly one JSON value into the canonical forms: objects are
// map[string]any, lists []any, whole numbers int64 (Decimal when they do not fit),
// numbers with a fraction or exponent Decimal. It refuses what encoding/json lets
// pass: invalid UTF-8, lone surrogates, a key given twice, nesting deeper than 64.
// The error is a *JSONError.
func ParseJSON(b []byte) (any, error) {
	p := jsonReader{b: b}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(b) {
		return nil, p.fail(text.M("json.trailing", "There is more text after the JSON value"))
	}
	return v, nil
}

type jsonReader struct {
	b []byte
	i int
}

func (p *jsonReader) fail(reason text.Message) error {
	e := &JSONError{Offset: p.i, Line: 1, Column: 1, Reason: reason}
	for _, c := range p.b[:min(p.i, len(p.b))] {
		e.Column++
		if c == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	return e
}

func (p *jsonReader) unexpected() error {
	if p.i >= len(p.b) {
		return p.fail(text.M("json.ended", "The JSON text ends too early"))
	}
	r, _ := utf8.DecodeRune(p.b[p.i:])
	return p.fail(text.M("json.unexpected", "Unexpected character %q", r))
}

func (p *jsonReader) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *jsonReader) peek() byte {
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *jsonReader) value(depth int) (any, error) {
	switch c := p.peek(); {
	case c == '{':
		return p.object(depth + 1)
	case c == '[':
		return p.list(depth + 1)
	case c == '"':
		return p.text()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == 't':
		return true, p.word("true")
	case c == 'f':
		return false, p.word("false")
	case c == 'n':
		return nil, p.word("null")
	}
	return nil, p.unexpected()
}

func (p *jsonReader) word(w string) error {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return p.unexpected()
	}
	p.i += len(w)
	return nil
}

// open steps over a bracket and reports whether the closing one follows at once.
func (p *jsonReader) open(closing byte, depth int) (empty bool, err error) {
	if depth > maxJSONDepth {
		return false, p.fail(text.M("json.depth", "The JSON is nested more than %d levels deep", maxJSONDepth))
	}
	p.i++
	p.space()
	if p.peek() == closing {
		p.i++
		return true, nil
	}
	return false, nil
}

// next steps over a comma (more follows) or the closing bracket.
func (p *jsonReader) next(closing byte) (more bool, err error) {
	p.space()
	switch p.peek() {
	case ',':
		p.i++
		p.space()
		return true, nil
	case closing:
		p.i++
		return false, nil
	}
	return false, p.unexpected()
}

func (p *jsonReader) object(depth int) (any, error) {
	out := map[string]any{}
	empty, err := p.open('}', depth)
	for more := !empty; more && err == nil; more, err = p.next('}') {
		if err = p.member(out, depth); err != nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (p *jsonReader) member(out map[string]any, depth int) error {
	if p.peek() != '"' {
		return p.unexpected()
	}
	start := p.i
	key, err := p.text()
	if err != nil {
		return err
	}
	if _, twice := out[key]; twice {
		p.i = start
		return p.fail(text.M("json.twice", "The key %q is given twice", key))
	}
	p.space()
	if p.peek() != ':' {
		return p.unexpected()
	}
	p.i++
	p.space()
	v, err := p.value(depth)
	out[key] = v
	return err
}

func (p *jsonReader) list(depth int) (any, error) {
	out := []any{}
	empty, err := p.open(']', depth)
	for more := !empty; more && err == nil; more, err = p.next(']') {
		var v any
		if v, err = p.value(depth); err != nil {
			break
		}
		out = append(out, v)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (p *jsonReader) number() (any, error) {
	start := p.i
	whole := true
	if p.peek() == '-' {
		p.i++
	}
	leading := p.peek()
	n := p.digits()
	if n == 0 || leading == '0' && n > 1 {
		p.i -= max(0, n-1)
		return nil, p.unexpected()
	}
	if p.peek() == '.' {
		whole = false
		p.i++
		if p.digits() == 0 {
			return nil, p.unexpected()
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		whole = false
		p.i++
		if c = p.peek(); c == '+' || c == '-' {
			p.i++
		}
		if p.digits() == 0 {
			return nil, p.unexpected()
		}
	}
	s := string(p.b[start:p.i])
	if whole {
		if v, err := strconv.ParseInt(s, 10, 64); err == nil {
			return v, nil
		}
	}
	d, err := ParseDecimal(s)
	if err != nil {
		p.i = start
		return nil, p.fail(text.M("json.range", "The number is too large or has too many digits"))
	}
	return d, nil
}

func (p *jsonReader) digits() int {
	start := p.i
	for p.i < len(p.b) && p.b[p.i] >= '0' && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i - start
}

func (p *jsonReader) text() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.b) { // Most texts have no escapes and need no buffer.
		switch c := p.b[p.i]; {
		case c == '"':
			s := string(p.b[start:p.i])
			if !utf8.ValidString(s) {
				p.i = start
				return "", p.invalid()
			}
			p.i++
			return s, nil
		case c == '\\':
			return p.escaped(append([]byte(nil), p.b[start:p.i]...))
		case c < ' ':
			return "", p.unexpected()
		}
		p.i++
	}
	return "", p.unexpected()
}

func (p *jsonReader) invalid() error {
	return p.fail(text.M("json.utf8", "A text is not valid UTF-8"))
}
