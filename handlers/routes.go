package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/middleware"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/static"
)

// ownRoutes are those that belong neither to the API nor to a page.
func (a *App) ownRoutes() []route.Route {
	public := route.Route{
		Method: route.GET, Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Public, Body: route.NoBody, BeforeSetup: true,
	}
	at := func(pattern string, h fiber.Handler) route.Route {
		r := public
		r.Pattern, r.Handler = pattern, h
		return r
	}
	return []route.Route{
		at("/healthz", a.healthy),
		at("/readyz", a.ready),
		at(static.Prefix+"{file...}", file),
		{
			Method: route.GET, Pattern: "/live", Auth: route.Session, Permission: route.Own("topics of one's own"), Scope: route.NoScope,
			CSRF: route.NoCSRF, Rate: route.Stream, Body: route.NoBody, Handler: a.live.open,
		},
	}
}

// healthy says that the process runs.
func (a *App) healthy(c *fiber.Ctx) error { return c.SendString("ok\n") }

// ready says that requests can be answered: the database reads, and nobody has asked
// the process to stop.
func (a *App) ready(c *fiber.Ctx) error {
	if err := a.Ready(c.UserContext()); err != nil {
		return err
	}
	return c.SendString("ready\n")
}

// databaseTime is how long the database may take to say that it is there.
const databaseTime = 2 * time.Second

// Ready says why requests cannot be answered: the server is starting or stopping, or the
// database is away; nil when they can.
func (a *App) Ready(ctx context.Context) error {
	select {
	case <-a.stopping:
		return models.Unavailable("STARTING", text.M("ready.stopping", "The server is stopping. Another one answers soon."), time.Second)
	default:
	}
	if a.starting.Load() {
		return middleware.Starting()
	}
	ctx, done := context.WithTimeout(ctx, databaseTime)
	defer done()
	if _, err := models.HasRoot(ctx, a.deps.DB.Read()); err != nil {
		return models.Unavailable("STARTING", text.M("ready.database", "The database does not answer yet. Try again in a moment."), time.Second).Because(err)
	}
	return nil
}

// file answers one of the embedded files. Its address holds the hash of them all, so
// it may be kept for ever.
func file(c *fiber.Ctx) error {
	data, contentType, ok := static.Open(route.Param(c, "file"))
	if !ok || strings.Contains(route.Param(c, "file"), "..") {
		return models.NotFound()
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(data)
}
