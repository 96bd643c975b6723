package web

import (
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

// showTask draws one task beside the list it is in, or only what changes of it.
func (s *site) showTask(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	f, err := v.taskFacts(c.UserContext(), route.Param(c, "id"))
	if err != nil {
		return err
	}
	p, err := v.taskDetail(c.UserContext(), f)
	if err != nil {
		return err
	}
	if reply.Wants(c) && query.Get("part") == "state" {
		return reply.View(c, nil, tasks.State(p))
	}
	v.flash = s.heard(c)
	p.List = listed(query)
	return v.drawTask(c, fiber.StatusOK, f, p)
}

// drawTask adds the list that the task is in, and answers.
func (v *viewer) drawTask(c *fiber.Ctx, status int, f *taskFacts, p tasks.DetailProps) error {
	if err := v.beside(c.UserContext(), f, &p); err != nil {
		return err
	}
	part := tasks.View(p)
	if c.Method() == route.POST {
		part = tasks.Went(p)
	}
	return reply.Status(c, status, tasks.Detail(p), part)
}

// beside adds the list that a task is in.
func (v *viewer) beside(ctx context.Context, f *taskFacts, p *tasks.DetailProps) (err error) {
	p.List.Open, p.List.Tab = p.ID, "done"
	switch {
	case f.task.Status == models.TaskOpen && f.own:
		p.List.Tab = ""
	case !f.own && f.submitted.app != nil && f.submitted.app.ApplicantID == v.user.ID:
		p.List.Tab = "started"
	}
	total, err := v.taskList(ctx, &p.List)
	if err != nil {
		return err
	}
	for i, row := range p.List.Rows {
		if row.ID != p.ID {
			continue
		}
		p.Position, p.Total = i+1, total
		if i > 0 {
			p.Prev = p.List.Rows[i-1].ID
		}
		if i+1 < len(p.List.Rows) {
			p.Next = p.List.Rows[i+1].ID
		}
	}
	p.List.Session, err = v.frame(ctx)
	return err
}

func (s *site) approve(c *fiber.Ctx) error { return s.decide(c, true) }
func (s *site) reject(c *fiber.Ctx) error  { return s.decide(c, false) }

// decide records the viewer's decision and opens his next task. When somebody was
// faster, the page says who, and keeps what was typed.
func (s *site) decide(c *fiber.Ctx, yes bool) error {
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
	list := listed(query)
	version, err := strconv.ParseInt(form.Get(ui.VersionName), 10, 64)
	if err != nil {
		version = 0 // decides the task as it stands
	}
	d := engine.Decision{
		Task: route.Param(c, "id"), Approve: yes, Version: version, Seen: form.Get(ui.SeenName), Comment: form.Get("comment"), Channel: "page",
	}
	if form.Has(tasks.AskName) {
		return v.askDecision(c, undecided{Decision: d, list: list})
	}
	_, err = s.Engine.Decide(c.UserContext(), v.access, d)
	if err != nil {
		if again, e := v.isRepeated(c.UserContext(), d, err); e != nil || !again {
			return v.refuseDecision(c, undecided{Decision: d, list: list, because: models.AsError(err), failed: e})
		}
	}
	return v.nextTask(c, d, list)
}

// isRepeated reports whether the very same decision of the viewer was recorded
// before, as when a form is sent twice.
func (v *viewer) isRepeated(ctx context.Context, d engine.Decision, refused error) (bool, error) {
	if !models.IsCode(refused, "TASK_DECIDED") {
		return false, nil
	}
	t, err := models.TaskByID(ctx, v.site.DB.Read(), d.Task)
	if err != nil {
		return false, err
	}
	want := models.Rejected
	if d.Approve {
		want = models.Approved
	}
	return t.ActorID == v.user.ID && t.Status == want && t.Comment == d.Comment, nil
}

// nextTask goes on with the task behind the decided one in the list it was opened from,
// else with the first that is left.
func (v *viewer) nextTask(c *fiber.Ctx, d engine.Decision, list tasks.ListProps) error {
	ctx, q := c.UserContext(), v.site.DB.Read()
	t, err := models.TaskByID(ctx, q, d.Task)
	if err != nil {
		return err
	}
	said := flash{Tone: ui.OK, Title: text.T(ctx, "tasks.you_approved", "Approved “%s”", t.Title)}
	if !d.Approve {
		said.Title = text.T(ctx, "tasks.you_rejected", "Rejected “%s”", t.Title)
	}
	next, err := v.left(ctx, t.ID, list)
	if err != nil {
		return err
	}
	if reply.Wants(c) {
		v.flash = []ui.ToastProps{said.toast()}
		return v.goOn(c, next, list)
	}
	if err := v.site.say(c, said); err != nil {
		return err
	}
	if next == "" {
		return reply.Redirect(c, urls.Tasks(""))
	}
	return reply.Redirect(c, list.Address(next))
}

// left is the task behind one in a list, else the first of the list; empty when none is
// left.
func (v *viewer) left(ctx context.Context, id string, list tasks.ListProps) (string, error) {
	l, err := v.taskQuery(ctx, &list)
	if err != nil {
		return "", err
	}
	l.Limit = 1
	for _, l.Before = range []string{id, ""} {
		left, err := models.TasksFor(ctx, v.site.DB.Read(), l)
		if err != nil || len(left) > 0 {
			return first(left), err
		}
	}
	return "", nil
}

func first(list []*models.Task) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].ID
}

// goOn puts another task into the page of a decided one, or says that none is left.
func (v *viewer) goOn(c *fiber.Ctx, next string, list tasks.ListProps) error {
	ctx := c.UserContext()
	if next == "" {
		list = tasks.ListProps{}
		if _, err := v.taskList(ctx, &list); err != nil {
			return err
		}
		var err error
		if list.Session, err = v.frame(ctx); err != nil {
			return err
		}
		c.Set("HX-Push-Url", urls.Tasks(""))
		return reply.Fragment(c, fiber.StatusOK, tasks.Emptied(list))
	}
	f, err := v.taskFacts(ctx, next)
	if err != nil {
		return err
	}
	p, err := v.taskDetail(ctx, f)
	if err != nil {
		return err
	}
	p.List = list
	if err := v.beside(ctx, f, &p); err != nil {
		return err
	}
	c.Set("HX-Push-Url", list.Address(next))
	return reply.Fragment(c, fiber.StatusOK, tasks.Went(p))
}

// undecided is a decision that was not made.
type undecided struct {
	engine.Decision
	list    tasks.ListProps // that the task was opened from
	because *models.Error
	failed  error // what kept the reason from being found
}

// askDecision draws the task with the question of a button that was pressed before the
// scripts were there, and decides nothing.
func (v *viewer) askDecision(c *fiber.Ctx, d undecided) error {
	f, err := v.taskFacts(c.UserContext(), d.Task)
	if err != nil {
		return err
	}
	p, err := v.taskDetail(c.UserContext(), f)
	if err != nil {
		return err
	}
	p.Comment.Text, p.Comment.For, p.List = d.Comment, askedFor(d.Approve), d.list
	return v.drawTask(c, fiber.StatusOK, f, p)
}

// askedFor names the dialog of a decision.
func askedFor(approve bool) string {
	if approve {
		return "approve"
	}
	return "reject"
}

// refuseDecision draws the task again with what kept the decision from being made.
func (v *viewer) refuseDecision(c *fiber.Ctx, d undecided) error {
	if d.failed != nil {
		return d.failed
	}
	ctx, e := c.UserContext(), d.because
	shown := e.Kind == models.KindConflict || e.Kind == models.KindUnprocessable
	if !shown {
		return e
	}
	f, err := v.taskFacts(ctx, d.Task)
	if err != nil {
		return err
	}
	p, err := v.taskDetail(ctx, f)
	if err != nil {
		return err
	}
	p.Comment.Text, p.List = d.Comment, d.list
	switch e.Code {
	case "TASK_DECIDED":
		p.Decide = false
		p.Conflict = v.winner(ctx, e)
	default:
		p.Comment.Problem, p.Comment.For = e.Message.In(ctx), askedFor(d.Approve)
	}
	return v.drawTask(c, reply.StatusOf(e), f, p)
}

// winner reads who was faster, and how he decided.
func (v *viewer) winner(ctx context.Context, e *models.Error) *tasks.Conflict {
	out := &tasks.Conflict{Winner: text.T(ctx, "tasks.somebody", "Somebody"), Decision: text.T(ctx, "tasks.did_decide", "decided")}
	won, ok := e.Data["winner"].(map[string]any)
	if !ok {
		return out
	}
	if by, ok := won["by"].(map[string]any); ok {
		if name, ok := by["name"].(string); ok && name != "" {
			out.Winner = name
		}
	}
	if decision, ok := won["decision"].(string); ok {
		out.Decision = decisionWord(ctx, decision)
	}
	if at, ok := won["at"].(time.Time); ok {
		out.At = v.at(at)
	}
	return out
}
