package engine

import (
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// freeBranches compares the branches that the designer made, and takes what it told of
// them out of the parts of the node.
func (d *differ) freeBranches(was, now *placedNode, before, after map[string]any) {
	typ := d.registry.nodes[now.part.Type]
	if typ == nil || typ.Free == nil || field.Equal(before["config."+typ.Free.Setting], after["config."+typ.Free.Setting]) {
		return
	}
	had, has := typ.FreeList(was.part.Config), typ.FreeList(now.part.Config)
	told := len(d.found)
	d.freeList(now, typ, had, has)
	if len(d.found) == told {
		return // another way to write the same
	}
	for _, parts := range []map[string]any{before, after} {
		delete(parts, "config."+typ.Free.Setting)
		others, _ := parts["branches"].([]any)
		others = slices.DeleteFunc(slices.Clone(others), func(one any) bool {
			b, _ := one.(map[string]any)
			return entryOf(had, b["key"]) != nil || entryOf(has, b["key"]) != nil
		})
		delete(parts, "branches")
		if len(others) > 0 {
			parts["branches"] = others
		}
	}
}

// freeList compares two lists of branches.
func (d *differ) freeList(now *placedNode, typ *node.Type, had, has []map[string]any) {
	say := func(was, is any, sentence text.Message) {
		label := d.registry.form(typ.Key, typ.Free.Setting).Label
		d.add(now, Difference{Kind: SettingChanged, Field: "config." + typ.Free.Setting, Label: label, Was: was, Now: is, Sentence: sentence})
	}
	for _, is := range has {
		was := entryOf(had, is["key"])
		switch {
		case was == nil:
			say(nil, is, text.M("diff.branch_added", "Added the branch “%s” to “%s”", entryTitle(is), now.title))
			continue
		case entryTitle(was) != entryTitle(is):
			say(was, is, text.M("diff.branch_renamed", "Renamed the branch “%s” of “%s” to “%s”", entryTitle(was), now.title, entryTitle(is)))
		}
		if !field.Equal(withoutTitle(was), withoutTitle(is)) {
			say(was, is, text.M("diff.branch_changed", "Changed when the branch “%s” of “%s” is taken", entryTitle(is), now.title))
		}
	}
	for _, was := range had {
		if entryOf(has, was["key"]) == nil {
			say(was, nil, text.M("diff.branch_removed", "Removed the branch “%s” of “%s”", entryTitle(was), now.title))
		}
	}
	if was, is := keysIn(had, has), keysIn(has, had); !field.Equal(was, is) {
		say(was, is, text.M("diff.branches_moved", "Changed the order of the branches of “%s”", now.title))
	}
}

// entryOf finds the entry of a branch; nil when there is none.
func entryOf(list []map[string]any, key any) map[string]any {
	for _, one := range list {
		if one["key"] == key {
			return one
		}
	}
	return nil
}

func entryTitle(entry map[string]any) string {
	if title := textOf(entry["title"]); title != "" {
		return title
	}
	return textOf(entry["key"])
}

func withoutTitle(entry map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range entry {
		if name != "title" {
			out[name] = v
		}
	}
	return out
}

// keysIn are the keys of a list that another has too, in its order.
func keysIn(list, other []map[string]any) []any {
	out := []any{}
	for _, one := range list {
		if entryOf(other, one["key"]) != nil {
			out = append(out, one["key"])
		}
	}
	return out
}
