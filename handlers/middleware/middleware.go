// Package middleware is what stands between a request and its handler: one list of
// steps, written once, in order. A step that returns an error ends the request.
package middleware

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"

	"formrail/engine/tracing"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// Step is one check on the way to the handler.
type Step func(c *fiber.Ctx, r *route.Request) error

// Door decides who comes in.
type Door struct {
	deps  route.Deps
	table *route.Table
	hosts []string // beside that of the base address
	rates *rates
	setUp atomic.Bool // there is a first administrator; that never changes back
}

// New makes the door of an application. hosts are further names it may be asked by.
func New(deps route.Deps, table *route.Table, hosts []string) *Door {
	return &Door{deps: deps, table: table, hosts: hosts, rates: newRates(deps.Clock)}
}

// Steps are all checks in order, with what each relies on.
func (d *Door) Steps() []Step {
	return []Step{
		framing,    // the bytes are one request, whoever counts them
		d.address,  // the address is written in its one way and names a line of the table
		d.started,  // what stands behind the handlers works
		d.host,     // the request is meant for this installation
		d.isSetUp,  // nothing works before there is an administrator
		isFound,    // from here on there is a line of the table
		d.rate,     // before anything is looked up
		d.identify, // a cookie or a token, never both
		d.narrow,   // X-Role can only take away
		zone,       // dates without offset are read in it
		d.rights,   // as they are now, on every request
		d.permit,   // scope of the token, right of the route
		d.origin,   // a change comes from our own page
	}
}

// Begin gives a request its id and makes the context that goes down to models and
// engine. It comes before all steps and never fails.
func (d *Door) Begin(c *fiber.Ctx) *route.Request {
	r := &route.Request{ID: requestID(c.Get(fiber.HeaderXRequestID)), Caller: route.Caller{Principal: models.Anonymous()}}
	route.Attach(c, r)
	c.Set(fiber.HeaderXRequestID, r.ID)
	d.headers(c)
	sent := trace(c.Get(tracing.Header))
	r.Span = d.deps.Tracer.Begin(sent, "request", tracing.Server, d.deps.Clock.Now())
	ctx := models.WithRequest(context.Background(), models.Request{ID: r.ID, Address: c.IP(), Trace: cmp.Or(r.Span.Traceparent(), sent)})
	if language := language(c.Get("X-Locale"), c.Get(fiber.HeaderAcceptLanguage)); language != "" {
		ctx = text.WithLocale(ctx, language)
	}
	c.SetUserContext(ctx)
	return r
}

var requestForm = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// requestID keeps the id a caller has chosen, when it has the right form.
func requestID(sent string) string {
	if requestForm.MatchString(sent) {
		return sent
	}
	return models.NewID()
}

// policy is the content security policy of every answer.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers sets what every answer carries. A handler may allow caching again.
func (d *Door) headers(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set(fiber.HeaderPermissionsPolicy, "")
	c.Set(fiber.HeaderCacheControl, "no-store")
	if d.deps.Base.Secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}

// isFound refuses unknown addresses, and known ones under another method.
func isFound(_ *fiber.Ctx, r *route.Request) error {
	switch {
	case r.Route != nil:
		return nil
	case len(r.Allow) > 0:
		return reply.MethodNotAllowed()
	}
	return models.NotFound()
}

// isSetUp refuses everything but the set-up page while there is no administrator.
func (d *Door) isSetUp(c *fiber.Ctx, r *route.Request) error {
	if d.setUp.Load() || r.Route != nil && r.Route.BeforeSetup {
		return nil
	}
	done, err := models.HasRoot(c.UserContext(), d.deps.DB.Read())
	if err != nil {
		return err
	}
	if !done {
		return models.Unavailable("SETUP_REQUIRED",
			text.M("setup.required", "Formrail is not set up yet. Open the link that the server printed when it started."), setupRetry)
	}
	d.setUp.Store(true)
	return nil
}

// permit asks for the scope of a token and for the right that the line names.
func (d *Door) permit(c *fiber.Ctx, r *route.Request) error {
	name := r.Param("collection")
	if name != "" {
		cat, err := d.deps.DB.Catalog(c.UserContext())
		if err != nil {
			return err
		}
		on, ok := cat.Collection(name)
		if !ok {
			return models.NotFound()
		}
		name = on.Name
	}
	caller := r.Caller
	if err := checkScope(caller.Principal, r.Route, name); err != nil {
		return err
	}
	switch want := r.Route.Permission; {
	case want.Holds(caller.Access, name):
		return nil
	case want.Right != "":
		return d.require(c, caller.Access, want.Right)
	}
	return models.NoPermission()
}

// require asks for a system right; a refusal is audited.
func (d *Door) require(c *fiber.Ctx, access models.Access, right string) error {
	refusal := access.Require(right)
	if refusal == nil {
		return nil
	}
	err := d.deps.DB.AuditRefusal(c.UserContext(), models.AuditEntry{Principal: access.Principal, Action: "refused", ObjectType: "right", ObjectID: right})
	if err != nil {
		d.deps.Log.Warn("audit refusal", "error", err)
	}
	return refusal
}

func checkScope(p models.Principal, r *route.Route, collection string) error {
	switch {
	case r.Admits(p, collection):
		return nil
	case r.Scope == route.NoToken:
		return scopeMissing(text.M("token.refused", "API tokens cannot be used for this. Sign in instead."))
	}
	return scopeMissing(text.M("token.scope_missing", "The token lacks the scope %s.", r.ScopeOn(collection)))
}

func scopeMissing(m text.Message) *models.Error { return models.Forbidden("SCOPE_MISSING", m) }

// host refuses requests that were meant for somebody else.
func (d *Door) host(c *fiber.Ctx, r *route.Request) error {
	host := string(c.Request().Header.Host())
	if d.deps.Base.Host() == "" || d.deps.Base.Is(host) || probes(r) || slices.Contains(d.hosts, host) {
		return nil
	}
	return models.NewError(models.KindMisdirected, "MISDIRECTED", text.M("request.host", "This server does not answer under this name."))
}
