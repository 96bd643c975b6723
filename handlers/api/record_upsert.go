package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

func (a *api) firstOrCreate(c *fiber.Ctx) (reply.Body, error) { return a.upsert(c, false) }

func (a *api) updateOrCreate(c *fiber.Ctx) (reply.Body, error) { return a.upsert(c, true) }

// upsert creates a record unless there is one with the same values under some names:
// looking and creating are one transaction.
func (a *api) upsert(c *fiber.Ctx, update bool) (reply.Body, error) {
	w, err := a.begin(c, models.Create)
	if err != nil {
		return reply.Body{}, err
	}
	sent, err := bind.Object(c)
	if err != nil {
		return reply.Body{}, err
	}
	var dropped []string
	w.op.Values = w.values(sent, &dropped)
	if w.op.Unless, err = w.sameValues(w.params.List("filterKeys")); err != nil {
		return reply.Body{}, err
	}
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	created := result.Found == ""
	switch {
	case created:
		created = result.Changes[0].Action == models.Create
	case !update:
		c.Locals(keyed{}, w.op.Idempotency) // nothing was written, so nothing has kept the key
		on, err := a.Records.Collection(c.UserContext(), w.op.Collection)
		if err != nil {
			return reply.Body{}, err
		}
		result.Changes = []records.Change{{Collection: on, ID: result.Found}}
	default:
		if !w.op.Access.MayTouch(w.op.Collection, models.Update) {
			return reply.Body{}, models.NoPermission()
		}
		w.op.Action, w.op.IDs, w.op.Unless = models.Update, []string{result.Found}, nil
		if result, err = w.run(c); err != nil {
			return reply.Body{}, err
		}
	}
	body, err := w.answer(c, result, dropped)
	if list, ok := body.Data.([]any); ok && len(list) == 1 {
		body.Data = list[0]
	}
	body.Meta["created"] = created
	return body, err
}

// sameValues is the filter for records that have the submitted values of the keys.
func (w *writing) sameValues(keys []string) (any, error) {
	if len(keys) == 0 {
		return nil, filterRequired()
	}
	filter := map[string]any{}
	for _, name := range keys {
		v, ok := w.op.Values[name]
		if !ok || v == nil {
			return nil, badParameter(name, text.M("record.filter_key", "%s is named in filterKeys but has no value.", name))
		}
		filter[name] = map[string]any{"$eq": v}
	}
	return filter, nil
}
