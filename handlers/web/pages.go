package web

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/views/pages"
)

// showPage draws a page of blocks. Blocks about records the viewer may not see, or
// that need a record where the address names none, are left out.
func (s *site) showPage(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p, err := v.page(ctx, route.Param(c, "page"))
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	o := opened{page: p, record: query.Get("record"), list: listingOf(query)}
	if reply.Wants(c) {
		return v.drawTable(c, o)
	}
	props := pages.PageProps{Key: p.Key, Title: p.Title, Design: v.access.Can("page.design"), Bare: len(p.Rows) == 0, Live: v.topics(p)}
	for _, row := range p.Rows {
		drawn, err := v.row(ctx, o, row)
		if err != nil {
			return err
		}
		if len(drawn.Columns) > 0 {
			props.Rows = append(props.Rows, drawn)
		}
	}
	v.flash = s.heard(c)
	if props.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, pages.Page(props), nil)
}

// opened is a page with what its address says.
type opened struct {
	page   *models.Page
	record string
	list   listing
}

// listFor is what the address says about one table.
func (v *viewer) listFor(o opened, b *models.Block) listing {
	all := v.tables(o.page)
	first := len(all) > 0 && all[0].ID == b.ID
	switch {
	case o.list.block == b.ID, o.list.block == "" && first:
		list := o.list
		if first {
			list.block = ""
		}
		return list
	case first:
		return listing{from: 1}
	}
	return listing{block: b.ID, from: 1}
}

// topics are what the tables of a page listen to, as far as the viewer may.
func (v *viewer) topics(p *models.Page) string {
	var out []string
	for _, b := range v.tables(p) {
		if topic := engine.RecordsTopic(b.Collection); !slices.Contains(out, topic) && len(out) < maxLiveTopics {
			out = append(out, topic)
		}
	}
	return strings.Join(out, ",")
}

// maxLiveTopics is how many collections of a page are watched.
const maxLiveTopics = 15

// drawTable answers with the one table that a search, an order or a page is about.
func (v *viewer) drawTable(c *fiber.Ctx, o opened) error {
	all := v.tables(o.page)
	i := slices.IndexFunc(all, func(b *models.Block) bool { return b.ID == o.list.block || o.list.block == "" })
	if i < 0 {
		return models.NotFound()
	}
	table, err := v.block(c.UserContext(), o, all[i])
	if err != nil {
		return err
	}
	return reply.View(c, nil, table)
}

func (v *viewer) row(ctx context.Context, o opened, row models.PageRow) (pages.Row, error) {
	var out pages.Row
	for _, column := range row.Columns {
		drawn := pages.Column{Width: column.Width}
		for _, b := range column.Blocks {
			one, err := v.block(ctx, o, b)
			if err != nil {
				return out, err
			}
			if one != nil {
				drawn.Blocks = append(drawn.Blocks, one)
			}
		}
		if len(drawn.Blocks) > 0 {
			out.Columns = append(out.Columns, drawn)
		}
	}
	return out, nil
}

// block draws one block; nil when there is nothing in it for the viewer.
func (v *viewer) block(ctx context.Context, o opened, b *models.Block) (templ.Component, error) {
	on, ok := v.cat.Collection(b.Collection)
	if !ok {
		return nil, nil
	}
	switch b.Type {
	case models.TableBlock:
		if !v.access.MayTouch(on.Name, models.View) {
			return nil, nil
		}
		p, err := tableView{viewer: v, page: o.page, block: b, on: on, list: v.listFor(o, b), columns: v.columns(b, on)}.props(ctx)
		return pages.TableBlock(p), err
	case models.CreateFormBlock:
		if !v.access.MayTouch(on.Name, models.Create) {
			return nil, nil
		}
		p, err := formView{viewer: v, page: o.page, block: b, on: on, inline: true}.props(ctx, nil)
		return pages.FormBlock(p), err
	case models.EditFormBlock, models.DetailsBlock:
		return v.recordBlock(ctx, o, b, on)
	}
	return nil, nil
}

// recordBlock draws a block about the record that the address names.
func (v *viewer) recordBlock(ctx context.Context, o opened, b *models.Block, on *models.Collection) (templ.Component, error) {
	if o.record == "" || !v.access.MayTouch(on.Name, models.View) {
		return nil, nil
	}
	columns := v.columns(b, on)
	record, err := v.site.Records.Get(ctx, records.Query{Access: v.access, Collection: on.Name, Filter: b.Filter, Stored: true, Appends: appends(columns)}, o.record)
	if models.IsKind(err, models.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if b.Type == models.DetailsBlock {
		values, err := v.details(ctx, columns, record)
		return pages.DetailsBlock(values), err
	}
	if !v.mayOn(on, models.Update, record) {
		return nil, nil
	}
	p, err := formView{viewer: v, page: o.page, block: b, on: on, record: record, inline: true}.props(ctx, nil)
	return pages.FormBlock(p), err
}

// showForm draws a form on a page of its own.
func (s *site) showForm(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	f, err := v.form(ctx, route.Param(c, "page"), route.Param(c, "block"), route.Param(c, "record"))
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if query.Has(chooseParam) && reply.Wants(c) {
		return f.offer(c, query)
	}
	f.over = openedOver(c)
	p, err := f.props(ctx, nil)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return f.draw(c, fiber.StatusOK, p)
}

// form finds a form that the viewer may use.
func (v *viewer) form(ctx context.Context, page, block, id string) (formView, error) {
	f := formView{viewer: v}
	var err error
	if f.page, err = v.page(ctx, page); err != nil {
		return f, err
	}
	var ok bool
	if f.block, ok = f.page.Block(block); !ok || !f.block.Type.IsForm() || (f.block.Type == models.EditFormBlock) != (id != "") {
		return f, models.NotFound()
	}
	if f.on, ok = v.cat.Collection(f.block.Collection); !ok {
		return f, models.NotFound()
	}
	if id == "" {
		if !v.access.MayTouch(f.on.Name, models.Create) {
			return f, models.NoPermission()
		}
		return f, nil
	}
	if !v.access.MayTouch(f.on.Name, models.Update) {
		return f, models.NoPermission()
	}
	f.record, err = v.site.Records.Get(ctx, records.Query{Access: v.access, Collection: f.on.Name, Filter: f.block.Filter, Stored: true}, id)
	if err == nil && !v.mayOn(f.on, models.Update, f.record) {
		err = models.NoPermission()
	}
	return f, err
}

// draw answers with the form on a page of its own, with what stands in the dialog that
// opens it, or with the form alone.
func (f formView) draw(c *fiber.Ctx, status int, p pages.FormProps) error {
	page := f.formPage(c.UserContext(), p)
	var err error
	if page.Session, err = f.frame(c.UserContext()); err != nil {
		return err
	}
	fragment := pages.FormBlock(p)
	if openedOver(c) != "" {
		fragment = pages.FormOver(page)
	}
	return reply.Status(c, status, pages.FormPage(page), fragment)
}
