package api

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// executionRoutes are the actions on executions and the log of their starts.
func (a *api) executionRoutes() (out []route.Route) {
	watch, own := route.Right("execution.view"), route.Own("executions he started, all with execution.view")
	g := group{api: a, at: "/api/executions:", body: readBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", own, "executions:read", a.listExecutions))
	add(g.read("get/{id}", own, "executions:read", a.getExecution))
	steps := group{api: a, at: "/api/executions/{id}/steps:"}
	add(steps.read("list", own, "executions:read", a.listSteps))
	add(steps.read("get/{step}", own, "executions:read", a.getStep))
	add(g.change("cancel/{id}", route.Right("execution.operate"), "executions:control", a.cancelExecution))
	add(g.change("skipWait/{id}", route.Right("execution.operate"), "executions:control", a.skipWait))
	add(g.change("rerun/{id}", route.Right("execution.operate"), "executions:control", a.rerunExecution))
	add(g.change("retry/{id}", route.Right("execution.operate"), "executions:control", a.retryExecution))
	add(group{api: a, at: "/api/triggerLog:"}.read("list", watch, "executions:read", a.listTriggerLog))
	return out
}

// maxRows is how many lines of a log one request gets.
const maxRows = 200

func (a *api) listExecutions(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	f := models.ExecutionFilter{
		ResourceType: p.Raw("collection"), ResourceID: p.Text("filterByTk"), UserID: p.ID("userId"), RootID: p.Raw("root"),
		Number: p.ID("number"), Search: p.Raw("search"), Before: p.ID("cursor"), Limit: p.Number("pageSize", 30, 1, maxRows),
	}
	if record := p.Object("record"); record != nil {
		at := bind.ParamsOf(record)
		f.ResourceType, f.ResourceID = at.Raw("collection"), at.Text("id")
		if err := at.Only(); err != nil {
			return reply.Body{}, err
		}
	}
	key, number := p.Raw("workflow"), p.ID("version")
	if since := p.Raw("since"); since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return reply.Body{}, badParameter("since", text.M("execution.since", "%s is no instant. Write it like 2026-11-22T09:30:00Z.", since))
		}
		f.From = models.At(at)
	}
	for _, s := range p.List("status") {
		if _, ok := models.ExecutionArrows()[models.Status(s)]; !ok && !models.Status(s).Final() {
			return reply.Body{}, badParameter("status", text.M("execution.status", "There is no status %s.", s))
		}
		f.Statuses = append(f.Statuses, models.Status(s))
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if !access(c).Can("execution.view") {
		f.UserID = route.CallerOf(c).UserID()
	}
	ctx := c.UserContext()
	if key != "" {
		w, err := models.WorkflowByKey(ctx, a.DB.Read(), key)
		if err != nil {
			return reply.Body{}, err
		}
		f.WorkflowID = w.ID
		if number != 0 {
			v, err := models.VersionByNumber(ctx, a.DB.Read(), w.ID, number)
			if err != nil {
				return reply.Body{}, err
			}
			f.VersionID = v.ID
		}
	} else if number != 0 {
		return reply.Body{}, badParameter("version", text.M("execution.version", "A version is that of a workflow. Name it, too."))
	}
	size := f.Limit
	f.Limit++
	rows, err := models.Executions(ctx, a.DB.Read(), f)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta := keyset(rows, size, func(r models.ExecutionRow) any { return r.Number })
	return reply.Body{Data: listOf(rows, executionRow), Meta: meta}, nil
}

// keyset cuts the extra row off a page and says where the next one begins.
func keyset[T any](rows []T, size int, key func(T) any) ([]T, map[string]any) {
	meta := map[string]any{"pageSize": size, "hasNext": len(rows) > size, "nextCursor": nil}
	if len(rows) > size {
		rows = rows[:size]
		meta["nextCursor"] = key(rows[size-1])
	}
	return rows, meta
}

func badParameter(name string, m text.Message) *models.Error {
	return models.InvalidFields([]models.FieldError{{Field: name, Code: "BAD_PARAMETER", Message: m}})
}

func executionRow(r models.ExecutionRow) any {
	return map[string]any{
		"id": r.ID, "number": r.Number, "workflow": map[string]any{"id": r.WorkflowID, "key": r.WorkflowKey, "title": r.WorkflowTitle},
		"version": r.VersionNumber, "status": string(r.Status), "reason": textOf(r.Reason), "mode": r.Mode,
		"record": recordOf(r.ResourceType, r.ResourceID), "principal": r.Principal, "user": personOf(r.UserID, r.UserName),
		"rerunOf": textOf(r.RerunOf), "createdAt": timeOf(r.CreatedAt), "startedAt": timeOf(r.StartedAt), "endedAt": timeOf(r.EndedAt),
	}
}

func recordOf(collection, id string) any {
	if collection == "" {
		return nil
	}
	return map[string]any{"collection": collection, "id": id}
}

func personOf(id int64, name string) any {
	if id == 0 {
		return nil
	}
	return map[string]any{"id": id, "nickname": name}
}

// execution finds the execution of the address, by id or by number, if the caller
// may know of it. own reports that he started it and may not watch others.
func (a *api) execution(c *fiber.Ctx) (exec *models.Execution, own bool, err error) {
	ctx, id := c.UserContext(), route.Param(c, "id")
	if n, bad := strconv.ParseInt(id, 10, 64); bad == nil && n > 0 {
		rows, err := models.Executions(ctx, a.DB.Read(), models.ExecutionFilter{Number: n, Limit: 1})
		if err != nil {
			return nil, false, err
		}
		if len(rows) == 0 {
			return nil, false, models.NotFound()
		}
		id = rows[0].ID
	}
	exec, err = models.ExecutionByID(ctx, a.DB.Read(), id)
	if models.IsKind(err, models.KindNotFound) {
		err = models.Removed(ctx, a.DB.Read(), id, route.CallerOf(c).UserID(), access(c).Can("execution.view"))
	}
	if err != nil || access(c).Can("execution.view") {
		return exec, false, err
	}
	if exec.UserID == 0 || exec.UserID != route.CallerOf(c).UserID() {
		return nil, false, models.NotFound()
	}
	return exec, true, nil
}

func (a *api) getExecution(c *fiber.Ctx) (reply.Body, error) {
	exec, own, err := a.execution(c)
	if err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	w, err := models.WorkflowByID(ctx, a.DB.Read(), exec.WorkflowID)
	if err != nil {
		return reply.Body{}, err
	}
	v, err := models.VersionByID(ctx, a.DB.Read(), exec.VersionID)
	if err != nil {
		return reply.Body{}, err
	}
	out := map[string]any{
		"id": exec.ID, "number": exec.Number, "workflow": map[string]any{"id": w.ID, "key": w.Key, "title": w.Title}, "version": v.Number,
		"status": string(exec.Status), "messages": texts(exec.Messages), "createdAt": timeOf(exec.CreatedAt),
		"startedAt": timeOf(exec.StartedAt), "endedAt": timeOf(exec.EndedAt),
	}
	if own {
		return reply.Body{Data: out}, nil
	}
	see, err := a.payloadOf(c, exec)
	if err != nil {
		return reply.Body{}, err
	}
	out["reason"], out["mode"], out["sync"] = textOf(exec.Reason), exec.Mode, exec.Sync
	out["record"], out["principal"] = recordOf(exec.ResourceType, exec.ResourceID), exec.Principal
	out["cause"] = map[string]any{
		"userId": numberOf(exec.UserID), "parent": textOf(exec.ParentID), "root": exec.RootID, "rerunOf": textOf(exec.RerunOf), "requestId": textOf(exec.RequestID),
		"traceparent": textOf(exec.Cause.Trace),
	}
	out["output"], out["trigger"] = see.value(exec.Output), see.trigger
	steps, meta, err := a.steps(c, exec, see)
	out["steps"] = steps
	return reply.Body{Data: out, Meta: meta}, err
}

func (a *api) listSteps(c *fiber.Ctx) (reply.Body, error) {
	exec, own, err := a.execution(c)
	if err != nil {
		return reply.Body{}, err
	}
	if own {
		return reply.Body{}, models.NoPermission()
	}
	see, err := a.payloadOf(c, exec)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta, err := a.steps(c, exec, see)
	return reply.Body{Data: rows, Meta: meta}, err
}

// steps lists the steps of an execution. Of very many, meta.stepsLeft says how many
// between the first and the last ones are not listed.
func (a *api) steps(c *fiber.Ctx, exec *models.Execution, see payload) (rows []any, meta map[string]any, err error) {
	steps, err := models.StepsOf(c.UserContext(), a.DB.Read(), exec.ID)
	if err != nil {
		return nil, nil, err
	}
	if see.all {
		if err := models.LoadValues(c.UserContext(), a.DB.Read(), steps, maxValues); err != nil {
			return nil, nil, err
		}
	}
	if exec.StepCount > models.MaxSteps {
		all, err := models.CountSteps(c.UserContext(), a.DB.Read(), exec.ID)
		if err != nil {
			return nil, nil, err
		}
		meta = map[string]any{"stepsLeft": all - int64(len(steps))}
	}
	return listOf(steps, func(s *models.Step) any { return stepValue(s, see) }), meta, nil
}

// maxValues is how many bytes of large values a list of steps holds; of the others it
// says how they begin.
const maxValues = 4 << 20

// getStep gives one step with all of its values.
func (a *api) getStep(c *fiber.Ctx) (reply.Body, error) {
	exec, own, err := a.execution(c)
	if err != nil {
		return reply.Body{}, err
	}
	if own {
		return reply.Body{}, models.NoPermission()
	}
	see, err := a.payloadOf(c, exec)
	if err != nil {
		return reply.Body{}, err
	}
	s, err := models.StepByID(c.UserContext(), a.DB.Read(), route.Param(c, "step"))
	if err == nil && s.ExecutionID != exec.ID {
		err = models.NotFound()
	}
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: stepValue(s, see)}, nil
}

func stepValue(s *models.Step, see payload) map[string]any {
	out := map[string]any{
		"id": s.ID, "node": s.Node, "type": s.Type, "title": s.Title, "path": s.Path, "status": string(s.Status), "handled": s.Handled,
		"attempt": s.Attempt, "carriedFrom": textOf(s.CarriedFrom), "parent": textOf(s.ParentID), "branch": textOf(s.Branch), "error": see.failure(s.Error),
		"startedAt": timeOf(s.StartedAt), "endedAt": timeOf(s.EndedAt),
		"input": see.value(s.Input), "output": see.value(s.Output), "explanation": nil, "warnings": []any{}, "log": []any{},
	}
	if see.all {
		out["explanation"], out["warnings"], out["log"] = textOf(s.Explanation), texts(s.Warnings), texts(s.Log)
		out["large"] = map[string]any{"input": largeValue(s.LargeInput), "output": largeValue(s.LargeOutput)}
	}
	return out
}

// largeValue says how a value begins that is too large for the list it is in; null for
// all others.
func largeValue(l *models.Large) any {
	if l == nil {
		return nil
	}
	return map[string]any{"size": l.Size, "preview": l.Preview}
}

func (a *api) cancelExecution(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	reason := p.Raw("reason")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	id := route.Param(c, "id")
	if err := a.Engine.Cancel(c.UserContext(), access(c), id, reason); err != nil {
		return reply.Body{}, err
	}
	return a.executionState(c, id)
}

// skipWait lets a step that waits for time go on now.
func (a *api) skipWait(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	step := p.Raw("step")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	id := route.Param(c, "id")
	if err := a.Engine.SkipWait(c.UserContext(), access(c), id, step); err != nil {
		return reply.Body{}, err
	}
	return a.executionState(c, id)
}

func (a *api) rerunExecution(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	from := p.Raw("from")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if from != "" {
		return a.goOnFrom(c, from)
	}
	id, err := a.Engine.Rerun(c.UserContext(), access(c), route.Param(c, "id"), c.Get(keyHeader))
	if err != nil {
		return reply.Body{}, err
	}
	return a.executionState(c, id)
}

// retryExecution goes on from the step that failed.
func (a *api) retryExecution(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	return a.goOnFrom(c, "")
}

// goOnFrom starts a new execution at a step of one that has ended, or at the one that
// failed.
func (a *api) goOnFrom(c *fiber.Ctx, step string) (reply.Body, error) {
	id, err := a.Engine.Retry(c.UserContext(), access(c), route.Param(c, "id"), step, c.Get(keyHeader))
	if err != nil {
		return reply.Body{}, err
	}
	return a.executionState(c, id)
}

func (a *api) executionState(c *fiber.Ctx, id string) (reply.Body, error) {
	exec, err := models.ExecutionByID(c.UserContext(), a.DB.Read(), id)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: map[string]any{"id": exec.ID, "number": exec.Number, "status": string(exec.Status), "reason": textOf(exec.Reason), "rerunOf": textOf(exec.RerunOf)}}, nil
}

func (a *api) listTriggerLog(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	f := models.TriggerFilter{
		ResourceType: p.Raw("collection"), ResourceID: p.Text("filterByTk"), NotStarted: p.One("outcome", "", "not_started") != "",
		Before: p.ID("cursor"), Limit: p.Number("pageSize", 50, 1, maxRows),
	}
	key := p.Raw("workflow")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if key != "" {
		w, err := models.WorkflowByKey(ctx, a.DB.Read(), key)
		if err != nil {
			return reply.Body{}, err
		}
		f.WorkflowID = w.ID
	}
	size := f.Limit
	f.Limit++
	rows, err := models.TriggerLog(ctx, a.DB.Read(), f)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta := keyset(rows, size, func(e models.TriggerEntry) any { return e.ID })
	mayRead := a.readable(c)
	return reply.Body{Meta: meta, Data: listOf(rows, func(e models.TriggerEntry) any { return triggerRow(e, mayRead(e.ResourceType)) })}, nil
}

// triggerRow is one line; the sentence quotes values, so it is for those who may
// read the record's collection.
func triggerRow(e models.TriggerEntry, explain bool) any {
	result := "not_started"
	if e.Started {
		result = "started"
	}
	out := map[string]any{
		"id": e.ID, "at": timeOf(e.At), "workflow": map[string]any{"id": numberOf(e.WorkflowID), "key": e.WorkflowKey}, "result": result,
		"reason": textOf(e.Reason), "explanation": nil, "executionId": textOf(e.ExecutionID), "record": recordOf(e.ResourceType, e.ResourceID),
		"userId": numberOf(e.UserID), "requestId": textOf(e.RequestID), "count": e.Count,
	}
	if explain {
		out["explanation"] = textOf(e.Explanation)
	}
	return out
}
