package web

import (
	"context"
	"slices"
	"strings"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/ui"
)

// recentShown is how many types that were added last stand first.
const recentShown = 4

// palette lists the step types for a place, with why some cannot stand there.
func (e *editing) palette(ctx context.Context) *editor.Palette {
	p := &editor.Palette{Place: *e.adding}
	titles := map[node.Group]string{
		node.Flow: text.T(ctx, "palette.flow", "Flow"), node.Data: text.T(ctx, "palette.data", "Data"), node.People: text.T(ctx, "palette.people", "People"),
		node.Connect: text.T(ctx, "palette.connect", "Connect"), node.Compute: text.T(ctx, "palette.compute", "Compute"),
	}
	full := count(e.def.Nodes) >= engine.MaxNodes
	recent := editor.Group{Title: text.T(ctx, "palette.recent", "Recent")}
	for _, key := range e.recent {
		if typ := e.site.types.nodes[key]; typ != nil && len(recent.Types) < recentShown {
			if one := e.paletteType(ctx, typ, full); one.Reason == "" {
				recent.Types = append(recent.Types, one)
			}
		}
	}
	if len(recent.Types) > 0 {
		p.Groups = append(p.Groups, recent)
	}
	for _, g := range []node.Group{node.Flow, node.Data, node.People, node.Connect, node.Compute} {
		group := editor.Group{Title: titles[g]}
		for _, typ := range e.site.types.ordered {
			if typ.Group == g {
				group.Types = append(group.Types, e.paletteType(ctx, typ, full))
			}
		}
		if len(group.Types) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	if typ := e.site.types.nodes[e.typ]; typ != nil {
		p.Asks = e.asks(ctx, typ)
	}
	return p
}

func (e *editing) paletteType(ctx context.Context, typ *node.Type, full bool) editor.Type {
	t := editor.Type{
		Key: typ.Key, Title: typ.Title, Summary: typ.Summary, Icon: typ.Icon, Kind: tile(typ.Group),
		Words: strings.ToLower(strings.Join(append([]string{typ.Title, typ.Summary, typ.Key}, typ.Synonyms...), " ")),
	}
	_, asks := asked(typ)
	t.Asks = asks || e.follow() > 0 && len(typ.MayBranch()) > 0
	switch listens := e.def.listens(); {
	case full:
		t.Reason = text.T(ctx, "palette.limit", "Limit of %d steps reached", engine.MaxNodes)
	case typ.AlwaysWaits() && e.w.Sync && !e.serves(): // there, steps behind an answer may wait
		t.Reason = text.T(ctx, "palette.waits", "Waits for people or time; this workflow answers at once")
	case listens.Atomic && (typ.Waits || typ.AlwaysLeaves()):
		t.Reason = text.T(ctx, "palette.atomic", "Leaves the process; not allowed inside the save")
	case e.def.Transacts(e.adding.Parent, e.adding.Branch) && typ.AlwaysLeaves():
		t.Reason = text.T(ctx, "palette.transaction", "Waits or leaves the process; not allowed inside a transaction")
	case typ.Answers() && !(e.w.Sync && e.serves()):
		t.Reason = text.T(ctx, "palette.no_request", "Only with a webhook or HTTP request that answers at once")
	case typ.Right != "" && !e.access.Can(typ.Right):
		t.Reason = text.T(ctx, "palette.right", "You may not publish this kind of step")
	}
	return t
}

// follow is how many steps come after the place.
func (e *editing) follow() int {
	list := e.def.Nodes
	if at := e.adding; at.Parent != "" {
		list = nil
		if part := nodeIn(e.def.Nodes, at.Parent); part != nil {
			for _, b := range part.Branches {
				if b.Key == at.Branch {
					list = b.Nodes
				}
			}
		}
	}
	return max(0, len(list)-e.adding.Index)
}

// asked is the setting that a type is asked about before it is added.
func asked(typ *node.Type) (field.Field, bool) {
	i := slices.IndexFunc(typ.Config, func(f field.Field) bool { return f.Name == typ.Asks })
	if i < 0 {
		return field.Field{}, false
	}
	return typ.Config[i], true
}

// asks draws the question about a type.
func (e *editing) asks(ctx context.Context, typ *node.Type) *editor.Asks {
	out := &editor.Asks{Type: e.paletteType(ctx, typ, false), Steps: e.follow()}
	if f, ok := asked(typ); ok {
		out.Setting, out.Label = f.Name, f.Label
		for _, o := range f.Options {
			out.Choices = append(out.Choices, ui.Choice{Value: o.Value, Label: o.Label, Note: o.Note, Badge: o.Badge})
		}
		out.Chosen, _ = f.Default.(string)
		if out.Chosen == "" && len(out.Choices) > 0 {
			out.Chosen = out.Choices[0].Value
		}
	}
	for _, b := range typ.MayBranch() {
		out.Rest = append(out.Rest, ui.Choice{Value: b.Key, Label: text.T(ctx, "palette.into", "Into the branch “%s”", b.Title)})
	}
	return out
}
