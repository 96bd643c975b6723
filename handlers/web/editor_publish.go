package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/ui"
	"formrail/views/urls"
)

// askPublish draws the editor with what publishing the draft would do.
func (s *site) askPublish(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	if e.publish, err = e.publishing(c.UserContext()); err != nil {
		return err
	}
	return e.draw(c, fiber.StatusOK)
}

// publishing says what publishing the draft would do.
func (e *editing) publishing(ctx context.Context) (*editor.Publish, error) {
	p := &editor.Publish{Number: len(e.versions) + 1, Enable: !e.w.Enabled}
	all, err := e.site.Engine.Validate(ctx, e.access, e.w.Key)
	if err != nil {
		return nil, err
	}
	e.state.Findings = all
	for _, one := range e.problems(ctx) {
		if one.Warning {
			p.Warnings = append(p.Warnings, one)
		} else {
			p.Errors = append(p.Errors, one)
		}
	}
	if live := e.live(); live != nil {
		before, err := engine.ReadDefinition(live.Definition)
		if err != nil {
			return nil, err
		}
		for _, one := range e.site.Engine.Diff(before, e.def.Definition) {
			p.Changes = append(p.Changes, one.Sentence.In(ctx))
		}
	}
	if e.access.Can("node.elevate") {
		proposed, err := e.site.Engine.Elevatable(ctx, e.def.Definition)
		if err != nil {
			return nil, err
		}
		for _, key := range proposed {
			shown := e.def.faceOf(nodeIn(e.def.Nodes, key))
			p.Elevate, p.Chosen = append(p.Elevate, ui.Choice{Value: key, Label: shown.title, Note: shown.summary}), append(p.Chosen, key)
		}
	}
	return p, nil
}

// publishWorkflow makes the draft the live version.
func (s *site) publishWorkflow(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	base, err := strconv.ParseInt(form.Get("base"), 10, 64)
	if err != nil || base <= 0 {
		return models.Invalid("BAD_PARAMETER", text.M("workflows.base", "Load the page again, then publish."))
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	in := engine.Publish{Note: strings.TrimSpace(form.Get("note")), Base: base}
	if form.Has("elevates") {
		in.Elevate, in.None = form["elevate"], len(form["elevate"]) == 0
	}
	made, err := s.Engine.Publish(ctx, e.access, key, in)
	if err != nil {
		return e.refusePublish(c, in, models.AsError(err))
	}
	if form.Get("enable") == "true" {
		on := true
		if _, err := s.Engine.UpdateWorkflow(ctx, e.access, key, engine.WorkflowChange{Enabled: &on}); err != nil {
			return e.refuse(c, models.AsError(err))
		}
	}
	said := flash{Tone: ui.OK, Title: text.T(ctx, "workflows.published", "Version %d is live", made.Version.Number)}
	if err := e.next(ctx, &said); err != nil {
		return err
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Workflow(key))
}

// next says what is left to do after publishing, when nothing starts the workflow yet.
func (e *editing) next(ctx context.Context, said *flash) error {
	if e.def.listens().Global || !bindable(e.def.Trigger.Type) {
		return nil
	}
	buttons, err := e.boundButtons(ctx, e.w.Key)
	if err != nil || len(buttons) > 0 {
		return err
	}
	said.Text = text.T(ctx, "workflows.bind_next", "Nothing starts it yet. Open a page in design mode, press a button there and choose Bind workflow.")
	if e.access.Can("page.design") {
		said.Label, said.Href = text.T(ctx, "design.pages", "Pages"), urls.Pages()
	}
	return nil
}

// refusePublish draws the dialog again with what kept the draft from being published.
func (e *editing) refusePublish(c *fiber.Ctx, in engine.Publish, err *models.Error) error {
	if err.Kind != models.KindInvalid && err.Kind != models.KindConflict && err.Kind != models.KindForbidden {
		return err
	}
	ctx := c.UserContext()
	var failed error
	if e.publish, failed = e.publishing(ctx); failed != nil {
		return failed
	}
	e.publish.Note, e.publish.Problem = in.Note, err.Message.In(ctx)
	if in.None || in.Elevate != nil {
		e.publish.Chosen = in.Elevate
	}
	return e.draw(c, reply.StatusOf(err))
}
