package api

import (
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// categoryRoutes are the actions on the categories of workflows.
func (a *api) categoryRoutes() []route.Route {
	view, edit := route.Right("workflow.view"), route.Right("workflow.edit")
	g := group{api: a, at: "/api/workflowCategories:", body: writeBody}
	return slices.Concat(
		g.read("list", view, "workflows:read", a.listCategories),
		g.change("create", edit, "workflows:write", a.saveCategory),
		g.change("update/{id}", edit, "workflows:write", a.saveCategory),
		g.change("move/{id}", edit, "workflows:write", a.moveCategory),
		g.change("destroy/{id}", edit, "workflows:write", a.destroyCategory),
	)
}

func categoryValue(c models.Category) any {
	return map[string]any{"id": c.ID, "title": c.Title, "colour": textOf(c.Colour)}
}

func (a *api) listCategories(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	list, err := models.Categories(c.UserContext(), a.DB.Read())
	return reply.Body{Data: listOf(list, categoryValue), Meta: map[string]any{"count": len(list)}}, err
}

// categoryID is the category of an address; 0 stands for a new one.
func categoryID(c *fiber.Ctx) (int64, error) {
	s := route.Param(c, "id")
	if s == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, models.NotFound()
	}
	return id, nil
}

// saveCategory adds a category, or changes the one of the address.
func (a *api) saveCategory(c *fiber.Ctx) (reply.Body, error) {
	id, err := categoryID(c)
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	sent := models.Category{ID: id, Title: p.Raw("title"), Colour: p.Raw("colour")}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	saved, err := a.Engine.SaveCategory(c.UserContext(), access(c), sent)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: categoryValue(saved)}, nil
}

func (a *api) moveCategory(c *fiber.Ctx) (reply.Body, error) {
	id, err := categoryID(c)
	if err != nil {
		return reply.Body{}, err
	}
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	by := p.Number("by", 0, -100, 100)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.MoveCategory(c.UserContext(), access(c), id, by); err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) destroyCategory(c *fiber.Ctx) (reply.Body, error) {
	id, err := categoryID(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.DeleteCategory(c.UserContext(), access(c), id); err != nil {
		return reply.Body{}, err
	}
	return done()
}
