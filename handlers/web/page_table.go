package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/engine"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// tableView is one table on its way to its props.
type tableView struct {
	*viewer
	page    *models.Page
	block   *models.Block
	on      *models.Collection
	list    listing
	columns []blockField // all that the block has for the viewer

	unfiltered bool // the conditions of the reader cannot be compared
}

// props reads the records and draws the table.
func (t tableView) props(ctx context.Context) (pages.TableProps, error) {
	p := pages.TableProps{
		CSRF: t.csrf, ID: t.block.ID, Title: t.heading(), Address: t.address(), Here: t.list.at(t.page.Key), Topic: engine.RecordsTopic(t.on.Name), Search: t.list.search,
		Find: t.searchable(), Empty: text.T(ctx, "table.empty_of", "Records of %s appear here.", t.on.Title),
	}
	found, refused, err := t.read(ctx)
	if err != nil {
		return p, err
	}
	if refused != nil {
		p.Problem, t.unfiltered = refused.Message.In(ctx), true
	}
	p.Keep = t.list.keep("search")
	for _, c := range t.shown() {
		p.Columns = append(p.Columns, t.head(c))
	}
	for _, r := range found.Records {
		row, err := t.row(ctx, r)
		if err != nil {
			return p, err
		}
		p.Rows = append(p.Rows, row)
	}
	if err := t.buttons(ctx, &p); err != nil {
		return p, err
	}
	p.ColumnList, p.Sorts, p.Sizes = t.columnsProps(), t.sorts(ctx, p.Columns), t.sizes(ctx)
	p.Pager, err = t.pager(ctx, found)
	return p, err
}

// address is where forms above the table lead; what it says comes with them.
func (t tableView) address() string { return urls.Page(t.page.Key) }

func (t tableView) heading() string {
	switch {
	case t.block.Title != "":
		return t.block.Title
	case t.on.TitlePlural != "":
		return t.on.TitlePlural
	}
	return t.on.Title
}

// searchable reports whether the viewer may search: words are looked for in the
// title of records.
func (t tableView) searchable() bool {
	f, ok := t.on.Field(t.on.TitleField)
	return ok && mayView(t.access, t.on.Name, f)
}

func (t tableView) order() []string {
	if t.list.sort == "" {
		return t.block.Sort
	}
	return []string{t.list.sort}
}

func (t tableView) pageSize() int {
	if t.list.size > 0 {
		return t.list.size
	}
	return t.block.PageSize
}

// read reads one page of the table as the viewer. An order or a search over what he
// may not see everywhere is left out; conditions of his that cannot be compared are
// left out as well, and refused says why.
func (t tableView) read(ctx context.Context) (page records.Page, refused *models.Error, err error) {
	q := records.Query{
		Access: t.access, Collection: t.on.Name, Filter: t.filter(), Stored: true, Sort: t.order(), PageSize: t.pageSize(),
		Keyset: true, Cursor: t.list.cursor, Appends: appends(t.shown()), Zone: t.now.Location(),
	}
	if len([]rune(t.list.search)) > 1 {
		q.Search = t.list.search
	}
	page, err = t.site.Records.List(ctx, q)
	if e := models.AsError(err); err != nil && len(t.list.where) > 0 && e.Kind != models.KindInternal {
		q.Filter, refused = t.block.Filter, e
		page, err = t.site.Records.List(ctx, q)
	}
	switch {
	case models.IsCode(err, "FIELD_NOT_ALLOWED"), models.IsCode(err, "UNKNOWN_FIELD"):
		q.Sort, q.Search, q.Cursor = nil, "", ""
	case models.IsCode(err, "BAD_CURSOR"):
		q.Cursor = ""
	default:
		return page, refused, err
	}
	page, err = t.site.Records.List(ctx, q)
	return page, refused, err
}

// head draws the head of a column; its link sorts, and a second time the other way.
func (t tableView) head(c blockField) pages.TableColumn {
	d := c.shape()
	out := pages.TableColumn{Name: strings.Join(c.path, "."), Label: fields.HeadLabel(d), Class: fields.HeadClass(d)}
	if len(c.path) > 1 || c.field.IsLink() || c.field.Kind == field.LongText {
		return out
	}
	next, now := t.list, ""
	if order := t.order(); len(order) > 0 {
		now = order[0]
	}
	next.cursor, next.sort, out.Sort = "", out.Name, ui.Unsorted
	switch now {
	case out.Name:
		next.sort, out.Sort = "-"+out.Name, ui.Ascending
	case "-" + out.Name:
		out.Sort = ui.Descending
	}
	out.Href = next.at(t.page.Key)
	return out
}

func (t tableView) row(ctx context.Context, r records.Record) (pages.TableRow, error) {
	id := records.IDText(r[models.IDField])
	block, over := t.opens()
	row := pages.TableRow{ID: id, Number: number(t.on, id), Title: records.TitleOf(t.on, r), Href: urls.Record(t.page.Key, block, id), Over: over}
	for _, c := range t.shown() {
		cell, err := t.cell(ctx, c, r)
		if err != nil {
			return row, err
		}
		row.Cells = append(row.Cells, cell)
	}
	for _, a := range t.block.Actions {
		if one, ok := t.rowAction(ctx, a, r); ok {
			row.Actions = append(row.Actions, one)
		}
		if one, ok := (recordView{viewer: t.viewer, page: t.page, block: t.block, on: t.on, id: id, record: r}).update(ctx, t.block, a); ok {
			row.Updates = append(row.Updates, one)
		}
	}
	return row, nil
}

// opens is the block a row opens, and where: the details that its action names, else
// the table itself with all of its fields.
func (t tableView) opens() (block string, over pages.Over) {
	for _, a := range t.block.Actions {
		if _, ok := t.page.Block(a.Block); ok && a.Type == models.ViewAction {
			return a.Block, opensOver(a)
		}
	}
	return t.block.ID, pages.OverDrawer
}

// rowAction draws an action of one record, unless the viewer may not do it.
func (t tableView) rowAction(ctx context.Context, a *models.PageAction, r records.Record) (pages.Action, bool) {
	id := records.IDText(r[models.IDField])
	switch a.Type {
	case models.EditAction:
		if !t.mayOn(t.on, models.Update, r) {
			return pages.Action{}, false
		}
		return pages.Action{ID: a.ID, Label: actionLabel(ctx, a), Icon: "pencil", Href: urls.Form(t.page.Key, a.Block, id), Over: opensOver(a)}, true
	case models.DeleteAction:
		if !t.mayOn(t.on, models.Delete, r) {
			return pages.Action{}, false
		}
		block, over := t.opens()
		return pages.Action{ID: a.ID, Label: actionLabel(ctx, a), Icon: "trash-2", Href: askDelete(t.page.Key, block, id), Over: over, Bad: true}, true
	default:
		return pages.Action{}, false
	}
}

// askDelete is the record with the question whether it shall go.
func askDelete(page, block, id string) string {
	return urls.Record(page, block, id) + "?confirm=delete"
}

// buttons draws what stands above the table.
func (t tableView) buttons(ctx context.Context, p *pages.TableProps) error {
	for _, a := range t.block.Actions {
		switch a.Type {
		case models.AddNewAction:
			b, ok := t.page.Block(a.Block)
			if ok && t.access.MayTouch(b.Collection, models.Create) {
				p.Add = append(p.Add, pages.Action{ID: a.ID, Label: actionLabel(ctx, a), Icon: "plus", Href: urls.Form(t.page.Key, a.Block, ""), Over: opensOver(a), Primary: len(p.Add) == 0})
			}
		case models.FilterAction:
			f, err := t.filterProps(ctx, a)
			if err != nil {
				return err
			}
			p.Filter, p.Chips = f, t.chips(ctx, f)
		case models.LinkAction:
			p.Add = append(p.Add, pages.Action{ID: a.ID, Label: actionLabel(ctx, a), Icon: "link", Href: a.Link})
		case models.RefreshAction:
			p.Refresh = actionLabel(ctx, a)
		case models.DeleteAction:
			if t.access.MayTouch(t.on.Name, models.Delete) {
				p.Bulk = append(p.Bulk, pages.BulkAction{ID: a.ID, Label: actionLabel(ctx, a), Icon: "trash-2"})
				p.BulkTo = pressed{page: t.page.Key, block: t.block.ID, action: a.ID}.address()
			}
		default:
		}
	}
	return nil
}

// actionLabel is what a button says: the title the designer gave it, or the word for
// what it does.
func actionLabel(ctx context.Context, a *models.PageAction) string {
	if a.Title != "" {
		return a.Title
	}
	switch a.Type {
	case models.AddNewAction:
		return text.T(ctx, "action.add", "Add new")
	case models.ViewAction:
		return text.T(ctx, "action.view", "View")
	case models.EditAction:
		return text.T(ctx, "action.edit", "Edit")
	case models.SubmitAction:
		return text.T(ctx, "action.submit", "Submit")
	case models.SaveAction:
		return text.T(ctx, "action.save", "Save")
	case models.UpdateRecordAction:
		return text.T(ctx, "action.update", "Update record")
	case models.DeleteAction:
		return text.T(ctx, "action.delete", "Delete")
	case models.LinkAction:
		return text.T(ctx, "action.link", "Open")
	case models.RefreshAction:
		return text.T(ctx, "action.refresh", "Refresh")
	case models.FilterAction:
		return text.T(ctx, "action.filter", "Filter")
	}
	return a.ID
}

// pager counts the records and links to the pages beside this one.
func (t tableView) pager(ctx context.Context, found records.Page) (ui.PagerProps, error) {
	q := records.Query{Access: t.access, Collection: t.on.Name, Filter: t.filter(), Stored: true, Zone: t.now.Location()}
	if len([]rune(t.list.search)) > 1 && t.searchable() {
		q.Search = t.list.search
	}
	count, exact, err := t.site.Records.CountIn(ctx, t.site.DB.Read(), q)
	if models.IsCode(err, "FIELD_NOT_ALLOWED") {
		q.Search = ""
		count, exact, err = t.site.Records.CountIn(ctx, t.site.DB.Read(), q)
	}
	if err != nil {
		return ui.PagerProps{}, err
	}
	from, rows := max(1, t.list.from), len(found.Records)
	p := ui.PagerProps{}
	if rows > 0 {
		total := ui.Number(strconv.Itoa(count), 0)
		if !exact {
			total += "+"
		}
		p.Summary = text.T(ctx, "table.range", "%d–%d of %s", from, from+rows-1, total)
	}
	if found.NextCursor != "" {
		next := t.list
		next.cursor, next.from = found.NextCursor, from+rows
		p.Next = next.at(t.page.Key)
	}
	if found.PrevCursor != "" {
		before := t.list
		before.cursor, before.from = found.PrevCursor, max(1, from-found.PageSize)
		p.Previous = before.at(t.page.Key)
	}
	return p, nil
}

// tables lists the tables of a page that the viewer may see, in document order.
func (v *viewer) tables(page *models.Page) []*models.Block {
	return slices.DeleteFunc(page.Blocks(), func(b *models.Block) bool {
		return b.Type != models.TableBlock || !v.access.MayTouch(b.Collection, models.View)
	})
}
