package models

import (
	"fmt"

	"formrail/models/field"
	"formrail/models/text"
)

// ReadPage reads the definition of a page as the API and files have it: key,
// title, icon, position, audience, rows and popups. Unknown members are findings;
// what the names mean is checked when the page is saved.
func ReadPage(v any) (*Page, field.Problems) {
	var problems field.Problems
	r := newReader(v, "", &problems)
	p := &Page{
		Key: r.text("key"), Title: r.text("title"), Icon: r.text("icon"),
		Position: int64(r.number("position", 0, 0, 10_000)), Audience: r.texts("audience"),
	}
	p.take(r)
	return p, problems
}

// readDocument reads the part of a page that is stored as one document.
func (p *Page) readDocument(v any) field.Problems {
	var problems field.Problems
	p.take(newReader(v, "", &problems))
	return problems
}

func (p *Page) take(r *reader) {
	r.each("rows", func(row *reader) {
		var made PageRow
		row.each("columns", func(column *reader) {
			made.Columns = append(made.Columns, PageColumn{Width: column.number("width", 12, 1, 12), Blocks: column.blocks("blocks")})
		})
		p.Rows = append(p.Rows, made)
	})
	p.Popups = r.blocks("popups")
	r.rest()
}

// each reads a list of objects.
func (r *reader) each(name string, fn func(*reader)) {
	for i, one := range r.list(name) {
		item := newReader(one, fmt.Sprintf("%s%s[%d].", r.at, name, i), r.problems)
		fn(item)
		item.rest()
	}
}

func (r *reader) list(name string) []any {
	v := r.any(name)
	list, ok := v.([]any)
	if !ok && v != nil {
		r.wrong(name, text.M("definition.list", "%s must be a list.", name))
	}
	return list
}

// texts reads a list of texts.
func (r *reader) texts(name string) []string {
	var out []string
	for _, one := range r.list(name) {
		s, ok := one.(string)
		if !ok {
			r.wrong(name, text.M("definition.texts", "%s must be a list of texts.", name))
			return nil
		}
		out = append(out, s)
	}
	return out
}

// member reads an object; nil when there is none.
func (r *reader) member(name string) map[string]any {
	v := r.any(name)
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		r.wrong(name, text.M("definition.member", "%s must be an object.", name))
	}
	return m
}

func (r *reader) blocks(name string) []*Block {
	var out []*Block
	r.each(name, func(r *reader) { out = append(out, r.block()) })
	return out
}

// ReadBlock reads a block as it stands in the definition of a page.
func ReadBlock(v any) (*Block, field.Problems) {
	var problems field.Problems
	r := newReader(v, "", &problems)
	b := r.block()
	r.rest()
	return b, problems
}

// ReadPageAction reads a button as it stands in the definition of a page.
func ReadPageAction(v any) (*PageAction, field.Problems) {
	var problems field.Problems
	r := newReader(v, "", &problems)
	a := r.action()
	r.rest()
	return a, problems
}

func (r *reader) block() *Block {
	b := &Block{
		ID: r.text("id"), Type: BlockType(r.text("type")), Title: r.text("title"), Collection: r.text("collection"),
		Fields: r.blockFields(), Sort: r.texts("sort"), PageSize: r.number("pageSize", 0, 0, 500),
	}
	if filter := r.member("filter"); filter != nil {
		b.Filter = filter
	}
	r.each("actions", func(r *reader) { b.Actions = append(b.Actions, r.action()) })
	return b
}

// blockFields reads fields given as names or as objects.
func (r *reader) blockFields() []BlockField {
	var out []BlockField
	for i, one := range r.list("fields") {
		if name, ok := one.(string); ok {
			out = append(out, BlockField{Field: name})
			continue
		}
		item := newReader(one, fmt.Sprintf("%sfields[%d].", r.at, i), r.problems)
		out = append(out, BlockField{Field: item.text("field"), Title: item.text("title"), Help: item.text("help")})
		item.rest()
	}
	return out
}

func (r *reader) action() *PageAction {
	a := &PageAction{
		ID: r.text("id"), Type: ActionType(r.text("type")), Title: r.text("title"), Open: r.text("open"), Block: r.text("block"),
		Confirm: r.text("confirm"), Values: r.member("values"), Link: r.text("link"), Style: ActionStyle(r.text("style")),
	}
	r.each("bindings", func(r *reader) {
		a.Bindings = append(a.Bindings, PageBinding{Workflow: r.text("workflow"), Path: r.text("path"), Order: r.number("order", 0, 0, 1000)})
	})
	if r.member("after") != nil {
		after := newReader(r.any("after"), r.at+"after.", r.problems)
		a.After = AfterSuccess{
			Message: after.text("message"), Close: after.flag("close", false), Refresh: after.texts("refresh"),
			Next: after.text("next"), Redirect: after.text("redirect"),
		}
		after.rest()
	}
	return a
}

// Definition is the page as the API and files show it.
func (p *Page) Definition() map[string]any {
	out := p.document()
	out["key"], out["title"] = p.Key, p.Title
	putText(out, "icon", p.Icon)
	putNumber(out, "position", int(p.Position))
	putTexts(out, "audience", p.Audience)
	return out
}

// MarshalJSON writes the definition.
func (p *Page) MarshalJSON() ([]byte, error) { return field.MarshalJSON(p.Definition()) }

// document is the part of a page that is stored as one document.
func (p *Page) document() map[string]any {
	rows := make([]any, len(p.Rows))
	for i, row := range p.Rows {
		columns := make([]any, len(row.Columns))
		for j, c := range row.Columns {
			columns[j] = map[string]any{"width": int64(c.Width), "blocks": blockList(c.Blocks)}
		}
		rows[i] = map[string]any{"columns": columns}
	}
	out := map[string]any{"rows": rows}
	if len(p.Popups) > 0 {
		out["popups"] = blockList(p.Popups)
	}
	return out
}

func blockList(blocks []*Block) []any {
	out := make([]any, len(blocks))
	for i, b := range blocks {
		out[i] = b.Definition()
	}
	return out
}

// Definition is the block as it stands in the definition of its page.
func (b *Block) Definition() map[string]any {
	out := map[string]any{"id": b.ID, "type": string(b.Type), "collection": b.Collection}
	putText(out, "title", b.Title)
	putTexts(out, "sort", b.Sort)
	putNumber(out, "pageSize", b.PageSize)
	if b.Filter != nil {
		out["filter"] = b.Filter
	}
	fields := make([]any, len(b.Fields))
	for i, f := range b.Fields {
		shown := map[string]any{"field": f.Field}
		putText(shown, "title", f.Title)
		putText(shown, "help", f.Help)
		fields[i] = shown
	}
	out["fields"] = fields
	actions := make([]any, len(b.Actions))
	for i, a := range b.Actions {
		actions[i] = a.Definition()
	}
	out["actions"] = actions
	return out
}

// Definition is the button as it stands in the definition of its page.
func (a *PageAction) Definition() map[string]any {
	out := map[string]any{"id": a.ID, "type": string(a.Type)}
	for name, s := range map[string]string{"title": a.Title, "open": a.Open, "block": a.Block, "confirm": a.Confirm, "link": a.Link, "style": string(a.Style)} {
		putText(out, name, s)
	}
	if len(a.Values) > 0 {
		out["values"] = a.Values
	}
	bindings := make([]any, len(a.Bindings))
	for i, b := range a.Bindings {
		bindings[i] = map[string]any{"workflow": b.Workflow, "path": b.Path, "order": int64(b.Order)}
	}
	if len(bindings) > 0 {
		out["bindings"] = bindings
	}
	after := map[string]any{}
	putText(after, "message", a.After.Message)
	putText(after, "next", a.After.Next)
	putText(after, "redirect", a.After.Redirect)
	putTexts(after, "refresh", a.After.Refresh)
	if a.After.Close {
		after["close"] = true
	}
	if len(after) > 0 {
		out["after"] = after
	}
	return out
}

func putNumber(out map[string]any, name string, n int) {
	if n != 0 {
		out[name] = int64(n)
	}
}

func putTexts(out map[string]any, name string, list []string) {
	if len(list) > 0 {
		out[name] = anyList(list)
	}
}
