package web

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// askWorkflow draws the list of workflows with the dialog that makes a new one.
func (s *site) askWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	return v.drawNewWorkflow(c, fiber.StatusOK, workflows.NewProps{})
}

func (v *viewer) drawNewWorkflow(c *fiber.Ctx, status int, p workflows.NewProps) error {
	categories, err := models.Categories(c.UserContext(), v.site.DB.Read())
	if err != nil {
		return err
	}
	for _, one := range categories {
		p.In = append(p.In, ui.Choice{Value: strconv.FormatInt(one.ID, 10), Label: one.Title})
	}
	for _, t := range v.site.types.starts {
		p.Triggers = append(p.Triggers, workflows.TriggerCard{Key: t.Key, Title: t.Title, Summary: t.Summary, Icon: t.Icon})
	}
	if p.Type == "" && len(p.Triggers) > 0 {
		p.Type = p.Triggers[0].Key
	}
	return v.drawWorkflows(c, status, workflows.ListProps{New: &p})
}

// createWorkflow makes a workflow and opens what starts it.
func (s *site) createWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	in := engine.NewWorkflow{Title: form.Get("title"), Key: strings.TrimSpace(form.Get("key")), Type: form.Get("type"), Sync: form.Get("mode") == "sync"}
	if id, err := strconv.ParseInt(form.Get("category"), 10, 64); err == nil {
		in.Categories = []int64{id}
	}
	made, _, err := s.Engine.CreateWorkflow(c.UserContext(), v.access, in)
	if err == nil {
		return reply.Redirect(c, urls.WorkflowOpen(made.Key, triggerKey))
	}
	var refused *models.Error
	if !errors.As(err, &refused) || refused.Kind != models.KindInvalid && refused.Kind != models.KindConflict {
		return err
	}
	return v.drawNewWorkflow(c, reply.StatusOf(refused), newProblems(c, in, refused))
}

// newProblems puts what was refused beside its inputs.
func newProblems(c *fiber.Ctx, in engine.NewWorkflow, refused *models.Error) workflows.NewProps {
	ctx := c.UserContext()
	p := workflows.NewProps{Title: in.Title, Key: in.Key, Type: in.Type, Sync: in.Sync, Problems: map[string]string{}}
	if len(in.Categories) > 0 {
		p.Category = strconv.FormatInt(in.Categories[0], 10)
	}
	for _, f := range refused.Fields {
		if f.Field == "title" || f.Field == "key" {
			p.Problems[f.Field] = f.Message.In(ctx)
			continue
		}
		p.Problem = strings.TrimSpace(p.Problem + " " + f.Message.In(ctx))
	}
	if len(p.Problems) == 0 && p.Problem == "" {
		p.Problem = refused.Message.In(ctx)
	}
	return p
}

// duplicateWorkflow copies a workflow and opens the copy.
func (s *site) duplicateWorkflow(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	title := text.T(ctx, "workflows.copy_of", "%s copy", e.w.Title)
	made, _, err := s.Engine.DuplicateWorkflow(ctx, e.access, e.w.Key, engine.Duplicate{Title: title})
	if err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if err := e.toast(c, text.T(ctx, "workflows.copied", "This is the copy; it is switched off")); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Workflow(made.Key))
}
