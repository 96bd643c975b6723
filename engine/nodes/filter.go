package nodes

import (
	"maps"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// filterPaths lists the field path of every condition in a record filter, in a
// stable order. A filter without paths means "no condition": groups that hold
// nothing, at any depth, do not count.
func filterPaths(filter any) [][]string {
	var paths [][]string
	walkFilter(filter, nil, func(path []string) { paths = append(paths, slices.Clone(path)) })
	return paths
}

func walkFilter(filter any, at []string, visit func(path []string)) {
	switch filter := filter.(type) {
	case []any:
		for _, part := range filter {
			walkFilter(part, at, visit)
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(filter)) {
			walkMember(key, filter[key], at, visit)
		}
	}
}

func walkMember(key string, v any, at []string, visit func(path []string)) {
	switch key {
	case "$and", "$or", "$not":
		walkFilter(v, at, visit)
		return
	case "$some", "$none", "$every":
		visit(at)
		walkFilter(v, at, visit)
		return
	}
	path := slices.Clone(at)
	for name := range strings.SplitSeq(key, ".") {
		if strings.HasPrefix(name, "$") { // an operator: what follows is its operand
			visit(path)
			return
		}
		path = append(path, name)
	}
	if _, nested := v.(map[string]any); nested {
		walkFilter(v, path, visit)
		return
	}
	visit(path)
}

// checkFilter finds conditions on fields that do not exist or that no step may see,
// operators they do not have and values that do not fit.
func checkFilter(cat node.Catalog, collection, setting string, filter any) (p field.Problems) {
	switch filter.(type) {
	case nil, map[string]any:
	default:
		p.Add(setting, invalid, text.M("node.filter_shape", "A filter must name its fields. Only their values can be variables."))
		return p
	}
	for _, path := range filterPaths(filter) {
		if !isPath(cat, collection, path) {
			name := strings.Join(path, ".")
			p.Add(setting+"."+name, invalid, text.M("node.filter_field", "%s is not a field that can be filtered. Choose another one.", name))
		}
	}
	if len(p) > 0 {
		return p
	}
	return cat.CheckFilter(collection, filter).Under(setting, invalid)
}

// isPath reports whether a path leads through links to a field people may see.
func isPath(cat node.Catalog, collection string, path []string) bool {
	for i, name := range path {
		info, ok := cat.Collection(collection)
		if !ok {
			return false
		}
		f, ok := info.Field(name)
		if !ok || f.Hidden || f.Target == "" && i < len(path)-1 {
			return false
		}
		collection = f.Target
	}
	return len(path) > 0
}
