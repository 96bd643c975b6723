package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// operationRoutes are the actions on long work, and those that start some with executions.
func (a *api) operationRoutes() (out []route.Route) {
	own := route.Own("operations he started, those of others with the same right")
	operate, remove := route.Right("execution.operate"), route.Right("execution.remove")
	add := func(lines []route.Route) { out = append(out, lines...) }
	g := group{api: a, at: "/api/operations:", body: readBody}
	add(g.read("list", own, "executions:read", a.listOperations))
	add(g.read("get/{id}", own, "executions:read", a.getOperation))
	for name, want := range map[string]string{"cancel": models.WantCancel, "pause": models.WantPause, "resume": ""} {
		add(g.change(name+"/{id}", own, "executions:control", a.changeOperation(want)))
	}
	x := group{api: a, at: "/api/executions:", body: readBody}
	add(x.change("bulkCancel", operate, "executions:control", a.bulk(engine.BulkCancel)))
	add(x.change("bulkRetry", operate, "executions:control", a.bulk(engine.BulkRetry)))
	add(x.change("bulkRerun", operate, "executions:control", a.bulk(engine.BulkRerun)))
	add(x.change("destroy", remove, "executions:control", a.bulk(engine.BulkRemove)))
	add(x.change("keep/{id}", remove, "executions:control", a.keepExecution))
	r := group{api: a, at: "/api/retention:", body: readBody}
	add(r.read("get", remove, "executions:read", a.getRetention))
	add(r.change("update", remove, "executions:control", a.updateRetention))
	return out
}

// mostIDs is how many executions may be named one by one; more are described by a filter.
const mostIDs = 500

// sampled is how many executions a preview shows.
const sampled = 10

// bulk starts something with all executions that are named or that match; with preview it
// only says how many those are, and shows the newest.
func (a *api) bulk(kind string) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		p, err := bind.ReadBody(c)
		if err != nil {
			return reply.Body{}, err
		}
		b := engine.Bulk{Kind: kind, Rate: p.Number("rate", 0, 0, 1000), Reason: p.Raw("reason")}
		preview := p.Flag("preview", false)
		named, filter := p.Has("ids"), p.Object("filter")
		if named {
			b.Filter.IDs = append([]string{}, p.List("ids")...)
		}
		if err := p.Only(); err != nil {
			return reply.Body{}, err
		}
		if named == (filter != nil) || len(b.Filter.IDs) > mostIDs {
			return reply.Body{}, models.Invalid("FILTER_REQUIRED", text.M("bulk.what", "Say either by ids (at most %d) or by a filter which executions are meant.", mostIDs))
		}
		if filter != nil {
			if err := a.bulkFilter(c, bind.ParamsOf(filter), &b.Filter); err != nil {
				return reply.Body{}, err
			}
		}
		if preview {
			count, rows, err := a.Engine.Matching(c.UserContext(), access(c), b, sampled)
			return reply.Body{Data: map[string]any{"count": count, "sample": listOf(rows, executionRow)}}, err
		}
		o, err := a.Engine.StartBulk(c.UserContext(), access(c), b)
		if err != nil {
			return reply.Body{}, err
		}
		return reply.Body{Data: operationValue(o)}, nil
	}
}

// bulkFilter reads which executions are meant.
func (a *api) bulkFilter(c *fiber.Ctx, p *bind.Params, f *models.ExecutionFilter) error {
	key, since := p.Raw("workflow"), p.Raw("since")
	f.UserID, f.RootID, f.ResourceType, f.ResourceID = p.ID("userId"), p.Raw("root"), p.Raw("collection"), p.Text("filterByTk")
	for _, s := range p.List("status") {
		f.Statuses = append(f.Statuses, models.Status(s))
	}
	if err := p.Only(); err != nil {
		return err
	}
	if since != "" {
		at, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return badParameter("since", text.M("execution.since", "%s is no instant. Write it like 2026-11-22T09:30:00Z.", since))
		}
		f.From = models.At(at)
	}
	if key == "" {
		return nil
	}
	w, err := models.WorkflowByKey(c.UserContext(), a.DB.Read(), key)
	if err != nil {
		return err
	}
	f.WorkflowID = w.ID
	return nil
}

func (a *api) keepExecution(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	keep := p.Flag("keep", true)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	id := route.Param(c, "id")
	return reply.Body{Data: map[string]any{"id": id, "keep": keep}}, a.Engine.KeepExecution(c.UserContext(), access(c), id, keep)
}

func operationValue(o *models.Operation) map[string]any {
	return map[string]any{
		"id": o.ID, "kind": o.Kind, "state": string(o.State), "total": o.Total, "done": o.Done, "skipped": o.Skipped, "failed": o.Failed,
		"rate": o.Rate, "wanted": textOf(o.Wanted), "result": textOf(o.Result), "startedBy": numberOf(o.StartedBy),
		"createdAt": timeOf(o.CreatedAt), "startedAt": timeOf(o.BegunAt), "endedAt": timeOf(o.EndedAt), "expiresAt": timeOf(o.ExpiresAt),
	}
}

func (a *api) listOperations(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	size := p.Number("pageSize", 30, 1, maxRows)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	list, err := models.Operations(c.UserContext(), a.DB.Read(), route.CallerOf(c).UserID(), size)
	return reply.Body{Data: listOf(list, func(o *models.Operation) any { return operationValue(o) })}, err
}

func (a *api) getOperation(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	outcome := p.One("outcome", "", models.ItemDone, models.ItemSkipped, models.ItemFailed)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	o, err := a.Engine.Operation(c.UserContext(), access(c), route.Param(c, "id"))
	if err != nil {
		return reply.Body{}, err
	}
	items, err := models.OutcomesOf(c.UserContext(), a.DB.Read(), o.ID, outcome, mostIDs)
	out := operationValue(o)
	out["items"] = listOf(items, func(i models.ItemOutcome) any {
		return map[string]any{"id": i.Item, "outcome": i.Outcome, "detail": textOf(i.Detail)}
	})
	return reply.Body{Data: out}, err
}

func (a *api) changeOperation(want string) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		p, err := bind.ReadBody(c)
		if err != nil {
			return reply.Body{}, err
		}
		if err := p.Only(); err != nil {
			return reply.Body{}, err
		}
		id := route.Param(c, "id")
		if err := a.Engine.ChangeOperation(c.UserContext(), access(c), id, want); err != nil {
			return reply.Body{}, err
		}
		o, err := a.Engine.Operation(c.UserContext(), access(c), id)
		if err != nil {
			return reply.Body{}, err
		}
		return reply.Body{Data: operationValue(o)}, nil
	}
}

func (a *api) getRetention(c *fiber.Ctx) (reply.Body, error) {
	r, err := models.RetentionOf(c.UserContext(), a.DB.Read())
	days := func(n *int) any {
		if n == nil {
			return nil
		}
		return *n
	}
	return reply.Body{Data: map[string]any{"succeeded": days(r.Succeeded), "stopped": days(r.Stopped), "failed": days(r.Failed), "last": days(r.Last)}}, err
}

// updateRetention changes for how long executions stay where their workflow says nothing.
func (a *api) updateRetention(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	r, err := retentionIn(p)
	if err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.SetRetention(c.UserContext(), access(c), r); err != nil {
		return reply.Body{}, err
	}
	return a.getRetention(c)
}
