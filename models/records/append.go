package records

import (
	"context"
	"fmt"
	"slices"

	"formrail/models"
)

// appendTo reads the linked records of a list: one query for each link, never one
// for each record. A target that is gone or that the caller may not see is nil.
func (sel *selection) appendTo(ctx context.Context, from models.Querier, tree *branch, list []Record) error {
	if tree == nil || len(list) == 0 {
		return nil
	}
	for _, name := range tree.order {
		b := tree.below[name]
		found, err := sel.readLinked(ctx, from, b, keysOf(list, b.link))
		if err != nil {
			return fmt.Errorf("append %s: %w", name, err)
		}
		for _, r := range list {
			key, open := r[b.link.Key()]
			if !open {
				continue
			}
			if linked, ok := found[IDText(key)]; ok {
				r[b.link.Name] = linked
			} else {
				r[b.link.Name] = nil
			}
		}
	}
	return nil
}

// keysOf collects the keys under a link, each once.
func keysOf(list []Record, link *models.CollectionField) []any {
	seen := map[any]bool{}
	var keys []any
	for _, r := range list {
		if key := r[link.Key()]; key != nil && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// readLinked reads the records with these keys, and what is appended to them.
func (sel *selection) readLinked(ctx context.Context, from models.Querier, b *branch, keys []any) (map[string]Record, error) {
	on, err := target(sel.cat, b.link)
	if err != nil {
		return nil, err
	}
	found := map[string]Record{}
	view := sel.view(on)
	if view == nil {
		return found, nil
	}
	sub := &selection{builder: sel.builder, on: on, alias: sel.builder.alias(), rights: view}
	if err := sub.chooseBelow(b); err != nil {
		return nil, err
	}
	scope, err := view.records(sub.builder, sub.alias)
	if err != nil {
		return nil, err
	}
	if sub.flags, err = view.flags(sub.builder, sub.alias); err != nil {
		return nil, err
	}
	if sub.sort, err = sub.sorting(nil); err != nil {
		return nil, err
	}
	var all []Record
	for chunk := range slices.Chunk(keys, maxInValues) {
		sub.where = allOf(raw(sub.alias+`."id" IN (`+placeholders(len(chunk))+")", chunk...), live(on, sub.alias), scope)
		rows, err := sub.read(ctx, from, len(chunk), 0)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[IDText(r.record[models.IDField])] = r.record
			all = append(all, r.record)
		}
	}
	return found, sub.appendTo(ctx, from, b, all)
}

// chooseBelow picks the columns of a linked collection.
func (sel *selection) chooseBelow(b *branch) error {
	kept := map[string]bool{}
	for name := range b.names {
		f, ok := sel.on.Field(name)
		if !ok {
			return unknownField(b.link.Name + "." + name)
		}
		kept[f.Name] = true
	}
	for _, f := range sel.on.Fields {
		wanted := b.whole || b.names == nil || kept[f.Name] || b.below[f.Name] != nil
		if wanted && f.Name != models.IDField && sel.rights.open(f) {
			sel.columns = append(sel.columns, f)
		}
	}
	return nil
}
