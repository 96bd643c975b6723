// Package api is the JSON API. Each file holds the actions of one noun; the table of
// routes says who may come in.
package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// api is what all actions share. It is safe for concurrent use.
type api struct{ route.Deps }

// action is one action of the API: it reads the request, asks, and says what to
// answer.
type action func(c *fiber.Ctx) (reply.Body, error)

// Limits of bodies in bytes.
const (
	readBody   = 64 << 10
	writeBody  = 1 << 20
	designBody = 4 << 20
	peopleBody = 256 << 10
	signInBody = 16 << 10
)

// Routes are the lines of the table that belong to the JSON API.
func Routes(deps route.Deps) []route.Route {
	a := &api{deps}
	return slices.Concat(
		a.recordRoutes(), a.associationRoutes(), a.schemaRoutes(), a.pageRoutes(), a.workflowRoutes(), a.categoryRoutes(), a.executionRoutes(), a.operationRoutes(), a.taskRoutes(),
		a.peopleRoutes(), a.roleRoutes(), a.tokenRoutes(), a.instanceRoutes(), a.authRoutes(), a.feedRoutes(), a.openapiRoutes(),
	)
}

// group are the columns that the lines of one noun share.
type group struct {
	api  *api
	at   string // "/api/workflows:"
	body int    // of changes
}

// read gives the lines of a reading action.
func (g group) read(name string, may route.Permission, scope string, do action) []route.Route {
	return route.Reading(route.Route{
		Pattern: g.at + name, Auth: route.Bearer, Permission: may, Scope: scope, CSRF: route.NoCSRF, Rate: route.Read, Body: readBody,
		Handler: plain(do),
	})
}

// change gives the line of a changing action.
func (g group) change(name string, may route.Permission, scope string, do action) []route.Route {
	return []route.Route{{
		Method: route.POST, Pattern: g.at + name, Auth: route.Bearer, Permission: may, Scope: scope, CSRF: route.NoCSRF, Rate: route.Write,
		Body: g.body, Handler: g.api.once(do),
	}}
}

// secret is change for actions that hear a password or tell a token. They have no
// idempotency: neither a hash of the one nor the other itself may be kept.
func (g group) secret(name string, may route.Permission, scope string, do action) []route.Route {
	lines := g.change(name, may, scope, do)
	lines[0].Handler = plain(do)
	return lines
}

// plain answers with what an action says.
func plain(do action) fiber.Handler {
	return func(c *fiber.Ctx) error {
		body, err := do(c)
		if err != nil {
			return err
		}
		return reply.JSON(c, body)
	}
}

// heavy is change in the class of expensive work.
func (g group) heavy(name string, may route.Permission, scope string, do action) []route.Route {
	lines := g.change(name, may, scope, do)
	lines[0].Rate = route.Heavy
	return lines
}

// access are the rights of the caller.
func access(c *fiber.Ctx) models.Access { return route.CallerOf(c).Access }

// listOf turns a list into what the envelope holds, never null.
func listOf[T any](list []T, value func(T) any) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = value(e)
	}
	return out
}

// texts is a list of texts as the envelope holds it.
func texts[T ~string](list []T) []any {
	return listOf(list, func(s T) any { return string(s) })
}

// timeOf is an instant as the API writes it; null for never.
func timeOf(m models.Millis) any {
	if m <= 0 {
		return nil
	}
	return m.Time()
}

// numberOf is an id, null for none.
func numberOf(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// textOf is a text, null for an empty one.
func textOf(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// done is the answer of an action that has nothing to say.
func done() (reply.Body, error) { return reply.Body{Data: map[string]any{"ok": true}}, nil }

// pathKey is the address of a request in its one spelling.
func pathKey(c *fiber.Ctx) string { return strings.Join(route.Of(c).Path.Parts, "/") }
