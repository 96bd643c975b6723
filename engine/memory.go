package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// memory holds what finished steps gave, as far as something may still read it. A step
// has a place: the passes of the loops and other containers around it. Steps outside
// all containers have the empty place.
//
// A place sees the outputs of its own passes and of those around it, and of a container
// that has ended those of the last pass. It never sees another pass beside its own.
type memory struct {
	flat map[string]any     // by node, of the empty place
	deep map[string][]given // by node, of all other places
	held map[string]string  // node and place of a value that may change → id of its step
}

// given is the output of a step at one place.
type given struct {
	path  string
	value any
}

func newMemory() *memory {
	return &memory{flat: map[string]any{}, deep: map[string][]given{}, held: map[string]string{}}
}

// copy makes an independent copy; the values are shared, they never change.
func (m *memory) copy() *memory {
	c := &memory{flat: maps.Clone(m.flat), deep: make(map[string][]given, len(m.deep)), held: maps.Clone(m.held)}
	for node, list := range m.deep {
		c.deep[node] = slices.Clone(list)
	}
	return c
}

// put keeps what a step gave at a place.
func (m *memory) put(node, path string, value any) {
	if path == "" {
		m.flat[node] = value
		return
	}
	for i, g := range m.deep[node] {
		if g.path == path {
			m.deep[node][i].value = value
			return
		}
	}
	m.deep[node] = append(m.deep[node], given{path: path, value: value})
}

// hold remembers which step declared a value that later steps may change.
func (m *memory) hold(node, path, step string) { m.held[node+"\x00"+path] = step }

// assign changes a value that a step visible from a place declared. It gives the id of
// that step; empty when there is none.
func (m *memory) assign(node, from string, value any) (step string) {
	path, ok := m.at(node, from)
	if !ok {
		return ""
	}
	m.put(node, path, value)
	return m.held[node+"\x00"+path]
}

// get gives what a node gave, as it is seen from a place; nil when that is nothing.
func (m *memory) get(node, from string) any {
	path, ok := m.at(node, from)
	if !ok {
		return nil
	}
	if path == "" {
		return m.flat[node]
	}
	for _, g := range m.deep[node] {
		if g.path == path {
			return g.value
		}
	}
	return nil
}

// at finds the place of a node's output that is seen from a place: of several the
// latest pass.
func (m *memory) at(node, from string) (path string, ok bool) {
	if _, ok := m.flat[node]; ok {
		return "", true
	}
	for _, g := range m.deep[node] {
		if sees(from, g.path) && (!ok || later(g.path, path)) {
			path, ok = g.path, true
		}
	}
	return path, ok
}

// seen gives all outputs as they are seen from a place. The map must not be changed,
// and is only good until the next step.
func (m *memory) seen(from string) map[string]any {
	if len(m.deep) == 0 {
		return m.flat
	}
	out := maps.Clone(m.flat)
	for node := range m.deep {
		if _, ok := m.at(node, from); ok {
			out[node] = m.get(node, from)
		}
	}
	return out
}

// keepPasses forgets what was given in the passes of a container at a place, except for
// those that keep names.
func (m *memory) keepPasses(container, path string, keep func(pass int) bool) {
	prefix := PassPath(path, container, 0)
	prefix = prefix[:len(prefix)-1]
	gone := func(p string) bool {
		rest, inside := strings.CutPrefix(p, prefix)
		if !inside {
			return false
		}
		number, _, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		return err == nil && !keep(n)
	}
	for node, list := range m.deep {
		list = slices.DeleteFunc(list, func(g given) bool { return gone(g.path) })
		if len(list) == 0 {
			delete(m.deep, node)
			continue
		}
		m.deep[node] = list
	}
	maps.DeleteFunc(m.held, func(key, _ string) bool {
		_, p, _ := strings.Cut(key, "\x00")
		return gone(p)
	})
}

// PassPath gives the place inside a pass of a container that stands at a place.
func PassPath(path, container string, pass int) string {
	inside := container + "#" + strconv.Itoa(pass)
	if path == "" {
		return inside
	}
	return path + "/" + inside
}

// within reports whether a place is another or inside it.
func within(path, outer string) bool {
	return outer == "" || path == outer || strings.HasPrefix(path, outer) && path[len(outer)] == '/'
}

// PassOf takes the innermost pass from a place: the place of its container, its key and
// the number of the pass.
func PassOf(path string) (outer, container string, pass int) {
	i := strings.LastIndexByte(path, '/')
	outer = path[:max(i, 0)]
	container, number, _ := strings.Cut(path[i+1:], "#")
	pass, err := strconv.Atoi(number)
	if err != nil { // no place: paths are made by PassPath alone
		return "", "", 0
	}
	return outer, container, pass
}

// sees reports whether one place sees what was given at another: they never part in two
// passes of one container.
func sees(from, path string) bool {
	for from != "" && path != "" {
		var a, b string
		a, from, _ = strings.Cut(from, "/")
		b, path, _ = strings.Cut(path, "/")
		if a == b {
			continue
		}
		x, _, _ := strings.Cut(a, "#")
		y, _, _ := strings.Cut(b, "#")
		return x != y
	}
	return true
}

// later reports whether the passes of one place come after those of another of the same
// node.
func later(a, b string) bool {
	for a != "" && b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, "/")
		y, b, _ = strings.Cut(b, "/")
		if x == y {
			continue
		}
		_, _, m := PassOf(x)
		_, _, n := PassOf(y)
		return m > n
	}
	return false
}
