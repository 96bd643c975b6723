package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Bounds of the page of a record.
const (
	recordExecutions = 20
	recordLog        = 20
)

// recordView is one record seen through a block of a page.
type recordView struct {
	*viewer
	page   *models.Page
	block  *models.Block
	on     *models.Collection
	id     string
	record records.Record
}

// recordFor finds a record that the viewer may see through a block.
func (v *viewer) recordFor(ctx context.Context, page, block, id string) (recordView, []blockField, error) {
	r := recordView{viewer: v, id: id}
	var err error
	if r.page, err = v.page(ctx, page); err != nil {
		return r, nil, err
	}
	var ok bool
	if r.block, ok = r.page.Block(block); !ok {
		return r, nil, models.NotFound()
	}
	if r.on, ok = v.cat.Collection(r.block.Collection); !ok || !v.access.MayTouch(r.on.Name, models.View) {
		return r, nil, models.NotFound()
	}
	source := r.block
	if source.Type != models.DetailsBlock {
		source = nil // all fields: those of a table are for a narrow line
	}
	columns := v.columns(source, r.on)
	r.record, err = v.site.Records.Get(ctx, records.Query{
		Access: v.access, Collection: r.on.Name, Filter: r.block.Filter, Stored: true, Appends: appends(columns),
	}, id)
	return r, columns, err
}

// showRecord draws one record with its history and what workflows did about it.
func (s *site) showRecord(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	r, columns, err := v.recordFor(ctx, route.Param(c, "page"), route.Param(c, "block"), route.Param(c, "record"))
	if err != nil {
		return err
	}
	p := pages.RecordProps{
		PageTitle: r.page.Title, PageHref: urls.Page(r.page.Key), Title: records.TitleOf(r.on, r.record), Subtitle: subtitle(r.on, r.id),
		Over: openedOver(c), Here: urls.Record(r.page.Key, r.block.ID, r.id),
	}
	if p.Values, err = v.details(ctx, columns, r.record); err != nil {
		return err
	}
	if p.Activity, err = r.activity(ctx); err != nil {
		return err
	}
	if err := r.runs(ctx, &p); err != nil {
		return err
	}
	r.actions(ctx, &p, query.Get("confirm") == "delete")
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, pages.Record(p), overOnly(p.Over, pages.RecordOver(p)))
}

// details draws the values of a record.
func (v *viewer) details(ctx context.Context, columns []blockField, record records.Record) ([]fields.Shown, error) {
	out := make([]fields.Shown, 0, len(columns))
	for _, b := range columns {
		if _, open := record[b.field.Key()]; len(b.path) == 1 && !open {
			continue
		}
		one, err := v.cell(ctx, b, record)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// activity draws who changed what, newest first.
func (r recordView) activity(ctx context.Context) ([]ui.TimelineItem, error) {
	list, err := r.site.Records.History(ctx, records.Query{Access: r.access, Collection: r.on.Name}, r.id, 0)
	if err != nil {
		return nil, err
	}
	out := make([]ui.TimelineItem, 0, len(list))
	for _, e := range list {
		item, err := r.change(ctx, e)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
	}
	return out, nil
}

// change draws one entry of the history.
func (r recordView) change(ctx context.Context, e records.HistoryEntry) (ui.TimelineItem, error) {
	item := ui.TimelineItem{Icon: "pencil", What: text.T(ctx, "history.changed", "changed it"), When: r.at(e.At)}
	switch e.Action {
	case models.Create:
		item.Icon, item.What = "plus", text.T(ctx, "history.created", "created it")
		if e.Origin == "form" {
			item.What = text.T(ctx, "tasks.did_submit", "submitted the form")
		}
	case models.Delete:
		item.Icon, item.What, item.Tone = "trash-2", text.T(ctx, "history.deleted", "deleted it"), ui.Bad
	case records.Restore:
		item.Icon, item.What = "undo-2", text.T(ctx, "history.restored", "restored it")
	default:
	}
	var err error
	if item.Who, err = r.author(ctx, e); err != nil || e.Action != models.Update {
		return item, err
	}
	for _, f := range e.Fields {
		line, err := r.fieldChange(ctx, f)
		if err != nil {
			return item, err
		}
		item.Detail = joined(item.Detail, line)
	}
	return item, nil
}

// author names who made a change: a workflow by its title, people by their names.
func (r recordView) author(ctx context.Context, e records.HistoryEntry) (string, error) {
	key, isWorkflow := strings.CutPrefix(e.Principal, string(models.WorkflowPrincipal)+":")
	if !isWorkflow {
		name, err := r.names.of(ctx, e.UserID)
		if name == "" && err == nil {
			name = text.T(ctx, "execution.by_system", "The system")
		}
		return name, err
	}
	w, err := models.WorkflowByKey(ctx, r.site.DB.Read(), key)
	if models.IsKind(err, models.KindNotFound) {
		return key, nil
	}
	if err != nil {
		return "", err
	}
	return w.Title, nil
}

// fieldChange says one change of a field: "Status: Draft → Approved".
func (r recordView) fieldChange(ctx context.Context, c records.FieldChange) (string, error) {
	f, ok := r.on.Field(c.Field)
	if !ok {
		return "", nil
	}
	before, err := r.plain(ctx, f, c.Before)
	if err != nil {
		return "", err
	}
	after, err := r.plain(ctx, f, c.After)
	if err != nil {
		return "", err
	}
	return f.Title() + ": " + before + " → " + after, nil
}

// plain says a value of a former state in words. Links to other collections are said
// by number: what they led to then may be gone.
func (r recordView) plain(ctx context.Context, f *models.CollectionField, value any) (string, error) {
	if value == nil {
		return text.T(ctx, "fields.empty", "empty"), nil
	}
	s, _, err := r.shown(ctx, f, records.Record{f.Key(): value, f.Name: map[string]any{models.IDField: value}})
	return fields.Plain(ctx, s), err
}

// runs adds the executions about the record, and why something did or did not start:
// all of it for those who watch executions, one's own for everybody else.
func (r recordView) runs(ctx context.Context, p *pages.RecordProps) error {
	filter := models.ExecutionFilter{ResourceType: r.on.Name, ResourceID: r.id, Limit: recordExecutions}
	watching := r.access.Can("execution.view")
	if !watching {
		filter.UserID = r.user.ID
	}
	list, err := models.Executions(ctx, r.site.DB.Read(), filter)
	if err != nil {
		return err
	}
	for _, x := range list {
		row, err := r.executionRow(ctx, x)
		if err != nil {
			return err
		}
		p.Executions = append(p.Executions, row)
	}
	if !watching {
		return nil
	}
	if p.Executions == nil {
		p.Executions = []executions.Row{}
	}
	log, err := models.TriggerLog(ctx, r.site.DB.Read(), models.TriggerFilter{ResourceType: r.on.Name, ResourceID: r.id, Limit: recordLog})
	if err != nil {
		return err
	}
	p.Log, err = r.logEntries(ctx, log, r.loggedWorkflow)
	return err
}

// actions adds what the viewer may do with the record: the buttons of the block, and
// of the table that shows the same collection when the block has none.
func (r recordView) actions(ctx context.Context, p *pages.RecordProps, asking bool) {
	for _, at := range r.sources() {
		for _, a := range at.Actions {
			press := pressed{page: r.page.Key, block: at.ID, action: a.ID, record: r.id}
			if one, ok := r.update(ctx, at, a); ok {
				p.Updates = append(p.Updates, one)
			}
			switch {
			case a.Type == models.EditAction && p.EditHref == "" && r.mayOn(r.on, models.Update, r.record):
				p.EditHref, p.EditOver = urls.Form(r.page.Key, a.Block, r.id), p.Over
			case a.Type == models.DeleteAction && p.Delete == nil && r.mayOn(r.on, models.Delete, r.record):
				p.Delete = &pages.DeleteProps{
					Address: press.address(), AskHref: askDelete(r.page.Key, r.block.ID, r.id), Asking: asking, Key: models.NewID(), Consequence: r.consequence(ctx, a),
				}
			}
		}
	}
}

// update draws a button of a block that sets values of the record, unless the viewer
// may not set them.
func (r recordView) update(ctx context.Context, at *models.Block, a *models.PageAction) (pages.UpdateProps, bool) {
	if a.Type != models.UpdateRecordAction || !r.mayOn(r.on, models.Update, r.record) || !r.maySet(a) {
		return pages.UpdateProps{}, false
	}
	return pages.UpdateProps{
		ID: a.ID, Label: actionLabel(ctx, a), Address: pressed{page: r.page.Key, block: at.ID, action: a.ID, record: r.id}.address(), Key: models.NewID(),
		Version: canonical(r.record[models.VersionField]), Confirm: a.Confirm,
	}, true
}

// maySet reports whether the viewer may set every field that a button sets.
func (r recordView) maySet(a *models.PageAction) bool {
	for name := range a.Values {
		f, ok := r.on.Field(name)
		if !ok || !r.access.MayWriteField(r.on.Name, models.Update, f.Name) {
			return false
		}
	}
	return true
}

// sources are the blocks whose buttons are about the record.
func (r recordView) sources() []*models.Block {
	out := []*models.Block{r.block}
	if r.block.Type == models.TableBlock {
		return out
	}
	for _, b := range r.page.Blocks() {
		if b.Type == models.TableBlock && models.Snake(b.Collection) == models.Snake(r.on.Name) {
			out = append(out, b)
		}
	}
	return out
}

// consequence says what a deletion does.
func (r recordView) consequence(ctx context.Context, a *models.PageAction) string {
	switch {
	case a.Confirm != "":
		return a.Confirm
	case r.on.SoftDelete:
		return text.T(ctx, "record.trash", "It moves to the trash. Its workflow history stays.")
	}
	return text.T(ctx, "record.for_good", "It is removed for good. Its workflow history stays.")
}
