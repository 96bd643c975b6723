// Package eventfilter decides which events somebody wants to hear of: a pattern for the
// name and patterns for any properties of the envelope.
package eventfilter

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// Filter is what an event must have. The zero value matches every event.
type Filter struct {
	wants []want
}

// want is one property with the patterns of which one must match.
type want struct {
	path     []string
	patterns []string
}

// recordPrefix begins the types of records as the manuals of Twinit write them.
const recordPrefix = "itemsvc."

// New reads a filter: an object whose keys are dotted paths from the root of the
// envelope and whose values are patterns, or lists of patterns of which any may match.
// "\." stands for a dot inside a name, "*" for any run of characters, "\*" for a star.
// Numbers and yes/no stand for their text. Problems name the property.
func New(written map[string]any) (Filter, field.Problems) {
	var f Filter
	var problems field.Problems
	for _, key := range slices.Sorted(maps.Keys(written)) {
		w := want{path: split(key)}
		values, isList := written[key].([]any)
		if !isList {
			values = []any{written[key]}
		}
		for _, v := range values {
			s, ok := word(v)
			if !ok {
				problems.Add(key, "DEFINITION_INVALID", text.M("filter.pattern", "%s: a pattern is a text, a number, or yes or no.", key))
				continue
			}
			w.patterns = append(w.patterns, s)
		}
		if slices.Contains(w.path, "") {
			problems.Add(key, "DEFINITION_INVALID", text.M("filter.path", "%s is not a path to a property of an event.", key))
		}
		f.wants = append(f.wants, w)
	}
	return f, problems
}

// split cuts a path at its dots; "\." is a dot inside a name.
func split(path string) []string {
	var out []string
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path) && path[i+1] == '.':
			name.WriteByte('.')
			i++
		case path[i] == '.':
			out = append(out, name.String())
			name.Reset()
		default:
			name.WriteByte(path[i])
		}
	}
	out = append(out, name.String())
	if len(out) > 1 && out[0] == "user" && out[1] == "_id" {
		out[1] = "id"
	}
	return out
}

// Match reports whether the envelope of an event has everything that is wanted.
func (f Filter) Match(envelope map[string]any) bool {
	for _, w := range f.wants {
		if !w.in(envelope, w.path) {
			return false
		}
	}
	return true
}

// in looks for a value at a path; through a list any element suffices.
func (w want) in(v any, path []string) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, func(one any) bool { return w.in(one, path) })
	}
	if len(path) > 0 {
		m, ok := v.(map[string]any)
		return ok && w.in(m[path[0]], path[1:])
	}
	s, ok := word(v)
	if !ok {
		return false
	}
	return slices.ContainsFunc(w.patterns, func(pattern string) bool {
		if slices.Equal(w.path, []string{"resource", "type"}) && strings.HasPrefix(pattern, recordPrefix) {
			return Like(pattern, recordPrefix+s)
		}
		return Like(pattern, s)
	})
}

// word is the text that patterns are compared with; objects and nothing have none.
func word(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case int:
		return strconv.Itoa(v), true
	case field.Decimal:
		return v.String(), true
	}
	return "", false
}

// Exact gives the one value that a property must have; ok is false when a pattern or
// several values may match it, or nothing is wanted of it.
func (f Filter) Exact(path ...string) (value string, ok bool) {
	for _, w := range f.wants {
		if slices.Equal(w.path, path) && len(w.patterns) == 1 && !strings.ContainsAny(w.patterns[0], `*\`) && !strings.HasPrefix(w.patterns[0], recordPrefix) {
			return w.patterns[0], true
		}
	}
	return "", false
}

// Like reports whether a pattern matches the whole of a text.
func Like(pattern, s string) bool {
	// The classic greedy match with one place to go back to: the last star.
	p, i, star, from := 0, 0, -1, 0
	for i < len(s) {
		switch c, n := letter(pattern, p); {
		case n > 0 && c == anyRun:
			star, from = p, i
			p += n
		case n > 0 && c == int(s[i]):
			p += n
			i++
		case star >= 0:
			from++
			i, p = from, star+1
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// anyRun is the letter of a pattern that stands for any run of characters.
const anyRun = -1

// letter reads the letter of a pattern at a place and how many bytes it takes.
func letter(pattern string, at int) (c, size int) {
	switch {
	case at >= len(pattern):
		return 0, 0
	case pattern[at] == '*':
		return anyRun, 1
	case pattern[at] == '\\' && at+1 < len(pattern) && pattern[at+1] == '*':
		return '*', 2
	}
	return int(pattern[at]), 1
}
