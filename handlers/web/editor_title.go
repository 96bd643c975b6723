package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/views/urls"
)

// renameWorkflow gives a workflow another title and leads back to the step that was open.
// The title is no part of the draft: it holds at once, for all versions.
func (s *site) renameWorkflow(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	e.open = form.Get("step")
	title := strings.TrimSpace(form.Get("title"))
	if title != e.w.Title {
		if _, err := s.Engine.UpdateWorkflow(c.UserContext(), e.access, e.w.Key, engine.WorkflowChange{Title: &title}); err != nil {
			return e.refuse(c, models.AsError(err))
		}
	}
	if e.open == "" {
		return reply.Redirect(c, urls.Workflow(e.w.Key))
	}
	return reply.Redirect(c, urls.WorkflowOpen(e.w.Key, e.open))
}
