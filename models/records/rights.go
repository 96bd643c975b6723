package records

import (
	"formrail/models"
	"formrail/models/field"
)

// rights are a caller's grants for one action on one collection. Every layer must
// allow what is asked; within a layer grants add up, but never across: a field of
// a record is open only through a grant whose scope holds for that record.
type rights struct {
	on     *models.Collection
	layers []layer
}

type layer struct {
	grants []grantOn
	mixed  bool // which fields are open depends on the record
}

// grantOn is a grant with its field names found in the collection.
type grantOn struct {
	models.Grant
	every  bool // all fields that are not hidden, and hidden ones for the product itself
	hidden bool // every, hidden ones too
	fields map[*models.CollectionField]bool
}

func (g grantOn) has(f *models.CollectionField) bool {
	if f.Name == models.IDField || g.every && (!f.Hidden || g.hidden) {
		return true
	}
	return g.fields[f]
}

// rightsOn finds the grants for an action. ok is false when some layer has none:
// a refusal whatever the record.
func rightsOn(cat *models.Catalog, access models.Access, c *models.Collection, action models.Action) (r *rights, ok bool) {
	r = &rights{on: c}
	for _, l := range access.Layers {
		var found layer
		if l.Owner {
			found.grants = []grantOn{{
				Grant: models.Grant{Scope: models.ScopeAll}, every: true,
				hidden: access.Principal.Kind == models.SystemPrincipal,
			}}
		} else {
			for _, g := range l.Grants {
				if g.Action == action && covers(cat, g, c) {
					found.grants = append(found.grants, newGrant(g, c))
				}
			}
		}
		if len(found.grants) == 0 {
			return nil, false
		}
		found.mixed = mixed(c, found.grants)
		r.layers = append(r.layers, found)
	}
	return r, len(r.layers) > 0
}

// covers reports whether a grant is about the collection, also by a former name.
func covers(cat *models.Catalog, g models.Grant, c *models.Collection) bool {
	if g.Collection == models.AllCollections || g.Collection == c.Name {
		return true
	}
	found, ok := cat.Collection(g.Collection)
	return ok && found == c
}

func newGrant(g models.Grant, c *models.Collection) grantOn {
	out := grantOn{Grant: g, every: g.Fields == nil}
	if len(g.Fields) > 0 {
		out.fields = make(map[*models.CollectionField]bool, len(g.Fields))
		for _, name := range g.Fields {
			if f, ok := c.Field(name); ok {
				out.fields[f] = true
			}
		}
	}
	return out
}

// mixed reports whether the grants of a layer open different fields in different
// records.
func mixed(c *models.Collection, grants []grantOn) bool {
	if len(grants) == 1 {
		return false
	}
	for _, f := range c.Fields {
		with, everywhere := 0, false
		for _, g := range grants {
			if g.has(f) {
				with++
				everywhere = everywhere || g.Scope == models.ScopeAll
			}
		}
		if with != 0 && with != len(grants) && !everywhere {
			return true
		}
	}
	return false
}

// open reports whether the field is open in some record.
func (r *rights) open(f *models.CollectionField) bool {
	for _, l := range r.layers {
		if !l.opens(f) {
			return false
		}
	}
	return true
}

func (l layer) opens(f *models.CollectionField) bool {
	for _, g := range l.grants {
		if g.has(f) {
			return true
		}
	}
	return false
}

// everywhere reports whether the field is open in every record the caller reaches:
// what sorting by it or searching in it needs.
func (r *rights) everywhere(f *models.CollectionField) bool {
	for _, l := range r.layers {
		for _, g := range l.grants {
			if !g.has(f) && !l.coveredBy(f, g) {
				return false
			}
		}
	}
	return true
}

// coveredBy reports whether a grant that opens f surely holds wherever g does.
func (l layer) coveredBy(f *models.CollectionField, g grantOn) bool {
	for _, other := range l.grants {
		if !other.has(f) {
			continue
		}
		if other.Scope == models.ScopeAll || other.Scope == g.Scope && other.ScopeField == g.ScopeField && field.Equal(other.Filter, g.Filter) {
			return true
		}
	}
	return false
}

// whole reports whether every record of the collection is in reach.
func (r *rights) whole() bool {
	for _, l := range r.layers {
		all := false
		for _, g := range l.grants {
			all = all || g.Scope == models.ScopeAll
		}
		if !all {
			return false
		}
	}
	return true
}

// records is the condition for a record to be in reach.
func (r *rights) records(b *builder, alias string) (sqlText, error) {
	return r.where(b, alias, func(grantOn) bool { return true })
}

// recordsWith is the condition for f to be open in a record.
func (r *rights) recordsWith(b *builder, alias string, f *models.CollectionField) (sqlText, error) {
	return r.where(b, alias, func(g grantOn) bool { return g.has(f) })
}

func (r *rights) where(b *builder, alias string, want func(grantOn) bool) (sqlText, error) {
	var all []sqlText
	for _, l := range r.layers {
		var some []sqlText
		for _, g := range l.grants {
			if !want(g) {
				continue
			}
			c, err := b.scope(r.on, g.Grant, alias)
			if err != nil {
				return sqlText{}, err
			}
			some = append(some, c)
		}
		all = append(all, anyOf(some...))
	}
	return allOf(all...), nil
}

// flags are conditions to be read with each record, from which [rights.fields]
// tells what is open in it. There are none when that is the same for all records.
func (r *rights) flags(b *builder, alias string) ([]sqlText, error) {
	var out []sqlText
	for _, l := range r.layers {
		if !l.mixed {
			continue
		}
		for _, g := range l.grants {
			c, err := b.scope(r.on, g.Grant, alias)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// openIn reports whether f is open in a record with these flags.
func (r *rights) openIn(f *models.CollectionField, flags []bool) bool {
	next := 0
	for _, l := range r.layers {
		open := false
		for _, g := range l.grants {
			holds := true
			if l.mixed {
				holds = flags[next]
				next++
			}
			open = open || holds && g.has(f)
		}
		if !open {
			return false
		}
	}
	return true
}

// plain reports whether every layer has a grant for all records and nothing depends
// on the record.
func (r *rights) plain() bool {
	for _, l := range r.layers {
		if l.mixed {
			return false
		}
	}
	return r.whole()
}
