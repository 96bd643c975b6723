package route

import (
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/engine/tracing"
	"formrail/models"
	"formrail/models/pagedesign"
	"formrail/models/records"
	"formrail/models/text"
)

// Deps are what all handlers work with.
type Deps struct {
	DB        *models.DB
	Records   *records.Service
	Engine    *engine.Engine
	Design    *pagedesign.Service // of pages
	Live      *live.Hub
	Present   *live.Presence // who looks at what
	Passwords *models.Passwords
	Keyed     *models.Idempotency
	Log       *slog.Logger
	Clock     models.Clock
	Tracer    *tracing.Tracer // nil: nobody collects traces
	Base      *Base
	Starting  func() bool     // true until what stands behind the handlers has started
	Routes    func() []*Route // the whole table; nobody may call it before all lines are given
}

// Pages is what the HTML pages contribute to the application.
type Pages struct {
	Routes []Route

	// Problem answers a refusal in HTML: its status is set, its headers are too.
	Problem func(c *fiber.Ctx, err *models.Error) error
}

// Base is the address under which people reach this installation. All links, the
// names of cookies and the check of origins come from it, never from a request. It
// is safe for concurrent use.
type Base struct{ at atomic.Pointer[url.URL] }

// NewBase makes a base; an empty address is one that is not known yet.
func NewBase(address string) (*Base, error) {
	b := &Base{}
	if address == "" {
		return b, nil
	}
	return b, b.Set(address)
}

// Set changes the address, such as "https://flows.example.com".
func (b *Base) Set(address string) error {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return badBase()
	}
	u.Host = plainHost(u.Host, u.Scheme)
	b.at.Store(u)
	return nil
}

// URL is the address without a slash at its end; empty when it is not known.
func (b *Base) URL() string {
	if u := b.at.Load(); u != nil {
		return u.String()
	}
	return ""
}

// Host is the host and port of the address; empty when it is not known.
func (b *Base) Host() string {
	if u := b.at.Load(); u != nil {
		return u.Host
	}
	return ""
}

// Is reports whether a request's host is that of the address. The names of one's
// own machine are one.
func (b *Base) Is(host string) bool {
	u := b.at.Load()
	if u == nil {
		return false
	}
	host = plainHost(host, u.Scheme)
	return host == u.Host || local(host) && local(u.Host) && portOf(host) == portOf(u.Host)
}

// SameOrigin reports whether a page of an origin is one of ours.
func (b *Base) SameOrigin(origin string) bool {
	u := b.at.Load()
	if u == nil {
		return false
	}
	host, ok := strings.CutPrefix(origin, u.Scheme+"://")
	return ok && b.Is(host)
}

func local(host string) bool {
	name := strings.TrimSuffix(host, ":"+portOf(host))
	return name == "localhost" || name == "127.0.0.1" || name == "[::1]"
}

func portOf(host string) string { return (&url.URL{Host: host}).Port() }

// plainHost leaves out the port that a scheme has anyway, as browsers do.
func plainHost(host, scheme string) string {
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return strings.TrimSuffix(strings.ToLower(host), port)
}

// Secure reports whether the address is https.
func (b *Base) Secure() bool {
	u := b.at.Load()
	return u != nil && u.Scheme == "https"
}

func badBase() *models.Error {
	return models.InvalidFields([]models.FieldError{{
		Field: "baseURL", Code: "VALIDATION_FAILED",
		Message: text.M("setup.base_url_form", "Enter an address such as https://flows.example.com."),
	}})
}
