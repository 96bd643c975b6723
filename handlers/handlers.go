// Package handlers is HTTP: requests in, calls of models and engine, answers out.
// One table of routes drives the router, the limits and the checks; one list of
// steps stands before every handler; package reply writes every answer.
package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"formrail/engine"
	"formrail/engine/live"
	"formrail/engine/tracing"
	"formrail/handlers/api"
	"formrail/handlers/incoming"
	"formrail/handlers/middleware"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/metrics"
	"formrail/models/pagedesign"
	"formrail/models/records"
	"formrail/models/room"
)

// Config is how the server meets the network.
type Config struct {
	BaseURL     string   // address under which people reach it; empty: not known yet
	Hosts       []string // further host names, with port, it may be asked by
	Proxies     []string // addresses of trusted proxies
	ProxyHeader string   // where those tell the address of the client, such as X-Forwarded-For
}

// Deps are what the application works with.
type Deps struct {
	DB      *models.DB
	Records *records.Service
	Engine  *engine.Engine
	Live    *live.Hub
	Log     *slog.Logger
	Clock   models.Clock
	Metrics *metrics.Set    // nil: nobody watches
	Tracer  *tracing.Tracer // nil: nobody collects traces
	Config  Config

	// Starting makes the application refuse everything but probes until [App.Open].
	Starting bool

	// Pages makes the HTML pages, nil for none.
	Pages func(route.Deps) route.Pages
}

// App is the HTTP application.
type App struct {
	deps     route.Deps
	table    *route.Table
	door     *middleware.Door
	steps    []middleware.Step
	problems *reply.Problems
	fiber    *fiber.App
	proxied  bool // connections come from proxies
	live     *liveStreams
	starting atomic.Bool
	metrics  *metrics.Set
	room     *room.Room // memory for what bodies hold
	reading  bodies
	stopping chan struct{} // closed when the application begins to stop
	stopped  chan struct{} // closed when no request runs any more
}

// Time limits of one request.
const (
	readTimeout  = 15 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 60 * time.Second

	bodyLimit      = 64 << 10 // of addresses that have no line in the table
	headerLimit    = 8 << 10
	concurrency    = 4096
	maxConnections = 2048 // of one address, when no proxy stands in front
)

// New wires the application. The error names every route that is not complete.
func New(d Deps) (*App, error) {
	base, err := route.NewBase(d.Config.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("read base address %q: %w", d.Config.BaseURL, err)
	}
	a := &App{
		deps: route.Deps{
			DB: d.DB, Records: d.Records, Engine: d.Engine, Live: d.Live, Log: d.Log, Clock: d.Clock, Tracer: d.Tracer, Base: base,
			Passwords: models.NewPasswords(d.DB), Keyed: models.NewIdempotency(d.DB), Design: pagedesign.New(d.DB, d.Engine.Startable),
		},
		room: room.New(roomForBodies), metrics: d.Metrics, proxied: len(d.Config.Proxies) > 0, stopping: make(chan struct{}), stopped: make(chan struct{}),
	}
	a.starting.Store(d.Starting)
	a.deps.Starting = a.starting.Load
	a.deps.Routes = func() []*route.Route { return a.table.Routes() }
	if a.deps.Live == nil {
		a.deps.Live = d.Engine.Live()
	}
	a.deps.Present = live.NewPresence(a.deps.Live)
	a.live = newLiveStreams(a.deps, a.stopping)
	var pages route.Pages
	if d.Pages != nil {
		pages = d.Pages(a.deps)
	}
	a.problems = &reply.Problems{Log: d.Log, HTML: pages.Problem}
	routes := slices.Concat(a.ownRoutes(), incoming.Routes(a.deps), api.Routes(a.deps))
	if a.table, err = route.NewTable(append(routes, pages.Routes...)); err != nil {
		return nil, fmt.Errorf("build route table: %w", err)
	}
	a.door = middleware.New(a.deps, a.table, d.Config.Hosts)
	a.steps = a.door.Steps()
	a.fiber = a.server(d.Config)
	return a, nil
}

// server makes the Fiber application. It has one handler: everything else is ours.
func (a *App) server(cfg Config) *fiber.App {
	app := fiber.New(fiber.Config{
		Immutable: true, StrictRouting: true, CaseSensitive: true, // strings outlive the handler, addresses have one spelling
		EnableTrustedProxyCheck: true, TrustedProxies: cfg.Proxies, EnableIPValidation: true, ProxyHeader: cfg.ProxyHeader,
		BodyLimit: bodyLimit, ReadBufferSize: headerLimit, Concurrency: concurrency,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		DisablePreParseMultipartForm: true, DisableStartupMessage: true, ErrorHandler: a.failed,
	})
	app.Use(a.handle)
	app.Server().HeaderReceived = a.limits
	return app
}

// Open lets requests in, once what stands behind them has started.
func (a *App) Open() { a.starting.Store(false) }

// Presence knows who has which page open.
func (a *App) Presence() *live.Presence { return a.deps.Present }

// Table is the route table.
func (a *App) Table() *route.Table { return a.table }

// Serve answers requests on a listener until [App.Shutdown].
func (a *App) Serve(l net.Listener) error {
	if !a.proxied {
		l = limit(l, maxConnections)
	}
	go func() { // also ends a server that was stopped before it began
		<-a.stopped
		_ = l.Close() //nolint:errcheck // it is closed already when all went well
	}()
	err := a.fiber.Listener(l)
	select {
	case <-a.stopping:
		return nil
	default:
	}
	if err != nil {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}

// Shutdown ends the event streams, lets running requests finish as long as ctx
// allows, and closes the listener. It may be called once.
func (a *App) Shutdown(ctx context.Context) error {
	close(a.stopping)
	defer close(a.stopped)
	if err := a.fiber.ShutdownWithContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("shut http down: %w", err)
	}
	return nil
}

// limits says, before a byte of the body is read, how large it may be.
func (a *App) limits(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	return a.within(h, a.bodyLimit(h))
}

// bodyLimit is how large the body of a request may be, by its address.
func (a *App) bodyLimit(h *fasthttp.RequestHeader) int {
	path, err := route.ParsePath(string(h.RequestURI()))
	if err != nil {
		return bodyLimit
	}
	m := a.table.Find(string(h.Method()), path)
	switch {
	case m.Route == nil:
		return bodyLimit
	case m.Route.BodyOf != nil:
		return m.Route.BodyOf(m)
	}
	return m.Route.Body
}

// handle answers a request and counts it.
func (a *App) handle(c *fiber.Ctx) error {
	begun := a.deps.Clock.Now()
	if err := a.take(c); err != nil {
		if err := a.failed(c, err); err != nil {
			return err
		}
	}
	a.answered(c, begun)
	a.read(&c.Request().Header)
	return nil
}

// answered counts an answer and ends its span.
func (a *App) answered(c *fiber.Ctx, begun time.Time) {
	now, r, status := a.deps.Clock.Now(), route.Of(c), c.Response().StatusCode()
	method, pattern, took := "", "", now.Sub(begun)
	if r.Route != nil {
		method, pattern = r.Route.Method, r.Route.Pattern
		if r.Route.Rate == route.Stream {
			took = -1
		}
	}
	a.metrics.Answered(method, pattern, status, took)
	if r.Span != nil {
		r.Span.Name(strings.TrimSpace(method + " " + pattern))
		r.Span.Text("http.route", pattern)
		r.Span.Number("http.response.status_code", status)
		if status >= fiber.StatusInternalServerError {
			r.Span.Fail(strconv.Itoa(status))
		}
		r.Span.End(now)
	}
}

// take takes a request through all steps to its handler.
func (a *App) take(c *fiber.Ctx) (err error) {
	r := a.door.Begin(c)
	defer func() {
		if v := recover(); v != nil {
			a.deps.Log.Error("handler panicked", "request", r.ID, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("handler panicked: %v", v)
		}
	}()
	for _, step := range a.steps {
		if err := step(c, r); err != nil {
			return err
		}
	}
	leave, err := a.enter(c)
	if err != nil {
		return err
	}
	defer leave()
	if err := r.Route.Handler(c); err != nil {
		return err
	}
	a.compress(c, r)
	return nil
}

// compress makes an answer smaller on its way, except event streams, which it would
// hold back, and fonts, which are compressed.
func (a *App) compress(c *fiber.Ctx, r *route.Request) {
	if r.Route.Rate == route.Stream || bytes.HasPrefix(c.Response().Header.ContentType(), []byte("font/")) {
		return
	}
	answered := func(*fasthttp.RequestCtx) {}
	fasthttp.CompressHandlerLevel(answered, fasthttp.CompressDefaultCompression)(c.Context())
}

// failed answers what went wrong, also before the first step: a request that cannot
// be read has no id and no headers yet.
func (a *App) failed(c *fiber.Ctx, err error) error {
	if route.Of(c).ID != "" {
		return a.problems.Answer(c, err)
	}
	begun, r := a.deps.Clock.Now(), a.door.Begin(c)
	c.Set(fiber.HeaderConnection, "close")
	err = a.problems.Answer(c, a.tooLarge(c, r, err))
	a.answered(c, begun)
	return err
}

// tooLarge lets a line of the table say what is wrong with a request whose body was too
// large to be read.
func (a *App) tooLarge(c *fiber.Ctx, r *route.Request, err error) error {
	var refused *fiber.Error
	if !errors.As(err, &refused) || refused.Code != fiber.StatusRequestEntityTooLarge {
		return err
	}
	if c.Get(noRoom) != "" {
		return busyReading()
	}
	path, bad := route.ParsePath(string(c.Request().RequestURI()))
	if bad != nil {
		return err
	}
	m := a.table.Find(string(c.Request().Header.Method()), path)
	if m.Route == nil || m.Route.TooLarge == nil {
		return err
	}
	r.Path, r.Match = path, m
	if other := m.Route.TooLarge(c); other != nil {
		return other
	}
	return err
}
