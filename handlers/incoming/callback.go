package incoming

import (
	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/route"
	"formrail/models"
)

// callbackBody is the size of the largest body of a call to a step.
const callbackBody = 1 << 20

// callback is the line of the addresses of steps that wait for calls from outside. Who
// knows one may call it, if it proves what the step asks for.
func (d *door) callback() route.Route {
	return route.Route{
		Method: route.POST, Pattern: "/api/callback:resume/{token}", Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Webhook, Body: callbackBody, Handler: d.callBack,
	}
}

func (d *door) callBack(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, "sandbox")
	ctx := c.UserContext()
	answer, err := d.Engine.CallBack(ctx, engine.CalledBack{Request: requestOf(c), Token: route.Param(c, "token"), RequestID: models.RequestOf(ctx).ID})
	return write(c, answer, challenged(c, err))
}
