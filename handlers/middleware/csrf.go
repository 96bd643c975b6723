package middleware

import (
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// tokenField is the name of the token in forms; tokenHeader where htmx sends it.
const (
	tokenField  = "_csrf"
	tokenHeader = "X-CSRF-Token"
)

// origin refuses a change by a browser that does not come from a page of ours, or
// that lacks the token of that page.
func (d *Door) origin(c *fiber.Ctx, r *route.Request) error {
	if r.Route.CSRF == route.NoCSRF {
		return nil
	}
	if !d.sameOrigin(c) {
		return models.Forbidden("BAD_CSRF", text.M("signin.origin", "This request came from another site. Open the page here and repeat what you did."))
	}
	token, err := sentToken(c)
	if err != nil {
		return err
	}
	session := models.Session{Hash: models.HashSecret(formCookie(c, d.deps.Base))}
	if r.Route.CSRF == route.Required {
		session = *r.Caller.Session
	}
	return d.deps.DB.CheckCSRF(c.UserContext(), session, token)
}

// sameOrigin trusts what the browser itself says, and the origin when it says
// nothing.
func (d *Door) sameOrigin(c *fiber.Ctx) bool {
	if site := c.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := c.Get(fiber.HeaderOrigin)
	if d.deps.Base.URL() == "" {
		return origin == c.Protocol()+"://"+string(c.Request().Header.Host())
	}
	return d.deps.Base.SameOrigin(origin)
}

func sentToken(c *fiber.Ctx) (string, error) {
	if token := c.Get(tokenHeader); token != "" {
		return token, nil
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return "", err
	}
	return form.Get(tokenField), nil
}

// FormToken gives the token for a form that is filled in before anybody is signed
// in. It is bound to a cookie of its own, which is set when there is none.
func FormToken(c *fiber.Ctx, deps route.Deps) (string, error) {
	secret := formCookie(c, deps.Base)
	if secret == "" {
		secret = models.NewSecret()
		setCookie(c, deps.Base, cookie{name: formName, value: secret})
	}
	return deps.DB.CSRFToken(c.UserContext(), models.Session{Hash: models.HashSecret(secret)})
}
