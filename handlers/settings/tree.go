// Package settings turns the settings of steps and triggers into the inputs of a form,
// and a form that was sent back into settings. It knows no request and no database.
package settings

import (
	"slices"
	"strconv"
	"strings"
)

// Tree is a form by the parts of the names of its fields: what was sent as "when.0.op"
// stands at "when", "0", "op".
type Tree struct {
	values []string
	sub    map[string]*Tree
}

// maxDepth bounds the parts of a name.
const maxDepth = 30

// Parse reads the fields whose names begin with prefix.
func Parse(form map[string][]string, prefix string) *Tree {
	top := &Tree{}
	for name, values := range form {
		rest, ok := strings.CutPrefix(name, prefix)
		if parts := strings.Split(rest, "."); ok && len(parts) <= maxDepth {
			top.put(parts, values)
		}
	}
	return top
}

func (t *Tree) put(parts, values []string) {
	for _, part := range parts {
		next := t.sub[part]
		if next == nil {
			next = &Tree{}
			if t.sub == nil {
				t.sub = map[string]*Tree{}
			}
			t.sub[part] = next
		}
		t = next
	}
	t.values = values
}

// At gives what stands below a name; nil when nothing was sent.
func (t *Tree) At(name string) *Tree {
	if t == nil {
		return nil
	}
	return t.sub[name]
}

// Text is the first value that was sent for a name.
func (t *Tree) Text(name string) string {
	if at := t.At(name); at != nil && len(at.values) > 0 {
		return at.values[0]
	}
	return ""
}

// First is the first value that was sent here.
func (t *Tree) First() string {
	if t == nil || len(t.values) == 0 {
		return ""
	}
	return t.values[0]
}

// All are the values that were sent here.
func (t *Tree) All() []string {
	if t == nil {
		return nil
	}
	return t.values
}

// Rows gives what was sent below numbers, in their order.
func (t *Tree) Rows() []*Tree {
	if t == nil {
		return nil
	}
	var at []int
	for name := range t.sub {
		if n, err := strconv.Atoi(name); err == nil {
			at = append(at, n)
		}
	}
	slices.Sort(at)
	out := make([]*Tree, len(at))
	for i, n := range at {
		out[i] = t.sub[strconv.Itoa(n)]
	}
	return out
}

// Names lists the names below, sorted.
func (t *Tree) Names() []string {
	if t == nil {
		return nil
	}
	out := make([]string, 0, len(t.sub))
	for name := range t.sub {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
