package reply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Problems turns errors into answers. It is the only place that maps a kind of
// error to a status, and it logs each failed request once.
type Problems struct {
	Log  *slog.Logger
	HTML func(c *fiber.Ctx, err *models.Error) error // nil: JSON for everybody
}

// statuses are the status codes of the kinds of errors.
func statuses() map[models.Kind]int {
	return map[models.Kind]int{
		models.KindInternal: 500, models.KindInvalid: 400, models.KindUnauthenticated: 401, models.KindForbidden: 403,
		models.KindNotFound: 404, models.KindMethodNotAllowed: 405, models.KindConflict: 409, models.KindGone: 410,
		models.KindTooLarge: 413, models.KindUnsupported: 415, models.KindMisdirected: 421, models.KindUnprocessable: 422,
		models.KindTooMany: 429, models.KindUnavailable: 503,
	}
}

// Statuses lists the status codes that errors have.
func Statuses() []int { return slices.Sorted(maps.Values(statuses())) }

// StatusOf is the status code of an error.
func StatusOf(err *models.Error) int {
	if s, ok := statuses()[err.Kind]; ok {
		return s
	}
	return fiber.StatusInternalServerError
}

// Answer answers a request with an error. It has the form that Fiber wants of an
// error handler.
func (p *Problems) Answer(c *fiber.Ctx, err error) error {
	e := known(err)
	status := StatusOf(e)
	if e.Code == "BAD_REQUEST" {
		status = statusOfFiber(err)
	}
	p.note(c, e, status)
	headers(c, e)
	if p.HTML != nil && wantsPage(c) {
		if e.Kind == models.KindUnauthenticated && signInFirst(c) {
			return nil
		}
		c.Status(status)
		err := p.HTML(c, e)
		if err == nil {
			return nil
		}
		p.Log.Error("draw error page", "request", route.Of(c).ID, "error", err)
	}
	return Raw(c, status, ProblemBody(c, e))
}

// note logs a request that failed. Addresses, parameters and bodies are not logged:
// the pattern of the route says enough.
func (p *Problems) note(c *fiber.Ctx, e *models.Error, status int) {
	r := route.Of(c)
	pattern := ""
	if r.Route != nil {
		pattern = r.Route.Pattern
	}
	level, attrs := slog.LevelInfo, []any{
		"request", r.ID, "method", c.Method(), "route", pattern, "status", status, "code", e.Code, "principal", principalOf(r),
	}
	if status >= fiber.StatusInternalServerError {
		level, attrs = slog.LevelError, append(attrs, "error", e.Error())
	}
	p.Log.Log(c.UserContext(), level, "request failed", attrs...)
}

func principalOf(r *route.Request) string {
	if r.Caller.Principal.Kind == "" {
		return models.Anonymous().String()
	}
	return r.Caller.Principal.String()
}

// known finds the error that may be shown. What Fiber itself says has a status only.
func known(err error) *models.Error {
	var fromFiber *fiber.Error
	var ours *models.Error
	if errors.As(err, &ours) || !errors.As(err, &fromFiber) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return models.Unavailable("OVERLOADED", text.M("error.deadline", "The server took too long. Try again in a moment."), time.Second).Because(err)
		}
		return models.AsError(err)
	}
	switch fromFiber.Code {
	case fiber.StatusRequestEntityTooLarge:
		return models.NewError(models.KindTooLarge, "BODY_TOO_LARGE", text.M("request.too_large", "The body is larger than this address takes.")).Because(err)
	case fiber.StatusNotFound:
		return models.NotFound()
	case fiber.StatusMethodNotAllowed:
		return MethodNotAllowed()
	case fiber.StatusInternalServerError, fiber.StatusBadGateway:
		return models.AsError(err)
	}
	return models.Invalid("BAD_REQUEST", text.M("request.bad", "The request cannot be read.")).Because(err)
}

// statusOfFiber is the status of a request whose bytes could not be read.
func statusOfFiber(err error) int {
	var e *fiber.Error
	if errors.As(err, &e) && (e.Code == fiber.StatusRequestTimeout || e.Code == fiber.StatusRequestHeaderFieldsTooLarge) {
		return e.Code
	}
	return fiber.StatusBadRequest
}

// MethodNotAllowed refuses a method that an address does not have.
func MethodNotAllowed() *models.Error {
	return models.NewError(models.KindMethodNotAllowed, "METHOD_NOT_ALLOWED", text.M("request.method", "This address has another method. See the header Allow."))
}

// headers says what the status alone does not.
func headers(c *fiber.Ctx, e *models.Error) {
	if e.RetryAfter > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	switch e.Kind {
	case models.KindUnauthenticated:
		if r := route.Of(c).Route; r == nil || r.Rate != route.Webhook { // those say for themselves what they ask for
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		}
	case models.KindMethodNotAllowed:
		if allow := route.Of(c).Allow; len(allow) > 0 {
			c.Set(fiber.HeaderAllow, strings.Join(allow, ", "))
		}
	default:
	}
}

// wantsPage reports whether a person waits in front of a browser.
func wantsPage(c *fiber.Ctx) bool {
	accept, r := c.Get(fiber.HeaderAccept), route.Of(c)
	page := !r.Path.API() && (r.Route == nil || r.Route.Rate != route.Webhook) || r.Route != nil && r.Route.Auth == route.Session
	return page && (c.Get("HX-Request") == "true" || strings.Contains(accept, "text/html") || !strings.Contains(accept, "json"))
}

// signInFirst sends a browser without a session to the sign-in page, and back
// afterwards when it only wanted to read.
func signInFirst(c *fiber.Ctx) bool {
	r := route.Of(c)
	if r.Route == nil || r.Route.Auth != route.Session || r.Route.Rate == route.Stream {
		return false
	}
	to := "/sign-in"
	if c.Method() == fiber.MethodGet && c.Get("HX-Request") != "true" && len(r.Path.Parts) > 0 {
		to += "?" + url.Values{"next": {string(c.Request().URI().RequestURI())}}.Encode()
	}
	return Redirect(c, to) == nil
}

// ProblemBody is the envelope of an error.
func ProblemBody(c *fiber.Ctx, e *models.Error) []byte {
	ctx := c.UserContext()
	data := visible(e.Data, route.CallerOf(c))
	list := entries(ctx, e)
	if first, ok := list[0].(map[string]any); ok && len(data) > 0 && first["code"] != nil {
		first["data"] = data
	}
	out := map[string]any{"errors": list, "requestId": route.Of(c).ID}
	if said, ok := e.Data[messagesKey].([]string); ok && len(said) > 0 {
		out["messages"] = messages(said)
	}
	body, err := field.MarshalJSON(out)
	if err != nil { // data of an error that has no JSON form
		return fmt.Appendf(nil, `{"errors":[{"code":%q,"message":%q}],"requestId":%q}`, e.Code, e.Message.In(ctx), route.Of(c).ID)
	}
	return body
}

// messagesKey is where an error carries messages that came before it.
const messagesKey = "\x00messages"

// After returns the error with the messages that were said before it.
func After(err error, said []string) error {
	if len(said) == 0 {
		return err
	}
	return models.AsError(err).With(messagesKey, said)
}

// entries lists what was wrong: one entry for each finding, or one for the whole.
func entries(ctx context.Context, e *models.Error) []any {
	var out []any
	for _, f := range e.Fields {
		one := map[string]any{"message": f.Message.In(ctx)}
		for name, s := range map[string]string{"code": wireCode(f.Code), "field": f.Field, "path": f.Path} {
			if s != "" {
				one[name] = s
			}
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		out = append(out, map[string]any{"code": e.Code, "message": e.Message.In(ctx)})
	}
	return out
}

// visible leaves out what only those who watch executions may know.
func visible(data map[string]any, caller route.Caller) map[string]any {
	out := map[string]any{}
	for k, v := range data {
		if k == messagesKey || k == "executionId" && !caller.Access.Can("execution.view") {
			continue
		}
		out[k] = v
	}
	return out
}

// wireCode is the code of one finding as callers see it: what is wrong with a value
// has one code, whatever it is; the product itself tells the cases apart.
func wireCode(code string) string {
	switch code {
	case "REQUIRED", "LINK_NOT_FOUND", "INVALID_DATE", "INVALID_LINK", "INVALID_NUMBER", "INVALID_OPTION", "INVALID_TEXT", "INVALID_TYPE",
		"LINE_BREAK", "OUT_OF_RANGE", "PATTERN", "READ_ONLY", "TOO_EARLY", "TOO_LARGE", "TOO_LATE", "TOO_LONG", "TOO_MANY_DIGITS",
		"TOO_SHORT", "TOO_SMALL":
		return "VALIDATION_FAILED"
	}
	return code
}
