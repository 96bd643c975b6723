package engine

import (
	"slices"

	"formrail/models/text"
)

// Landing is a place that steps could be moved to, and what would come of it.
type Landing struct {
	Parent, Branch string         // of the list; both empty for the trunk
	Index          int            // in the list as it is now
	To             int            // index for move_nodes, which takes the step out first
	Here           bool           // where the steps stand: nothing would change
	Inside         bool           // within one of the steps themselves, where they cannot go
	Breaks         []text.Message // references that would lose what they name
}

// Landings lists all places of a definition for some of its steps, which are neighbours in
// their order, in document order.
func (e *Engine) Landings(d *Definition, keys ...string) []Landing {
	c, _ := e.registry.compile(d, "")
	before := positions(d.Nodes)
	var stand []level
	for _, key := range keys {
		at, ok := before[key]
		if !ok {
			return nil
		}
		stand = append(stand, at[len(at)-1])
	}
	var out []Landing
	e.places(d.Nodes, "", "", func(parent, branch string, index int) {
		l := Landing{Parent: parent, Branch: branch, Index: index, To: index}
		for _, at := range stand {
			if parent == at.parent && branch == at.branch {
				l.Here = l.Here || index == at.index || index == at.index+1
				if index > at.index {
					l.To--
				}
			}
			l.Inside = l.Inside || parent == at.key || parent != "" && before[parent].within(at.key)
		}
		if !l.Here && !l.Inside {
			l.Breaks = sentences(broken(c, before, positions(relocated(d, keys, l))))
		}
		out = append(out, l)
	})
	return out
}

// places visits every place of a list and of the branches below it, those that the
// types declare included.
func (e *Engine) places(list []*NodePart, parent, branch string, visit func(parent, branch string, index int)) {
	for i, n := range list {
		visit(parent, branch, i)
		for _, b := range e.branchesOf(n) {
			e.places(b.Nodes, n.Key, b.Key, visit)
		}
	}
	visit(parent, branch, len(list))
}

// branchesOf gives the branches of a node: as its type declares them, then others
// that the definition has.
func (e *Engine) branchesOf(n *NodePart) []*BranchPart {
	var out []*BranchPart
	if typ := e.registry.nodes[n.Type]; typ != nil {
		settings, _ := typ.Decode(n.Config)
		for _, declared := range typ.Branches(settings) {
			out = append(out, &BranchPart{Key: declared.Key, Title: declared.Title})
		}
	}
	if n.OnError == "branch" {
		out = append(out, &BranchPart{Key: errorBranch})
	}
	for _, b := range n.Branches {
		if i := slices.IndexFunc(out, func(o *BranchPart) bool { return o.Key == b.Key }); i >= 0 {
			out[i] = b
		} else {
			out = append(out, b)
		}
	}
	return out
}

// level is one step of the way from the trunk down to a node.
type level struct {
	key            string
	parent, branch string
	index          int
}

// position is the way from the trunk down to a node.
type position []level

func (p position) within(key string) bool {
	return slices.ContainsFunc(p, func(l level) bool { return l.key == key })
}

func (p position) inBranch(key, branch string) bool {
	return slices.ContainsFunc(p, func(l level) bool { return l.parent == key && l.branch == branch })
}

// positions gives where each node stands.
func positions(list []*NodePart) map[string]position {
	out := map[string]position{}
	walkPositions(list, nil, level{}, out)
	return out
}

func walkPositions(list []*NodePart, above position, at level, out map[string]position) {
	for i, n := range list {
		at.key, at.index = n.Key, i
		here := append(slices.Clone(above), at)
		out[n.Key] = here
		for _, b := range n.Branches {
			walkPositions(b.Nodes, here, level{parent: n.Key, branch: b.Key}, out)
		}
	}
}

// precedes is [runsBefore] for positions.
func (p position) precedes(other position) bool {
	for i, l := range p {
		if i >= len(other) {
			return false
		}
		if o := other[i]; o.key != l.key {
			return o.parent == l.parent && o.branch == l.branch && l.index < o.index
		}
	}
	return len(p) < len(other) // an enclosing node has run
}

// reading is a node that uses what another one gives, or what it holds in its passes.
type reading struct {
	by, of *compiledNode
	pass   bool
}

func sentences(list []reading) []text.Message {
	var out []text.Message
	for _, r := range list {
		if r.pass {
			out = append(out, text.M("move.leaves", "“%s” uses the passes of “%s”, which it would not be in.", r.by.title, r.of.title))
			continue
		}
		out = append(out, text.M("move.breaks", "“%s” uses “%s”, which would not have run yet.", r.by.title, r.of.title))
	}
	return out
}

// broken lists the references that held before a move and would not after it.
func broken(c *Compiled, before, after map[string]position) []reading {
	out := leaving(c, before, after)
	seen := map[[2]string]bool{}
	for _, n := range c.Nodes {
		for _, ref := range n.refs {
			if ref.Root != "nodes" || len(ref.Path) == 0 {
				continue
			}
			read := c.byKey[ref.Path[0]]
			pair := [2]string{n.part.Key, ref.Path[0]}
			if read == nil || seen[pair] {
				continue
			}
			seen[pair] = true
			if before[pair[1]].precedes(before[pair[0]]) && !after[pair[1]].precedes(after[pair[0]]) {
				out = append(out, reading{by: n, of: read})
			}
		}
	}
	return out
}

// PasteLandings lists all places of a definition for copies of nodes that are not in
// it, in document order, and what they read that would not have run there.
func (e *Engine) PasteLandings(d *Definition, fragment []*NodePart) []Landing {
	pasted, _ := e.registry.compile(&Definition{Trigger: d.Trigger, Nodes: fragment}, "")
	around, _ := e.registry.compile(d, "")
	here := positions(d.Nodes)
	var out []Landing
	e.places(d.Nodes, "", "", func(parent, branch string, index int) {
		l := Landing{Parent: parent, Branch: branch, Index: index, To: index}
		at := append(slices.Clone(here[parent]), level{parent: parent, branch: branch, index: index})
		seen := map[[2]string]bool{}
		for _, n := range pasted.Nodes {
			if around.outOfLoops(n, at) {
				l.Breaks = append(l.Breaks, text.M("paste.leaves", "“%s” uses the passes of a loop that is not there.", n.title))
			}
			for _, ref := range n.refs {
				if ref.Root != "nodes" || len(ref.Path) == 0 || pasted.byKey[ref.Path[0]] != nil {
					continue
				}
				pair := [2]string{n.part.Key, ref.Path[0]}
				read, known := here[ref.Path[0]]
				if seen[pair] || known && read.precedes(at) {
					continue
				}
				seen[pair] = true
				l.Breaks = append(l.Breaks, text.M("paste.breaks", "“%s” uses “%s”, which would not have run yet.", n.title, e.titleIn(d, ref.Path[0])))
			}
		}
		out = append(out, l)
	})
	return out
}

// titleIn is what a node of a definition is called; its key when there is none.
func (e *Engine) titleIn(d *Definition, key string) string {
	title := key
	d.walk(func(n *NodePart) {
		if n.Key != key {
			return
		}
		title = n.titleOf(n.Type)
		if t := e.registry.nodes[n.Type]; t != nil {
			title = n.titleOf(t.Title)
		}
	})
	return title
}

// relocated gives the nodes of a definition after a move, without changing it.
func relocated(d *Definition, keys []string, to Landing) []*NodePart {
	copied := &Definition{Nodes: cloned(d.Nodes)}
	c := &change{d: copied}
	taken, err := c.take(keys)
	if err != nil {
		return copied.Nodes
	}
	list, err := c.list(to.Parent, to.Branch)
	if err == nil {
		*list = slices.Insert(*list, min(to.To, len(*list)), taken...)
	}
	return copied.Nodes
}

// cloned copies the shape of nodes; their settings are shared.
func cloned(list []*NodePart) []*NodePart {
	out := make([]*NodePart, len(list))
	for i, n := range list {
		one := *n
		one.Branches = make([]*BranchPart, len(n.Branches))
		for j, b := range n.Branches {
			one.Branches[j] = &BranchPart{Key: b.Key, Title: b.Title, Nodes: cloned(b.Nodes)}
		}
		out[i] = &one
	}
	return out
}

// Readers lists the references to some nodes, and to the nodes inside them, from nodes
// outside: what deleting them would leave without a source.
func (e *Engine) Readers(d *Definition, keys ...string) []text.Message {
	return e.readers(d, func(p position) bool { return slices.ContainsFunc(keys, p.within) })
}

// BranchLosses lists the references that would lose what they name if a branch was
// deleted; contents says what becomes of its steps, as in delete_branch.
func (e *Engine) BranchLosses(d *Definition, key, branch, contents string) []text.Message {
	if contents == DeleteContents {
		return e.readers(d, func(p position) bool { return p.inBranch(key, branch) })
	}
	after, err := copied(d.Nodes)
	if err != nil {
		return nil
	}
	edit := &change{d: after, types: e.registry}
	if _, err := edit.deleteBranch(map[string]any{"node": key, "branch": branch, "contents": contents}); err != nil {
		return nil
	}
	c, _ := e.registry.compile(d, "")
	return sentences(broken(c, positions(d.Nodes), positions(after.Nodes)))
}

// readers lists the references from outside of something to what is inside.
func (e *Engine) readers(d *Definition, inside func(position) bool) []text.Message {
	c, _ := e.registry.compile(d, "")
	at := positions(d.Nodes)
	var out []text.Message
	seen := map[[2]string]bool{}
	for _, n := range c.Nodes {
		if inside(at[n.part.Key]) {
			continue
		}
		for _, ref := range n.refs {
			if ref.Root != "nodes" || len(ref.Path) == 0 || !inside(at[ref.Path[0]]) {
				continue
			}
			pair := [2]string{n.part.Key, ref.Path[0]}
			if !seen[pair] {
				seen[pair] = true
				out = append(out, text.M("delete.breaks", "“%s” uses “%s”.", n.title, c.byKey[ref.Path[0]].title))
			}
		}
	}
	return out
}
