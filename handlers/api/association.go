package api

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// associationRoutes are the actions on the record behind a to-one link of a record:
// "/api/posts/7/author:get". Reading it needs the right to view both records; to
// change which one it is, the right to update the link.
func (a *api) associationRoutes() (out []route.Route) {
	g := group{api: a, at: "/api/{collection}/{parent}/{association}:", body: writeBody}
	const read, write = "records:read:{collection}", "records:write:{collection}"
	view, update := route.Data(models.View), route.Data(models.Update)
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", view, read, a.listLinked))
	add(g.read("get", view, read, a.getLinked))
	add(g.change("set", update, write, a.changeLink(setLink)))
	add(g.change("add", update, write, a.changeLink(addLink)))
	add(g.change("remove", update, write, a.changeLink(removeLink)))
	add(g.change("toggle", update, write, a.changeLink(toggleLink)))
	return out
}

// association finds the link that the address names. What is none, or is closed to
// the caller in every record, does not exist.
func (a *api) association(c *fiber.Ctx) (*models.CollectionField, error) {
	ctx := c.UserContext()
	cat, err := a.DB.Catalog(ctx)
	if err != nil {
		return nil, err
	}
	on, err := a.Records.Collection(ctx, route.Param(c, "collection"))
	if err != nil {
		return nil, err
	}
	name := route.Param(c, "association")
	f, ok := on.Field(name)
	open, _ := records.FieldsFor(cat, access(c), on, models.View)
	if !ok || !f.IsLink() || f.NamesKey(name) || !slices.Contains(open, f) {
		return nil, models.NotFound()
	}
	return f, nil
}

// linked reads the record behind a link, with the parent that has it: nil when the
// link is empty or its record is out of the caller's reach.
func (a *api) linked(c *fiber.Ctx) (record records.Record, err error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return nil, err
	}
	fields, appends := p.List("fields"), p.List("appends")
	if err := p.Only(); err != nil {
		return nil, err
	}
	f, err := a.association(c)
	if err != nil {
		return nil, err
	}
	q := records.Query{Access: access(c), Collection: route.Param(c, "collection"), Fields: []string{f.Name}}
	if len(fields) == 0 {
		q.Appends = []string{f.Name}
	} else {
		q.Fields = below(f, fields)
	}
	q.Appends = append(q.Appends, below(f, appends)...)
	parent, err := a.Records.Get(c.UserContext(), q, route.Param(c, "parent"))
	if err != nil {
		return nil, err
	}
	record, _ = parent[f.Name].(map[string]any)
	return record, nil
}

// below are paths of a linked record as paths of the record that has the link.
func below(f *models.CollectionField, paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = f.Name + "." + path
	}
	return out
}

func (a *api) listLinked(c *fiber.Ctx) (reply.Body, error) {
	record, err := a.linked(c)
	if err != nil {
		return reply.Body{}, err
	}
	list := []any{}
	if record != nil {
		list = append(list, record)
	}
	return reply.Body{Data: list, Meta: map[string]any{"count": len(list)}}, nil
}

func (a *api) getLinked(c *fiber.Ctx) (reply.Body, error) {
	record, err := a.linked(c)
	if err == nil && record == nil {
		err = models.NotFound()
	}
	return reply.Body{Data: record}, err
}

// linkChange says to what record a link shall point, by the key it has and those of
// the request: empty for none. It refuses a number of keys that makes no sense.
type linkChange func(now string, keys []string) (next string, err error)

func setLink(_ string, keys []string) (string, error) {
	switch len(keys) {
	case 0:
		return "", nil
	case 1:
		return keys[0], nil
	}
	return "", badParameter("tk", text.M("association.one", "This link leads to one record at most."))
}

func addLink(now string, keys []string) (string, error) {
	if len(keys) == 0 {
		return "", badParameter("tk", text.M("association.which", "Say in tk which record is meant."))
	}
	return setLink(now, keys)
}

func removeLink(now string, keys []string) (string, error) {
	if len(keys) == 0 {
		return addLink(now, keys)
	}
	if slices.Contains(keys, now) {
		return "", nil
	}
	return now, nil
}

func toggleLink(now string, keys []string) (string, error) {
	next, err := addLink(now, keys)
	if next == now {
		next = ""
	}
	return next, err
}

// changeLink is an action that changes to what record a link points. It answers
// with the record that has the link. Between reading the link and writing it nobody
// else may change the record.
func (a *api) changeLink(change linkChange) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		w, err := a.begin(c, models.Update)
		if err != nil {
			return reply.Body{}, err
		}
		keys, err := w.linkKeys(c)
		if err != nil {
			return reply.Body{}, err
		}
		f, err := a.association(c)
		if err != nil {
			return reply.Body{}, err
		}
		ctx, parent := c.UserContext(), route.Param(c, "parent")
		q := records.Query{Access: access(c), Collection: w.op.Collection, Fields: []string{f.Name}}
		have, err := a.Records.Get(ctx, q, parent)
		if err != nil {
			return reply.Body{}, err
		}
		now, open := have[f.Key()]
		if !open {
			return reply.Body{}, models.NotFound()
		}
		next, err := change(records.IDText(now), keys)
		if err != nil {
			return reply.Body{}, err
		}
		if version, ok := have[models.VersionField].(int64); ok && w.op.Version == 0 {
			w.op.Version = version
		}
		w.op.IDs, w.op.Values, w.op.FromForm = []string{parent}, records.Record{f.Key(): next}, true // keys are texts here
		result, err := w.run(c)
		if err != nil {
			return reply.Body{}, err
		}
		body, err := w.answer(c, result, nil)
		if list, ok := body.Data.([]any); ok && len(list) == 1 {
			body.Data = list[0]
		}
		return body, err
	}
}

// linkKeys reads the keys of records from the body or the address.
func (w *writing) linkKeys(c *fiber.Ctx) ([]string, error) {
	body, err := bind.ReadBody(c)
	if err != nil {
		return nil, err
	}
	keys, inBody := body.List("tk"), body.Has("tk")
	if err := body.Only(); err != nil {
		return nil, err
	}
	if fromAddress := w.params.List("tk"); !inBody {
		keys = fromAddress
		inBody = w.params.Has("tk")
	}
	if !inBody {
		_, err = addLink("", nil)
	}
	return keys, err
}
