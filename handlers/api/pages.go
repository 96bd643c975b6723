package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/pagedesign"
)

// pageRoutes are the actions on pages and their drafts.
func (a *api) pageRoutes() (out []route.Route) {
	design := route.Right("page.design")
	g := group{api: a, at: "/api/pages:", body: designBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", design, "schema", a.listPages))
	add(g.read("get/{key}", design, "schema", a.getPage))
	add(g.change("create", design, "schema", a.createPage))
	add(g.change("update/{key}", design, "schema", a.updatePage))
	add(g.change("commands/{key}", design, "schema", a.editPage))
	add(g.change("undo/{key}", design, "schema", a.stepPage(a.Design.Undo)))
	add(g.change("redo/{key}", design, "schema", a.stepPage(a.Design.Redo)))
	add(g.change("discard/{key}", design, "schema", a.stepPage(a.Design.Discard)))
	add(g.change("publish/{key}", design, "schema", a.publishPage))
	add(g.change("duplicate/{key}", design, "schema", a.stepPage(a.Design.Duplicate)))
	add(g.change("destroy/{key}", design, "schema", a.destroyPage))
	return out
}

// pageValue is the draft of a page as the API shows it.
func pageValue(ctx context.Context, s pagedesign.State) map[string]any {
	return map[string]any{
		"page": s.Page, "revision": s.Revision, "published": s.Published, "draftChanged": s.Dirty, "undo": textOf(s.Undo), "redo": textOf(s.Redo),
		"changed": texts(s.Changed), "findings": listOf(s.Findings, func(f pagedesign.Finding) any {
			severity := "error"
			if f.Warning {
				severity = "warning"
			}
			return map[string]any{"severity": severity, "action": textOf(f.Action), "field": f.Field, "code": f.Code, "message": f.Message.In(ctx)}
		}),
	}
}

// pageReply says how a draft stands after an edit.
func pageReply(c *fiber.Ctx, s pagedesign.State, err error) (reply.Body, error) {
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: pageValue(c.UserContext(), s)}, nil
}

func (a *api) listPages(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	list, err := a.Design.List(c.UserContext(), access(c))
	return reply.Body{Data: listOf(list, func(s pagedesign.State) any {
		return map[string]any{
			"id": s.Page.ID, "key": s.Page.Key, "title": s.Page.Title, "icon": s.Page.Icon, "position": s.Page.Position, "audience": texts(s.Page.Audience),
			"published": s.Published, "revision": s.Revision, "draftChanged": s.Dirty,
		}
	})}, err
}

func (a *api) getPage(c *fiber.Ctx) (reply.Body, error) {
	state, err := a.Design.Open(c.UserContext(), access(c), route.Param(c, "key"))
	return pageReply(c, state, err)
}

// createPage adds a page from its definition.
func (a *api) createPage(c *fiber.Ctx) (reply.Body, error) {
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	made, problems := models.ReadPage(sent)
	if found := models.Problems(problems); found != nil {
		return reply.Body{}, found
	}
	state, err := a.Design.Create(c.UserContext(), access(c), made)
	return pageReply(c, state, err)
}

// updatePage replaces the draft by a definition.
func (a *api) updatePage(c *fiber.Ctx) (reply.Body, error) {
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	state, err := a.Design.Commands(c.UserContext(), access(c), route.Param(c, "key"), pagedesign.Batch{
		Commands: []pagedesign.Command{{Name: "replace_page", Args: map[string]any{"document": sent}}},
	})
	return pageReply(c, state, err)
}

func (a *api) editPage(c *fiber.Ctx) (reply.Body, error) {
	in, err := readCommands(c)
	if err != nil {
		return reply.Body{}, err
	}
	batch := pagedesign.Batch{ID: in.ID, Base: in.Base}
	for _, one := range in.Commands {
		batch.Commands = append(batch.Commands, pagedesign.Command(one))
	}
	state, err := a.Design.Commands(c.UserContext(), access(c), route.Param(c, "key"), batch)
	return pageReply(c, state, err)
}

// stepPage is an edit without arguments.
func (a *api) stepPage(step func(context.Context, models.Access, string) (pagedesign.State, error)) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		state, err := step(c.UserContext(), access(c), route.Param(c, "key"))
		return pageReply(c, state, err)
	}
}

func (a *api) publishPage(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	base := p.ID("base")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	state, err := a.Design.Publish(c.UserContext(), access(c), route.Param(c, "key"), base)
	return pageReply(c, state, err)
}

func (a *api) destroyPage(c *fiber.Ctx) (reply.Body, error) {
	if err := a.Design.Remove(c.UserContext(), access(c), route.Param(c, "key")); err != nil {
		return reply.Body{}, err
	}
	return done()
}
