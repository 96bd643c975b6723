package engine

import (
	"slices"

	"formrail/engine/expr"
	"formrail/models/text"
)

// isPass reports whether a reference reads what a loop holds in a pass.
func isPass(ref expr.Reference) bool { return ref.Root == "loop" || ref.Root == "loops" }

// loopAt is the key of the loop whose pass a reference reads at a position; empty when
// none is around it.
func (c *Compiled) loopAt(p position, ref expr.Reference) string {
	for _, l := range slices.Backward(p) {
		owner := c.byKey[l.parent]
		if owner == nil || l.branch == errorBranch || !owner.typ.Loops() { // an error is handled after the passes
			continue
		}
		if ref.Root == "loop" || len(ref.Path) > 0 && ref.Path[0] == l.parent {
			return l.parent
		}
	}
	return ""
}

// leaving lists the nodes that read passes of a loop before a move, and would read those of
// another one or of none after it.
func leaving(c *Compiled, before, after map[string]position) []reading {
	var out []reading
	seen := map[[2]string]bool{}
	for _, n := range c.Nodes {
		for _, ref := range n.refs {
			if !isPass(ref) || n.readsInside(ref) {
				continue
			}
			was := c.loopAt(before[n.part.Key], ref)
			pair := [2]string{n.part.Key, was}
			if was == "" || seen[pair] || c.loopAt(after[n.part.Key], ref) == was {
				continue
			}
			seen[pair] = true
			out = append(out, reading{by: n, of: c.byKey[was], pass: true})
		}
	}
	return out
}

// clearPasses takes out of the settings of a node what reads the passes of a loop that it
// was in.
func (r *registry) clearPasses(n *compiledNode, loop string) {
	r.clear(n.part, func(ref expr.Reference) bool {
		if !isPass(ref) || n.readsInside(ref) {
			return false
		}
		found, _ := n.loopOf(ref, false)
		return found != nil && found.part.Key == loop
	})
}

// outOfLoops reports whether a node of a fragment reads passes of a loop that is neither in
// the fragment nor around the place of c where it goes.
func (c *Compiled) outOfLoops(n *compiledNode, at position) bool {
	return slices.ContainsFunc(n.refs, func(ref expr.Reference) bool {
		if !isPass(ref) {
			return false
		}
		if found, _ := n.loopOf(ref, n.readsInside(ref)); found != nil {
			return false
		}
		return c.loopAt(at, ref) == ""
	})
}

// KeepLosses lists the references that would lose what they name if a node was deleted and
// the steps of one of its branches took its place.
func (e *Engine) KeepLosses(d *Definition, key, branch string) []text.Message {
	after, err := copied(d.Nodes)
	if err != nil {
		return nil
	}
	edit := &change{d: after, types: e.registry}
	if err := edit.keepBranch(key, branch); err != nil {
		return nil
	}
	c, _ := e.registry.compile(d, "")
	return sentences(leaving(c, positions(d.Nodes), positions(after.Nodes)))
}
