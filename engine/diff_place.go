package engine

import (
	"slices"

	"formrail/models/text"
)

// placement says where the nodes of a definition stand.
type placement struct {
	order []*placedNode // document order
	byKey map[string]*placedNode
}

// placedNode is a node and its place.
type placedNode struct {
	part   *NodePart
	title  string
	parent *placedNode // nil at the top
	branch string      // of parent
	named  string      // what people call the branch
	index  int
	behind *placedNode // the node before it in its list
}

// place is a place as commands write it.
func (n *placedNode) place() map[string]any {
	parent := ""
	if n.parent != nil {
		parent = n.parent.part.Key
	}
	return map[string]any{"parent": parent, "branch": n.branch, "index": int64(n.index)}
}

// list names the list a node stands in.
func (n *placedNode) list() [2]string {
	if n.parent == nil {
		return [2]string{}
	}
	return [2]string{n.parent.part.Key, n.branch}
}

// placed finds the places of all nodes of a definition.
func (r *registry) placed(d *Definition) placement {
	p := placement{byKey: map[string]*placedNode{}}
	compiled, _ := r.compile(d, "")
	var walk func(list []*NodePart, parent *placedNode, b *BranchPart)
	walk = func(list []*NodePart, parent *placedNode, b *BranchPart) {
		var behind *placedNode
		for i, part := range list {
			n := &placedNode{part: part, title: part.titleOf(part.Type), parent: parent, index: i, behind: behind}
			if typ := r.nodes[part.Type]; typ != nil {
				n.title = part.titleOf(typ.Title)
			}
			if b != nil {
				n.branch, n.named = b.Key, compiled.branchTitle(parent.part.Key, b)
			}
			p.order, p.byKey[part.Key], behind = append(p.order, n), n, n
			for _, inner := range part.Branches {
				walk(inner.Nodes, n, inner)
			}
		}
	}
	walk(d.Nodes, nil, nil)
	return p
}

// branchTitle is what people call a branch.
func (c *Compiled) branchTitle(owner string, b *BranchPart) string {
	if b.Title != "" {
		return b.Title
	}
	if n := c.byKey[owner]; n != nil {
		for _, declared := range n.branches {
			if declared.Key == b.Key {
				return declared.Title
			}
		}
	}
	return b.Key
}

// arrival says how a node came to its place.
type arrival int

const (
	added arrival = iota
	moved
)

func (n *placedNode) arrival(how arrival) text.Message {
	switch {
	case n.behind != nil && how == added:
		return text.M("diff.added_after", "Added “%s” after “%s”", n.title, n.behind.title)
	case n.behind != nil:
		return text.M("diff.moved_after", "Moved “%s” after “%s”", n.title, n.behind.title)
	case n.parent != nil && how == added:
		return text.M("diff.added_in", "Added “%s” into “%s” of “%s”", n.title, n.named, n.parent.title)
	case n.parent != nil:
		return text.M("diff.moved_in", "Moved “%s” into “%s” of “%s”", n.title, n.named, n.parent.title)
	case how == added:
		return text.M("diff.added_first", "Added “%s” at the beginning", n.title)
	}
	return text.M("diff.moved_first", "Moved “%s” to the beginning", n.title)
}

// inOrder lists the nodes that did not move: they stand in the same list as before,
// in the same order among each other. Of nodes that changed places as few as
// possible count as moved.
func inOrder(before, after placement) map[string]bool {
	lists := map[[2]string][]*placedNode{}
	for _, n := range after.order {
		if was := before.byKey[n.part.Key]; was != nil && was.list() == n.list() {
			lists[n.list()] = append(lists[n.list()], was)
		}
	}
	out := map[string]bool{}
	for _, list := range lists {
		for _, n := range longestRising(list) {
			out[n.part.Key] = true
		}
	}
	return out
}

// longestRising picks a longest part of a list whose indexes rise.
func longestRising(list []*placedNode) []*placedNode {
	length, previous, last := make([]int, len(list)), make([]int, len(list)), -1
	for i, n := range list {
		length[i], previous[i] = 1, -1
		for j := range i {
			if list[j].index < n.index && length[j] >= length[i] {
				length[i], previous[i] = length[j]+1, j
			}
		}
		if last < 0 || length[i] > length[last] {
			last = i
		}
	}
	var out []*placedNode
	for ; last >= 0; last = previous[last] {
		out = append(out, list[last])
	}
	slices.Reverse(out)
	return out
}
