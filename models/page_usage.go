package models

import (
	"context"
	"slices"
	"strings"
)

// PageUsages lists the blocks that show a collection, or one of its fields when
// name is not empty: those that everybody sees, and those that only stand in drafts.
func (db *DB) PageUsages(ctx context.Context, collection, name string) ([]Usage, error) {
	drafts, err := PageDrafts(ctx, db.Read())
	if err != nil {
		return nil, err
	}
	var out []Usage
	for _, d := range drafts {
		live, err := d.LivePage()
		if err != nil {
			return nil, err
		}
		out = append(out, live.usages(collection, name, true)...)
		if !d.Dirty() {
			continue
		}
		draft, err := d.Page()
		if err != nil {
			return nil, err
		}
		for _, u := range draft.usages(collection, name, false) {
			known := func(v Usage) bool { return v.Key == u.Key && v.Place == u.Place }
			if !slices.ContainsFunc(out, known) {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// usages lists the blocks of a page that show a collection, or a field of it; none
// without a page.
func (p *Page) usages(collection, name string, live bool) []Usage {
	if p == nil {
		return nil
	}
	var out []Usage
	for _, b := range p.Blocks() {
		if Snake(b.Collection) == Snake(collection) && (name == "" || b.uses(name)) {
			out = append(out, Usage{Kind: "page", Key: p.Key, Title: p.Title, Place: b.ID, Live: live})
		}
	}
	return out
}

// uses reports whether the block names a field of its collection.
func (b *Block) uses(name string) bool {
	is := func(path string) bool {
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "-"), ".")
		return Snake(first) == Snake(name)
	}
	if slices.ContainsFunc(b.Sort, is) || slices.ContainsFunc(b.Fields, func(f BlockField) bool { return is(f.Field) }) || filterNames(b.Filter, is) {
		return true
	}
	return slices.ContainsFunc(b.Actions, func(a *PageAction) bool {
		return slices.ContainsFunc(sortedKeys(a.Values), is) || slices.ContainsFunc(a.Bindings, func(g PageBinding) bool { return is(g.Path) })
	})
}

// filterNames reports whether a filter compares a field that is meant.
func filterNames(filter any, is func(string) bool) bool {
	switch f := filter.(type) {
	case []any:
		return slices.ContainsFunc(f, func(one any) bool { return filterNames(one, is) })
	case map[string]any:
		for key, value := range f {
			if strings.HasPrefix(key, "$") && filterNames(value, is) || !strings.HasPrefix(key, "$") && is(key) {
				return true
			}
		}
	}
	return false
}
