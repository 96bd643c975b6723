package web

import (
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/auth"
	"formrail/views/errorpages"
	"formrail/views/layout"
)

// problem draws a refusal for a person. Under htmx it is one message, for the place
// where the answer was expected.
func (s *site) problem(c *fiber.Ctx, e *models.Error) error {
	status, session := c.Response().StatusCode(), s.plainSession(c)
	page := s.problemPage(c, e, session)
	if reply.Wants(c) {
		p := problemProps(c, e)
		return reply.Fragment(c, status, errorpages.ProblemAlert(p))
	}
	return reply.Fragment(c, status, page)
}

func (s *site) problemPage(c *fiber.Ctx, e *models.Error, session layout.Session) templ.Component {
	switch {
	case e.Code == "SETUP_REQUIRED":
		return auth.SetupRequired(session)
	case e.Kind == models.KindNotFound:
		return errorpages.NotFound(session)
	case e.Kind == models.KindForbidden && e.Code == "NO_PERMISSION":
		return errorpages.Forbidden(session)
	case e.Kind == models.KindInternal:
		p := errorpages.ServerErrorProps{Session: session, RequestID: route.Of(c).ID}
		if c.Method() == fiber.MethodGet {
			p.Retry = string(c.Request().URI().RequestURI())
		}
		return errorpages.ServerError(p)
	}
	p := problemProps(c, e)
	p.Session = session
	return errorpages.Problem(p)
}

// problemProps says what happened and where to go back to.
func problemProps(c *fiber.Ctx, e *models.Error) errorpages.ProblemProps {
	ctx := c.UserContext()
	p := errorpages.ProblemProps{Title: text.T(ctx, "error.refused", "This did not work"), Text: e.Message.In(ctx), Back: cameFrom(c)}
	for _, f := range e.Fields {
		if said := f.Message.In(ctx); !strings.Contains(p.Text, said) {
			p.Text += " " + said
		}
	}
	switch e.Kind {
	case models.KindConflict:
		p.Title = text.T(ctx, "error.conflict", "Something changed meanwhile")
	case models.KindForbidden:
		p.Title = text.T(ctx, "error.forbidden_heading", "You may not do this")
	case models.KindGone:
		p.Title = text.T(ctx, "error.gone", "This link has ended")
	case models.KindTooMany:
		p.Title = text.T(ctx, "error.too_many", "Too many attempts")
	case models.KindUnavailable:
		p.Title = text.T(ctx, "error.unavailable", "Not available right now")
	case models.KindMethodNotAllowed:
		p.Title = text.T(ctx, "error.not_found_heading", "This page has moved on")
	case models.KindInternal:
		p.Title = text.T(ctx, "error.server_heading", "Something went wrong on our side")
	default:
	}
	return p
}

// cameFrom is the page of ours that a form was sent from; empty when unknown.
func cameFrom(c *fiber.Ctx) string {
	from, err := url.Parse(c.Get(fiber.HeaderReferer))
	if err != nil || from.Host != string(c.Request().Header.Host()) || !localPath(from.RequestURI()) {
		return ""
	}
	return from.RequestURI()
}

// plainSession is the frame of pages that stand alone: without navigation, which an
// error may have kept from being read.
func (s *site) plainSession(c *fiber.Ctx) layout.Session {
	caller := route.CallerOf(c)
	if caller.Session == nil {
		return layout.Session{}
	}
	u, err := models.UserByID(c.UserContext(), s.DB.Read(), caller.UserID())
	if err != nil {
		return layout.Session{}
	}
	return layout.Session{Theme: u.Theme, Locale: u.Locale}
}

// visitor is the frame of pages before signing in, with the token of their form.
func (s *site) visitor(c *fiber.Ctx) (layout.Session, error) {
	token, err := middleware.FormToken(c, s.Deps)
	return layout.Session{CSRF: token, Flash: s.heard(c)}, err
}
