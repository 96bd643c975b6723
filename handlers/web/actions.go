package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// pressed is a button of a page that somebody pressed. What it starts is read from
// the stored page: a browser names buttons, never workflows.
type pressed struct {
	page, block, action, record string
}

func (p pressed) address() string { return urls.PageAction(p.page, p.action, p.block, p.record) }

// pressing is one press on its way through.
type pressing struct {
	*viewer
	page   *models.Page
	block  *models.Block
	action *models.PageAction
	on     *models.Collection
	form   bind.Form
	ids    []string
}

// press does what a button of a page says: Submit, Save, Update record or Delete.
func (s *site) press(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	p := pressing{viewer: v}
	if p.form, err = bind.ReadForm(c); err != nil {
		return err
	}
	if p.page, err = v.page(c.UserContext(), route.Param(c, "page")); err != nil {
		return err
	}
	for _, id := range slices.Concat(query["record"], p.form["record"]) {
		if id != "" && !slices.Contains(p.ids, id) {
			p.ids = append(p.ids, id)
		}
	}
	var ok bool
	if p.action, p.block, ok = p.page.Action(route.Param(c, "action")); !ok || query.Get("block") != "" && query.Get("block") != p.block.ID {
		return p.changed(c, query.Get("block"))
	}
	if p.on, ok = v.cat.Collection(p.block.Collection); !ok {
		return p.changed(c, query.Get("block"))
	}
	switch p.action.Type {
	case models.SubmitAction, models.SaveAction:
		return p.send(c)
	case models.UpdateRecordAction:
		return p.update(c)
	case models.DeleteAction:
		return p.remove(c)
	default:
		return models.NotFound()
	}
}

// pageChanged says that a page is no longer what the browser showed.
func pageChanged() *models.Error {
	return models.Conflict("PAGE_CHANGED", text.M("page.changed_while", "This page was changed while you had it open. Check what you entered, then send it again."))
}

// changed answers a press of a button that is no longer there: with the form as it is
// now and what was typed, as long as the form exists.
func (p pressing) changed(c *fiber.Ctx, block string) error {
	f, err := p.viewer.form(c.UserContext(), p.page.Key, block, p.one())
	if err != nil {
		if models.IsKind(err, models.KindNotFound) {
			return pageChanged()
		}
		return err
	}
	f.sent, f.over = p.form, p.over(c)
	return f.refuse(c, pageChanged())
}

// one is the record of a press about one record; empty for a new one.
func (p pressing) one() string {
	if len(p.ids) == 0 {
		return ""
	}
	return p.ids[0]
}

// operation is the write behind the press.
func (p pressing) operation(c *fiber.Ctx, action models.Action) *records.Operation {
	r := route.Of(c)
	op := &records.Operation{
		Access: p.access, Collection: p.on.Name, Action: action, IDs: p.ids, FromForm: true, Origin: models.Origin{Kind: "form", RequestID: r.ID, Trace: models.RequestOf(c.UserContext()).Trace},
		PageAction: p.action.ID, Bindings: p.action.Started(), Zone: p.now.Location(),
	}
	if key := p.form.Get(ui.KeyName); key != "" {
		op.Idempotency = &records.Idempotency{
			Principal: p.access.Principal.String(), Method: route.POST, Path: "/" + strings.Join(r.Path.Parts, "/"), Key: key,
			ContentHash: models.ContentHash(r.Path.Query, c.BodyRaw()),
		}
	}
	return op
}

// send saves what a form sent.
func (p pressing) send(c *fiber.Ctx) error {
	f, err := p.viewer.form(c.UserContext(), p.page.Key, p.block.ID, p.one())
	if err != nil {
		return err
	}
	f.sent, f.over = p.form, p.over(c)
	values, err := p.values(f)
	if err != nil {
		return f.refuse(c, models.AsError(err))
	}
	op := p.operation(c, models.Create)
	op.IDs = nil
	if f.record != nil {
		op.Action, op.IDs = models.Update, p.ids[:1]
		if op.Version, err = strconv.ParseInt(p.form.Get(ui.VersionName), 10, 64); err != nil {
			op.Version = 0 // the last change wins
		}
	}
	op.Values = values
	result, err := p.site.Records.Write(c.UserContext(), op)
	if err != nil {
		return p.failed(c, f, result, models.AsError(err))
	}
	return p.succeeded(c, f, result)
}

// values are the values of the form's fields as they were sent. A box that is not
// ticked sends nothing and means no; any other field that was not sent stays as it
// is. A value for what the form does not have means that the form has changed.
func (p pressing) values(f formView) (records.Record, error) {
	out := records.Record{}
	named := namesOf(p.block, p.on)
	for name := range p.form {
		known := strings.HasPrefix(name, "_") || slices.ContainsFunc(named, func(n models.BlockField) bool { return n.Field == name })
		if !known {
			return nil, pageChanged()
		}
	}
	for _, n := range named {
		if p.form.Has(n.Field) {
			out[n.Field] = p.form.Get(n.Field)
		}
	}
	for _, b := range f.inputs(f.block, f.on) {
		if name := b.field.Name; isBox(b.field) && !p.form.Has(name) {
			out[name] = "false"
		}
	}
	return out, nil
}

// refuse draws the form again with what was typed and why it was not saved.
func (f formView) refuse(c *fiber.Ctx, e *models.Error) error {
	ctx := c.UserContext()
	status, problem := reply.StatusOf(e), e
	if e.Kind == models.KindInvalid {
		status = fiber.StatusUnprocessableEntity
	}
	var notice *ui.AlertProps
	if e.Kind == models.KindConflict {
		notice, problem = &ui.AlertProps{Tone: ui.Warn, Urgent: true, Text: e.Message.In(ctx)}, nil
	}
	p, err := f.props(ctx, problem)
	if err != nil {
		return err
	}
	if notice != nil {
		p.Notices = append(p.Notices, *notice)
	}
	return f.draw(c, status, p)
}

// failed answers a save that was refused, or that went through while a workflow
// behind it did not.
func (p pressing) failed(c *fiber.Ctx, f formView, result *records.Result, e *models.Error) error {
	ctx := c.UserContext()
	switch {
	case result != nil && e.Code == "WORKFLOW_STOPPED":
		return p.stopped(c, f, e)
	case result != nil:
		return p.savedOnly(c, f, result, e)
	case e.Code == "IDEMPOTENCY_KEY_REUSED":
		e = models.Conflict(e.Code, text.M("form.sent_before", "This form was sent before with other values. Send it again to save what it says now."))
	case e.Code == "RECORD_CHANGED":
		e = models.Conflict(e.Code, text.Verbatim(e.Message.In(ctx)+" "+
			text.T(ctx, "form.keep_mine", "Below is what you typed. Save again to keep it, or cancel to see the record as it is now.")))
	case e.Kind != models.KindInvalid && e.Kind != models.KindConflict && e.Kind != models.KindUnprocessable:
		return e
	}
	return f.refuse(c, e)
}

// stopped keeps the form with what was typed: a rule that a designer wrote said no.
// The key stays the same, so sending the same values again saves nothing twice.
func (p pressing) stopped(c *fiber.Ctx, f formView, e *models.Error) error {
	f.key = p.form.Get(ui.KeyName)
	props, err := f.props(c.UserContext(), nil)
	if err != nil {
		return err
	}
	said := ui.AlertProps{Tone: ui.Warn, Urgent: true, Title: e.Message.In(c.UserContext())}
	for _, one := range e.Fields {
		said.Text = strings.TrimSpace(said.Text + " " + one.Message.In(c.UserContext()))
	}
	props.Notices = append(props.Notices, said)
	return f.draw(c, fiber.StatusBadRequest, props)
}

// update sets the values of an Update record button.
func (p pressing) update(c *fiber.Ctx) error {
	if len(p.ids) != 1 {
		return models.NotFound()
	}
	op := p.operation(c, models.Update)
	op.FromForm, op.Values = false, records.Record{}
	var err error
	if op.Version, err = strconv.ParseInt(p.form.Get(ui.VersionName), 10, 64); err != nil {
		op.Version = 0
	}
	for name, value := range p.action.Values {
		if s, ok := value.(string); ok {
			value, _ = p.constant(s)
		}
		op.Values[name] = value
	}
	return p.write(c, op, text.T(c.UserContext(), "form.saved", "Saved"))
}

// remove deletes one record, or all that were selected.
func (p pressing) remove(c *fiber.Ctx) error {
	if len(p.ids) == 0 {
		return models.Invalid("BAD_PARAMETER", text.M("record.none_selected", "Select at least one record first."))
	}
	said := text.T(c.UserContext(), "record.deleted", "Deleted")
	if len(p.ids) > 1 {
		said = text.T(c.UserContext(), "record.deleted_n", "%d records deleted", len(p.ids))
	}
	return p.write(c, p.operation(c, models.Delete), said)
}

// write runs an operation that has no form to show again.
func (p pressing) write(c *fiber.Ctx, op *records.Operation, said string) error {
	ctx := c.UserContext()
	result, err := p.site.Records.Write(ctx, op)
	out := flash{Tone: ui.OK, Title: said}
	if err != nil {
		e := models.AsError(err)
		if result == nil {
			return p.refused(c, e)
		}
		out = behind(ctx, e)
	} else if p.action.After.Message != "" || len(result.Messages) > 0 {
		custom, err := p.message(ctx, formView{viewer: p.viewer}, result)
		if err != nil {
			return err
		}
		if p.action.After.Message == "" {
			custom.Title = said
		}
		out = custom
	}
	to := next{to: urls.Page(p.page.Key)}
	switch {
	case p.action.After.Redirect != "":
		to.to = p.redirect(p.action.After.Redirect, p.one())
	case op.Action == models.Update && !p.action.After.Close && pages.OverOf(p.form.Get(pages.OverName)) != pages.OverRow:
		if to, err = p.opened(ctx, p.one()); err != nil {
			return err
		}
	}
	return p.finish(c, out, to)
}
