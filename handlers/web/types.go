package web

import (
	"formrail/engine/node"
	"formrail/engine/trigger"
)

// types finds the declarations of node and trigger types by their keys.
type types struct {
	nodes    map[string]*node.Type
	triggers map[string]*trigger.Type
	ordered  []*node.Type
	starts   []*trigger.Type
}

func newTypes(nodes []*node.Type, triggers []*trigger.Type) types {
	t := types{nodes: map[string]*node.Type{}, triggers: map[string]*trigger.Type{}, ordered: nodes, starts: triggers}
	for _, n := range nodes {
		t.nodes[n.Key] = n
	}
	for _, tr := range triggers {
		t.triggers[tr.Key] = tr
	}
	return t
}

// triggerTitle is what a trigger type is called.
func (t types) triggerTitle(key string) string {
	if typ, ok := t.triggers[key]; ok {
		return typ.Title
	}
	return key
}

// triggerIcon is the icon of a trigger type.
func (t types) triggerIcon(key string) string {
	if typ, ok := t.triggers[key]; ok {
		return typ.Icon
	}
	return "zap"
}

// tile is the colour of a node group.
func tile(g node.Group) string {
	switch g {
	case node.Data:
		return "data"
	case node.People:
		return "human"
	case node.Connect:
		return "link"
	case node.Compute:
		return "calc"
	case node.Flow:
	}
	return "flow"
}
