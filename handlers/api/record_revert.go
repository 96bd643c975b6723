package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
)

// revertRecord takes back what a history entry changed, or, with mode state, all
// that came after it. It is an update like any other: rights, checks, workflows that
// the call names and history are the same.
func (a *api) revertRecord(c *fiber.Ctx) (reply.Body, error) {
	w, err := a.begin(c, models.Update)
	if err != nil {
		return reply.Body{}, err
	}
	if err := w.params.Only(); err != nil {
		return reply.Body{}, err
	}
	body, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	back := records.Reversal{Entry: body.ID("entry"), State: body.One("mode", "change", "state") == "state"}
	if err := body.Only(); err != nil {
		return reply.Body{}, err
	}
	id := route.Param(c, "tk")
	found, err := a.Records.Reverted(c.UserContext(), w.query, id, back)
	if err != nil {
		return reply.Body{}, err
	}
	w.op.IDs, w.op.Values = []string{id}, found.Values
	if w.op.Version == 0 {
		w.op.Version = found.Version
	}
	result, err := w.run(c)
	if err != nil {
		return reply.Body{}, err
	}
	answer, err := w.answer(c, result, found.Ignored)
	if list, ok := answer.Data.([]any); ok && len(list) == 1 {
		answer.Data = list[0]
	}
	return answer, err
}
