package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/pagedesign"
	"formrail/models/text"
	"formrail/views/design"
	"formrail/views/ui"
	"formrail/views/urls"
)

func (s *site) design() []route.Route {
	may := route.Right("page.design")
	return []route.Route{
		page("/pages", may, s.listPages),
		change("/pages", may, s.createPage),
		page("/pages/{page}/design", may, s.showDesign),
		change("/pages/{page}/design/settings", may, s.savePageSettings),
		change("/pages/{page}/design/blocks", may, s.addBlock),
		change("/pages/{page}/design/blocks/{block}", may, s.saveBlock),
		change("/pages/{page}/design/blocks/{block}/{step}", may, s.stepBlock),
		change("/pages/{page}/design/actions", may, s.addAction),
		change("/pages/{page}/design/actions/{action}", may, s.saveAction),
		change("/pages/{page}/design/actions/{action}/{step}", may, s.stepAction),
		change("/pages/{page}/design/bindings/{action}", may, s.saveBindings),
		change("/pages/{page}/draft/{step}", may, s.stepPage),
	}
}

// designing is a page on somebody's desk.
type designing struct {
	*viewer
	state pagedesign.State
}

// key is that of the page.
func (d designing) key() string { return d.state.Page.Key }

// panel is a drawer or dialog over the page.
type panel struct {
	name    string
	id      string // of the block or button it is about
	kind    string // of the button that is added
	form    bind.Form
	problem *models.Error // why it was not saved; nil at first
}

// desk opens the page that the address names for its designer.
func (s *site) desk(c *fiber.Ctx) (designing, error) {
	v, err := s.visit(c)
	if err != nil {
		return designing{}, err
	}
	state, err := s.Design.Open(c.UserContext(), v.access, route.Param(c, "page"))
	return designing{v, state}, err
}

// sent opens the page together with the form that was sent.
func (s *site) sent(c *fiber.Ctx) (designing, bind.Form, error) {
	d, err := s.desk(c)
	if err != nil {
		return d, nil, err
	}
	form, err := bind.ReadForm(c)
	return d, form, err
}

func (s *site) showDesign(c *fiber.Ctx) error {
	d, err := s.desk(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	d.flash = s.heard(c)
	return d.draw(c, fiber.StatusOK, panel{name: query.Get("panel"), id: query.Get("id"), kind: query.Get("type")})
}

// draw answers with the page in design mode, or with the form of the panel alone.
func (d designing) draw(c *fiber.Ctx, status int, p panel) error {
	ctx := c.UserContext()
	props, err := d.props(ctx)
	if err != nil {
		return err
	}
	var form templ.Component
	if p.name != "" {
		if props.Panel, form, err = d.panel(ctx, p); err != nil {
			return err
		}
	}
	if props.Session, err = d.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, design.Page(props), form)
}

// panel draws a drawer or dialog, and its form by itself.
func (d designing) panel(ctx context.Context, p panel) (whole, form templ.Component, err error) {
	if p.name == "bind" {
		props, err := d.bindProps(ctx, p)
		return design.Bind(props), design.BindForm(props), err
	}
	build, ok := map[string]func(context.Context, panel) (design.PanelProps, error){
		"settings": d.settingsPanel, "add-block": d.addBlockPanel, "block": d.blockPanel, "add-action": d.addActionPanel, "action": d.actionPanel,
		"ask": d.actionPanel, "after": d.actionPanel,
	}[p.name]
	if !ok {
		return nil, nil, models.NotFound()
	}
	props, err := build(ctx, p)
	props.CSRF, props.Close, props.Base = d.csrf, urls.Design(d.key()), d.base()
	if p.form.Has(design.BaseName) {
		props.Base = p.form.Get(design.BaseName)
	}
	props.Problems = saidOnce(ctx, p.problem)
	return design.Panel(props), design.PanelForm(props), err
}

// saidOnce lists the sentences of an error.
func saidOnce(ctx context.Context, e *models.Error) []ui.Problem {
	if e == nil {
		return nil
	}
	var out []ui.Problem
	for _, f := range e.Fields {
		out = append(out, ui.Problem{Message: f.Message.In(ctx)})
	}
	if len(out) == 0 {
		out = append(out, ui.Problem{Message: e.Message.In(ctx)})
	}
	return out
}

func (d designing) base() string { return strconv.FormatInt(d.state.Revision, 10) }

// edit runs commands and leads back to the page; what is wrong is said in the panel,
// which keeps what was typed.
func (d designing) edit(c *fiber.Ctx, p panel, commands ...pagedesign.Command) error {
	base, err := strconv.ParseInt(p.form.Get(design.BaseName), 10, 64)
	if err != nil {
		base = 0 // the last edit wins, as without a revision
	}
	state, err := d.site.Design.Commands(c.UserContext(), d.access, d.key(), pagedesign.Batch{Base: base, Commands: commands})
	if err != nil {
		return d.refuse(c, p, err)
	}
	at := ""
	for _, id := range state.Changed {
		if _, ok := state.Page.Block(id); ok {
			at = "#" + design.BlockAnchor(id)
		}
	}
	return reply.Redirect(c, urls.Design(d.key())+at)
}

// refuse draws the page again with what kept it from being edited.
func (d designing) refuse(c *fiber.Ctx, p panel, err error) error {
	e := models.AsError(err)
	if e.Kind != models.KindInvalid && e.Kind != models.KindConflict {
		return err
	}
	status := reply.StatusOf(e)
	if e.Kind == models.KindInvalid {
		status = fiber.StatusUnprocessableEntity
	}
	p.problem = e
	if p.name == "" {
		d.flash = append(d.flash, ui.ToastProps{Tone: ui.Bad, Title: saidOnce(c.UserContext(), e)[0].Message})
	}
	if e.Kind == models.KindConflict { // what is sent next is about the page as it is now
		delete(p.form, design.BaseName)
	}
	return d.draw(c, status, p)
}

// stepPage undoes, repeats, discards, publishes, copies or deletes.
func (s *site) stepPage(c *fiber.Ctx) error {
	d, form, err := s.sent(c)
	if err != nil {
		return err
	}
	ctx, key, to := c.UserContext(), d.key(), urls.Design(d.key())
	said := flash{Tone: ui.OK}
	var after pagedesign.State
	switch route.Param(c, "step") {
	case "undo":
		said.Title = text.T(ctx, "design.undone", "Undone: %s", d.state.Undo)
		_, err = s.Design.Undo(ctx, d.access, key)
	case "redo":
		said.Title = text.T(ctx, "design.redone", "Done again: %s", d.state.Redo)
		_, err = s.Design.Redo(ctx, d.access, key)
	case "discard":
		said.Title = text.T(ctx, "design.discarded", "The page is as people see it again")
		_, err = s.Design.Discard(ctx, d.access, key)
	case "publish":
		base, bad := strconv.ParseInt(form.Get(design.BaseName), 10, 64)
		if bad != nil {
			base = 0
		}
		said.Title = text.T(ctx, "design.now_live", "“%s” is published", d.state.Page.Title)
		_, err = s.Design.Publish(ctx, d.access, key, base)
	case "duplicate":
		said.Title = text.T(ctx, "design.copied", "This is the copy")
		if after, err = s.Design.Duplicate(ctx, d.access, key); err == nil {
			to = urls.Design(after.Page.Key)
		}
	case "delete":
		said.Title, to = text.T(ctx, "design.page_deleted", "“%s” is deleted", d.state.Page.Title), urls.Pages()
		err = s.Design.Remove(ctx, d.access, key)
	default:
		return models.NotFound()
	}
	if err != nil {
		return d.refuse(c, panel{form: form}, err)
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, to)
}

// listPages lists all pages with how their drafts stand.
func (s *site) listPages(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	p := panel{name: query.Get("panel"), form: bind.Form{}}
	v.flash = s.heard(c)
	return v.drawPages(c, fiber.StatusOK, p)
}

func (v *viewer) drawPages(c *fiber.Ctx, status int, p panel) error {
	ctx := c.UserContext()
	list, err := v.site.Design.List(ctx, v.access)
	if err != nil {
		return err
	}
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return err
	}
	var props design.ListProps
	for _, one := range list {
		row := design.ListRow{
			Key: one.Page.Key, Title: one.Page.Title, Icon: v.site.pageIcon(one.Page), Published: one.Published > 0, Dirty: one.Dirty, Blocks: len(one.Page.Blocks()),
		}
		for _, r := range roles {
			for _, name := range one.Page.Audience {
				if r.Name == name {
					row.Audience = strings.TrimPrefix(row.Audience+", "+r.Title, ", ")
				}
			}
		}
		props.Rows = append(props.Rows, row)
	}
	var form templ.Component
	if p.name == "new" {
		made, err := v.newPagePanel(ctx, p)
		if err != nil {
			return err
		}
		props.New, form = &made, design.PanelForm(made)
	}
	if props.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, design.List(props), form)
}

func (s *site) createPage(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	made, err := s.Design.Create(c.UserContext(), v.access, &models.Page{
		Key: strings.TrimSpace(form.Get("key")), Title: strings.TrimSpace(form.Get("title")), Icon: form.Get("icon"), Audience: form["audience"],
	})
	if err != nil {
		e := models.AsError(err)
		if e.Kind != models.KindInvalid {
			return err
		}
		return v.drawPages(c, fiber.StatusUnprocessableEntity, panel{name: "new", form: form, problem: e})
	}
	return reply.Redirect(c, urls.Design(made.Page.Key))
}
