package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// feedRoutes are what happened: events for programs, notifications for a person, the
// audit log for those who check.
func (a *api) feedRoutes() (out []route.Route) {
	own := route.Own("his notifications")
	n := group{api: a, at: "/api/notifications:", body: readBody}
	for _, lines := range [][]route.Route{
		n.read("list", own, "tasks", a.listNotifications),
		n.change("read/{id}", own, "tasks", a.readNotifications),
		n.change("readAll", own, "tasks", a.readNotifications),
		group{api: a, at: "/api/events:"}.read("list", route.Right("event.read"), "events:read", a.listEvents),
		group{api: a, at: "/api/auditLog:"}.read("list", route.Right("audit.read"), route.NoToken, a.listAudit),
	} {
		out = append(out, lines...)
	}
	return out
}

func (a *api) listNotifications(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	size := p.Number("pageSize", 30, 1, maxRows)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	list, err := models.Notifications(c.UserContext(), a.DB.Read(), route.CallerOf(c).UserID(), size)
	return reply.Body{Meta: map[string]any{"pageSize": size}, Data: listOf(list, func(n models.Notification) any {
		return map[string]any{
			"id": n.ID, "kind": n.Kind, "title": n.Title, "body": n.Body, "link": textOf(n.Link), "level": n.Level,
			"createdAt": timeOf(n.CreatedAt), "readAt": timeOf(n.ReadAt),
		}
	})}, err
}

// readNotifications marks one read, or all without an id.
func (a *api) readNotifications(c *fiber.Ctx) (reply.Body, error) {
	ctx, me := c.UserContext(), route.CallerOf(c).UserID()
	err := a.DB.Write(ctx, "notification.read", func(tx *models.Tx) error {
		return models.ReadNotifications(ctx, tx, me, route.Param(c, "id"))
	})
	if err != nil {
		return reply.Body{}, err
	}
	return done()
}

// listEvents reads the feed forwards behind after, or backwards from the end.
func (a *api) listEvents(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	f := models.EventFilter{
		After: p.ID("after"), Before: p.ID("cursor"), Name: p.Raw("event"), Type: p.Raw("type"), ID: p.Text("resource"),
		Limit: p.Number("pageSize", 50, 1, maxRows),
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	size := f.Limit
	f.Limit++
	rows, err := models.Events(c.UserContext(), a.DB.Read(), f)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta := keyset(rows, size, func(e models.StoredEvent) any { return e.Seq })
	out := make([]any, len(rows))
	for i, e := range rows {
		if out[i], err = a.event(c, e); err != nil {
			return reply.Body{}, err
		}
	}
	return reply.Body{Data: out, Meta: meta}, nil
}

// event is one event as the caller may see it: whole when he may see what it is
// about, otherwise only that it happened.
func (a *api) event(c *fiber.Ctx, e models.StoredEvent) (any, error) {
	out := map[string]any{"seq": e.Seq, "uuid": e.UUID, "event": e.Name, "timestamp": timeOf(e.At), "resource": map[string]any{"type": e.Type}}
	cat, err := a.DB.Catalog(c.UserContext())
	if err != nil {
		return nil, err
	}
	if _, isRecord := cat.Collection(e.Type); isRecord {
		q := records.Query{Access: access(c), Collection: e.Type}
		_, err := a.Records.Get(c.UserContext(), q, e.ID)
		if models.IsKind(err, models.KindNotFound) || models.IsKind(err, models.KindForbidden) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	} else if !access(c).Can(rightOfEvent(e.Type)) {
		return out, nil
	}
	whole, ok := parse(e.Payload).(map[string]any)
	if !ok {
		return out, nil
	}
	whole["seq"] = e.Seq
	return whole, nil
}

// rightOfEvent is the right to see what an event that is not about a record tells.
func rightOfEvent(kind string) string {
	switch kind {
	case "passportsvc.User":
		return "user.manage"
	case "passportsvc.Group":
		return "group.manage"
	case "collectionsvc.Collection":
		return "collection.design"
	case "workflowsvc.Task":
		return "task.see_all"
	}
	return "execution.view"
}

func (a *api) listAudit(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	q := models.AuditQuery{
		Principal: p.Raw("principal"), Action: p.Raw("action"), ObjectType: p.Raw("objectType"), ObjectID: p.Raw("objectId"),
		Before: p.ID("cursor"), Limit: p.Number("pageSize", 50, 1, maxRows),
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	size := q.Limit
	q.Limit++
	rows, err := a.DB.AuditLog(c.UserContext(), q)
	if err != nil {
		return reply.Body{}, err
	}
	rows, meta := keyset(rows, size, func(r models.AuditRow) any { return r.Seq })
	return reply.Body{Meta: meta, Data: listOf(rows, func(r models.AuditRow) any {
		return map[string]any{
			"seq": r.Seq, "at": timeOf(r.At), "principal": r.Principal, "role": textOf(r.Role), "action": r.Action, "objectType": r.ObjectType,
			"objectId": r.ObjectID, "title": r.Title, "result": r.Result, "reason": textOf(r.Reason), "changed": texts(r.Changed),
			"requestId": textOf(r.RequestID), "hash": r.Hash,
		}
	})}, nil
}
