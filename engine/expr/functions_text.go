package expr

import (
	"strings"
	"unicode/utf8"

	"formrail/models/text"
)

func textFunctions() []function {
	return []function{
		{"text", "text(value)", "The value as text, as a template shows it.", 1, 1, true, func(in *invocation) (any, error) {
			return in.text(in.args[0])
		}},
		{"upper", "upper(text)", "The text in upper case.", 1, 1, false, mapText(strings.ToUpper)},
		{"lower", "lower(text)", "The text in lower case.", 1, 1, false, mapText(strings.ToLower)},
		{"capitalize", "capitalize(text)", "The text with its first letter in upper case.", 1, 1, false, mapText(capitalize)},
		{"trim", "trim(text)", "The text without spaces around it.", 1, 1, false, mapText(strings.TrimSpace)},
		{"trimPrefix", "trimPrefix(text, prefix)", "The text without the prefix.", 2, 2, false, pairText(strings.TrimPrefix)},
		{"trimSuffix", "trimSuffix(text, suffix)", "The text without the suffix.", 2, 2, false, pairText(strings.TrimSuffix)},
		{"hasPrefix", "hasPrefix(text, prefix)", "Whether the text begins with the prefix.", 2, 2, false, testText(strings.HasPrefix)},
		{"hasSuffix", "hasSuffix(text, suffix)", "Whether the text ends with the suffix.", 2, 2, false, testText(strings.HasSuffix)},
		{"substring", "substring(text, from, to?)", "The characters from one position up to another; the first is 0.", 2, 3, true, substring},
		{"left", "left(text, count)", "The first characters.", 2, 2, false, func(in *invocation) (any, error) { return in.edge(true) }},
		{"right", "right(text, count)", "The last characters.", 2, 2, false, func(in *invocation) (any, error) { return in.edge(false) }},
		{"padStart", "padStart(text, length, filler?)", "The text filled at its start up to a length.", 2, 3, false, func(in *invocation) (any, error) { return in.pad(true) }},
		{"padEnd", "padEnd(text, length, filler?)", "The text filled at its end up to a length.", 2, 3, false, func(in *invocation) (any, error) { return in.pad(false) }},
		{"repeat", "repeat(text, count)", "The text several times.", 2, 2, false, repeat},
		{"replace", "replace(text, old, new)", "The text with every old part replaced.", 3, 3, false, replace},
		{"split", "split(text, separator)", "The parts of the text between separators, as a list.", 2, 2, false, split},
		{"join", "join(list, separator?)", "The elements of a list as one text.", 1, 2, false, join},
		{"indexOf", "indexOf(text or list, part)", "The position of the first match, or -1.", 2, 2, false, indexOf(strings.Index)},
		{"lastIndexOf", "lastIndexOf(text, part)", "The position of the last match, or -1.", 2, 2, false, indexOf(strings.LastIndex)},
	}
}

func mapText(f func(string) string) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		s, err := in.str(0)
		if err != nil {
			return nil, err
		}
		return in.given(f(s))
	}
}

func two(in *invocation) (a, b string, err error) {
	if a, err = in.str(0); err != nil {
		return "", "", err
	}
	b, err = in.str(1)
	return a, b, err
}

func pairText(f func(a, b string) string) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		a, b, err := two(in)
		return f(a, b), err
	}
}

func testText(f func(a, b string) bool) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		a, b, err := two(in)
		return f(a, b), err
	}
}

func capitalize(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

func substring(in *invocation) (any, error) {
	if in.args[0] == nil {
		return in.null(in.fn)
	}
	s, err := in.str(0)
	if err != nil {
		return nil, err
	}
	var to any
	if len(in.args) > 2 {
		to = in.args[2]
	}
	return in.part(in.pos, s, in.args[1], to)
}

func (in *invocation) edge(start bool) (any, error) {
	s, err := in.str(0)
	if err != nil {
		return nil, err
	}
	n, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	runes := []rune(s)
	n = min(max(n, 0), len(runes))
	if start {
		return in.given(string(runes[:n]))
	}
	return in.given(string(runes[len(runes)-n:]))
}

func (in *invocation) pad(start bool) (any, error) {
	s, err := in.text(in.args[0])
	if err != nil {
		return nil, err
	}
	length, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	filler, err := in.strOr(2, " ")
	if err != nil {
		return nil, err
	}
	missing := length - utf8.RuneCountInString(s)
	if missing <= 0 || filler == "" {
		return s, nil
	}
	if err := in.alloc(missing * utf8.UTFMax); err != nil {
		return nil, err
	}
	unit := []rune(filler)
	fill := make([]rune, missing)
	for i := range fill {
		fill[i] = unit[i%len(unit)]
	}
	if start {
		return in.given(string(fill) + s)
	}
	return in.given(s + string(fill))
}

func repeat(in *invocation) (any, error) {
	s, err := in.str(0)
	if err != nil {
		return nil, err
	}
	n, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, in.failed(text.M("expr.negative_count", "%s needs a count of 0 or more.", in.fn))
	}
	if s == "" {
		return "", nil
	}
	if n > maxMemory || in.alloc(len(s)*n) != nil {
		return nil, in.alloc(maxMemory + 1)
	}
	return strings.Repeat(s, n), nil
}

func replace(in *invocation) (any, error) {
	s, old, err := two(in)
	if err != nil {
		return nil, err
	}
	replacement, err := in.str(2)
	if err != nil {
		return nil, err
	}
	if old == "" {
		return s, nil
	}
	if err := in.alloc(len(s) + strings.Count(s, old)*len(replacement)); err != nil {
		return nil, err
	}
	return strings.ReplaceAll(s, old, replacement), nil
}

func split(in *invocation) (any, error) {
	s, separator, err := two(in)
	if err != nil {
		return nil, err
	}
	out, err := in.newList(strings.Count(s, separator) + 1)
	if err != nil {
		return nil, err
	}
	for _, part := range strings.Split(s, separator) {
		out = append(out, part)
	}
	return out, nil
}

func join(in *invocation) (any, error) {
	list, err := in.list(0)
	if err != nil {
		return nil, err
	}
	separator, err := in.strOr(1, "")
	if err != nil {
		return nil, err
	}
	if err := in.step(len(list)); err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, e := range list {
		s, err := in.text(e)
		if err != nil {
			return nil, err
		}
		if err := in.alloc(len(s) + len(separator)); err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func indexOf(find func(s, part string) int) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		if list, ok := in.args[0].([]any); ok {
			if err := in.step(len(list)); err != nil {
				return nil, err
			}
			for i, e := range list {
				if same, err := in.equal(e, in.args[1]); same || err != nil {
					return int64(i), err
				}
			}
			return int64(-1), nil
		}
		s, part, err := two(in)
		if err != nil {
			return nil, err
		}
		at := find(s, part)
		if at < 0 {
			return int64(-1), nil
		}
		return int64(utf8.RuneCountInString(s[:at])), nil
	}
}
