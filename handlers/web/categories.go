package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// showCategories draws the categories of workflows.
func (s *site) showCategories(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawCategories(c, models.Category{}, nil)
}

// drawCategories draws the page. What was refused stands at the category that was sent.
func (v *viewer) drawCategories(c *fiber.Ctx, sent models.Category, refused *models.Error) error {
	ctx := c.UserContext()
	list, err := models.Categories(ctx, v.site.DB.Read())
	if err != nil {
		return err
	}
	carried, err := v.carried(c)
	if err != nil {
		return err
	}
	p := workflows.CategoriesProps{Colours: fields.ColourChoices(ctx), New: workflows.Category{ID: workflows.NewCategory}}
	status, problem := fiber.StatusOK, ""
	if refused != nil {
		status = reply.StatusOf(refused)
		if len(refused.Fields) > 0 {
			problem = refused.Fields[0].Message.In(ctx)
		} else {
			p.Problem = refused.Message.In(ctx)
		}
		if sent.ID == 0 {
			p.New.Title, p.New.Colour, p.New.Problem = sent.Title, sent.Colour, problem
		}
	}
	for _, one := range list {
		shown := workflows.Category{ID: strconv.FormatInt(one.ID, 10), Title: one.Title, Colour: one.Colour, Workflows: carried[one.ID]}
		if refused != nil && one.ID == sent.ID {
			shown.Title, shown.Colour, shown.Problem = sent.Title, sent.Colour, problem
		}
		p.List = append(p.List, shown)
	}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, workflows.Categories(p), nil)
}

// carried counts how many workflows carry each category; not those in the bin.
func (v *viewer) carried(c *fiber.Ctx) (map[int64]int, error) {
	all, err := models.Workflows(c.UserContext(), v.site.DB.Read())
	if err != nil {
		return nil, err
	}
	of, err := models.CategoriesOfWorkflows(c.UserContext(), v.site.DB.Read())
	out := map[int64]int{}
	for _, w := range all {
		for _, id := range of[w.ID] {
			out[id]++
		}
	}
	return out, err
}

// saveCategory adds a category, or changes the one of the address.
func (s *site) saveCategory(c *fiber.Ctx) error {
	v, id, err := s.categoryOf(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	sent := models.Category{ID: id, Title: form.Get("title"), Colour: form.Get("colour")}
	saved, err := s.Engine.SaveCategory(ctx, v.access, sent)
	if err != nil {
		if refused := models.AsError(err); refused.Kind == models.KindInvalid || refused.Kind == models.KindConflict {
			return v.drawCategories(c, sent, refused)
		}
		return err
	}
	return s.categoriesChanged(c, text.T(ctx, "workflows.category_saved", "“%s” is saved", saved.Title))
}

// moveCategory moves the category of the address one place.
func (s *site) moveCategory(c *fiber.Ctx) error {
	v, id, err := s.categoryOf(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	by := 1
	if form.Get("direction") == "up" {
		by = -1
	}
	if err := s.Engine.MoveCategory(c.UserContext(), v.access, id, by); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Categories())
}

// deleteCategory takes the category of the address off all workflows and removes it.
func (s *site) deleteCategory(c *fiber.Ctx) error {
	v, id, err := s.categoryOf(c)
	if err != nil {
		return err
	}
	if err := s.Engine.DeleteCategory(c.UserContext(), v.access, id); err != nil {
		return err
	}
	return s.categoriesChanged(c, text.T(c.UserContext(), "workflows.category_deleted", "The category is deleted; its workflows stay"))
}

// categoryOf reads the category of an address; 0 stands for a new one.
func (s *site) categoryOf(c *fiber.Ctx) (*viewer, int64, error) {
	v, err := s.visit(c)
	if err != nil || route.Param(c, "id") == "" {
		return v, 0, err
	}
	id, err := strconv.ParseInt(route.Param(c, "id"), 10, 64)
	if err != nil || id < 1 {
		return nil, 0, models.NotFound()
	}
	return v, id, nil
}

func (s *site) categoriesChanged(c *fiber.Ctx, said string) error {
	if err := s.say(c, flash{Tone: ui.OK, Title: said}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Categories())
}
