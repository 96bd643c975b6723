package api

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime/debug"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/openapi"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models/field"
	"formrail/models/text"
)

// openapiRoutes are the description of the API itself.
func (a *api) openapiRoutes() []route.Route {
	return []route.Route{{
		Method: route.GET, Pattern: "/api/openapi.json", Auth: route.Bearer, Permission: route.Own("what he may use"), Scope: route.AnyScope,
		CSRF: route.NoCSRF, Rate: route.Read, Body: route.NoBody, Handler: a.describeAPI,
	}}
}

// describeAPI answers with the OpenAPI document of what the caller may use. Its ETag
// changes with the catalogue, his rights, and the program.
func (a *api) describeAPI(c *fiber.Ctx) error {
	ctx, caller := c.UserContext(), route.CallerOf(c)
	cat, err := a.DB.Catalog(ctx)
	if err != nil {
		return err
	}
	served, err := a.Engine.Contracts(ctx, caller.Access)
	if err != nil {
		return err
	}
	build := program()
	rights, err := field.MarshalJSON([]any{a.DB.WorkflowsVersion(), caller.Access.Layers, caller.Principal.Kind, caller.Principal.Scopes, text.Locale(ctx), a.Base.URL(), build.String()})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(rights)
	c.Set(fiber.HeaderETag, `"`+strconv.FormatInt(cat.Version, 10)+"-"+hex.EncodeToString(sum[:12])+`"`)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Vary(fiber.HeaderAuthorization, "X-Role", "X-Locale")
	if c.Fresh() {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	d := openapi.Describe(openapi.Source{Catalog: cat, Routes: a.Routes(), Caller: caller, Served: served})
	body, err := field.MarshalJSON(d.Document(ctx, a.Base.URL(), build.Main.Version))
	if err != nil {
		return err
	}
	return reply.Raw(c, fiber.StatusOK, body)
}

// program is what the build says about itself.
func program() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info
	}
	return &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}
}
