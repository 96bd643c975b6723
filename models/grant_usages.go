package models

import (
	"context"
	"slices"
)

// GrantUsages lists the roles that name a collection, or one of its fields when name
// is not empty: in a list of fields, or as the owner of records. Grants on all
// collections name none.
func (db *DB) GrantUsages(ctx context.Context, collection, name string) ([]Usage, error) {
	roles, err := db.Roles(ctx)
	if err != nil {
		return nil, err
	}
	var out []Usage
	for _, r := range roles {
		for _, g := range r.Grants {
			if Snake(g.Collection) == Snake(collection) && (name == "" || g.names(name)) {
				out = append(out, Usage{Kind: "role", Key: r.Name, Title: r.Title, Place: string(g.Action), Live: true})
			}
		}
	}
	return out, nil
}

// names reports whether the grant names a field of its collection.
func (g Grant) names(name string) bool {
	is := func(other string) bool { return Snake(other) == Snake(name) }
	return slices.ContainsFunc(g.Fields, is) || is(g.ScopeField)
}
