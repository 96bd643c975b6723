package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/profile"
	"formrail/views/ui"
	"formrail/views/urls"
)

const day = 24 * time.Hour

// showProfile draws the viewer's own page.
func (s *site) showProfile(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawProfile(c, fiber.StatusOK, profile.ProfileProps{New: profile.NewToken{Days: "90"}})
}

func (v *viewer) drawProfile(c *fiber.Ctx, status int, p profile.ProfileProps) error {
	ctx := c.UserContext()
	p.Email = v.user.Email
	var err error
	if p.Sessions, err = v.sessions(ctx); err != nil {
		return err
	}
	if p.Tokens, err = v.tokens(ctx); err != nil {
		return err
	}
	if p.Roles, err = v.roleChoices(ctx); err != nil {
		return err
	}
	p.Role = v.session.ActiveRole
	p.New.Lives = lives(ctx)
	p.New.Scopes = v.scopes(ctx, p.New.Scopes)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, profile.Profile(p), nil)
}

func (v *viewer) sessions(ctx context.Context) ([]profile.SignedIn, error) {
	list, err := v.site.DB.Sessions(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	var out []profile.SignedIn
	for _, s := range list {
		out = append(out, profile.SignedIn{
			ID: s.PublicID, Device: device(ctx, s), Address: s.Address, Last: v.since(s.LastSeenAt), Current: s.Hash == v.session.Hash,
		})
	}
	return out, nil
}

// roleChoices are the roles that the viewer has, whichever he uses now.
func (v *viewer) roleChoices(ctx context.Context) ([]ui.Choice, error) {
	mine, err := v.site.DB.RolesOf(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	all, err := v.site.DB.Roles(ctx)
	if err != nil {
		return nil, err
	}
	var out []ui.Choice
	for _, r := range all {
		if slices.Contains(mine, r.Name) {
			out = append(out, ui.Choice{Value: r.Name, Label: r.Title})
		}
	}
	return out, nil
}

// device says which browser on which system a session belongs to.
func device(ctx context.Context, s models.Session) string {
	if s.Kind == models.APISession {
		return text.T(ctx, "profile.api", "Sign-in through the API")
	}
	first := func(pairs ...string) string {
		for i := 0; i+1 < len(pairs); i += 2 {
			if strings.Contains(s.Agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "Mac", "Linux", "Linux")
	switch {
	case browser == "":
		return text.T(ctx, "profile.unknown_device", "Unknown browser")
	case system == "":
		return browser
	}
	return text.T(ctx, "profile.device", "%s on %s", browser, system)
}

func (v *viewer) tokens(ctx context.Context) ([]profile.Token, error) {
	list, err := v.site.DB.Tokens(ctx, v.user.ID)
	if err != nil {
		return nil, err
	}
	var out []profile.Token
	for _, t := range list {
		if !t.RevokedAt().IsZero() {
			continue
		}
		out = append(out, profile.Token{
			ID: t.ID, Name: t.Name, Scopes: scopeLabels(ctx, t.Scopes), Last: v.since(t.LastUsedAt), Expires: v.since(t.ExpiresAt), Expired: !t.Live(v.now),
		})
	}
	return out, nil
}

// lives are the life times to choose from.
func lives(ctx context.Context) []ui.Choice {
	var out []ui.Choice
	for _, days := range []string{"7", "30", "90", "365"} {
		out = append(out, ui.Choice{Value: days, Label: text.T(ctx, "profile.days", "%s days", days)})
	}
	return out
}

// createToken makes a token and shows its secret this once.
func (s *site) createToken(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	p := profile.ProfileProps{New: profile.NewToken{Name: strings.TrimSpace(form.Get("name")), Days: form.Get("days")}}
	for _, name := range form["scope"] {
		p.New.Scopes = append(p.New.Scopes, profile.Scope{Value: name, Checked: true})
	}
	days, err := strconv.Atoi(p.New.Days)
	if err != nil || days < 1 || days > 365 {
		days, p.New.Days = 90, "90"
	}
	ctx := c.UserContext()
	var secret string
	err = s.DB.Write(ctx, "page.token", func(tx *models.Tx) error {
		var err error
		secret, _, err = models.CreateToken(ctx, tx, v.access, models.NewToken{
			UserID: v.user.ID, Name: p.New.Name, Scopes: form["scope"], Life: time.Duration(days) * day,
		})
		return err
	})
	if err == nil {
		return v.drawProfile(c, fiber.StatusOK, profile.ProfileProps{Created: secret, New: profile.NewToken{Days: "90"}})
	}
	e := models.AsError(err)
	if e.Kind != models.KindInvalid && e.Kind != models.KindForbidden {
		return err
	}
	p.New.Problem = e.Message.In(ctx)
	for _, f := range e.Fields {
		p.New.Problem = f.Message.In(ctx)
	}
	return v.drawProfile(c, fiber.StatusUnprocessableEntity, p)
}

// revokeToken ends one of the viewer's tokens.
func (s *site) revokeToken(c *fiber.Ctx) error {
	return s.end(c, text.M("profile.revoked", "Token revoked"), func(ctx context.Context, tx *models.Tx, v *viewer, id string) error {
		return models.RevokeToken(ctx, tx, v.access, id)
	})
}

// endSession signs the viewer out somewhere else.
func (s *site) endSession(c *fiber.Ctx) error {
	return s.end(c, text.M("profile.signed_out", "Signed out there"), func(ctx context.Context, tx *models.Tx, v *viewer, id string) error {
		return models.EndListedSession(ctx, tx, v.access, id)
	})
}

// end ends something of the viewer's that his page lists.
func (s *site) end(c *fiber.Ctx, said text.Message, how func(context.Context, *models.Tx, *viewer, string) error) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	err = s.DB.Write(ctx, "page.end", func(tx *models.Tx) error { return how(ctx, tx, v, route.Param(c, "id")) })
	if err != nil {
		return err
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: said.In(ctx)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Profile())
}

// setTheme keeps the colours that the viewer likes.
func (s *site) setTheme(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, theme := c.UserContext(), form.Get("theme")
	err = s.DB.Write(ctx, "page.theme", func(tx *models.Tx) error {
		_, err := models.UpdateUser(ctx, tx, v.access, models.UserChange{ID: v.user.ID, Theme: &theme})
		return err
	})
	if err != nil {
		return err
	}
	if reply.Wants(c) {
		return c.SendStatus(fiber.StatusNoContent)
	}
	if from := cameFrom(c); from != "" {
		return reply.Redirect(c, from)
	}
	return reply.Redirect(c, urls.Profile())
}

// switchRole narrows the session to one of the viewer's roles, or widens it again.
func (s *site) switchRole(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, session := c.UserContext(), *route.CallerOf(c).Session
	var started models.Started
	err = s.DB.Write(ctx, "page.role", func(tx *models.Tx) error {
		var err error
		started, err = models.SwitchRole(ctx, tx, session, form.Get("role"))
		return err
	})
	if err != nil {
		return err
	}
	middleware.SetSession(c, s.Base, started)
	return reply.Redirect(c, urls.Home())
}
