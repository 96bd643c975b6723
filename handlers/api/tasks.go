package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// taskRoutes are the actions on what people are asked to decide.
func (a *api) taskRoutes() (out []route.Route) {
	own := route.Own("tasks he takes part in, all with task.see_all")
	g := group{api: a, at: "/api/tasks:", body: writeBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", own, "tasks", a.listTasks))
	add(g.read("counts", own, "tasks", a.countTasks))
	add(g.read("get/{id}", own, "tasks", a.getTask))
	add(g.change("approve/{id}", own, "tasks", a.decide(true)))
	add(g.change("reject/{id}", own, "tasks", a.decide(false)))
	add(g.change("resolve/{id}", own, "tasks", a.resolve))
	return out
}

func taskRow(t *models.Task) map[string]any {
	return map[string]any{
		"id": t.ID, "kind": t.Kind, "status": string(t.Status), "version": t.Version, "title": t.Title, "nodeTitle": t.NodeTitle, "node": t.Node,
		"execution": t.ExecutionID, "application": textOf(t.ApplicationID), "round": t.Round, "dueAt": timeOf(t.DueAt), "openedAt": timeOf(t.OpenedAt),
		"closedAt": timeOf(t.ClosedAt), "closedReason": textOf(t.ClosedReason), "principalId": numberOf(t.PrincipalID), "actorId": numberOf(t.ActorID),
	}
}

func (a *api) listTasks(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	l := models.TaskList{
		UserID: route.CallerOf(c).UserID(), Tab: p.One("tab", "todo", "done", "started"), Search: p.Raw("search"), Before: p.Raw("cursor"),
		Limit: p.Number("pageSize", 30, 1, maxRows),
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	size := l.Limit
	if l.Tab == "started" {
		list, err := models.ApplicationsBy(c.UserContext(), a.DB.Read(), l.UserID, size)
		return reply.Body{Data: listOf(list, applicationRow), Meta: map[string]any{"pageSize": size}}, err
	}
	l.Limit++
	rows, err := models.TasksFor(c.UserContext(), a.DB.Read(), l)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta := keyset(rows, size, func(t *models.Task) any { return t.ID })
	return reply.Body{Data: listOf(rows, func(t *models.Task) any { return taskRow(t) }), Meta: meta}, nil
}

func applicationRow(app *models.Application) any {
	return map[string]any{
		"id": app.ID, "number": app.Number, "title": app.Title, "status": app.Status, "workflowId": app.WorkflowID,
		"record": recordOf(app.ResourceType, app.ResourceID), "createdAt": timeOf(app.CreatedAt),
	}
}

// countedTasks bounds what is looked through for overdue tasks.
const countedTasks = 1_000

func (a *api) countTasks(c *fiber.Ctx) (reply.Body, error) {
	ctx, me := c.UserContext(), route.CallerOf(c).UserID()
	todo, err := models.CountTasks(ctx, a.DB.Read(), me)
	if err != nil {
		return reply.Body{}, err
	}
	open, err := models.TasksFor(ctx, a.DB.Read(), models.TaskList{UserID: me, Tab: "todo", Limit: countedTasks})
	if err != nil {
		return reply.Body{}, err
	}
	overdue, now := 0, models.At(a.Clock.Now())
	for _, t := range open {
		if t.DueAt > 0 && t.DueAt < now {
			overdue++
		}
	}
	mine, err := models.ApplicationsBy(ctx, a.DB.Read(), me, countedTasks)
	if err != nil {
		return reply.Body{}, err
	}
	started := 0
	for _, app := range mine {
		if app.Status == "submitted" || app.Status == "processing" {
			started++
		}
	}
	return reply.Body{Data: map[string]any{"todo": todo, "started": started, "cc": 0, "overdue": overdue}}, nil
}

func (a *api) getTask(c *fiber.Ctx) (reply.Body, error) {
	ctx := c.UserContext()
	t, err := models.TaskByID(ctx, a.DB.Read(), route.Param(c, "id"))
	if err != nil {
		return reply.Body{}, err
	}
	if err := engine.MaySeeTask(ctx, a.DB.Read(), access(c), t); err != nil {
		return reply.Body{}, err
	}
	out := taskRow(t)
	out["seen"], out["comment"], out["content"] = t.ContentHash, textOf(t.Comment), nil
	app, err := models.ApplicationOf(ctx, a.DB.Read(), t.ExecutionID)
	if err != nil {
		return reply.Body{}, err
	}
	if app != nil {
		out["content"], out["application"] = parse(app.Snapshot), applicationRow(app)
	}
	if out["actions"], err = a.taskActions(c, t); err != nil {
		return reply.Body{}, err
	}
	seats, err := models.Seats(ctx, a.DB.Read(), t.StepID, t.Pass)
	if err != nil {
		return reply.Body{}, err
	}
	out["seats"] = listOf(seats, func(s models.Seat) any {
		return map[string]any{"position": s.Position, "state": string(s.State), "userId": s.UserID, "explanation": textOf(s.Explanation)}
	})
	log, err := models.TaskActions(ctx, a.DB.Read(), t.StepID)
	if err != nil {
		return reply.Body{}, err
	}
	out["timeline"] = listOf(log, func(e models.TaskAction) any {
		return map[string]any{"action": e.Action, "actorId": numberOf(e.ActorID), "at": timeOf(e.At), "source": e.Channel, "comment": textOf(e.Comment)}
	})
	winner, err := a.Engine.Winner(ctx, a.DB.Read(), t)
	if winner != nil {
		out["winner"] = winner
	}
	return reply.Body{Data: out}, err
}

// taskActions lists what the caller may do with a task now.
func (a *api) taskActions(c *fiber.Ctx, t *models.Task) ([]any, error) {
	candidates, err := models.Candidates(c.UserContext(), a.DB.Read(), t.ID)
	switch {
	case err != nil || t.Status != models.TaskOpen:
		return []any{}, err
	case t.Kind == engine.ResolveTask && engine.MayResolve(access(c), candidates):
		return []any{"resolve"}, nil
	case t.Kind != "approval":
		return []any{}, nil
	}
	for _, one := range candidates {
		if one.UserID == route.CallerOf(c).UserID() {
			return []any{"approve", "reject"}, nil
		}
	}
	return []any{}, nil
}

func (a *api) decide(approve bool) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		p, err := bind.ReadBody(c)
		if err != nil {
			return reply.Body{}, err
		}
		d := engine.Decision{
			Task: route.Param(c, "id"), Approve: approve, Version: p.ID("version"), Seen: p.Raw("seen"), Comment: p.Raw("comment"), Channel: "api",
		}
		if err := p.Only(); err != nil {
			return reply.Body{}, err
		}
		out, err := a.Engine.Decide(c.UserContext(), access(c), d)
		if err != nil {
			return reply.Body{}, err
		}
		row := taskRow(out.Task)
		row["outcome"], row["undoUntil"] = textOf(string(out.Outcome)), nil
		return reply.Body{Data: row}, nil
	}
}

// resolve takes what somebody knows about an attempt that nobody heard of.
func (a *api) resolve(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.Resolution{
		Task: route.Param(c, "id"), Answer: p.One("answer", engine.Happened, engine.DidNotHappen, engine.CountsAsFault), Output: p.JSON("output"),
		Version: p.ID("version"), Comment: p.Raw("comment"), Channel: "api",
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	task, err := a.Engine.Resolve(c.UserContext(), access(c), in)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: taskRow(task)}, nil
}
