package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// Definition is the tree of a workflow as it is stored and exchanged: a trigger
// and nodes with their branches.
type Definition struct {
	Trigger TriggerPart
	Nodes   []*NodePart
}

// TriggerPart is the trigger of a definition.
type TriggerPart struct {
	Type   string
	Config map[string]any
}

// NodePart is one node of a definition. Config holds canonical values.
type NodePart struct {
	Key, Type, Title string
	Config           map[string]any
	Branches         []*BranchPart

	Note      string
	Skip      bool
	Timeout   string         // duration; empty = the default of the effect
	Retry     map[string]any // attempts, first, factor, max, jitter, on
	OnError   string         // fail, continue or branch; empty = fail
	OnUnknown string         // retry, fail or ask; empty = by type
	Elevated  bool
}

// BranchPart is one labelled list of nodes of a node.
type BranchPart struct {
	Key, Title string
	Nodes      []*NodePart
}

// Limits of a definition.
const (
	MaxNodes   = 500 // nodes of a definition
	maxNesting = 12
	formatNow  = 1
)

var nodeKey = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// errorBranch is the key of the branch that runs when a step fails under
// onError: branch.
const errorBranch = "error"

// parser collects every fault of a definition instead of stopping at the first.
type parser struct {
	problems field.Problems
	keys     map[string]bool
}

func (p *parser) bad(where string, m text.Message) { p.problems.Add(where, "DEFINITION_INVALID", m) }

// ParseDefinition reads a definition tree. Problems name the place as
// "<nodeKey>.<setting>"; all of them are faults of shape, which never get stored.
func ParseDefinition(tree any) (*Definition, field.Problems) {
	p := &parser{keys: map[string]bool{}}
	d := &Definition{Trigger: TriggerPart{Config: map[string]any{}}}
	top, ok := tree.(map[string]any)
	if !ok {
		p.bad("", text.M("definition.whole", "A definition is an object with trigger and nodes."))
		return d, p.problems
	}
	p.only(top, "", "format", "trigger", "nodes")
	if f, ok := top["format"]; ok && !field.Equal(f, int64(formatNow)) {
		p.bad("format", text.M("definition.format", "This release reads definitions of format 1."))
	}
	trig := p.object(top, "trigger", "trigger")
	p.only(trig, "trigger", "type", "config")
	d.Trigger.Type = p.text(trig, "trigger", "type")
	if c := p.object(trig, "trigger.config", "config"); c != nil {
		d.Trigger.Config = c
	}
	d.Nodes = p.nodes(top["nodes"], "nodes", 1)
	if len(p.keys) > MaxNodes {
		p.bad("nodes", text.M("definition.limit", "A workflow has at most %d steps; this one has %d.", MaxNodes, len(p.keys)))
	}
	return d, p.problems
}

func (p *parser) only(m map[string]any, where string, names ...string) {
	var unknown []string
	for k := range m {
		if !slices.Contains(names, k) {
			unknown = append(unknown, k)
		}
	}
	slices.Sort(unknown)
	for _, k := range unknown {
		p.bad(join(where, k), text.M("definition.unknown", "%s is not known here.", k))
	}
}

func join(where, name string) string {
	switch {
	case where == "":
		return name
	case name == "":
		return where
	}
	return where + "." + name
}

func (p *parser) object(m map[string]any, where, name string) map[string]any {
	v, ok := m[name]
	if !ok || v == nil {
		return nil
	}
	o, ok := v.(map[string]any)
	if !ok {
		p.bad(where, text.M("definition.not_object", "%s must be an object.", name))
	}
	return o
}

func (p *parser) text(m map[string]any, where, name string) string {
	v, ok := m[name]
	if !ok || v == nil {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		p.bad(join(where, name), text.M("definition.not_text", "%s must be text.", name))
	}
	return s
}

func (p *parser) flag(m map[string]any, where, name string) bool {
	v, ok := m[name]
	if !ok || v == nil {
		return false
	}
	b, ok := v.(bool)
	if !ok {
		p.bad(join(where, name), text.M("definition.not_flag", "%s must be true or false.", name))
	}
	return b
}

func (p *parser) nodes(v any, where string, depth int) []*NodePart {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		p.bad(where, text.M("definition.not_list", "%s must be a list.", where))
		return nil
	}
	if depth > maxNesting {
		p.bad(where, text.M("definition.depth", "Branches are nested deeper than %d.", maxNesting))
		return nil
	}
	var out []*NodePart
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			p.bad(fmt.Sprintf("%s.%d", where, i), text.M("definition.node", "A step must be an object."))
			continue
		}
		out = append(out, p.node(m, fmt.Sprintf("%s.%d", where, i), depth))
	}
	return out
}

func (p *parser) node(m map[string]any, where string, depth int) *NodePart {
	n := &NodePart{Key: p.text(m, where, "key"), Config: map[string]any{}}
	switch {
	case !nodeKey.MatchString(n.Key):
		p.bad(join(where, "key"), text.M("definition.key", "A step's key has 1 to 12 small letters and digits and begins with a letter."))
	case p.keys[n.Key]:
		p.bad(join(n.Key, "key"), text.M("definition.key_twice", "Two steps have the key %s.", n.Key))
	default:
		where = n.Key
	}
	p.keys[n.Key] = true
	p.only(m, where, "key", "type", "title", "config", "branches", "note", "skip", "timeout", "retry", "onError", "onUnknown", "elevated")
	n.Type, n.Title, n.Note = p.text(m, where, "type"), p.text(m, where, "title"), p.text(m, where, "note")
	n.Skip, n.Elevated = p.flag(m, where, "skip"), p.flag(m, where, "elevated")
	n.Timeout, n.OnError, n.OnUnknown = p.text(m, where, "timeout"), p.text(m, where, "onError"), p.text(m, where, "onUnknown")
	if c := p.object(m, join(where, "config"), "config"); c != nil {
		n.Config = c
	}
	n.Retry = p.object(m, join(where, "retry"), "retry")
	p.policies(n, where)
	if list, ok := m["branches"].([]any); ok {
		for i, e := range list {
			b, ok := e.(map[string]any)
			if !ok {
				p.bad(fmt.Sprintf("%s.branches.%d", where, i), text.M("definition.branch", "A branch must be an object."))
				continue
			}
			n.Branches = append(n.Branches, p.branch(b, where, depth))
		}
	} else if m["branches"] != nil {
		p.bad(join(where, "branches"), text.M("definition.not_list", "%s must be a list.", "branches"))
	}
	return n
}

func (p *parser) branch(m map[string]any, where string, depth int) *BranchPart {
	p.only(m, join(where, "branches"), "key", "title", "nodes")
	b := &BranchPart{Key: p.text(m, where, "key"), Title: p.text(m, where, "title")}
	if b.Key == "" {
		p.bad(join(where, "branches"), text.M("definition.branch_key", "A branch needs a key."))
	}
	b.Nodes = p.nodes(m["nodes"], join(where, b.Key), depth+1)
	return b
}

// policies checks the settings that every node has.
func (p *parser) policies(n *NodePart, where string) {
	if len([]rune(n.Title)) > 100 || len([]rune(n.Note)) > 2000 {
		p.bad(join(where, "title"), text.M("definition.long", "A title has at most 100 characters, a note at most 2,000."))
	}
	if n.OnError != "" && !slices.Contains([]string{"fail", "continue", "branch"}, n.OnError) {
		p.bad(join(where, "onError"), text.M("definition.on_error", "onError is fail, continue or branch."))
	}
	if n.OnUnknown != "" && !slices.Contains([]string{"retry", "fail", "ask"}, n.OnUnknown) {
		p.bad(join(where, "onUnknown"), text.M("definition.on_unknown", "onUnknown is retry, fail or ask."))
	}
	if n.Timeout != "" {
		if _, err := field.ParseDuration(n.Timeout); err != nil {
			p.bad(join(where, "timeout"), text.M("definition.duration", "A duration looks like 90s, 15m or 2h."))
		}
	}
	if _, err := parseRetry(n.Retry); err != nil {
		p.bad(join(where, "retry"), text.M("definition.retry", "Retry: %s.", err))
	}
}

// Tree gives the canonical tree of the definition: what is stored, hashed and
// exported. Parts with their default are left out.
func (d *Definition) Tree() map[string]any {
	return map[string]any{
		"format":  int64(formatNow),
		"trigger": map[string]any{"type": d.Trigger.Type, "config": d.Trigger.Config},
		"nodes":   nodesTree(d.Nodes),
	}
}

func nodesTree(nodes []*NodePart) []any {
	out := make([]any, 0, len(nodes))
	for _, n := range nodes {
		m := map[string]any{"key": n.Key, "type": n.Type, "title": n.Title, "config": n.Config}
		for name, s := range map[string]string{"note": n.Note, "timeout": n.Timeout, "onError": n.OnError, "onUnknown": n.OnUnknown} {
			if s != "" {
				m[name] = s
			}
		}
		if n.Skip {
			m["skip"] = true
		}
		if n.Elevated {
			m["elevated"] = true
		}
		if len(n.Retry) > 0 {
			m["retry"] = n.Retry
		}
		if len(n.Branches) > 0 {
			branches := make([]any, 0, len(n.Branches))
			for _, b := range n.Branches {
				bm := map[string]any{"key": b.Key, "nodes": nodesTree(b.Nodes)}
				if b.Title != "" {
					bm["title"] = b.Title
				}
				branches = append(branches, bm)
			}
			m["branches"] = branches
		}
		out = append(out, m)
	}
	return out
}

// JSON gives the canonical text of the definition and its hash: equal
// definitions have equal bytes.
func (d *Definition) JSON() (text, hash string, err error) {
	b, err := field.MarshalJSON(d.Tree())
	if err != nil {
		return "", "", fmt.Errorf("write definition: %w", err)
	}
	sum := sha256.Sum256(b)
	return string(b), hex.EncodeToString(sum[:]), nil
}

// ReadDefinition reads the stored text of a definition.
func ReadDefinition(stored string) (*Definition, error) {
	tree, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return nil, fmt.Errorf("read definition: %w", err)
	}
	d, problems := ParseDefinition(tree)
	if len(problems) > 0 {
		return nil, fmt.Errorf("read definition: %s: %s", problems[0].Field, problems[0].Message)
	}
	return d, nil
}

// walk calls fn for every node in document order with the list it stands in.
// node finds a node by its key; nil when there is none.
func (d *Definition) node(key any) (found *NodePart) {
	d.walk(func(n *NodePart) {
		if n.Key == key {
			found = n
		}
	})
	return found
}

func (d *Definition) walk(fn func(n *NodePart)) { walkNodes(d.Nodes, fn) }

func walkNodes(nodes []*NodePart, fn func(n *NodePart)) {
	for _, n := range nodes {
		fn(n)
		for _, b := range n.Branches {
			walkNodes(b.Nodes, fn)
		}
	}
}

// titleOf is what people call a node.
func (n *NodePart) titleOf(typeTitle string) string {
	if strings.TrimSpace(n.Title) != "" {
		return n.Title
	}
	return typeTitle
}
