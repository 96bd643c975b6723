package route

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine/tracing"
	"formrail/models"
)

// Caller is who makes a request.
type Caller struct {
	Principal models.Principal // anonymous when the route looks at no identity
	Access    models.Access    // his rights as they are now, within the scopes of his token
	Session   *models.Session  // of a browser; nil for everybody else
}

// UserID is the person behind the caller; 0 for nobody.
func (c Caller) UserID() int64 { return c.Principal.UserID }

// Request is what is known about a request beside its bytes. It ends with the
// handler; what is read from it are copies and may be kept.
type Request struct {
	ID     string
	Path   Path
	Caller Caller
	Zone   *time.Location // from X-Timezone; nil when it was not sent
	Span   *tracing.Span  // nil when nobody collects traces
	Match
}

type requestKey struct{}

// Attach makes the request findable by [Of].
func Attach(c *fiber.Ctx, r *Request) { c.Locals(requestKey{}, r) }

// Of gives the request behind a handler's context. Before one is attached it gives
// an empty one, so that even a refusal of the first bytes can be answered.
func Of(c *fiber.Ctx) *Request {
	if r, ok := c.Locals(requestKey{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// Param gives the value of a parameter of the address.
func Param(c *fiber.Ctx, name string) string { return Of(c).Param(name) }

// CallerOf gives who makes a request.
func CallerOf(c *fiber.Ctx) Caller { return Of(c).Caller }
