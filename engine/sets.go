package engine

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
)

// FieldsSet lists the fields of a collection (canonical names) that live workflows
// change in records that exist already, each with the titles of those workflows in
// order. Whoever designs a form learns from it what people need not fill in.
func (e *Engine) FieldsSet(ctx context.Context, collection string) (map[string][]string, error) {
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, err
	}
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	schema, out := e.schema(ctx, cat), map[string][]string{}
	for _, l := range ix.byKey {
		if l.version == nil || l.broken != nil {
			continue
		}
		for _, name := range (&needs{cat: schema, c: l.version.Compiled}).changed(collection) {
			out[name] = append(out[name], l.workflow.Title)
		}
	}
	for _, titles := range out {
		slices.SortFunc(titles, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	}
	return out, nil
}

// changed lists the fields of a collection's records that steps update, each once.
func (n *needs) changed(collection string) []string {
	var out []string
	for _, node := range n.c.Nodes {
		for _, g := range n.of(node) {
			if g.Action == models.Update && models.Snake(g.Collection) == models.Snake(collection) {
				out = append(out, g.Fields...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
