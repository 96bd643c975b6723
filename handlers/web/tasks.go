package web

import (
	"context"
	"net/url"
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

func (s *site) listTodo(c *fiber.Ctx) error    { return s.listTasks(c, "") }
func (s *site) listDone(c *fiber.Ctx) error    { return s.listTasks(c, "done") }
func (s *site) listStarted(c *fiber.Ctx) error { return s.listTasks(c, "started") }

// listTasks draws one of the lists.
func (s *site) listTasks(c *fiber.Ctx, tab string) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	p, err := v.taskList(c.UserContext(), tasks.ListProps{Tab: tab, Search: query.Get("search")}, query.Get("before"))
	if err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, tasks.ListPane(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(c.UserContext()); err != nil {
		return err
	}
	return reply.View(c, tasks.List(p), nil)
}

// taskList reads the rows of a list behind the last one that was shown.
func (v *viewer) taskList(ctx context.Context, p tasks.ListProps, before string) (tasks.ListProps, error) {
	q := v.site.DB.Read()
	open, err := models.CountTasks(ctx, q, v.user.ID)
	if err != nil {
		return p, err
	}
	p.Todo = int(open)
	started, err := v.applications(ctx)
	if err != nil {
		return p, err
	}
	p.Started = len(started.open)
	if p.Tab == "started" {
		p.Rows, err = v.applicationRows(ctx, started.all, p.Search)
		return p, err
	}
	tab := p.Tab
	if tab == "" {
		tab = "todo"
	}
	list, err := models.TasksFor(ctx, q, models.TaskList{UserID: v.user.ID, Tab: tab, Search: p.Search, Before: before, Limit: pageOfTasks + 1})
	if err != nil {
		return p, err
	}
	if len(list) > pageOfTasks {
		list = list[:pageOfTasks]
		next := url.Values{"before": {list[pageOfTasks-1].ID}}
		if p.Search != "" {
			next.Set("search", p.Search)
		}
		p.Next = urls.Tasks(p.Tab) + "?" + next.Encode()
	}
	for _, t := range list {
		row, err := v.taskRow(ctx, t)
		if err != nil {
			return p, err
		}
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// showTask draws one task beside the list it is in.
func (s *site) showTask(c *fiber.Ctx) error {
	v, err := s.visit(c)
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
	v.flash = s.heard(c)
	return v.drawTask(c, fiber.StatusOK, f, p)
}

// drawTask adds the list and answers.
func (v *viewer) drawTask(c *fiber.Ctx, status int, f *taskFacts, p tasks.DetailProps) error {
	ctx := c.UserContext()
	tab := "done"
	switch {
	case f.task.Status == models.TaskOpen && f.own:
		tab = ""
	case !f.own && f.submitted.app != nil && f.submitted.app.ApplicantID == v.user.ID:
		tab = "started"
	}
	var err error
	if p.List, err = v.taskList(ctx, tasks.ListProps{Tab: tab}, ""); err != nil {
		return err
	}
	for i := range p.List.Rows {
		p.List.Rows[i].Current = p.List.Rows[i].ID == p.ID
	}
	if p.List.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, tasks.Detail(p), tasks.View(p))
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
	version, err := strconv.ParseInt(form.Get(ui.VersionName), 10, 64)
	if err != nil {
		version = 0 // decides the task as it stands
	}
	d := engine.Decision{
		Task: route.Param(c, "id"), Approve: yes, Version: version, Seen: form.Get(ui.SeenName), Comment: form.Get("comment"), Channel: "page",
	}
	_, err = s.Engine.Decide(c.UserContext(), v.access, d)
	if err != nil {
		if again, e := v.isRepeated(c.UserContext(), d, err); e != nil || !again {
			return v.refuseDecision(c, d, models.AsError(err), e)
		}
	}
	return s.nextTask(c, v, d)
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

// nextTask goes on with the first task that is left.
func (s *site) nextTask(c *fiber.Ctx, v *viewer, d engine.Decision) error {
	ctx := c.UserContext()
	t, err := models.TaskByID(ctx, s.DB.Read(), d.Task)
	if err != nil {
		return err
	}
	said := flash{Tone: ui.OK, Title: text.T(ctx, "tasks.you_approved", "Approved “%s”", t.Title)}
	if !d.Approve {
		said.Title = text.T(ctx, "tasks.you_rejected", "Rejected “%s”", t.Title)
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	left, err := models.TasksFor(ctx, s.DB.Read(), models.TaskList{UserID: v.user.ID, Tab: "todo", Limit: 1})
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return reply.Redirect(c, urls.Tasks(""))
	}
	return reply.Redirect(c, urls.Task(left[0].ID))
}

// refuseDecision draws the task again with what kept the decision from being made.
func (v *viewer) refuseDecision(c *fiber.Ctx, d engine.Decision, e *models.Error, failed error) error {
	if failed != nil {
		return failed
	}
	ctx := c.UserContext()
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
	p.Comment.Text = d.Comment
	switch e.Code {
	case "TASK_DECIDED":
		p.Decide = false
		p.Conflict = v.winner(ctx, e)
	default:
		p.Comment.Problem, p.Comment.For = e.Message.In(ctx), "reject"
		if d.Approve {
			p.Comment.For = "approve"
		}
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
