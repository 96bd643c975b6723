package middleware

import (
	"bytes"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// setupRetry is when to look again whether somebody has set the server up.
const setupRetry = 30 * time.Second

// framing refuses requests whose end two servers could see at different places.
func framing(c *fiber.Ctx, _ *route.Request) error {
	if ambiguous(c.Request().Header.RawHeaders()) {
		return models.Invalid("BAD_REQUEST", text.M("request.framing", "The request says in two ways how long it is."))
	}
	return nil
}

// ambiguous reports whether raw headers give the length of the body in two ways, or
// have line breaks that other servers would read in another way.
func ambiguous(raw []byte) bool {
	var length, encoding int
	if bytes.Count(raw, []byte("\n")) != bytes.Count(raw, []byte("\r\n")) || bytes.Count(raw, []byte("\r")) != bytes.Count(raw, []byte("\r\n")) {
		return true
	}
	for line := range bytes.SplitSeq(raw, []byte("\n")) {
		name, _, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			return true
		case bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Length")):
			length++
		case bytes.EqualFold(bytes.TrimSpace(name), []byte("Transfer-Encoding")):
			encoding++
		}
	}
	return length > 0 && encoding > 0 || length > 1 || encoding > 1
}

// address reads the path and finds its line in the table.
func (d *Door) address(c *fiber.Ctx, r *route.Request) error {
	path, err := route.ParsePath(string(c.Request().Header.RequestURI()))
	if err != nil {
		return err
	}
	r.Path, r.Match = path, d.table.Find(c.Method(), path)
	return nil
}

// probes reports whether a request asks how the server is.
func probes(r *route.Request) bool {
	return r.Route != nil && r.Route.Rate == route.Public && r.Route.BeforeSetup && r.Route.Auth == route.Anyone && len(r.Path.Parts) == 1
}

// started refuses everything but probes until the server has started.
func (d *Door) started(_ *fiber.Ctx, r *route.Request) error {
	if d.deps.Starting == nil || !d.deps.Starting() || probes(r) {
		return nil
	}
	return Starting()
}

// Starting says that the server has not started yet.
func Starting() error {
	return models.Unavailable("STARTING", text.M("ready.starting", "The server is starting. Try again in a moment."), time.Second)
}
