package api

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// instanceRoutes are the actions on the installation as a whole. An API token never
// comes here.
func (a *api) instanceRoutes() (out []route.Route) {
	may := route.Right("instance.restore")
	g := group{api: a, at: "/api/instance:", body: readBody}
	for _, lines := range [][]route.Route{
		g.read("get", may, route.NoToken, a.getInstance),
		g.change("release", may, route.NoToken, a.releaseInstance),
	} {
		out = append(out, lines...)
	}
	return out
}

// getInstance says whether the installation is held because it came out of a backup.
func (a *api) getInstance(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	return a.instanceValue(c)
}

// releaseInstance lets an installation that came out of a backup act again.
func (a *api) releaseInstance(c *fiber.Ctx) (reply.Body, error) {
	if err := a.Engine.Release(c.UserContext(), access(c)); err != nil {
		return reply.Body{}, err
	}
	return a.instanceValue(c)
}

func (a *api) instanceValue(c *fiber.Ctx) (reply.Body, error) {
	since := a.Engine.Held()
	waiting, err := models.HeldExecutions(c.UserContext(), a.DB.Read())
	var restoredAt any
	if !since.IsZero() {
		restoredAt = since
	}
	return reply.Body{Data: map[string]any{"held": !since.IsZero(), "restoredAt": restoredAt, "heldExecutions": waiting}}, err
}
