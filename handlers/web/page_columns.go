package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/models/text"
	"formrail/views/pages"
	"formrail/views/ui"
)

// shown are the columns that the reader chose, in his order; all of the block when he
// chose none that it has.
func (t tableView) shown() []blockField {
	var out []blockField
	for _, name := range t.list.columns {
		i := slices.IndexFunc(t.columns, func(b blockField) bool { return strings.Join(b.path, ".") == name })
		if i >= 0 && !slices.ContainsFunc(out, func(b blockField) bool { return strings.Join(b.path, ".") == name }) {
			out = append(out, t.columns[i])
		}
	}
	if len(out) == 0 {
		return t.columns
	}
	return out
}

// columnsProps draws the list of columns to choose from; nil when there is no choice.
func (t tableView) columnsProps() *pages.ColumnsProps {
	if len(t.columns) < 2 {
		return nil
	}
	out := &pages.ColumnsProps{ID: "columns-" + t.block.ID, Address: t.address(), Keep: t.list.keep("column")}
	shown := t.shown()
	for _, b := range shown {
		out.Columns = append(out.Columns, pages.ColumnChoice{Name: strings.Join(b.path, "."), Label: b.shape().Label, Shown: true})
	}
	for _, b := range t.columns {
		name := strings.Join(b.path, ".")
		if !slices.ContainsFunc(shown, func(s blockField) bool { return strings.Join(s.path, ".") == name }) {
			out.Columns = append(out.Columns, pages.ColumnChoice{Name: name, Label: b.shape().Label})
		}
	}
	return out
}

// sorts are the orders that a reader may choose from, as the heads of columns offer
// them.
func (t tableView) sorts(ctx context.Context, heads []pages.TableColumn) []ui.MenuItem {
	now := ""
	if order := t.order(); len(order) > 0 {
		now = order[0]
	}
	var out []ui.MenuItem
	for _, h := range heads {
		if h.Href == "" {
			continue
		}
		for _, one := range []struct{ key, label string }{{h.Name, text.T(ctx, "table.sort_up", "%s, ascending", h.Label)}, {"-" + h.Name, text.T(ctx, "table.sort_down", "%s, descending", h.Label)}} {
			list := t.list
			list.sort, list.cursor = one.key, ""
			out = append(out, ui.MenuItem{Label: one.label, Href: list.at(t.page.Key), Chosen: one.key == now})
		}
	}
	return out
}

// sizes draws the choice of how many records a page has.
func (t tableView) sizes(ctx context.Context) *pages.SizesProps {
	out := &pages.SizesProps{ID: "size-" + t.block.ID, Address: t.address(), Keep: t.list.keep("size"), Size: strconv.Itoa(t.list.size)}
	if t.list.size == 0 {
		out.Size = ""
	}
	for _, n := range pageSizes() {
		out.Choices = append(out.Choices, ui.Choice{Value: strconv.Itoa(n), Label: text.T(ctx, "table.per_page", "%d per page", n)})
	}
	return out
}
