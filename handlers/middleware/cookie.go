package middleware

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
)

// Names of the cookies. Under https they carry a prefix by which browsers make sure
// that only this host has set them.
const (
	sessionName = "session"
	formName    = "form"
	hostPrefix  = "__Host-"
)

func cookieName(base *route.Base, name string) string {
	if base.Secure() {
		return hostPrefix + name
	}
	return name
}

type cookie struct {
	name, value string
	life        time.Duration // 0: until the browser closes; negative: remove it
}

func setCookie(c *fiber.Ctx, base *route.Base, set cookie) {
	out := &fiber.Cookie{
		Name: cookieName(base, set.name), Value: set.value, Path: "/", Secure: base.Secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	}
	switch {
	case set.life > 0:
		out.MaxAge = int(set.life.Seconds())
	case set.life < 0:
		out.Expires = time.Unix(1, 0)
	default:
		out.SessionOnly = true
	}
	c.Cookie(out)
}

// SetSession gives the browser a session.
func SetSession(c *fiber.Ctx, base *route.Base, s models.Started) {
	var life time.Duration
	if s.Session.Stay == 1 {
		life = s.Session.ExpiresAt.Time().Sub(s.Session.CreatedAt.Time())
	}
	setCookie(c, base, cookie{name: sessionName, value: s.Secret, life: life})
}

// ClearSession takes the session from the browser, with everything it has kept.
func ClearSession(c *fiber.Ctx, base *route.Base) {
	setCookie(c, base, cookie{name: sessionName, life: -1})
	c.Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
}

// SessionCookie is the secret that the browser sends; empty when it sends none.
func SessionCookie(c *fiber.Ctx, base *route.Base) string {
	return c.Cookies(cookieName(base, sessionName))
}

func formCookie(c *fiber.Ctx, base *route.Base) string {
	return c.Cookies(cookieName(base, formName))
}
