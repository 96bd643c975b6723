package records

import (
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// branch is one collection of the tree of links to read, with the fields wanted of it.
type branch struct {
	link  *models.CollectionField
	names map[string]bool // nil = all readable fields
	below map[string]*branch
	order []string
	whole bool // appended as a record, whatever names say
}

func newBranch(link *models.CollectionField) *branch {
	return &branch{link: link, below: map[string]*branch{}}
}

// child gives the branch over one link, made when missing.
func (b *branch) child(f *models.CollectionField) *branch {
	if b.below[f.Name] == nil {
		b.below[f.Name] = newBranch(f)
		b.order = append(b.order, f.Name)
	}
	return b.below[f.Name]
}

// choose finds out which columns and links are read.
func (sel *selection) choose(q *Query) error {
	tree := newBranch(nil)
	for _, path := range q.Appends {
		if _, err := sel.grow(tree, path, true); err != nil {
			return err
		}
	}
	kept, err := sel.keep(tree, q.Fields)
	if err != nil {
		return err
	}
	sel.except = map[string]bool{}
	for _, name := range q.Except {
		sel.except[name] = true
		if f, ok := sel.on.Field(name); ok {
			sel.except[f.Name] = true
		}
	}
	for _, f := range sel.on.Fields {
		linked := tree.below[f.Name] != nil
		if f.Name == models.IDField || sel.except[f.Name] || kept != nil && !kept[f.Name] && !linked || !sel.rights.open(f) {
			continue
		}
		sel.columns = append(sel.columns, f)
	}
	if len(tree.below) > 0 {
		sel.appends = tree
	}
	return nil
}

// keep reads the list of wanted fields; nil when all are wanted.
func (sel *selection) keep(tree *branch, names []string) (map[string]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	kept := map[string]bool{}
	for _, name := range names {
		if name == models.IDField || name == models.VersionField {
			continue
		}
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			b, err := sel.grow(tree, name[:i], false)
			if err != nil {
				return nil, err
			}
			if b.names == nil {
				b.names = map[string]bool{}
			}
			b.names[name[i+1:]] = true
			continue
		}
		f, ok := sel.on.Field(name)
		if !ok {
			return nil, unknownField(name)
		}
		kept[f.Name] = true
	}
	return kept, nil
}

// grow adds the path of links to the tree.
func (sel *selection) grow(tree *branch, path string, whole bool) (*branch, error) {
	on, at := sel.on, tree
	names := strings.Split(path, ".")
	if len(names) > maxHops {
		return nil, badPath(path)
	}
	for _, name := range names {
		f, ok := on.Field(name)
		if !ok {
			return nil, unknownField(path)
		}
		if !f.IsLink() {
			return nil, badPath(path)
		}
		var err error
		if on, err = target(sel.cat, f); err != nil {
			return nil, err
		}
		at = at.child(f)
	}
	at.whole = at.whole || whole
	return at, nil
}

func badPath(path string) *models.Error {
	return models.Invalid("BAD_ASSOCIATION_PATH", text.M("record.path", "%s is not a path of at most %d links to one record.", path, maxHops))
}

// titleField is the field that names a record: the chosen one, else the id.
func titleField(c *models.Collection) *models.CollectionField {
	if f, ok := c.Field(c.TitleField); ok {
		return f
	}
	f, ok := c.Field(models.IDField)
	if !ok {
		panic("collection " + c.Name + " has no id")
	}
	return f
}

func isText(f *models.CollectionField) bool {
	return (f.Kind == field.Text || f.Kind == field.LongText || f.Kind == field.Select) && f.Name != models.IDField
}
