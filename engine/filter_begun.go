package engine

import (
	"slices"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

// begun takes the comparisons out of a filter that do not say yet what is compared, or
// with what: an empty text, which is asked for by an operator of its own. paths name their
// fields; the empty path stands for those without one.
func begun(filter any) (rest any, paths []string) {
	rest = withoutBegun(filter, nil, &paths)
	slices.Sort(paths)
	return rest, slices.Compact(paths)
}

func withoutBegun(v any, path []string, found *[]string) any {
	switch v := v.(type) {
	case []any:
		if len(path) > 0 && !slices.ContainsFunc(v, isObject) { // several values
			return v
		}
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = withoutBegun(one, path, found)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, one := range v {
			below := path
			if !strings.HasPrefix(key, "$") {
				below = append(slices.Clone(path), key)
			}
			if key == "" || one == "" && len(below) > 0 { // without a field, or without a value
				*found = append(*found, strings.Join(below, "."))
				continue
			}
			out[key] = withoutBegun(one, below, found)
		}
		return out
	}
	return v
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// missingValues are the findings of comparisons that were begun.
func missingValues(paths []string) (p field.Problems) {
	for _, path := range paths {
		if path == "" || strings.HasSuffix(path, ".") {
			p.Add(path, "MISSING", text.M("check.choose_field", "Choose a field to compare."))
			continue
		}
		p.Add(path, "MISSING", text.M("check.choose_value", "Choose a value."))
	}
	return p
}
