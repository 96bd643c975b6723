package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

// resolve takes what the viewer knows about an attempt that nobody heard of.
func (s *site) resolve(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	in := engine.Resolution{Task: route.Param(c, "id"), Answer: form.Get(tasks.AnswerName), Comment: form.Get("comment"), Channel: "page"}
	if in.Version, err = strconv.ParseInt(form.Get(ui.VersionName), 10, 64); err != nil {
		in.Version = 0 // the task as it stands
	}
	typed := strings.TrimSpace(form.Get(tasks.OutputName))
	problem := ""
	if typed != "" && in.Answer == engine.Happened {
		if in.Output, err = field.ParseJSON([]byte(typed)); err != nil {
			problem = text.T(ctx, "resolve.not_json", "This is no JSON. Write it such as {\"status\": 200}, or leave it empty.")
		}
	}
	if problem == "" {
		_, err = s.Engine.Resolve(ctx, v.access, in)
		if err == nil {
			if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "resolve.said", "Your answer is stored; the workflow goes on")}); err != nil {
				return err
			}
			return reply.Redirect(c, urls.Task(in.Task))
		}
		if e := models.AsError(err); e.Kind != models.KindConflict && e.Kind != models.KindUnprocessable {
			return err
		}
	}
	f, e := v.taskFacts(ctx, in.Task)
	if e != nil {
		return e
	}
	p, e := v.taskDetail(ctx, f)
	switch {
	case e != nil:
		return e
	case p.Resolve == nil: // the task asks something else
		return models.NotFound()
	}
	p.List, p.Resolve.Output, p.Resolve.Comment, p.Resolve.Problem = listed(query), typed, in.Comment, problem
	status := fiber.StatusUnprocessableEntity
	if problem == "" {
		status, p.Resolve.Problem = reply.StatusOf(models.AsError(err)), models.AsError(err).Message.In(ctx)
	}
	return v.drawTask(c, status, f, p)
}
