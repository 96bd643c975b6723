// Package incoming answers the requests by which other programs start workflows or resume
// their steps: webhooks, endpoints with a contract, callbacks. Who sends them is proved by what the workflow
// asks for; no cookie and, unless the workflow asks for a person, no token of the API is
// looked at.
package incoming

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/engine/inbound"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// The types of triggers that take requests.
const (
	webhook  = "webhook"
	endpoint = "http_request"
)

// largestBody is what any of the workflows may take; unknownBody is what is read for an
// address that none of them has.
const (
	largestBody = 10 << 20
	unknownBody = 1 << 20
)

// door answers the requests. It is safe for concurrent use.
type door struct{ route.Deps }

// Routes are the lines of the table for requests of other programs.
func Routes(deps route.Deps) []route.Route {
	d := &door{deps}
	line := func(method, pattern, typ string, h fiber.Handler) route.Route {
		return route.Route{
			Method: method, Pattern: pattern, Auth: route.Anyone, Permission: route.Open(), Scope: route.NoScope, CSRF: route.NoCSRF, Rate: route.Webhook,
			Body: largestBody, BodyOf: d.bodyOf(typ), TooLarge: d.tooLarge(typ), Handler: h,
		}
	}
	status := line(route.GET, "/api/http:status/{key}/{id}", endpoint, d.status)
	status.Body, status.BodyOf, status.TooLarge = route.NoBody, nil, nil
	secret := status
	secret.Pattern = "/api/http:status/{key}/{id}/{token}"
	return []route.Route{
		line(route.Any, "/api/webhook:trigger/{key}", webhook, d.take(webhook)),
		line(route.Any, "/api/webhook:trigger/{key}/{token}", webhook, d.take(webhook)),
		line(route.Any, "/hooks/{key}", webhook, d.take(webhook)),
		line(route.Any, "/hooks/{key}/{token}", webhook, d.take(webhook)),
		line(route.Any, "/api/http:trigger/{key}", endpoint, d.take(endpoint)),
		line(route.Any, "/api/http:trigger/{key}/{token}", endpoint, d.take(endpoint)),
		status, secret, d.callback(),
	}
}

// bodyOf says, before a byte of the body is read, how large it may be.
func (d *door) bodyOf(typ string) func(route.Match) int {
	return func(m route.Match) int {
		s, err := d.Engine.Served(d.background(), typ, m.Param("key"), m.Param("token"))
		if err != nil {
			return unknownBody
		}
		return s.MaxBody()
	}
}

// tooLarge answers a request whose body was not read: with what would have been said
// before the size was looked at.
func (d *door) tooLarge(typ string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s, err := d.admit(c, typ)
		if err != nil {
			return err
		}
		return d.Engine.Fits(s, s.MaxBody()+1)
	}
}

// admit makes the checks that need nothing but the address and the method.
func (d *door) admit(c *fiber.Ctx, typ string) (*engine.Served, error) {
	r := route.Of(c)
	c.Set(fiber.HeaderContentSecurityPolicy, "sandbox")
	s, err := d.Engine.Served(c.UserContext(), typ, route.Param(c, "key"), route.Param(c, "token"))
	if err != nil {
		return nil, err
	}
	if !s.Takes(c.Method()) {
		r.Allow = s.Methods()
		return nil, reply.MethodNotAllowed()
	}
	return s, d.Engine.Admit(s, c.IP())
}

// take answers a request that is to start a workflow.
func (d *door) take(typ string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		begun := d.Clock.Now()
		if c.Method() == fiber.MethodOptions {
			if done, err := d.preflight(c, typ); done || err != nil {
				return err
			}
		}
		s, err := d.admit(c, typ)
		if err != nil {
			return err
		}
		d.allowOrigin(c, s)
		in := engine.Incoming{Request: requestOf(c), Begun: begun}
		if err := d.Engine.Fits(s, len(in.Body)); err != nil {
			return err
		}
		if in.Proof, in.Person, err = d.prove(c, s, in.Request); err != nil {
			return err
		}
		if s.Contract() {
			in.Wait = preferredWait(c.Get("Prefer"))
			return d.once(c, s, in)
		}
		answer, err := d.Engine.Take(c.UserContext(), s, in)
		return write(c, answer, err)
	}
}

// prove finds out who sends a request.
func (d *door) prove(c *fiber.Ctx, s *engine.Served, r inbound.Request) (inbound.Proof, *models.Access, error) {
	proof, err := d.Engine.Prove(s, r)
	if err != nil {
		return proof, nil, challenged(c, err)
	}
	if !s.Person() {
		return proof, nil, nil
	}
	access, err := d.person(c, s)
	if err != nil {
		return proof, nil, err
	}
	return proof, &access, nil
}

// challenged says in a header how a sender can prove who it is.
func challenged(c *fiber.Ctx, err error) error {
	var e *models.Error
	if !errors.As(err, &e) {
		return err
	}
	plain := *e
	if scheme, _ := e.Data["scheme"].(string); scheme != "" {
		c.Set(fiber.HeaderWWWAuthenticate, scheme)
	}
	plain.Data = nil
	return &plain
}

// person finds the person whose token a request carries, and what he may do now.
func (d *door) person(c *fiber.Ctx, s *engine.Served) (models.Access, error) {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	ctx := c.UserContext()
	p, err := d.DB.Authenticate(ctx, strings.TrimSpace(token))
	if err != nil {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		return models.Access{}, err
	}
	if !p.HasScope("workflows:run") {
		return models.Access{}, scopeMissing()
	}
	access, err := d.DB.AccessOf(ctx, p)
	if err != nil {
		return models.Access{}, err
	}
	roles := []string{p.Role}
	if p.Role == "" {
		if roles, err = d.DB.RolesOf(ctx, p.UserID); err != nil {
			return models.Access{}, err
		}
	}
	if err := s.MayStart(roles); err != nil {
		return models.Access{}, err
	}
	r := route.Of(c)
	r.Caller.Principal, r.Caller.Access = p, access
	return access, nil
}

// requestOf copies what a request says.
func requestOf(c *fiber.Ctx) inbound.Request {
	r := inbound.Request{Method: c.Method(), Address: c.IP(), Query: route.Of(c).Path.Query, Body: c.Request().Body()}
	if r.Method == fiber.MethodHead {
		r.Method = fiber.MethodGet
	}
	for name, value := range c.Request().Header.All() {
		r.Headers = append(r.Headers, inbound.Header{Name: string(name), Value: string(value)})
	}
	return r
}

// preferredWait reads Prefer: wait=10.
func preferredWait(header string) time.Duration {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && strings.EqualFold(strings.TrimSpace(name), "wait") && n > 0 {
			return time.Duration(n) * time.Second
		}
	}
	return 0
}

// kept reports whether no answer may change a header: they keep what is answered from
// acting in a browser, and say where an answer ends.
func kept(name string) bool {
	switch strings.ToLower(name) {
	case "content-security-policy", "x-content-type-options", "set-cookie", "content-length", "transfer-encoding", "connection", "host":
		return true
	}
	return false
}

// write sends an answer.
func write(c *fiber.Ctx, answer engine.Reply, err error) error {
	if answer.Replayed {
		c.Set("Idempotent-Replayed", "true")
	}
	if err != nil {
		return err
	}
	for _, h := range answer.Headers {
		if !kept(h.Name) {
			c.Set(h.Name, h.Value)
		}
	}
	if answer.Type != "" {
		c.Set(fiber.HeaderContentType, answer.Type)
	}
	c.Status(answer.Status)
	if answer.Body == nil || slices.Contains([]int{fiber.StatusNoContent, fiber.StatusNotModified}, answer.Status) {
		return nil
	}
	return c.Send(answer.Body)
}
