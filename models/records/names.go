package records

import (
	"maps"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
)

// Names goes through the names of fields in what is written about records: paths,
// filters, values.
type Names struct {
	cat   *models.Catalog
	fresh func(on *models.Collection, name string) string
}

// NewNames asks fresh for another name of every field that is named; empty keeps it.
func NewNames(cat *models.Catalog, fresh func(on *models.Collection, name string) string) Names {
	return Names{cat, fresh}
}

// Path gives a dotted path over links with the new name, and where it leads.
func (n Names) Path(on *models.Collection, path string) (string, *models.Collection) {
	names := strings.Split(path, ".")
	for i, name := range names {
		if on == nil || strings.HasPrefix(name, "$") {
			break
		}
		f, ok := on.Field(name)
		if fresh := n.fresh(on, name); fresh != "" {
			names[i] = fresh
		}
		leads := "" // to no collection
		switch {
		case ok && f.Kind == field.User:
			leads = models.UsersCollection
		case ok:
			leads = f.Target
		}
		on, _ = n.cat.Collection(leads)
	}
	return strings.Join(names, "."), on
}

// Filter changes the names of fields in a record filter.
func (n Names) Filter(on *models.Collection, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = n.Filter(on, one)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			switch {
			case key == "$and" || key == "$or" || key == "$not":
				out[key] = n.Filter(on, v[key])
			case strings.HasPrefix(key, "$"):
				out[key] = v[key] // an operator with its operand
			default:
				path, target := n.Path(on, key)
				out[path] = n.Filter(target, v[key])
			}
		}
		return out
	}
	return v
}

// Keys changes the names of an object of values.
func (n Names) Keys(on *models.Collection, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for name, one := range m {
		fresh, _ := n.Path(on, name)
		out[fresh] = one
	}
	return out
}

// Paths changes a list of names or paths; a sort key may have a minus in front.
func (n Names) Paths(on *models.Collection, v any) any {
	switch v := v.(type) {
	case string:
		name, down := strings.CutPrefix(v, "-")
		path, _ := n.Path(on, name)
		if down {
			path = "-" + path
		}
		return path
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = n.Paths(on, one)
		}
		return out
	}
	return v
}
