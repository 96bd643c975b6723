package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// callbackRoutes are the addresses of steps that wait for calls from outside. Whoever
// knows one may call it.
func (a *api) callbackRoutes() []route.Route {
	return []route.Route{{
		Method: route.POST, Pattern: "/api/callback:resume/{token}", Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Public, Body: writeBody, Handler: plain(a.callBack),
	}}
}

func (a *api) callBack(c *fiber.Ctx) (reply.Body, error) {
	body, err := bind.JSON(c)
	if err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	return reply.Body{Data: map[string]any{"received": true}}, a.Engine.CallBack(ctx, engine.CalledBack{
		Token: route.Param(c, "token"), Body: body, RequestID: models.RequestOf(ctx).ID,
	})
}
