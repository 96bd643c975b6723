package web

import (
	"math"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/views/auth"
	"formrail/views/urls"
)

// afterSignIn is where to go when nobody asked for a certain page.
func afterSignIn(next string) string {
	if localPath(next) {
		return next
	}
	return urls.Home()
}

// showSignIn draws the sign-in form; people who are signed in go on at once.
func (s *site) showSignIn(c *fiber.Ctx) error {
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	next := query.Get("next")
	secret := middleware.SessionCookie(c, s.Base)
	if secret != "" {
		if _, err := s.DB.SessionBy(c.UserContext(), models.BrowserSession, secret); err == nil {
			return reply.Redirect(c, afterSignIn(next))
		}
	}
	session, err := s.visitor(c)
	if err != nil {
		return err
	}
	return reply.View(c, auth.SignIn(auth.SignInProps{Session: session, Next: next}), nil)
}

// signIn checks a password and starts a session under a new id.
func (s *site) signIn(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	in := models.SignIn{
		Account: form.Get("email"), Password: form.Get("password"), Kind: models.BrowserSession, Stay: form.Get("stay") == "true",
		Agent: c.Get(fiber.HeaderUserAgent), Replaces: s.replaced(c),
	}
	started, err := s.Passwords.SignIn(c.UserContext(), in)
	if err == nil {
		middleware.SetSession(c, s.Base, started)
		return reply.Redirect(c, afterSignIn(form.Get("next")))
	}
	e := models.AsError(err)
	if e.Kind != models.KindUnauthenticated && e.Kind != models.KindTooMany && e.Kind != models.KindUnavailable {
		return err
	}
	session, err := s.visitor(c)
	if err != nil {
		return err
	}
	p := auth.SignInProps{Session: session, Email: in.Account, Stay: in.Stay, Next: form.Get("next"), Problem: e.Message.In(c.UserContext())}
	if e.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	status := reply.StatusOf(e)
	if e.Kind == models.KindUnauthenticated {
		status = fiber.StatusUnprocessableEntity
	}
	return reply.Status(c, status, auth.SignIn(p), nil)
}

// replaced is the session that the browser had before, which ends with the new one.
func (s *site) replaced(c *fiber.Ctx) string {
	if secret := middleware.SessionCookie(c, s.Base); secret != "" {
		return models.HashSecret(secret)
	}
	return ""
}

// signOut ends the session here and on the server.
func (s *site) signOut(c *fiber.Ctx) error {
	session := *route.CallerOf(c).Session
	err := s.DB.Write(c.UserContext(), "page.sign_out", func(tx *models.Tx) error {
		return models.SignOut(c.UserContext(), tx, session)
	})
	if err != nil {
		return err
	}
	middleware.ClearSession(c, s.Base)
	return reply.Redirect(c, urls.SignIn())
}

// showDemo asks before a one-time link is used up, so that programs which only look
// at links do not sign in.
func (s *site) showDemo(c *fiber.Ctx) error {
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if err := s.DB.PeekLink(c.UserContext(), models.DemoLink, query.Get("token")); err != nil {
		return err
	}
	session, err := s.visitor(c)
	if err != nil {
		return err
	}
	return reply.View(c, auth.Demo(auth.DemoProps{Session: session, Token: query.Get("token")}), nil)
}

// demo uses a one-time link up and signs its person in.
func (s *site) demo(c *fiber.Ctx) error {
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	var started models.Started
	ctx := c.UserContext()
	err = s.DB.Write(ctx, "page.demo", func(tx *models.Tx) error {
		id, err := models.UseLink(ctx, tx, models.DemoLink, form.Get("token"))
		if err != nil {
			return err
		}
		started, err = models.StartSession(ctx, tx, models.NewSession{
			UserID: id, Kind: models.BrowserSession, Address: models.RequestOf(ctx).Address, Agent: c.Get(fiber.HeaderUserAgent), Replaces: s.replaced(c),
		})
		if err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: models.Person(id, ""), Action: "signin", ObjectType: "user", Reason: "demo link"})
	})
	if err != nil {
		return err
	}
	middleware.SetSession(c, s.Base, started)
	return reply.Redirect(c, urls.Home())
}
