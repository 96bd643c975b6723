package handlers

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Memory for what the bodies of all requests hold together while they are worked on.
const (
	roomForBodies = 160 << 20
	roomForNone   = 32 << 10        // what weighs less needs none
	roomPatience  = 5 * time.Second // how long a request waits for it
	roomCopies    = 4               // of a value at a time: read, checked, written, answered
)

// enter waits until there is room for what the body of a request holds. leave gives it back.
func (a *App) enter(c *fiber.Ctx) (leave func(), err error) {
	weight := field.Weight(c.Request().Body())
	if weight < roomForNone {
		return func() {}, nil
	}
	ctx, done := context.WithTimeout(c.UserContext(), roomPatience)
	defer done()
	leave, err = a.room.Enter(ctx, roomCopies*weight)
	if err != nil {
		return leave, models.Unavailable("OVERLOADED", text.M("request.room", "Too many large requests are worked on. Try again in a moment."), time.Second)
	}
	return leave, nil
}
