package web

import (
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// requestsShown is how many requests stand on one page.
const requestsShown = 25

// showRequests lists the latest requests to a workflow.
func (s *site) showRequests(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	return v.drawRequests(c, fiber.StatusOK, "")
}

func (v *viewer) drawRequests(c *fiber.Ctx, status int, problem string) error {
	ctx := c.UserContext()
	w, err := models.WorkflowByKey(ctx, v.site.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return err
	}
	d, err := v.site.Engine.DefinitionOf(ctx, w, "")
	if err != nil {
		return err
	}
	if _, ok := v.site.Engine.ContractOf(w, d); !ok {
		return models.NotFound()
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	list, err := v.site.Engine.Requests(ctx, v.access, w, query.Get("before"), requestsShown+1)
	if err != nil {
		return err
	}
	p := workflows.RequestsProps{
		Key: w.Key, Title: w.Title, Problem: problem, MaySee: v.access.Can("execution.payload"), Keep: 100,
		CanSend: v.access.Can("workflow.run") && v.access.Can("execution.payload") && w.Enabled && w.LiveVersion != 0,
	}
	if n, ok := d.Trigger.Config["keepRequests"].(int64); ok {
		p.Keep = int(n)
	}
	if len(list) > requestsShown {
		list = list[:requestsShown]
		p.NextHref = urls.WorkflowRequestsBefore(w.Key, list[requestsShown-1].ID)
	}
	path, err := v.site.Engine.AddressOf(ctx, v.access, w, d)
	if err != nil {
		return err
	}
	if path != "" {
		p.Address = v.site.Base.URL() + path
	}
	for _, r := range list {
		p.List = append(p.List, v.request(c, r))
	}
	v.flash = v.site.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, workflows.Requests(p), nil)
}

// request is one line of the log.
func (v *viewer) request(c *fiber.Ctx, r models.LoggedRequest) workflows.Request {
	ctx := c.UserContext()
	out := workflows.Request{
		ID: r.ID, At: v.since(r.At), Method: r.Method, Address: r.Address, Status: r.Status, Took: ui.Duration(r.Took), Size: sizeOf(r.Size),
		ContentType: r.ContentType, Query: r.Query, Body: r.Body, Cut: r.Cut, Warnings: r.Warnings, Replay: r.ReplayOf != "", ExecutionID: r.ExecutionID,
	}
	switch r.Reason {
	case "":
	case "duplicate_key":
		out.Reason = text.T(ctx, "requests.duplicate", "was handled before")
	case "condition_false":
		out.Reason = text.T(ctx, "requests.condition", "the condition was not met")
	case "payload_invalid":
		out.Reason = text.T(ctx, "requests.invalid", "the content was refused")
	default:
		out.Reason = r.Reason
	}
	if len(r.Headers) > 0 {
		if b, err := field.MarshalJSON(r.Headers); err == nil {
			out.Headers = string(b)
		}
	}
	if !v.access.Can("execution.view") {
		out.ExecutionID = ""
	}
	return out
}

// sizeOf is a number of bytes as people read it.
func sizeOf(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	}
	return strconv.FormatInt(n>>20, 10) + " MiB"
}

// sendAgain takes a request once more.
func (s *site) sendAgain(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	done, err := s.Engine.SendAgain(ctx, v.access, key, route.Param(c, "id"))
	var refused *models.Error
	switch {
	case err == nil:
	case errors.As(err, &refused) && done.Execution == "" && refused.Kind != models.KindInternal && refused.Kind != models.KindNotFound && refused.Kind != models.KindForbidden:
		return v.drawRequests(c, reply.StatusOf(refused), refused.Message.In(ctx))
	case done.Execution == "":
		return err
	}
	said := flash{Tone: ui.OK, Title: text.T(ctx, "requests.sent", "The request was taken again")}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowRequests(key))
}
