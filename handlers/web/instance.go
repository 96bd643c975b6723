package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/layout"
	"formrail/views/ui"
	"formrail/views/urls"
)

// instance are the actions on the installation as a whole.
func (s *site) instance() []route.Route {
	return []route.Route{change("/instance/release", route.Right("instance.restore"), s.release)}
}

// held is what those who run the installation read on every page while it is held; nil
// for others.
func (v *viewer) held(ctx context.Context) (*layout.Held, error) {
	since, may := v.site.Engine.Held(), v.access.Can("instance.restore")
	if since.IsZero() || !may && !v.access.Can("execution.operate") {
		return nil, nil //nolint:nilnil // nothing to say is an ordinary answer
	}
	waiting, err := models.HeldExecutions(ctx, v.site.DB.Read())
	return &layout.Held{Since: ui.At(since, v.now), Waiting: waiting, MayRelease: may}, err
}

// release lets an installation that came out of a backup act again.
func (s *site) release(c *fiber.Ctx) error {
	err := s.Engine.Release(c.UserContext(), route.CallerOf(c).Access)
	if err != nil && !models.IsCode(err, "NOT_HELD") { // somebody was faster
		return err
	}
	ctx := c.UserContext()
	said := flash{Title: text.T(ctx, "held.released", "Released"), Text: text.T(ctx, "held.released_text", "What waited goes on now.")}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Home())
}
