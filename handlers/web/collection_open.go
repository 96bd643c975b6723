package web

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/collections"
	"formrail/views/ui"
	"formrail/views/urls"
)

// usableBy says which roles may use the records of a collection, and whether they can be
// opened to everybody.
func (v collectionView) usableBy(ctx context.Context, p *collections.SettingsProps) error {
	roles, err := v.site.DB.Roles(ctx)
	if err != nil {
		return err
	}
	var titles []string
	open := false
	for _, r := range roles {
		has := slices.ContainsFunc(models.Actions(), func(a models.Action) bool { return len(r.Effective().On(v.on.Name, a)) > 0 })
		if has {
			titles = append(titles, r.Title)
		}
		open = open || has && r.Name == models.RoleMember
	}
	p.Access = text.T(ctx, "collections.used_by_roles", "People with one of these roles: %s.", strings.Join(titles, ", "))
	if open {
		p.Access = text.T(ctx, "collections.used_by_all", "Everybody who is signed in, each as their roles say.")
	}
	p.CanOpen = !open && v.access.Can("role.manage")
	return nil
}

// openCollection lets everybody use the records of a collection.
func (s *site) openCollection(c *fiber.Ctx) error {
	v, err := s.changeable(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if err := v.access.Require("role.manage"); err != nil {
		return err
	}
	if err := s.openToEveryone(ctx, v.access, v.on.Name); err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "collections.opened", "Everybody may use the records of “%s” now", v.on.Title)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.CollectionSettings(v.on.Name))
}
