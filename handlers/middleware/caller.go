package middleware

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// identify finds out who calls. A route looks at a cookie or at a token, never at
// both, so a page on another site cannot use one for the other.
func (d *Door) identify(c *fiber.Ctx, r *route.Request) error {
	switch r.Route.Auth {
	case route.Session:
		s, err := d.deps.DB.SessionBy(c.UserContext(), models.BrowserSession, SessionCookie(c, d.deps.Base))
		if err != nil {
			return err
		}
		r.Caller.Session, r.Caller.Principal = &s, s.Principal()
	case route.Bearer:
		token, err := bearer(c, r)
		if err != nil {
			return err
		}
		if r.Caller.Principal, err = d.deps.DB.Authenticate(c.UserContext(), token); err != nil {
			r.Caller.Principal = models.Anonymous()
			return err
		}
	default: // whoever calls stays unknown
	}
	return nil
}

// bearer takes the token out of the header; empty when there is none.
func bearer(c *fiber.Ctx, r *route.Request) (string, error) {
	sent := c.Request().Header.PeekAll(fiber.HeaderAuthorization)
	if len(sent) == 0 {
		query, err := bind.ReadQuery(r.Path.Query)
		if err != nil {
			return "", err
		}
		if query.Has("token") || query.Has("access_token") {
			return "", models.NewError(models.KindUnauthenticated, "TOKEN_IN_QUERY",
				text.M("token.in_query", "Send the token in the header Authorization, not in the address: addresses end up in logs."))
		}
		return "", nil
	}
	scheme, token, _ := strings.Cut(string(sent[0]), " ")
	if len(sent) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return "", models.NewError(models.KindUnauthenticated, "INVALID_TOKEN", text.M("token.scheme", "Send one header Authorization: Bearer and the token."))
	}
	return strings.TrimSpace(token), nil
}

// narrow lets a caller act as one of his roles only. A role he does not have is
// refused when his rights are looked up, never replaced by another one.
func (d *Door) narrow(c *fiber.Ctx, r *route.Request) error {
	sent := c.Request().Header.PeekAll("X-Role")
	if len(sent) == 0 || r.Route.Auth == route.Anyone {
		return nil
	}
	role, p := string(sent[0]), &r.Caller.Principal
	fixed := p.Role != "" && p.Kind == models.TokenPrincipal
	if len(sent) > 1 || role == "" || fixed && role != p.Role {
		return models.Forbidden("ROLE_NOT_ALLOWED", text.M("signin.role", "You do not have this role. Choose one of your own."))
	}
	p.Role = role
	return nil
}

// zone reads the zone of dates without offset.
func zone(c *fiber.Ctx, r *route.Request) error {
	name := c.Get("X-Timezone")
	if name == "" {
		return nil
	}
	at, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return models.Invalid("BAD_PARAMETER", text.M("request.zone", "X-Timezone must be the name of a zone such as Europe/Stockholm."))
	}
	r.Zone = at
	return nil
}

// rights looks up what the caller may do. What a token may do is what its owner may
// do now and its scopes allow: both bound everything behind the handler as well,
// such as what is read along a link.
func (d *Door) rights(c *fiber.Ctx, r *route.Request) error {
	p := r.Caller.Principal
	access, err := d.deps.DB.AccessOf(c.UserContext(), p)
	if err != nil {
		return err
	}
	if p.Kind == models.TokenPrincipal && !slices.Contains(ownersRights(), r.Route.Scope) {
		if access.Layers, err = d.deps.DB.AccessOfCause(c.UserContext(), models.CauseOf(p), nil); err != nil {
			return err
		}
	}
	r.Caller.Access = access
	return nil
}

// ownersRights are scopes that are about things no right on records stands for:
// people, and definitions of workflows, which may do what their publisher may.
func ownersRights() []string {
	return []string{route.AnyScope, "users:read", "workflows:read", "workflows:write"}
}
