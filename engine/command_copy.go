package engine

import (
	"slices"

	"formrail/engine/expr"
	"formrail/models/text"
)

// duplicateNodes puts copies of neighbours behind the last of them. References among
// the copies follow; all others stay.
func (c *change) duplicateNodes(args map[string]any) (string, error) {
	var originals []*NodePart
	for _, key := range textsOf(args["keys"]) {
		n, err := c.node(key)
		if err != nil {
			return "", err
		}
		originals = append(originals, n)
	}
	if len(originals) == 0 {
		return "", badCommand(text.M("draft.keys_copy", "Name the steps to copy."))
	}
	copies, err := copied(originals)
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	c.d.walk(func(n *NodePart) { taken[n.Key] = true })
	for _, n := range copies.Nodes {
		typeTitle := n.Type
		if t := c.types.nodes[n.Type]; t != nil {
			typeTitle = t.Title
		}
		n.Title = clip(n.titleOf(typeTitle)+" copy", 100)
	}
	c.types.rekeyNodes(copies, taken)
	made := make([]any, len(copies.Nodes))
	for i, n := range copies.Nodes {
		made[i] = n.Key
	}
	c.d.Nodes = insertBeside(c.d.Nodes, originals[len(originals)-1], 1, copies.Nodes)
	args["made"] = made // the answer names them
	return "Duplicated " + c.names(originals), nil
}

// pasteNodes puts nodes that came from elsewhere at a place, under new keys. They are
// not trusted: what they are is checked like any definition.
func (c *change) pasteNodes(args map[string]any) (string, error) {
	clear, err := clears(args)
	if err != nil {
		return "", err
	}
	nodes, err := ReadFragment(args["nodes"])
	if err != nil {
		return "", err
	}
	p, err := c.at(args)
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	c.d.walk(func(n *NodePart) { taken[n.Key] = true })
	fragment := &Definition{Nodes: nodes}
	fragment.walk(func(n *NodePart) { taken[n.Key] = true })
	c.types.rekeyNodes(fragment, taken)
	made := make([]any, len(nodes))
	for i, n := range nodes {
		made[i] = n.Key
	}
	*p.list = slices.Insert(*p.list, p.index, nodes...)
	args["made"] = made // the answer names them
	if clear {
		c.clearUnrun(fragment)
	}
	return "Pasted " + c.names(nodes), nil
}

// clearUnrun takes out what the nodes of a fragment read of nodes that have not run
// before them.
func (c *change) clearUnrun(fragment *Definition) {
	at := positions(c.d.Nodes)
	compiled, _ := c.types.compile(c.d, "")
	fragment.walk(func(n *NodePart) {
		known := compiled.byKey[n.Key]
		if known == nil {
			return // in a branch that its step does not have: the checks refuse that
		}
		var unrun []string
		for _, ref := range known.refs {
			if ref.Root == "nodes" && len(ref.Path) > 0 && !at[ref.Path[0]].precedes(at[n.Key]) {
				unrun = append(unrun, ref.Path[0])
			}
		}
		c.types.clearReferences(n, unrun)
		c.types.clear(n, func(ref expr.Reference) bool {
			found, _ := known.loopOf(ref, known.readsInside(ref))
			return isPass(ref) && found == nil
		})
	})
}

// ReadFragment reads a list of nodes as definitions hold them.
func ReadFragment(v any) ([]*NodePart, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, badCommand(text.M("draft.nodes_paste", "Name the steps to paste."))
	}
	d, problems := ParseDefinition(map[string]any{"trigger": map[string]any{"type": "none"}, "nodes": list})
	if len(problems) > 0 {
		k := &checker{}
		k.own("", problems)
		return nil, refusal(k.findings)
	}
	return d.Nodes, nil
}

// clears reads what becomes of references that would lose what they name.
func clears(args map[string]any) (bool, error) {
	switch args["references"] {
	case nil, "keep":
		return false, nil
	case "clear":
		return true, nil
	}
	return false, badCommand(text.M("draft.references", "references is keep or clear."))
}

// copied is a definition of nodes that shares nothing with them.
func copied(nodes []*NodePart) (*Definition, error) {
	stored, _, err := (&Definition{Nodes: nodes}).JSON()
	if err != nil {
		return nil, err
	}
	return ReadDefinition(stored)
}

func clip(s string, limit int) string {
	if letters := []rune(s); len(letters) > limit {
		return string(letters[:limit])
	}
	return s
}
