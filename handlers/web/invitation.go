package web

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/views/auth"
	"formrail/views/urls"
)

// showInvitation draws the form on which an invited person chooses a password. Opening
// it does not use the link up.
func (s *site) showInvitation(c *fiber.Ctx) error {
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	return s.drawInvitation(c, fiber.StatusOK, auth.InvitationProps{Token: query.Get("token")})
}

func (s *site) drawInvitation(c *fiber.Ctx, status int, p auth.InvitationProps) error {
	u, err := s.DB.Invited(c.UserContext(), p.Token)
	if err != nil {
		return err
	}
	p.Name, p.Email = u.Nickname, u.Email
	if p.Session, err = s.visitor(c); err != nil {
		return err
	}
	return reply.Status(c, status, auth.Invitation(p), nil)
}

// acceptInvitation uses the link up: password, status and session in one transaction.
func (s *site) acceptInvitation(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, token, password := c.UserContext(), form.Get("token"), form.Get("password")
	if _, err := s.DB.Invited(ctx, token); err != nil {
		return err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	if e := models.AsError(err); err != nil && e.Kind == models.KindInvalid {
		return s.drawInvitation(c, fiber.StatusUnprocessableEntity, auth.InvitationProps{Token: token, Problem: sentence(ctx, e)})
	}
	if err != nil {
		return err
	}
	var started models.Started
	err = s.DB.Write(ctx, "page.invitation", func(tx *models.Tx) error {
		u, err := models.AcceptInvitation(ctx, tx, models.Acceptance{Secret: token, Hash: hash})
		if err != nil {
			return err
		}
		started, err = models.StartSession(ctx, tx, models.NewSession{
			UserID: u.ID, Kind: models.BrowserSession, Address: models.RequestOf(ctx).Address, Agent: c.Get(fiber.HeaderUserAgent), Replaces: s.replaced(c),
		})
		return err
	})
	if err != nil {
		return err
	}
	middleware.SetSession(c, s.Base, started)
	return reply.Redirect(c, urls.Home())
}
