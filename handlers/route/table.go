package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Table finds the line for a request. It never changes and is safe for concurrent
// use.
type Table struct {
	root *node
	rows []*Route
}

// node is one part of an address. A constant part wins over a parameter, and there
// is no way back: an address has one meaning.
type node struct {
	constant map[string]*node
	param    *node
	tail     map[string]*row // the rest of the address is one parameter
	rows     map[string]*row // by method
}

type row struct {
	*Route
	names []string // of the parameters, in order
}

// NewTable builds the table. The error names every line that is not complete and
// every address that is taken twice.
func NewTable(routes []Route) (*Table, error) {
	t := &Table{root: &node{}}
	var wrong []error
	for i := range routes {
		r := &routes[i]
		if err := r.check(); err != nil {
			wrong = append(wrong, err)
			continue
		}
		if err := t.add(r); err != nil {
			wrong = append(wrong, err)
		}
	}
	return t, errors.Join(wrong...)
}

// Routes lists all lines in the order in which they were given.
func (t *Table) Routes() []*Route { return t.rows }

func (t *Table) add(r *Route) error {
	at, line := t.root, &row{Route: r}
	parts := patternParts(r.Pattern)
	for i, part := range parts {
		name, isParam := parameter(part)
		switch {
		case !isParam:
			if at.constant == nil {
				at.constant = map[string]*node{}
			}
			if at.constant[part] == nil {
				at.constant[part] = &node{}
			}
			at = at.constant[part]
		case strings.HasSuffix(name, "..."):
			if i != len(parts)-1 {
				return fmt.Errorf("route %s: only the last part takes the rest", r.Pattern)
			}
			line.names = append(line.names, strings.TrimSuffix(name, "..."))
			return t.put(&at.tail, line)
		default:
			line.names = append(line.names, name)
			if at.param == nil {
				at.param = &node{}
			}
			at = at.param
		}
	}
	return t.put(&at.rows, line)
}

func (t *Table) put(rows *map[string]*row, line *row) error {
	if *rows == nil {
		*rows = map[string]*row{}
	}
	if (*rows)[line.Method] != nil {
		return fmt.Errorf("route %s %s stands in the table twice", line.Method, line.Pattern)
	}
	(*rows)[line.Method] = line
	t.rows = append(t.rows, line.Route)
	return nil
}

// patternParts splits a pattern as [ParsePath] splits an address.
func patternParts(pattern string) []string {
	var out []string
	for s := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		name, action, isAction := strings.Cut(s, ":")
		switch {
		case s == "":
		case isAction && strings.HasPrefix(pattern, "/"+apiRoot+"/"):
			out = append(out, name, ":"+action)
		default:
			out = append(out, s)
		}
	}
	return out
}

func parameter(part string) (name string, ok bool) {
	if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
		return part[1 : len(part)-1], true
	}
	return "", false
}

// Match is what the table knows about a request.
type Match struct {
	Route  *Route   // nil when there is none
	Allow  []string // the methods that the address has; empty for an unknown address
	params []string // name, value, name, value …
}

// Param gives the value of a parameter of the address.
func (m Match) Param(name string) string {
	for i := 0; i+1 < len(m.params); i += 2 {
		if m.params[i] == name {
			return m.params[i+1]
		}
	}
	return ""
}

// Find finds the line for a request.
func (t *Table) Find(method string, p Path) Match {
	parts := p.Parts
	allow := map[string]string{"GET": GET, "HEAD": GET, "POST": POST}
	rows, values := t.walk(parts)
	if rows == nil && p.API() && !slices.ContainsFunc(parts, func(s string) bool { return strings.HasPrefix(s, ":") }) {
		return t.findAlias(method, parts)
	}
	if rows == nil {
		return Match{}
	}
	return match(rows, allow[method], values)
}

// walk follows the parts of an address.
func (t *Table) walk(parts []string) (rows map[string]*row, values []string) {
	at := t.root
	for i, part := range parts {
		next := at.constant[part]
		if next == nil && at.tail != nil && part != "" {
			return at.tail, append(values, strings.Join(parts[i:], "/"))
		}
		if next == nil {
			if next = at.param; next == nil || part == "" || strings.HasPrefix(part, ":") && parts[0] == apiRoot {
				return nil, nil
			}
			values = append(values, part)
		}
		at = next
	}
	return at.rows, values
}

func match(rows map[string]*row, method string, values []string) Match {
	var m Match
	for name := range rows {
		if name != Any {
			m.Allow = append(m.Allow, name)
		}
	}
	slices.Sort(m.Allow)
	line := rows[method]
	if line == nil {
		line = rows[Any]
	}
	if line == nil {
		return m
	}
	m.Route = line.Route
	for i, name := range line.names {
		m.params = append(m.params, name, values[i])
	}
	return m
}

// findAlias reads an address without an action the way REST clients write it:
// GET /api/posts is posts:list, DELETE /api/posts/1 is posts:destroy/1.
func (t *Table) findAlias(method string, parts []string) Match {
	n := len(parts)
	one := n%2 == 1 // api, posts, 1
	actions := map[string]string{"GET": ":list", "HEAD": ":list", "POST": ":create"}
	if one {
		actions = map[string]string{"GET": ":get", "HEAD": ":get", "PUT": ":update", "PATCH": ":update", "DELETE": ":destroy"}
	}
	spelled := func(action string) []string {
		if one {
			return append(slices.Clone(parts[:n-1]), action, parts[n-1])
		}
		return append(slices.Clone(parts), action)
	}
	if n < 2 {
		return Match{}
	}
	var m Match
	for verb, action := range actions {
		want := POST
		if verb == "GET" || verb == "HEAD" {
			want = GET
		}
		rows, values := t.walk(spelled(action))
		if rows[want] == nil {
			continue
		}
		if verb != "HEAD" {
			m.Allow = append(m.Allow, verb)
		}
		if verb == method {
			found := match(rows, want, values)
			m.Route, m.params = found.Route, found.params
		}
	}
	slices.Sort(m.Allow)
	return m
}
