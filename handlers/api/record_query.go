package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// recordRoutes are the actions on the records of every collection.
func (a *api) recordRoutes() (out []route.Route) {
	g := group{api: a, at: "/api/{collection}:", body: writeBody}
	const read, write = "records:read:{collection}", "records:write:{collection}"
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", route.Data(models.View), read, a.noting(a.listRecords)))
	add(g.read("get", route.Data(models.View), read, a.noting(a.getRecord)))
	add(g.read("get/{tk}", route.Data(models.View), read, a.noting(a.getRecord)))
	add(g.read("history/{tk}", route.Data(models.View), read, a.noting(a.recordHistory)))
	add(g.read("query", route.Data(models.View), read, a.noting(a.aggregateRecords)))
	add(g.change("create", route.Data(models.Create), write, a.noting(a.createRecords)))
	for name, do := range map[string]action{"firstOrCreate": a.firstOrCreate, "updateOrCreate": a.updateOrCreate} {
		add(g.change(name, route.Data(models.Create), write, a.noting(do)))
	}
	add(g.change("revert/{tk}", route.Data(models.Update), write, a.noting(a.revertRecord)))
	for _, tk := range []string{"", "/{tk}"} {
		add(g.change("update"+tk, route.Data(models.Update), write, a.noting(a.updateRecords)))
		add(g.change("destroy"+tk, route.Data(models.Delete), write, a.noting(a.destroyRecords)))
		add(g.change("restore"+tk, route.Data(models.Delete), write, a.noting(a.restoreRecords)))
	}
	return out
}

// query begins a query with what all readings share.
func (a *api) query(c *fiber.Ctx, p *bind.Params) (records.Query, error) {
	q := records.Query{
		Access: access(c), Collection: collectionOf(c), Fields: p.List("fields"), Except: p.List("except"), Appends: p.List("appends"),
	}
	var err error
	q.Zone, err = a.zone(c)
	return q, err
}

// collectionOf is the collection a request is about: that of the address, or people.
func collectionOf(c *fiber.Ctx) string {
	if name := route.Param(c, "collection"); name != "" {
		return name
	}
	return models.UsersCollection
}

// zone is the zone in which dates of a request are read: the one it names, or the
// person's own.
func (a *api) zone(c *fiber.Ctx) (*time.Location, error) {
	r := route.Of(c)
	if r.Zone != nil || r.Caller.UserID() == 0 {
		return r.Zone, nil
	}
	u, err := models.UserByID(c.UserContext(), a.DB.Read(), r.Caller.UserID())
	if err != nil || u.TimeZone == "" {
		return nil, err
	}
	return time.LoadLocation(u.TimeZone)
}

func (a *api) listRecords(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	q, err := a.query(c, p)
	if err != nil {
		return reply.Body{}, err
	}
	q.Filter, q.Search, q.Sort = p.JSON("filter"), p.Raw("search"), p.List("sort")
	q.PageSize, q.Page = p.Number("pageSize", records.DefaultPageSize, 1, records.MaxPageSize), p.Number("page", 1, 1, 1_000_000)
	q.All = !p.Flag("paginate", true)
	q.Keyset, q.Cursor = p.Has("cursor"), p.Raw("cursor")
	q.Count = p.Flag("count", !q.Keyset) && !q.Keyset
	q.Trash = records.Trash(p.One("trash", "", "only", "with"))
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	page, err := a.Records.List(c.UserContext(), q)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: recordList(page.Records), Meta: pageMeta(q, page)}, nil
}

func recordList(list []records.Record) []any {
	return listOf(list, func(r records.Record) any { return r })
}

// pageMeta says where a page stands in its list.
func pageMeta(q records.Query, page records.Page) map[string]any {
	meta := map[string]any{"pageSize": page.PageSize}
	if q.Keyset {
		meta["hasNext"], meta["nextCursor"], meta["prevCursor"] = page.HasNext, textOf(page.NextCursor), textOf(page.PrevCursor)
		return meta
	}
	meta["page"] = page.Page
	if !q.Count {
		meta["hasNext"] = page.HasNext
		return meta
	}
	meta["count"] = page.Count
	meta["totalPage"] = (page.Count + page.PageSize - 1) / page.PageSize
	if !page.CountExact {
		meta["countExact"], meta["hasNext"] = false, page.HasNext
	}
	return meta
}

func (a *api) getRecord(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	q, err := a.query(c, p)
	if err != nil {
		return reply.Body{}, err
	}
	id := route.Param(c, "tk")
	if id == "" {
		id = p.Text("filterByTk")
	}
	q.Filter, q.Trash = p.JSON("filter"), records.Trash(p.One("trash", "", "only", "with"))
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if id == "" && q.Filter == nil {
		return reply.Body{}, filterRequired()
	}
	record, err := a.Records.Get(c.UserContext(), q, id)
	if err != nil {
		return reply.Body{}, err
	}
	if version, ok := record[models.VersionField].(int64); ok {
		reply.ETag(c, version)
	}
	return reply.Body{Data: record}, nil
}

func (a *api) recordHistory(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	before := p.Number("cursor", 0, 1, 1<<53-1)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	q := records.Query{Access: access(c), Collection: route.Param(c, "collection"), Trash: records.WithoutTrash}
	entries, err := a.Records.History(c.UserContext(), q, route.Param(c, "tk"), int64(before))
	if err != nil {
		return reply.Body{}, err
	}
	meta := map[string]any{"pageSize": records.HistoryPage, "hasNext": len(entries) == records.HistoryPage, "nextCursor": nil}
	if n := len(entries); n == records.HistoryPage {
		meta["nextCursor"] = entries[n-1].ID
	}
	return reply.Body{Data: listOf(entries, a.historyEntry(c)), Meta: meta}, nil
}

// historyEntry writes one entry; what started it is only for those who watch
// executions.
func (a *api) historyEntry(c *fiber.Ctx) func(records.HistoryEntry) any {
	watches := access(c).Can("execution.view")
	return func(e records.HistoryEntry) any {
		out := map[string]any{
			"id": e.ID, "action": string(e.Action), "at": e.At, "userId": numberOf(e.UserID), "principal": e.Principal, "role": textOf(e.Role),
			"origin": e.Origin, "pageAction": textOf(e.PageAction), "requestId": textOf(e.RequestID),
			"changes": listOf(e.Fields, func(f records.FieldChange) any {
				return map[string]any{"field": f.Field, "before": f.Before, "after": f.After}
			}),
		}
		if watches {
			out["executionId"], out["stepId"] = textOf(e.ExecutionID), textOf(e.StepID)
		}
		return out
	}
}
