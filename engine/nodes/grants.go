package nodes

import (
	"maps"
	"slices"
	"strings"

	"formrail/engine/node"
)

// reads collects which fields of which collections a node looks at.
type reads struct {
	cat    node.Catalog
	fields map[string]map[string]bool // collection → fields; nil = all of them
}

func newReads(cat node.Catalog) *reads {
	return &reads{cat: cat, fields: map[string]map[string]bool{}}
}

// path adds every field a path leads over.
func (r *reads) path(collection string, path []string) {
	for _, name := range path {
		if collection == "" {
			return
		}
		f, _ := fieldNamed(r.cat, collection, name)
		r.one(collection, canonical(r.cat, collection, name))
		collection = f.Target
	}
}

func (r *reads) one(collection, name string) {
	set, known := r.fields[collection]
	if known && set == nil {
		return
	}
	if set == nil {
		set = map[string]bool{}
		r.fields[collection] = set
	}
	set[name] = true
}

// filter adds what a filter compares.
func (r *reads) filter(collection string, filter any) {
	for _, path := range filterPaths(filter) {
		r.path(collection, path)
	}
}

// preload adds the links of the paths and all fields of the records behind them.
func (r *reads) preload(collection string, preload []string) {
	for _, p := range preload {
		path := strings.Split(p, ".")
		r.path(collection, path)
		for i := range path {
			if target := linkTarget(r.cat, collection, path[:i+1]); target != "" {
				r.fields[target] = nil
			}
		}
	}
}

// links adds the records that values link to: linking needs to see that they exist.
func (r *reads) links(collection string, values ...any) {
	for _, v := range values {
		named, _ := v.(map[string]any)
		for name := range named {
			if f, ok := fieldNamed(r.cat, collection, name); ok && f.Target != "" {
				r.one(f.Target, "id")
			}
		}
	}
}

// grants gives one grant for each collection.
func (r *reads) grants() []node.Grant {
	var out []node.Grant
	for _, collection := range slices.Sorted(maps.Keys(r.fields)) {
		g := node.Grant{Collection: collection, Action: "view"}
		if set := r.fields[collection]; set != nil {
			g.Fields = slices.Sorted(maps.Keys(set))
		}
		out = append(out, g)
	}
	return out
}

// writes is the grant to set exactly the named fields; there may be none.
func writes(cat node.Catalog, collection, action string, values ...any) node.Grant {
	set := map[string]bool{}
	for _, v := range values {
		named, _ := v.(map[string]any)
		for name := range named {
			set[canonical(cat, collection, name)] = true
		}
	}
	fields := slices.AppendSeq([]string{}, maps.Keys(set)) // never nil: that would mean all
	slices.Sort(fields)
	return node.Grant{Collection: collection, Action: action, Fields: fields}
}

func fieldNamed(cat node.Catalog, collection, name string) (node.FieldInfo, bool) {
	info, _ := cat.Collection(collection)
	return info.Field(name)
}

// canonical is the name of a field that may be named by its foreign key.
func canonical(cat node.Catalog, collection, name string) string {
	if f, ok := fieldNamed(cat, collection, name); ok {
		return f.Name
	}
	return name
}
