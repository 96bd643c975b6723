package inbound

import (
	"net/url"
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// maxRows bounds how many rows a sample gives.
const maxRows = 200

// Sample is what could be read from a pasted text.
type Sample struct {
	Query []Declared
	Body  []Declared
}

// ParseSample reads a pasted address, query, JSON, form or XML and gives a row for each
// value in it. The error is a *[Problem].
func ParseSample(pasted string) (Sample, error) {
	s := strings.TrimSpace(pasted)
	var out Sample
	switch {
	case s == "":
		return out, nothingFound()
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"), strings.HasPrefix(s, "?"):
		u, err := url.Parse(s)
		if err != nil {
			return out, nothingFound()
		}
		query, err := ReadQuery(u.RawQuery)
		if err != nil {
			return out, err
		}
		out.Query = RowsOf(query)
	case s[0] == '{' || s[0] == '[':
		v, err := readJSON([]byte(s))
		if err != nil {
			return out, err
		}
		out.Body = RowsOf(v)
	case s[0] == '<':
		v, err := readXML([]byte(s))
		if err != nil {
			return out, err
		}
		out.Body = RowsOf(v)
	case strings.Contains(s, "="):
		v, err := ReadQuery(s)
		if err != nil {
			return out, err
		}
		out.Body = RowsOf(v)
	}
	if len(out.Query)+len(out.Body) == 0 {
		return out, nothingFound()
	}
	return out, nil
}

func nothingFound() *Problem {
	return problem(BadBody, text.M("inbound.sample", "No values were found. Paste an address with parameters, JSON, form text or XML."))
}

// RowsOf gives a row for each value inside another one, parents first, in the order of
// their names. Aliases are different from each other.
func RowsOf(v any) []Declared {
	r := &rows{taken: map[string]bool{}}
	r.members(v, nil, false)
	return r.list
}

type rows struct {
	list  []Declared
	taken map[string]bool
}

// members adds what an object holds; listed says that a list stands on the way, so that
// there are several of each.
func (r *rows) members(v any, path []string, listed bool) {
	m, ok := v.(map[string]any)
	if !ok || len(path) > maxDepth {
		return
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		at := append(slices.Clone(path), name)
		r.add(at, m[name], listed)
		switch one := m[name].(type) {
		case map[string]any:
			r.members(one, at, listed)
		case []any:
			r.members(merged(one), at, true)
		}
	}
}

// merged is one object with the members of all entries of a list.
func merged(list []any) any {
	out := map[string]any{}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		for name, v := range m {
			if out[name] == nil {
				out[name] = v
			}
		}
	}
	return out
}

func (r *rows) add(path []string, v any, listed bool) {
	if len(r.list) >= maxRows {
		return
	}
	kind := typeOf(v)
	if listed {
		kind = listOf(kind)
	}
	alias := aliasOf(path)
	for n := len(path) - 2; r.taken[alias] && n >= 0; n-- {
		alias = aliasOf([]string{strings.Join(path[n:], " ")})
	}
	for base, n := alias, '2'; r.taken[alias] && n <= '9'; n++ {
		alias = base + string(n)
	}
	r.taken[alias] = true
	r.list = append(r.list, Declared{Path: joinPath(path), Alias: alias, Type: kind})
}

// typeOf is the type of a value: text stays text, whatever it looks like.
func typeOf(v any) string {
	switch v := v.(type) {
	case string:
		return "text"
	case int64, field.Decimal:
		return "number"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return listType(v)
	}
	return "any"
}

func listType(list []any) string {
	kind := ""
	for _, e := range list {
		one := listOf(typeOf(e))
		if kind != "" && kind != one {
			return "list"
		}
		kind = one
	}
	if kind == "" {
		return "list"
	}
	return kind
}

func listOf(kind string) string {
	switch kind {
	case "text", "number":
		return kind + "List"
	case "textList", "numberList":
		return kind
	}
	return "list"
}
