package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/views/layout"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

// pageOfTasks is how many rows a list of tasks shows at once.
const pageOfTasks = 30

func (s *site) listTodo(c *fiber.Ctx) error    { return s.listTasks(c, "") }
func (s *site) listDone(c *fiber.Ctx) error    { return s.listTasks(c, "done") }
func (s *site) listStarted(c *fiber.Ctx) error { return s.listTasks(c, "started") }

// listTasks draws one of the lists, what changed of it, or only how many tasks wait.
func (s *site) listTasks(c *fiber.Ctx, tab string) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if reply.Wants(c) && query.Get("part") == "count" {
		open, err := models.CountTasks(ctx, s.DB.Read(), v.user.ID)
		if err != nil {
			return err
		}
		return reply.View(c, nil, layout.TaskCounts(int(open)))
	}
	p := listed(query)
	p.Tab = tab
	p.Before = query.Get("before")
	if _, err := v.taskList(ctx, &p); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, tasks.Changed(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, tasks.List(p), nil)
}

// listed is what an address says about a list of tasks.
func listed(query bind.Form) tasks.ListProps {
	return tasks.ListProps{
		Search: strings.TrimSpace(query.Get("search")), Workflow: query.Get("workflow"), Due: query.Get("due"), Open: query.Get("open"), Seen: query.Get("seen"),
	}
}

// taskQuery brings what was chosen to a query, and adds the choices to p.
func (v *viewer) taskQuery(ctx context.Context, p *tasks.ListProps) (models.TaskList, error) {
	l := models.TaskList{UserID: v.user.ID, Tab: "todo", Search: p.Search}
	if p.Tab != "" {
		l.Tab = p.Tab
	}
	asked, err := models.TaskWorkflows(ctx, v.site.DB.Read(), l.UserID, l.Tab)
	if err != nil {
		return l, err
	}
	chosen := p.Workflow
	p.Workflow = "" // one that never asked him is no choice
	for _, w := range asked {
		p.Workflows = append(p.Workflows, ui.Choice{Value: w.Key, Label: w.Title})
		if w.Key == chosen {
			l.WorkflowID, p.Workflow = w.ID, chosen
		}
	}
	switch p.Due {
	case "overdue":
		l.DueBefore = models.At(v.now)
	case "today":
		l.DueFrom, l.DueBefore = models.At(v.day(0)), models.At(v.day(1))
	case "week":
		l.DueFrom, l.DueBefore = models.At(v.day(0)), models.At(v.day(7))
	case "none":
		l.NoDue = true
	default:
		p.Due = ""
	}
	return l, nil
}

// taskList reads the rows of a part of a list, and counts all rows that the list has. A list that was opened before shows what was there then; what came
// since is counted.
func (v *viewer) taskList(ctx context.Context, p *tasks.ListProps) (int, error) {
	q := v.site.DB.Read()
	open, err := models.CountTasks(ctx, q, v.user.ID)
	if err != nil {
		return 0, err
	}
	p.Todo = int(open)
	started, err := v.applications(ctx)
	if err != nil {
		return 0, err
	}
	p.Started = len(started.open)
	if p.Tab == "started" {
		p.Rows, err = v.applicationRows(ctx, started.all, p.Search)
		return len(p.Rows), err
	}
	l, err := v.taskQuery(ctx, p)
	if err != nil {
		return 0, err
	}
	if err := v.countNewTasks(ctx, p, &l); err != nil {
		return 0, err
	}
	total, err := models.CountTaskList(ctx, q, l)
	if err != nil {
		return 0, err
	}
	l.Before, l.Limit = p.Before, pageOfTasks+1
	list, err := models.TasksFor(ctx, q, l)
	if err != nil {
		return 0, err
	}
	if len(list) > pageOfTasks {
		list = list[:pageOfTasks]
		p.Next = urls.Tasks(p.Tab) + p.Query("before", list[pageOfTasks-1].ID)
	}
	for _, t := range list {
		row, err := v.taskRow(ctx, t)
		if err != nil {
			return 0, err
		}
		p.Rows = append(p.Rows, row)
	}
	return int(total), nil
}

// countNewTasks keeps what came since the list was opened out of it and counts it; a
// list that is opened now begins now. What is done moves by itself only.
func (v *viewer) countNewTasks(ctx context.Context, p *tasks.ListProps, l *models.TaskList) error {
	if p.Tab != "" {
		p.Seen = ""
		return nil
	}
	if p.Seen == "" {
		p.Seen = models.NewID() // ids grow with time
		return nil
	}
	since := *l
	since.Since = p.Seen
	n, err := models.CountTaskList(ctx, v.site.DB.Read(), since)
	p.New, l.Until = int(n), p.Seen
	return err
}
