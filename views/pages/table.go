package pages

import (
	"context"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/ui"
)

// BlockRegion is the id of the region that shows a block of a page.
func BlockRegion(id string) string { return "block-" + id }

func (p TableProps) regionID() string { return BlockRegion(p.ID) }

// tools reports whether anything stands above the table.
func (p TableProps) tools() bool {
	return p.Find || p.Filter != nil || p.ColumnList != nil || p.Refresh != "" || len(p.Sorts)+len(p.Add) > 0
}

func (p TableProps) bulkForm() string { return "bulk-" + p.ID }

// narrow says which columns stay on a narrow window: the name, the first number
// and the first choice. The others are said in small under the name.
func (p TableProps) narrow() []bool {
	stay := make([]bool, len(p.Columns))
	if len(p.Rows) == 0 {
		return stay
	}
	number, choice := false, false
	for i, c := range p.Rows[0].Cells {
		switch {
		case i == 0:
			stay[i] = true
		case c.Field.Kind == field.Number && !number:
			stay[i], number = true, true
		case c.Field.Kind == field.Select && !choice:
			stay[i], choice = true, true
		}
	}
	return stay
}

func (p TableProps) columnClass(i int) string {
	class := p.Columns[i].Class
	if stay := p.narrow(); len(p.Rows) > 0 && !stay[i] {
		class += " hide-sm"
	}
	return strings.TrimSpace(class)
}

func (p TableProps) cellClass(i int, cell fields.Shown) string {
	class := fields.CellClass(cell.Field)
	if !p.narrow()[i] {
		class += " hide-sm"
	}
	if cell.Field.Kind == field.DateTime {
		class += " t2"
	}
	return strings.TrimSpace(class)
}

// under joins the hidden cells of a row, two at most. Numbers are left out: without
// the head of their column they say nothing.
func (p TableProps) under(ctx context.Context, r TableRow) string {
	var parts []string
	for i, stays := range p.narrow() {
		if stays || len(parts) == 2 || i >= len(r.Cells) || isNumber(r.Cells[i].Field.Kind) {
			continue
		}
		if said := fields.Plain(ctx, r.Cells[i]); said != "" {
			parts = append(parts, said)
		}
	}
	return strings.Join(parts, " · ")
}

func isNumber(k field.Kind) bool { return k == field.Integer || k == field.Number }

// name is the first cell as text; an empty one still needs something to press.
func (r TableRow) name(ctx context.Context) string {
	if len(r.Cells) > 0 {
		if said := fields.Plain(ctx, r.Cells[0]); said != "" {
			return said
		}
	}
	if r.Title != "" {
		return r.Title
	}
	return text.T(ctx, "table.untitled", "Untitled")
}

func (r TableRow) updateForm(u UpdateProps) string { return "update-" + u.ID + "-" + r.ID }

func (r TableRow) menu() []ui.MenuItem {
	items := make([]ui.MenuItem, 0, len(r.Actions)+len(r.Updates)+1)
	for _, u := range r.Updates {
		items = append(items, ui.MenuItem{Label: u.Label, Icon: "pencil-line", Form: r.updateForm(u), Attrs: u.attrs()})
	}
	for _, a := range r.Actions {
		if a.Bad && len(items) > 0 {
			items = append(items, ui.MenuItem{Separator: true})
		}
		items = append(items, ui.MenuItem{Label: a.Label, Icon: a.Icon, Href: a.Href, Bad: a.Bad, Attrs: a.Over.link(a.Href)})
	}
	return items
}

func buttonKind(primary, bad bool) ui.ButtonKind {
	switch {
	case primary:
		return ui.Primary
	case bad:
		return ui.Danger
	}
	return ""
}
