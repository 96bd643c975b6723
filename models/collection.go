package models

import (
	"strings"
	"unicode"

	"formrail/models/field"
)

// The forms of primary keys.
const (
	IntegerID = "integer" // automatic, at most 2^53 − 1
	UUIDID    = "uuid"    // version 7, made by the server
)

// Limits of the catalogue.
const (
	MaxCollections = 500
	MaxFields      = 300
	MaxIndexes     = 20
)

// UsersCollection is the name of the built-in collection of people.
const UsersCollection = "users"

// Collection is the definition of a user table. A value from the catalogue is
// shared and must not be changed.
type Collection struct {
	ID          int64
	Name        string
	Table       string // physical name
	Title       string
	TitlePlural string
	Description string
	Icon        string
	TitleField  string // names a record; "id" when there is no better
	IDType      string // IntegerID or UUIDID
	SoftDelete  bool
	TrashDays   int
	History     bool
	System      bool // a built-in collection such as users
	Fields      []*CollectionField

	lookup map[string]*CollectionField // by exact name, snake form and former snake forms; catalogue only
}

// CollectionField is one field of a collection with the column behind it.
type CollectionField struct {
	ID     int64
	Column string // physical name, without quotes
	field.Field
	Unique   bool
	ReadOnly bool
	Hidden   bool
	Index    bool
	Preset   bool // made and written by the server

	// Since is when the field was made; zero for fields that are as old as their
	// table. What was written before belongs to another field of that name.
	Since Millis

	// ForeignKey is the name under which the bare id of a to-one link is read
	// and written, such as applicantId; empty for other kinds.
	ForeignKey string
}

// IsLink reports whether the field points to a record.
func (f *CollectionField) IsLink() bool { return f.Kind == field.ManyToOne || f.Kind == field.User }

// Key is the name under which a record holds the stored value: the foreign key of
// a link, otherwise the name.
func (f *CollectionField) Key() string {
	if f.ForeignKey != "" {
		return f.ForeignKey
	}
	return f.Name
}

// Title is what people read: the label, or the name when there is none.
func (f *CollectionField) Title() string {
	if f.Label != "" {
		return f.Label
	}
	return f.Name
}

// ID fields and the other names the server writes.
const (
	IDField       = "id"
	VersionField  = "_version"
	VersionColumn = "_version"
)

// Field finds a field by its name, its column name, its foreign key or a former
// name. An exact name wins over any other spelling.
func (c *Collection) Field(name string) (*CollectionField, bool) {
	if c.lookup != nil {
		if f, ok := c.lookup[name]; ok {
			return f, true
		}
		f, ok := c.lookup[Snake(name)]
		return f, ok
	}
	snake := Snake(name)
	for _, f := range c.Fields {
		if Snake(f.Name) == snake || f.ForeignKey != "" && Snake(f.ForeignKey) == snake {
			return f, true
		}
	}
	return nil, false
}

// NamesKey reports whether name, one of the present or former names of f, means the
// bare id of the link f rather than the linked record. Of a former name that is told
// by its ending, as the server makes foreign keys.
func (f *CollectionField) NamesKey(name string) bool {
	if f.ForeignKey == "" {
		return false
	}
	snake := Snake(name)
	return snake == Snake(f.ForeignKey) || snake != Snake(f.Name) && strings.HasSuffix(snake, "_id")
}

// NameNow gives the name that any name of a field has now: that of its bare id when
// name means this; empty for no field.
func (c *Collection) NameNow(name string) string {
	f, ok := c.Field(name)
	switch {
	case !ok:
		return ""
	case f.NamesKey(name):
		return f.ForeignKey
	}
	return f.Name
}

// index prepares [Collection.Field]. former maps snake forms of former names to fields.
func (c *Collection) index(former map[string]*CollectionField) {
	lookup := make(map[string]*CollectionField, 3*len(c.Fields))
	for snake, f := range former {
		lookup[snake] = f
	}
	for _, f := range c.Fields {
		if f.ForeignKey != "" {
			lookup[Snake(f.ForeignKey)] = f
			lookup[f.ForeignKey] = f
		}
	}
	for _, f := range c.Fields {
		lookup[Snake(f.Name)] = f
		lookup[f.Name] = f
	}
	c.lookup = lookup
}

// Snake gives the snake_case form of a name; two names are equal when their
// snake_case forms are.
func Snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Catalog is one consistent view of all collections. It never changes; a change
// of schema makes a new one.
type Catalog struct {
	Version     int64
	collections []*Collection
	byName      map[string]*Collection
	dropped     []DroppedLink
	renamed     bool // some collection or field has a former name
}

// Renamed reports whether any collection or field has a former name.
func (c *Catalog) Renamed() bool { return c.renamed }

// Collections lists all collections in the order of their creation, built-in ones last.
func (c *Catalog) Collections() []*Collection { return c.collections }

// Collection finds a collection by name or former name; "main:" in front is ignored.
func (c *Catalog) Collection(name string) (*Collection, bool) {
	found, ok := c.byName[Snake(strings.TrimPrefix(name, "main:"))]
	return found, ok
}

// Link is a field that points to a collection.
type Link struct {
	From  *Collection
	Field *CollectionField
}

// LinksTo lists the fields of user-made collections that point to a collection.
func (c *Catalog) LinksTo(target string) []Link {
	var out []Link
	for _, from := range c.collections {
		for _, f := range from.Fields {
			if f.IsLink() && Snake(f.Target) == Snake(target) && !from.System {
				out = append(out, Link{from, f})
			}
		}
	}
	return out
}

// DroppedLink is the column of a link that was dropped, or whose collection was, and
// that still holds its values until it is removed for good.
type DroppedLink struct {
	Table, Column string
	target        string
}

// DroppedLinksTo lists the dropped links that point to a collection.
func (c *Catalog) DroppedLinksTo(target *Collection) []DroppedLink {
	var out []DroppedLink
	for _, d := range c.dropped {
		if c.byName[d.target] == target {
			out = append(out, d)
		}
	}
	return out
}

// Usage is one place that a change of schema would touch.
type Usage struct {
	Kind  string `json:"kind"`  // workflow, page, role, link, rows …
	Key   string `json:"key"`   // of the workflow, page or other thing
	Title string `json:"title"` // of that thing
	Place string `json:"place"` // node, setting, block: where in it
	Live  bool   `json:"live"`  // something that runs needs it
}
