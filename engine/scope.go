package engine

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"maps"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
)

// scope gives the variables that one node sees. It is filled lazily: most nodes
// read two or three.
type scope struct {
	trigger map[string]any
	nodes   func() map[string]any // output by node key
	loops   func() loopVars
	system  func() map[string]any
	former  func(of expr.Reference, name string, object map[string]any) (string, bool)
}

// loopVars are what the loops around a place hold.
type loopVars struct {
	inner map[string]any // of the innermost; nil outside loops
	byKey map[string]any
}

// spot is where variables are read from.
type spot struct {
	path   string
	parent string        // id of the innermost container that was entered
	node   *compiledNode // who reads
	own    bool          // inside a pass of its own
}

func (c cursor) spot() spot { return spot{path: c.path, parent: c.parent, node: c.node} }

// scope gives the variables as they stand now at a place.
func (s *stretch) scope(ctx context.Context, st *state, at spot, now time.Time) scope {
	return scope{
		trigger: s.trigger,
		nodes:   func() map[string]any { return st.outputs.seen(at.path) },
		loops:   func() loopVars { return s.loops(st, at) },
		system:  func() map[string]any { return s.system(now, at) },
		former: func(of expr.Reference, name string, record map[string]any) (string, bool) {
			return s.otherName(ctx, at, of, name, record)
		},
	}
}

// frozen gives the same variables for good, for who reads them while others go on.
func (v scope) frozen() scope {
	nodes, loops := maps.Clone(v.nodes()), v.loops()
	v.nodes, v.loops = func() map[string]any { return nodes }, func() loopVars { return loops }
	return v
}

// OtherName finds a field of a record by one of its former names.
func (v scope) OtherName(of expr.Reference, name string, object map[string]any) (string, bool) {
	return v.former(of, name, object)
}

// Root gives a root of the variables.
func (v scope) Root(name string) (any, bool) {
	switch name {
	case "trigger":
		return v.trigger, true
	case "nodes":
		return v.nodes(), true
	case "loop":
		inner := v.loops().inner
		return inner, inner != nil
	case "loops":
		return v.loops().byKey, true
	case "system":
		return v.system(), true
	case "env":
		return map[string]any{}, true
	}
	return nil, false
}

// loops gives what the loops around a place hold.
func (s *stretch) loops(st *state, at spot) loopVars {
	out := loopVars{byKey: map[string]any{}}
	for at.parent != "" {
		container := st.open[at.parent]
		if container == nil {
			break
		}
		outer, _, pass := PassOf(at.path)
		if n := s.version.Compiled.byKey[container.Node]; n != nil && n.typ.Loops() {
			if settings, err := s.settingsOf(n, container); err == nil {
				vars := n.typ.PassVars(settings, pass)
				if out.inner == nil {
					out.inner = vars
				}
				out.byKey[n.part.Key] = vars
			}
		}
		at = spot{path: outer, parent: container.ParentID}
	}
	return out
}

// inside gives the variables as a pass of a container sees them.
func (s *stretch) inside(ctx context.Context, st *state, n *compiledNode, container *models.Step, vars scope) func(int) node.Vars {
	return func(pass int) node.Vars {
		at := spot{path: PassPath(container.Path, container.Node, pass), parent: container.ID, node: n, own: true}
		outer := vars.loops
		v := vars
		v.former = func(of expr.Reference, name string, record map[string]any) (string, bool) {
			return s.otherName(ctx, at, of, name, record)
		}
		v.nodes = func() map[string]any { return st.outputs.seen(at.path) }
		v.loops = func() loopVars {
			own := outer()
			if settings, err := s.settingsOf(n, container); err == nil {
				own.inner = n.typ.PassVars(settings, pass)
				own.byKey[n.part.Key] = own.inner
			}
			return own
		}
		return v
	}
}

// system builds the system variables of an execution.
func (s *stretch) system(now time.Time, at spot) map[string]any {
	return map[string]any{
		"now":       now,
		"execution": map[string]any{"id": s.exec.ID},
		"workflow":  map[string]any{"key": s.version.Key, "title": s.version.Title},
		"baseUrl":   s.e.baseURL(),
		"callbacks": s.callbacks(at),
	}
}

// input is what expressions of one step depend on.
func (s *stretch) input(vars scope, step *models.Step, now time.Time) expr.Input {
	return expr.Input{Vars: vars, Now: now, Seed: seedOf(step), Zone: time.UTC}
}

// seedOf gives the random seed of a step: the same for all its attempts.
func seedOf(step *models.Step) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(step.ID))
	return int64(binary.LittleEndian.Uint64(h.Sum(nil)) >> 1)
}

// parseObject reads stored JSON that must be an object; empty text is an empty one.
func parseObject(stored string) (map[string]any, error) {
	if stored == "" {
		return map[string]any{}, nil
	}
	v, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return map[string]any{}, nil
	}
	return m, nil
}

// parseAny reads stored JSON; empty text is null.
func parseAny(stored string) (any, error) {
	if stored == "" {
		return nil, nil
	}
	return field.ParseJSON([]byte(stored))
}

// encode writes a canonical value; what cannot be written becomes null, which
// only happens to values a node had no business returning.
func encode(v any) string {
	b, err := field.MarshalJSON(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
