package engine

import (
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
