package engine

import (
	"context"
	"maps"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// How a definition can differ from an earlier one.
const (
	NodeAdded      = "added"
	NodeRemoved    = "removed"
	NodeMoved      = "moved"
	SettingChanged = "changed"
)

// Difference is one way in which a definition differs from an earlier one.
type Difference struct {
	Kind     string // added, removed, moved, changed
	Node     string // key; "trigger" for the trigger
	Title    string // what people call the node
	Field    string // of changed: config.<setting>, or the name of the part
	Label    string // of changed: what people call the setting
	Was, Now any    // canonical values; of a node the place it stands in; nil = there was none
	Sentence text.Message
}

// Diff lists the ways in which a definition differs from an earlier one: the trigger
// first, then the nodes in their order, then those that are gone. Definitions
// without a difference have the same hash.
func (e *Engine) Diff(before, after *Definition) []Difference {
	d := &differ{registry: e.registry, before: e.registry.placed(before), after: e.registry.placed(after)}
	d.trigger(before.Trigger, after.Trigger)
	settled := inOrder(d.before, d.after)
	for _, n := range d.after.order {
		was := d.before.byKey[n.part.Key]
		if was == nil {
			d.add(n, Difference{Kind: NodeAdded, Now: n.place(), Sentence: n.arrival(added)})
			continue
		}
		if !settled[n.part.Key] {
			d.add(n, Difference{Kind: NodeMoved, Was: was.place(), Now: n.place(), Sentence: n.arrival(moved)})
		}
		d.node(was, n)
	}
	for _, n := range d.before.order {
		if d.after.byKey[n.part.Key] == nil {
			d.add(n, Difference{Kind: NodeRemoved, Was: n.place(), Sentence: text.M("diff.removed", "Removed “%s”", n.title)})
		}
	}
	return d.found
}

// DiffVersions compares two definitions of a workflow: draft, live, or the number
// of a version.
func (e *Engine) DiffVersions(ctx context.Context, access models.Access, key, from, to string) ([]Difference, error) {
	if err := access.Require("workflow.view"); err != nil {
		return nil, err
	}
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return nil, err
	}
	before, err := e.DefinitionOf(ctx, w, from)
	if err != nil {
		return nil, err
	}
	after, err := e.DefinitionOf(ctx, w, to)
	if err != nil {
		return nil, err
	}
	return e.Diff(before, after), nil
}

// differ collects differences.
type differ struct {
	registry      *registry
	before, after placement
	found         []Difference
}

func (d *differ) add(n *placedNode, one Difference) {
	one.Node, one.Title = n.part.Key, n.title
	d.found = append(d.found, one)
}

// trigger compares the triggers.
func (d *differ) trigger(before, after TriggerPart) {
	owner := setting{node: "trigger", title: text.M("diff.trigger", "Trigger").String()}
	owner.field, owner.label = "type", text.M("diff.type", "type").String()
	if before.Type != after.Type {
		d.changed(owner, before.Type, after.Type)
	}
	for _, name := range names(before.Config, after.Config) {
		owner.form = field.Field{Name: name, Label: name}
		if t := d.registry.triggers[after.Type]; t != nil {
			if i := slices.IndexFunc(t.Config, func(f field.Field) bool { return f.Name == name }); i >= 0 {
				owner.form = t.Config[i]
			}
		}
		owner.field, owner.label = "config."+name, owner.form.Label
		d.member(owner, before.Config, after.Config, name)
	}
}

// node compares what is set on a node. Where it stands is compared elsewhere.
func (d *differ) node(was, now *placedNode) {
	before, after := parts(was.part), parts(now.part)
	d.freeBranches(was, now, before, after)
	for _, name := range names(before, after) {
		s := setting{node: now.part.Key, title: now.title, field: name, label: name}
		if own, ok := strings.CutPrefix(name, "config."); ok {
			s.form = d.registry.form(now.part.Type, own)
			s.label = s.form.Label
		}
		d.member(s, before, after, name)
	}
}

// setting is what is compared, and how people call it.
type setting struct {
	node, title, field, label string
	form                      field.Field
}

func (d *differ) member(s setting, before, after map[string]any, name string) {
	was, had := before[name]
	now, has := after[name]
	if had != has || !field.Equal(was, now) {
		d.changed(s, was, now)
	}
}

func (d *differ) changed(s setting, was, now any) {
	d.found = append(d.found, Difference{
		Kind: SettingChanged, Node: s.node, Title: s.title, Field: s.field, Label: s.label, Was: was, Now: now,
		Sentence: text.M("diff.changed", "“%s”, %s: %s → %s", s.title, s.label, s.shown(was), s.shown(now)),
	})
}

// maxShown is how many characters of a value a sentence shows.
const maxShown = 60

// shown writes a value as a sentence shows it.
func (s setting) shown(v any) string {
	out, ok := v.(string)
	switch {
	case v == nil || ok && out == "":
		return text.M("diff.nothing", "not set").String()
	case ok:
		for _, o := range s.form.Options {
			if o.Value == out {
				out = o.Label
			}
		}
	case s.form.Kind == field.Values:
		out = namedShown(v)
	default:
		b, err := field.MarshalJSON(v)
		if err != nil {
			return "…"
		}
		out = string(b)
	}
	if r := []rune(out); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return out
}

// namedShown writes what fields get: "status: approved, amount: 5".
func namedShown(v any) string {
	m, _ := v.(map[string]any)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, name+": "+setting{}.shown(m[name]))
	}
	return strings.Join(out, ", ")
}

// parts are the settings of a node in one flat object, as they are stored.
func parts(n *NodePart) map[string]any {
	tree, _ := nodesTree([]*NodePart{n})[0].(map[string]any)
	out := maps.Clone(tree)
	for _, name := range []string{"key", "config", "branches"} {
		delete(out, name)
	}
	for name, v := range n.Config {
		out["config."+name] = v
	}
	if len(n.Branches) > 0 {
		out["branches"] = branchNames(n.Branches)
	}
	return out
}

// branchNames are branches without the nodes in them.
func branchNames(branches []*BranchPart) []any {
	out := make([]any, 0, len(branches))
	for _, b := range branches {
		m := map[string]any{"key": b.Key}
		if b.Title != "" {
			m["title"] = b.Title
		}
		out = append(out, m)
	}
	return out
}

// names are the names of the members of two objects, in order.
func names(a, b map[string]any) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
