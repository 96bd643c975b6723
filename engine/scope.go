package engine

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"formrail/engine/expr"
	"formrail/models"
	"formrail/models/field"
)

// scope gives the variables that one node sees. It is filled lazily: most nodes
// read two or three.
type scope struct {
	trigger map[string]any
	nodes   map[string]any // output by node key
	system  func() map[string]any
	former  func(of expr.Reference, name string, object map[string]any) (string, bool)
}

// OtherName finds a field of a record by one of its former names.
func (s scope) OtherName(of expr.Reference, name string, object map[string]any) (string, bool) {
	return s.former(of, name, object)
}

// Root gives a root of the variables.
func (s scope) Root(name string) (any, bool) {
	switch name {
	case "trigger":
		return s.trigger, true
	case "nodes":
		return s.nodes, true
	case "system":
		return s.system(), true
	case "env":
		return map[string]any{}, true
	}
	return nil, false
}

// system builds the system variables of an execution.
func (s *stretch) system(now time.Time) map[string]any {
	return map[string]any{
		"now":       now,
		"execution": map[string]any{"id": s.exec.ID},
		"workflow":  map[string]any{"key": s.version.Key, "title": s.version.Title},
		"baseUrl":   s.e.baseURL(),
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
