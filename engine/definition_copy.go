package engine

import "maps"

// clone copies a definition, so that commands can change the copy.
func (d *Definition) clone() *Definition {
	return &Definition{Trigger: TriggerPart{Type: d.Trigger.Type, Config: cloneMap(d.Trigger.Config)}, Nodes: cloneNodes(d.Nodes)}
}

func cloneNodes(list []*NodePart) []*NodePart {
	out := make([]*NodePart, 0, len(list))
	for _, n := range list {
		one := *n
		one.Config, one.Retry, one.Branches = cloneMap(n.Config), cloneMap(n.Retry), nil
		for _, b := range n.Branches {
			one.Branches = append(one.Branches, &BranchPart{Key: b.Key, Title: b.Title, Nodes: cloneNodes(b.Nodes)})
		}
		out = append(out, &one)
	}
	return out
}

func cloneMap(m map[string]any) map[string]any {
	out := maps.Clone(m)
	for name, v := range out {
		out[name] = cloneValue(v)
	}
	return out
}

// cloneValue copies a canonical value; what is neither an object nor a list never
// changes.
func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = cloneValue(one)
		}
		return out
	}
	return v
}
