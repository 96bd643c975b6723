package incoming

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// once starts a workflow with a contract. With an Idempotency-Key, a repeat gets the
// answer of the first request.
func (d *door) once(c *fiber.Ctx, s *engine.Served, in engine.Incoming) error {
	ctx := c.UserContext()
	sent := c.Get("Idempotency-Key")
	if sent == "" || c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
		answer, err := d.Engine.Take(ctx, s, in)
		return write(c, answer, err)
	}
	key := models.IdempotencyKey{
		Principal: endpoint + ":" + s.Key, Method: c.Method(), Path: engine.ServedPath(endpoint, s.Key), Key: sent,
		ContentHash: models.ContentHash(in.Query, in.Body),
	}
	if in.Person != nil {
		key.Principal = in.Person.Principal.String() + "/" + in.Person.Principal.Role
	}
	answer, known, end, err := d.Keyed.Begin(ctx, key)
	if err != nil {
		return err
	}
	if end != nil {
		defer end()
	}
	if known {
		first, err := d.Engine.Again(ctx, s, answer.Result)
		return write(c, first, err)
	}
	in.Idem = &key
	started, err := d.Engine.Take(ctx, s, in)
	return write(c, started, err)
}

// status tells who started an execution how it stands.
func (d *door) status(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, "sandbox")
	s, err := d.Engine.Served(c.UserContext(), endpoint, route.Param(c, "key"), route.Param(c, "token"))
	if err != nil {
		return err
	}
	d.allowOrigin(c, s)
	if err := d.Engine.Admit(s, c.IP()); err != nil {
		return err
	}
	_, person, err := d.prove(c, s, requestOf(c))
	if err != nil {
		return err
	}
	answer, err := d.Engine.StatusOf(c.UserContext(), s, route.Param(c, "id"), person)
	return write(c, answer, err)
}

// preflight answers a browser that asks whether a page of a listed site may call.
func (d *door) preflight(c *fiber.Ctx, typ string) (done bool, err error) {
	s, err := d.Engine.Served(c.UserContext(), typ, route.Param(c, "key"), route.Param(c, "token"))
	if err != nil {
		return false, err
	}
	if s.Origin(c.Get(fiber.HeaderOrigin)) == "" || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		return false, nil
	}
	d.allowOrigin(c, s)
	c.Set(fiber.HeaderAccessControlAllowMethods, strings.Join(s.Methods(), ", "))
	c.Set(fiber.HeaderAccessControlAllowHeaders, strings.Join(append([]string{"Content-Type", "Authorization", "Idempotency-Key", "Prefer"}, s.OwnHeaders()...), ", "))
	c.Set(fiber.HeaderAccessControlMaxAge, "600")
	return true, c.SendStatus(fiber.StatusNoContent)
}

// allowOrigin lets pages of listed sites read the answer.
func (d *door) allowOrigin(c *fiber.Ctx, s *engine.Served) {
	origin := s.Origin(c.Get(fiber.HeaderOrigin))
	if origin == "" {
		return
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	c.Vary(fiber.HeaderOrigin)
	c.Set(fiber.HeaderAccessControlExposeHeaders, "Location, Idempotent-Replayed, Retry-After")
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

func (d *door) background() context.Context { return context.Background() }

func scopeMissing() *models.Error {
	return models.Forbidden("SCOPE_MISSING", text.M("serve.scope", "The token lacks the scope %s.", "workflows:run"))
}
