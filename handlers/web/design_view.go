package web

import (
	"context"
	"slices"

	"github.com/a-h/templ"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
)

// previewRows is how many records a table shows while it is designed.
const previewRows = 3

// props draws the page as it is edited.
func (d designing) props(ctx context.Context) (design.PageProps, error) {
	p := d.state.Page
	out := design.PageProps{
		Key: p.Key, Title: p.Title, Base: d.base(), State: d.words(ctx), Live: d.state.Published > 0, Dirty: d.state.Dirty,
		Undo: d.state.Undo, Redo: d.state.Redo,
	}
	for _, f := range d.state.Findings {
		out.Findings = append(out.Findings, design.Finding{Message: f.Message.In(ctx), Warning: f.Warning})
	}
	unusable, err := d.unusable(ctx)
	if err != nil {
		return out, err
	}
	out.Findings = append(out.Findings, unusable...)
	for _, row := range p.Rows {
		var drawn design.Row
		for _, column := range row.Columns {
			blocks, err := d.blocks(ctx, column.Blocks)
			if err != nil {
				return out, err
			}
			drawn.Columns = append(drawn.Columns, design.Column{Width: column.Width, Blocks: blocks})
		}
		out.Rows = append(out.Rows, drawn)
	}
	out.Popups, err = d.blocks(ctx, p.Popups)
	return out, err
}

func (d designing) blocks(ctx context.Context, list []*models.Block) ([]design.BlockProps, error) {
	var out []design.BlockProps
	for _, b := range list {
		one, err := d.block(ctx, b)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// words say how the draft stands to what others see.
func (d designing) words(ctx context.Context) string {
	switch {
	case d.state.Published == 0:
		return text.T(ctx, "design.never", "Never published")
	case d.state.Dirty:
		return text.T(ctx, "design.changed", "Changes to publish")
	}
	return text.T(ctx, "design.same", "As people see it")
}

// blockWords is what a type of block is called.
func blockWords(ctx context.Context, t models.BlockType) string {
	switch t {
	case models.TableBlock:
		return text.T(ctx, "block.table", "Table")
	case models.CreateFormBlock:
		return text.T(ctx, "block.form", "Form")
	case models.EditFormBlock:
		return text.T(ctx, "block.edit_form", "Edit form")
	case models.DetailsBlock:
		return text.T(ctx, "block.details", "Details")
	}
	return string(t)
}

// block draws one block in its frame, with a menu on each of its buttons.
func (d designing) block(ctx context.Context, b *models.Block) (design.BlockProps, error) {
	out := design.BlockProps{ID: b.ID, Kind: blockWords(ctx, b.Type), Title: b.Collection}
	on, ok := d.cat.Collection(b.Collection)
	if !ok {
		out.Preview = ui.Alert(ui.AlertProps{Tone: ui.Bad, Text: text.T(ctx, "design.no_collection", "Its collection is gone. Delete this block.")}, nil)
		return out, nil
	}
	out.Title, out.Heading = on.Title, headingOf(ctx, b, on)
	var err error
	if out.Preview, err = d.preview(ctx, b, on); err != nil {
		return out, err
	}
	list, err := d.site.Engine.Startable(ctx)
	if err != nil {
		return out, err
	}
	for _, a := range b.Actions {
		button := d.button(ctx, a)
		for _, bound := range a.Bindings {
			button.Bound = append(button.Bound, titleIn(list, bound.Workflow))
		}
		out.Buttons = append(out.Buttons, button)
	}
	return out, nil
}

// titleIn is what a workflow is called; its key when it is not among those that start.
func titleIn(list []models.Startable, key string) string {
	if i := slices.IndexFunc(list, func(s models.Startable) bool { return s.Key == key }); i >= 0 {
		return list[i].Title
	}
	return key
}

// headingOf is what a block is called on its page.
func headingOf(ctx context.Context, b *models.Block, on *models.Collection) string {
	switch {
	case b.Title != "":
		return b.Title
	case b.Type == models.TableBlock:
		return tableView{block: b, on: on}.heading()
	case b.Type == models.CreateFormBlock:
		return formView{block: b, on: on}.heading(ctx)
	}
	return on.Title
}

func (d designing) button(ctx context.Context, a *models.PageAction) design.ButtonProps {
	out := design.ButtonProps{
		ID: a.ID, Label: actionLabel(ctx, a), Bindable: len(models.Bindable()[a.Type]) > 0, Bad: a.Style == models.DangerStyle,
		Sends: a.Type == models.SubmitAction, Writes: writes(a.Type), Asks: a.Confirm != "",
		Primary: a.Style == models.PrimaryStyle || a.Style == "" && (a.Type == models.SubmitAction || a.Type == models.AddNewAction),
	}
	for _, f := range d.state.Findings {
		out.Warning = out.Warning || f.Action == a.ID
	}
	switch {
	case a.After.Redirect != "":
		out.After = text.T(ctx, "after.redirect", "Redirect")
	case a.After.Next == "record":
		out.After = text.T(ctx, "after.record", "Open record")
	case a.After.Next == "clear":
		out.After = text.T(ctx, "after.clear", "Next entry")
	case a.After.Close:
		out.After = text.T(ctx, "after.close", "Close")
	}
	return out
}

// preview draws a block as the designer himself would see it, without its buttons.
func (d designing) preview(ctx context.Context, b *models.Block, on *models.Collection) (templ.Component, error) {
	switch b.Type {
	case models.TableBlock:
		bare := *b
		bare.Actions, bare.PageSize = nil, previewRows
		t := tableView{viewer: d.viewer, page: d.state.Page, block: &bare, on: on, list: listing{from: 1}, columns: d.columns(b, on)}
		if !d.access.MayTouch(on.Name, models.View) {
			return pages.TableBlock(pages.TableProps{ID: b.ID, Title: t.heading(), Empty: text.T(ctx, "design.no_view", "You may not see these records.")}), nil
		}
		p, err := t.props(ctx)
		p.Find, p.Sorts, p.ColumnList, p.Pager = false, nil, nil, ui.PagerProps{}
		for i := range p.Rows {
			p.Rows[i].Href = ""
		}
		return pages.TableBlock(p), err
	case models.CreateFormBlock, models.EditFormBlock:
		f := formView{viewer: d.viewer, page: d.state.Page, block: b, on: on}
		p, err := f.props(ctx, nil)
		return pages.FormPreview(p), err
	case models.DetailsBlock:
		var values []fields.Shown
		for _, f := range d.columns(b, on) {
			values = append(values, fields.Shown{Field: f.shape()})
		}
		return pages.DetailsBlock(values), nil
	}
	return templ.NopComponent, nil
}
