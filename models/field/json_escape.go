package field

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"formrail/models/text"
)

// escaped reads the rest of a text behind its first backslash.
func (p *jsonReader) escaped(buf []byte) (string, error) {
	for p.i < len(p.b) {
		c := p.b[p.i]
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				return "", p.invalid()
			}
			p.i++
			return string(buf), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			buf = utf8.AppendRune(buf, r)
			continue
		case c < ' ':
			return "", p.unexpected()
		}
		buf = append(buf, c)
		p.i++
	}
	return "", p.unexpected()
}

func (p *jsonReader) escape() (rune, error) {
	p.i++
	c := p.peek()
	if c == 'u' {
		return p.unicode()
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for k := range len(from) {
		if from[k] == c {
			p.i++
			return rune(to[k]), nil
		}
	}
	return 0, p.unexpected()
}

func (p *jsonReader) unicode() (rune, error) {
	r, err := p.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if p.peek() == '\\' && p.i+1 < len(p.b) && p.b[p.i+1] == 'u' {
		p.i++
		low, err := p.hex()
		if err != nil {
			return 0, err
		}
		if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
			return full, nil
		}
	}
	return 0, p.fail(text.M("json.surrogate", "A text holds half of a character"))
}

func (p *jsonReader) hex() (rune, error) {
	p.i++
	if len(p.b)-p.i < 4 {
		p.i = len(p.b)
		return 0, p.unexpected()
	}
	n, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 32)
	if err != nil {
		return 0, p.fail(text.M("json.escape", "An escape needs four hexadecimal digits"))
	}
	p.i += 4
	return rune(n), nil //nolint:gosec // four hexadecimal digits
}
