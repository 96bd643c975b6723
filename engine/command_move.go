package engine

import (
	"slices"

	"formrail/models/text"
)

// take removes nodes from where they stand and gives them in their order.
func (c *change) take(keys []string) ([]*NodePart, error) {
	var out []*NodePart
	for _, key := range keys {
		n, err := c.node(key)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	c.d.Nodes = without(c.d.Nodes, out)
	return out, nil
}

func without(list, gone []*NodePart) []*NodePart {
	list = slices.DeleteFunc(list, func(n *NodePart) bool { return slices.Contains(gone, n) })
	for _, n := range list {
		for _, b := range n.Branches {
			b.Nodes = without(b.Nodes, gone)
		}
	}
	return list
}

func (c *change) moveNodes(args map[string]any) (string, error) {
	keys := textsOf(args["keys"])
	clear, err := clears(args)
	if err != nil {
		return "", err
	}
	compiled, _ := c.types.compile(c.d, "")
	before := positions(c.d.Nodes)
	moved, err := c.take(keys)
	if err != nil {
		return "", err
	}
	if len(moved) == 0 {
		return "", badCommand(text.M("draft.keys", "Name the steps to move."))
	}
	p, err := c.at(args)
	if err != nil {
		return "", badCommand(text.M("draft.into_itself", "A step cannot be moved into itself or to a place that does not exist."))
	}
	*p.list = slices.Insert(*p.list, p.index, moved...)
	if clear {
		for _, r := range broken(compiled, before, positions(c.d.Nodes)) {
			if r.pass {
				c.types.clearPasses(r.by, r.of.part.Key)
			} else {
				c.types.clearReferences(r.by.part, []string{r.of.part.Key})
			}
		}
	}
	return "Moved " + c.names(moved), nil
}

func (c *change) deleteNodes(args map[string]any) (string, error) {
	keep, _ := args["keepBranch"].(map[string]any)
	for key, branch := range keep {
		if err := c.keepBranch(key, branch); err != nil {
			return "", err
		}
	}
	clear, err := clears(args)
	if err != nil {
		return "", err
	}
	gone, err := c.take(textsOf(args["keys"]))
	if err != nil {
		return "", err
	}
	if clear {
		var keys []string
		walkNodes(gone, func(n *NodePart) { keys = append(keys, n.Key) })
		c.d.walk(func(n *NodePart) { c.types.clearReferences(n, keys) })
	}
	if len(gone) == 0 {
		return "", badCommand(text.M("draft.keys_delete", "Name the steps to delete."))
	}
	return "Deleted " + c.names(gone), nil
}

// keepBranch puts the steps of one branch in the place behind their owner, which
// is about to go.
func (c *change) keepBranch(key string, branch any) error {
	n, err := c.node(key)
	if err != nil {
		return err
	}
	for _, b := range n.Branches {
		if b.Key == branch {
			c.d.Nodes = insertBeside(c.d.Nodes, n, 1, b.Nodes)
			b.Nodes = nil
			return nil
		}
	}
	return badCommand(text.M("draft.no_branch", "%s has no branch %v to keep.", c.names([]*NodePart{n}), branch))
}

// insertBeside puts nodes next to one, wherever it stands: with by 0 before it, with 1
// behind it.
func insertBeside(list []*NodePart, at *NodePart, by int, more []*NodePart) []*NodePart {
	if i := slices.Index(list, at); i >= 0 {
		return slices.Insert(list, i+by, more...)
	}
	for _, n := range list {
		for _, b := range n.Branches {
			b.Nodes = insertBeside(b.Nodes, at, by, more)
		}
	}
	return list
}
