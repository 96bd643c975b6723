package records

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"formrail/models"
)

// Renamed is one change of a name.
type Renamed struct {
	By         models.Access
	Catalog    *models.Catalog // before the change
	Collection *models.Collection
	Field      *models.CollectionField // nil when the collection itself is renamed
	Name       string                  // the new name
	ForeignKey string                  // of a link: the new name of its bare id
}

// New gives the new name of a field, empty when it is another one.
func (r Renamed) New(on *models.Collection, name string) string {
	if on != r.Collection || r.Field == nil {
		return ""
	}
	f, ok := on.Field(name)
	switch {
	case !ok || f != r.Field:
		return ""
	case f.NamesKey(name):
		return r.ForeignKey
	}
	return r.Name
}

// Path gives a dotted path over links with the new name, and where it leads.
func (r Renamed) Path(on *models.Collection, path string) (string, *models.Collection) {
	names := strings.Split(path, ".")
	for i, name := range names {
		if on == nil || strings.HasPrefix(name, "$") {
			break
		}
		f, ok := on.Field(name)
		if fresh := r.New(on, name); fresh != "" {
			names[i] = fresh
		}
		on = nil
		if ok && f.IsLink() {
			on, _ = target(r.Catalog, f)
		}
	}
	return strings.Join(names, "."), on
}

// Filter changes the names of fields in a record filter.
func (r Renamed) Filter(on *models.Collection, v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = r.Filter(on, one)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			switch {
			case key == "$and" || key == "$or" || key == "$not":
				out[key] = r.Filter(on, v[key])
			case strings.HasPrefix(key, "$"):
				out[key] = v[key] // an operator with its operand
			default:
				path, target := r.Path(on, key)
				out[path] = r.Filter(target, v[key])
			}
		}
		return out
	}
	return v
}

// Keys changes the names of an object of values.
func (r Renamed) Keys(on *models.Collection, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for name, one := range m {
		fresh, _ := r.Path(on, name)
		out[fresh] = one
	}
	return out
}

// Paths changes a list of names or paths; a sort key may have a minus in front.
func (r Renamed) Paths(on *models.Collection, v any) any {
	switch v := v.(type) {
	case string:
		name, down := strings.CutPrefix(v, "-")
		path, _ := r.Path(on, name)
		if down {
			path = "-" + path
		}
		return path
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = r.Paths(on, one)
		}
		return out
	}
	return v
}

// follow lets definitions outside the catalogue take over a new name: pages here,
// all others through the hook.
func (x *schema) follow(r Renamed) error {
	r.By, r.Catalog = x.call.Access, x.cat
	if err := models.RewriteBlocks(x.ctx, x.tx, r.By, r.block); err != nil {
		return fmt.Errorf("take over the name %s: %w", r.Name, err)
	}
	if x.renamed == nil {
		return nil
	}
	if err := x.renamed(x.ctx, x.tx, r); err != nil {
		return fmt.Errorf("take over the name %s: %w", r.Name, err)
	}
	return nil
}

// block writes the new name into a block of a page.
func (r Renamed) block(b *models.Block) {
	on, _ := r.Catalog.Collection(b.Collection)
	if on == r.Collection && r.Field == nil {
		b.Collection = r.Name
	}
	for i := range b.Fields {
		b.Fields[i].Field, _ = r.Path(on, b.Fields[i].Field)
	}
	b.Filter = r.Filter(on, b.Filter)
	for i, key := range b.Sort {
		b.Sort[i], _ = r.Paths(on, key).(string)
	}
	for _, a := range b.Actions {
		if a.Values != nil {
			a.Values, _ = r.Keys(on, a.Values).(map[string]any)
		}
		for i := range a.Bindings {
			a.Bindings[i].Path, _ = r.Path(on, a.Bindings[i].Path)
		}
		a.After.Message = r.sentence(on, a.After.Message)
	}
}

// sentence changes the {{ record.name }} of a text on a page.
func (r Renamed) sentence(on *models.Collection, source string) string {
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(source, "{{")
		name, after, closed := strings.Cut(rest, "}}")
		if !opened || !closed {
			b.WriteString(source)
			return b.String()
		}
		path, ofRecord := strings.CutPrefix(strings.TrimSpace(name), "record.")
		if fresh, _ := r.Path(on, path); ofRecord && fresh != path {
			name = " record." + fresh + " "
		}
		b.WriteString(before + "{{" + name + "}}")
		source = after
	}
}
