// Package openapi describes the JSON API as one caller may use it. Everything comes
// from the route table, the catalogue and the caller's rights of now; what he may not
// use or see is not mentioned. Nothing here keeps state.
package openapi

import (
	"slices"
	"strings"
	"unicode"

	"formrail/engine"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// Source is what a description is made from.
type Source struct {
	Catalog *models.Catalog
	Routes  []*route.Route
	Caller  route.Caller
	Served  []engine.Contract // workflows that other programs call
}

// Description is the API as one caller may use it.
type Description struct {
	Operations  []Operation  // in the order of the table
	Collections []Collection // those the operations are about, in the order of the catalogue
	Served      []engine.Contract
}

// Operation is one line of the table; a line for all collections is one operation
// for each of them.
type Operation struct {
	Route   *route.Route
	ID      string // unique
	Path    string // the pattern with the name of the collection
	Noun    string // first part of the address behind /api
	Title   string // of the noun, as people read it
	Action  string // without parameters; empty when the address has none
	Scope   string
	Reading bool
	On      *models.Collection // whose records it answers or changes; nil for everything else
	Links   []string           // names the address may have for {association}; nil when it has none
}

// Collection is a collection with the fields that a caller may use in some record.
type Collection struct {
	*models.Collection
	Component            string // name of its schema
	Views                bool   // its records can be read
	Creates              bool
	Updates              bool
	View, Create, Update []*models.CollectionField
}

// Describe finds out what the caller may use.
func Describe(s Source) *Description {
	d, get := &Description{Served: s.Served}, map[string]bool{}
	for _, r := range s.Routes {
		get[r.Pattern] = get[r.Pattern] || r.Method == route.GET
	}
	for _, r := range s.Routes {
		if r.Auth == route.Session || r.Rate == route.Webhook || !strings.HasPrefix(r.Pattern, "/api/") { // what starts a workflow has its contract
			continue
		}
		op := newOperation(r, get[r.Pattern])
		if op.Noun != "{collection}" {
			s.add(d, op)
			continue
		}
		for _, c := range s.Catalog.Collections() {
			if !c.System { // those have lines of their own
				s.add(d, op.of(c))
			}
		}
	}
	s.collections(d)
	return d
}

// add adds an operation unless the door would refuse the caller.
func (s Source) add(d *Description, op Operation) {
	name := ""
	if op.On != nil {
		name = op.On.Name
	}
	if !op.Route.Admits(s.Caller.Principal, name) || !op.Route.Permission.Holds(s.Caller.Access, name) {
		return
	}
	if strings.Contains(op.Path, association) {
		if op.Links = s.links(op.On); len(op.Links) == 0 {
			return
		}
	}
	op.Scope = op.Route.ScopeOn(name)
	if c, ok := s.Catalog.Collection(op.Noun); ok && c.System && op.Reading {
		op.On = c
	}
	d.Operations = append(d.Operations, op)
}

// association is the part of an address that names a link of a record.
const association = "{association}"

// links are the links that the caller can follow from some record of a collection.
func (s Source) links(on *models.Collection) (out []string) {
	fields, _ := records.FieldsFor(s.Catalog, s.Caller.Access, on, models.View)
	for _, f := range fields {
		if f.IsLink() {
			out = append(out, f.Name)
		}
	}
	return out
}

// newOperation reads a line of the table. A line that can be read with GET is a
// reading one, with both of its methods.
func newOperation(r *route.Route, reading bool) Operation {
	op := Operation{Route: r, Path: r.Pattern, Reading: reading}
	at := strings.TrimPrefix(r.Pattern, "/api/")
	if i := strings.LastIndexByte(at, ':'); i >= 0 {
		op.Action, _, _ = strings.Cut(at[i+1:], "/")
	}
	op.Noun, _, _ = strings.Cut(at, "/")
	op.Noun, _, _ = strings.Cut(op.Noun, ":")
	op.Title = upper(words(op.Noun))
	op.ID = strings.NewReplacer("/", ".", ":", ".", "{", "", "}", "").Replace(at)
	if reading && r.Method != route.GET {
		op.ID += ".post"
	}
	return op
}

// of is the operation of a line for all collections on one of them.
func (op Operation) of(c *models.Collection) Operation {
	op.On, op.Noun, op.Title = c, c.Name, titleOf(c)
	op.Path = strings.Replace(op.Path, "{collection}", c.Name, 1)
	op.ID = strings.Replace(op.ID, "collection", c.Name, 1)
	return op
}

func titleOf(c *models.Collection) string {
	for _, s := range []string{c.TitlePlural, c.Title} {
		if s != "" {
			return s
		}
	}
	return c.Name
}

// collections finds the fields behind the operations.
func (s Source) collections(d *Description) {
	taken := map[string]bool{}
	for _, c := range s.Catalog.Collections() {
		out := Collection{Collection: c}
		for _, op := range d.Operations {
			if op.On == c {
				out.Views = out.Views || op.Reading
				out.Creates = out.Creates || op.Route.Permission.Action == models.Create
				out.Updates = out.Updates || op.Route.Permission.Action == models.Update
			}
		}
		by := s.Caller.Access
		if out.Views {
			out.View, out.Views = records.FieldsFor(s.Catalog, by, c, models.View)
		}
		if out.Creates {
			out.Create, out.Creates = records.FieldsFor(s.Catalog, by, c, models.Create)
		}
		if out.Updates {
			out.Update, out.Updates = records.FieldsFor(s.Catalog, by, c, models.Update)
		}
		if out.Views || out.Creates || out.Updates {
			out.Component = component(c.Name, taken)
			d.Collections = append(d.Collections, out)
		}
	}
}

// The ends of the names of a collection's schemas; the empty one is that of records.
func suffixes() []string { return []string{"", "Create", "Update", "Filter"} }

// component is the name of a collection's schema. It is long enough to differ from
// those of all others: "posts" has PostsCreate, which "postsCreate" may not take.
func component(name string, taken map[string]bool) string {
	out := upper(name)
	for slices.ContainsFunc(suffixes(), func(end string) bool { return taken[out+end] }) {
		out += "_"
	}
	for _, end := range suffixes() {
		taken[out+end] = true
	}
	return out
}

// collection finds a collection of the description.
func (d *Description) collection(c *models.Collection) (Collection, bool) {
	i := slices.IndexFunc(d.Collections, func(one Collection) bool { return c != nil && one.Collection == c })
	if i < 0 {
		return Collection{}, false
	}
	return d.Collections[i], true
}

func upper(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// words takes a name apart: "discardDraft" is "discard draft".
func words(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
