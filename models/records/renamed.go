package records

import (
	"fmt"
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

// Names gives definitions the new name.
func (r Renamed) Names() Names { return NewNames(r.Catalog, r.New) }

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
	names := r.Names()
	if on == r.Collection && r.Field == nil {
		b.Collection = r.Name
	}
	for i := range b.Fields {
		b.Fields[i].Field, _ = names.Path(on, b.Fields[i].Field)
	}
	b.Filter = names.Filter(on, b.Filter)
	for i, key := range b.Sort {
		b.Sort[i], _ = names.Paths(on, key).(string)
	}
	for _, a := range b.Actions {
		if a.Values != nil {
			a.Values, _ = names.Keys(on, a.Values).(map[string]any)
		}
		for i := range a.Bindings {
			a.Bindings[i].Path, _ = names.Path(on, a.Bindings[i].Path)
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
		if fresh, _ := r.Names().Path(on, path); ofRecord && fresh != path {
			name = " record." + fresh + " "
		}
		b.WriteString(before + "{{" + name + "}}")
		source = after
	}
}
