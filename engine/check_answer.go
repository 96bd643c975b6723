package engine

import (
	"slices"

	"formrail/models/field"
	"formrail/models/text"
)

// responseType is the key of the node type that answers requests.
const responseType = "response"

// answers reports whether a node of the version answers the request.
func (c *Compiled) answers() bool {
	return slices.ContainsFunc(c.Nodes, func(n *compiledNode) bool { return n.typ.Answers() })
}

// answers checks the nodes that answer the request a workflow started from.
func (k *checker) answers(sync bool) {
	served := k.c.Trigger != nil && k.c.Trigger.Serves()
	first := true
	for _, n := range k.c.Nodes {
		if !n.typ.Answers() {
			continue
		}
		at := join(n.part.Key, "type")
		switch {
		case !served || !sync:
			k.add("error", field.Problem{
				Field: at, Code: "NODE_NOT_AVAILABLE",
				Message: text.M("check.no_request", "%s needs a webhook or HTTP request that waits for its answer.", n.title),
			})
		case !first:
			k.add("warning", field.Problem{
				Field: at, Code: "SECOND_RESPONSE",
				Message: text.M("check.second_answer", "Only the first answer that is reached counts; %s may be skipped.", n.title),
			})
		}
		first = false
	}
}

// afterAnswer reports whether the request has its answer before the node runs: a node
// that answers and goes on stands before it in its list, or in a list around it.
func (c *Compiled) afterAnswer(n *compiledNode) bool {
	for at := n; at != nil; at = at.parent {
		for before := c.firstOf(at); before != nil && before != at; before = before.next {
			if before.typ.GoesOn(before.settings) && !before.part.Skip {
				return true
			}
		}
	}
	return false
}

// firstOf is the first node of the list that a node stands in.
func (c *Compiled) firstOf(n *compiledNode) *compiledNode {
	if n.parent != nil {
		return n.parent.first[n.branch]
	}
	return c.first
}
