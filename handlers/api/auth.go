package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// authRoutes are signing in and out. They set no cookie: the token goes into the
// Authorization header.
func (a *api) authRoutes() (out []route.Route) {
	own := route.Own("his own sign-in")
	out = append(out, route.Route{
		Method: route.POST, Pattern: "/api/auth:signIn", Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.SignIn, Body: signInBody, Handler: plain(a.signIn),
	})
	g := group{api: a, at: "/api/auth:", body: signInBody}
	for _, lines := range [][]route.Route{
		g.read("check", own, route.AnyScope, a.checkAuth),
		g.change("signOut", own, route.NoToken, a.signOut),
		g.secret("changePassword", own, route.NoToken, a.changePassword),
	} {
		out = append(out, lines...)
	}
	return out
}

func (a *api) signIn(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.SignIn{Account: p.Raw("account"), Password: p.Raw("password"), Stay: p.Flag("stay", false), Kind: models.APISession, Agent: c.Get(fiber.HeaderUserAgent)}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	started, err := a.Passwords.SignIn(c.UserContext(), in)
	if err != nil {
		return reply.Body{}, err
	}
	return a.startedReply(c, started)
}

// startedReply gives a new token with whom it is for.
func (a *api) startedReply(c *fiber.Ctx, s models.Started) (reply.Body, error) {
	u, err := models.UserByID(c.UserContext(), a.DB.Read(), s.Session.UserID)
	return reply.Body{Data: map[string]any{
		"token": s.Secret, "expiresAt": timeOf(s.Session.ExpiresAt), "user": meValue(u), "role": textOf(s.Session.ActiveRole),
	}}, err
}

// meValue is a person as he sees himself.
func meValue(u models.User) map[string]any {
	return map[string]any{
		"id": u.ID, "username": u.Username, "nickname": u.Nickname, "email": u.Email, "locale": u.Locale, "timeZone": textOf(u.TimeZone),
		"defaultRole": u.DefaultRole,
	}
}

func (a *api) checkAuth(c *fiber.Ctx) (reply.Body, error) {
	p := route.CallerOf(c).Principal
	u, err := models.UserByID(c.UserContext(), a.DB.Read(), p.UserID)
	if err != nil {
		return reply.Body{}, err
	}
	roles, err := a.DB.RolesOf(c.UserContext(), p.UserID)
	out := map[string]any{"principal": p.String(), "user": meValue(u), "role": textOf(p.Role), "roles": texts(roles)}
	if p.Scopes != nil {
		out["scopes"] = texts(p.Scopes)
	}
	return reply.Body{Data: out}, err
}

// session is the sign-in that a bearer token stands for.
func (a *api) session(c *fiber.Ctx) (models.Session, error) {
	_, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	return a.DB.SessionBy(c.UserContext(), models.APISession, strings.TrimSpace(token))
}

func (a *api) signOut(c *fiber.Ctx) (reply.Body, error) {
	s, err := a.session(c)
	if err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	if err := a.DB.Write(ctx, "session.end", func(tx *models.Tx) error { return models.SignOut(ctx, tx, s) }); err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) changePassword(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := models.NewPassword{Current: p.Raw("current"), New: p.Raw("new")}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if in.Session, err = a.session(c); err != nil {
		return reply.Body{}, err
	}
	started, err := a.Passwords.Change(c.UserContext(), in)
	if err != nil {
		return reply.Body{}, err
	}
	return a.startedReply(c, started)
}

// switchRole narrows the sign-in to one of the person's roles, or to none with an
// empty name. The token is a new one.
func (a *api) switchRole(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	role := p.Raw("role")
	if !p.Has("role") {
		return reply.Body{}, badParameter("role", text.M("role.missing", "Name the role, or send an empty one for all your roles."))
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	s, err := a.session(c)
	if err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	var started models.Started
	err = a.DB.Write(ctx, "session.role", func(tx *models.Tx) error {
		started, err = models.SwitchRole(ctx, tx, s, role)
		return err
	})
	if err != nil {
		return reply.Body{}, err
	}
	return a.startedReply(c, started)
}
