package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"formrail/engine"
	"formrail/engine/cluster"
	"formrail/engine/live"
	"formrail/engine/nodes"
	"formrail/engine/outbound"
	"formrail/engine/queue"
	"formrail/engine/script"
	"formrail/engine/triggers"
	"formrail/handlers"
	"formrail/handlers/route"
	"formrail/handlers/web"
	"formrail/models"
	"formrail/models/metrics"
	"formrail/models/records"
	"formrail/models/text"
)

// Pauses of the server's own work, and how long a stop may take.
const (
	refreshEvery = 250 * time.Millisecond // notice what other processes changed
	cleanEvery   = time.Hour
	drainTime    = 25 * time.Second
)

// serve starts the server and runs it until a signal ends ctx.
func (c *cli) serve(ctx context.Context, args []string) error {
	f := c.flags("serve")
	addr := f.String("addr", "localhost:8080", "address to listen on; port 0 takes a free one")
	demo := f.Bool("demo", false, "load the demo app and print its sign-ins")
	role := f.String("role", "web,worker", "what this process does: web, worker or both; one alone needs PostgreSQL")
	egress := f.String("egress-allow", c.env("FORMRAIL_EGRESS_ALLOW"), "hosts, addresses and ranges that steps may call although they are inside")
	watch := watching{}
	f.StringVar(&watch.metrics, "metrics-addr", c.env("FORMRAIL_METRICS_ADDR"), "address of this machine for metrics and profiles; none without one")
	f.StringVar(&watch.traces, "otlp-endpoint", c.env("OTEL_EXPORTER_OTLP_ENDPOINT"), "address of a collector of traces; none without one")
	f.BoolVar(&f.storage.unsafe, "allow-unsafe", false, "accept a database that may lose data in a power cut")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	does, err := readRoles(*role, f.storage)
	if err != nil {
		return err
	}
	if *demo && !does.web {
		return usageError{text.M("serve.role_demo", "The demo is loaded by a process with the role web.").String()}
	}
	listed, err := outbound.ParseEgress(*egress)
	if err != nil {
		return badEgress(err)
	}
	c.boundMemory()
	s, err := c.newServer(ctx, serving{storage: f.storage, addr: *addr, roles: does, egress: listed, watching: watch})
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx, *demo), s.close())
}

// softMemory is from where on memory that is no longer used is given back at once. The
// process may hold twice as much as it uses otherwise.
const softMemory = 384 << 20

// boundMemory keeps what is no longer used small, unless the environment says how.
func (c *cli) boundMemory() {
	if c.env("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softMemory)
	}
}

// badEgress says which entry of the list cannot be read.
func badEgress(err error) error {
	var bad *outbound.Error
	if !errors.As(err, &bad) {
		return err
	}
	return usageError{"--egress-allow: " + bad.Message.String()}
}

// watching says who watches the server; empty for nobody.
type watching struct{ metrics, traces string }

// serving is what a server is made of and asked to do.
type serving struct {
	storage
	watching
	addr   string
	roles  roles
	egress outbound.Egress
}

// server is everything that runs, from the database up to the socket.
type server struct {
	c       *cli
	log     *slog.Logger
	db      *models.DB
	records *records.Service
	scripts *script.Pool
	out     *outbound.Client
	member  *cluster.Member
	queue   queue.Queue
	engine  *engine.Engine
	live    *live.Hub
	app     site // what answers requests
	metrics *metrics.Set
	traces  *traces
	monitor *monitor
	socket  net.Listener
	address string // under which people reach it
	tending sync.WaitGroup
}

// site answers requests on a socket.
type site interface {
	Serve(socket net.Listener) error
	Shutdown(ctx context.Context) error
	Ready(ctx context.Context) error // why it cannot do its work now; nil = it can
}

// newServer wires a server. It does nothing until run. Read it to know how
// everything hangs together.
func (c *cli) newServer(ctx context.Context, from serving) (_ *server, err error) {
	s := &server{c: c, log: c.logger(slog.LevelInfo), live: live.New(), metrics: metrics.New(version())}
	s.out = outbound.New(outbound.Options{Egress: from.egress, Clock: c.clock, Metrics: s.metrics})
	if list := from.egress.String(); list != "" {
		s.log.Info("steps may call what lies inside", "listed", list)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.traces, err = newTraces(ctx, from.traces); err != nil {
		return nil, err
	}
	key, err := c.masterKey()
	if err != nil {
		return nil, err
	}
	s.db, err = models.Open(ctx, models.Options{
		MasterKey: key, Dir: from.dir, URL: from.url, Clock: c.clock, Log: s.log, Exclusive: from.url == "", Shared: from.url != "",
		AllowUnsafe: from.unsafe, Metrics: s.metrics,
	})
	if err != nil {
		return nil, err
	}
	if err := s.db.CheckMasterKey(ctx); err != nil { // all that needs no secret goes on
		s.log.Error("secrets cannot be opened", "error", err)
	}
	if err := s.db.EnsureSeed(ctx); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	s.scripts = script.NewPool(script.Options{Command: []string{self, "script-worker"}, Logger: s.log, Metrics: s.metrics, Clock: c.clock})
	s.records = records.New(s.db)
	s.member = cluster.New(s.db, s.log)
	if s.queue, err = s.newQueue(ctx, from.storage, from.roles); err != nil {
		return nil, err
	}
	s.engine = newEngine(s)
	s.records.SetHooks(s.engine.Hooks()) // called inside the write transaction; an error undoes both
	s.records.OnUsage(s.engine.Usages)
	s.records.OnUsage(s.db.PageUsages)
	s.records.OnUsage(s.db.GrantUsages)
	if s.monitor, err = s.newMonitor(from.watching.metrics); err != nil {
		return nil, err
	}
	if s.socket, err = listen(from.addr); err != nil {
		return nil, err
	}
	config, err := s.config(ctx, from.addr)
	if err != nil {
		return nil, err
	}
	if !from.roles.web {
		s.app = newHealth()
		return s, nil
	}
	app, err := handlers.New(handlers.Deps{
		DB: s.db, Records: s.records, Engine: s.engine, Live: s.live, Log: s.log, Clock: s.db.Clock(), Config: config,
		Metrics: s.metrics, Tracer: s.traces.tracer(), Starting: true,
		Pages: func(d route.Deps) route.Pages {
			return web.New(d, web.Declared{Nodes: nodes.All(), Triggers: triggers.All()})
		},
	})
	if err != nil {
		return nil, err
	}
	s.app = app
	if s.member.Shared() {
		app.Presence().Share(s.member.ID(), s.db.Clock().Now, func(text string) { s.member.Tell(cluster.Present, text) })
		s.member.Hear(cluster.Present, app.Presence().Hear)
	}
	return s, nil
}

// listen takes an address.
func listen(addr string) (net.Listener, error) {
	socket, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, models.Conflict("ADDRESS_IN_USE",
			text.M("serve.address", "The address %s is in use by another program. Choose another one with --addr.", addr))
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return socket, nil
}

// newEngine wires the engine of a server, or of a command that only reads and
// changes definitions.
func newEngine(s *server) *engine.Engine {
	return engine.New(engine.Deps{
		DB: s.db, Records: s.records, Scripts: s.scripts, Out: s.out, Live: s.live, Clock: s.db.Clock(), Log: s.log, Metrics: s.metrics, Tracer: s.traces.tracer(),
		Queue: s.queue, Member: s.member,
		Nodes: nodes.All(), Triggers: triggers.All(),
	})
}

// config says under which address the server is reached: the stored one, else the
// one it listens on. A server that listens on all interfaces does not know its
// name until somebody says it.
func (s *server) config(ctx context.Context, addr string) (handlers.Config, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return handlers.Config{}, fmt.Errorf("read address %s: %w", addr, err)
	}
	_, port, err := net.SplitHostPort(s.socket.Addr().String())
	if err != nil {
		return handlers.Config{}, fmt.Errorf("read own address: %w", err)
	}
	everywhere := host == "" || net.ParseIP(host).IsUnspecified()
	if everywhere {
		host = "localhost"
	}
	listening := net.JoinHostPort(host, port)
	s.address = "http://" + listening
	config := handlers.Config{Hosts: []string{listening}}
	if config.BaseURL, err = s.db.Meta(ctx, web.BaseURLName); err != nil {
		return handlers.Config{}, err
	}
	if config.BaseURL == "" && !everywhere {
		config.BaseURL = s.address
	}
	s.engine.SetBaseURL(config.BaseURL)
	return config, nil
}

// run starts what newServer wired, says so, and stops it in order once ctx ends:
// requests and streams first, then executions.
func (s *server) run(ctx context.Context, demo bool) error {
	working := context.WithoutCancel(ctx) // running work is drained, not cut off
	ended := make(chan error, 1)
	go func() { ended <- s.app.Serve(s.socket) }() // probes are answered from here on
	if s.monitor != nil {
		go s.monitor.serve()
	}
	if err := s.engine.Start(working); err != nil {
		return errors.Join(err, s.drain(working, ended))
	}
	if app, ok := s.app.(*handlers.App); ok {
		if err := s.welcome(ctx, demo); err != nil {
			return errors.Join(err, s.drain(working, ended))
		}
		app.Open()
	}
	tending, stopTending := context.WithCancel(working)
	s.tend(tending)
	s.c.say(text.M("serve.ready", "Formrail is ready on %s", s.address))

	var failed error
	select {
	case failed = <-ended:
		ended = nil
	case <-ctx.Done():
		s.log.Info("stopping")
	}
	stopTending()
	return errors.Join(failed, s.drain(working, ended))
}

// drain stops admitting, ends streams, lets running requests and stretches finish.
// What is not finished in time goes on at the next start.
func (s *server) drain(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	s.live.Close()
	var errs []error
	if ended != nil {
		errs = append(errs, s.app.Shutdown(ctx), <-ended)
	}
	s.tending.Wait()
	return errors.Join(append(errs, s.engine.Stop(ctx))...)
}

// close gives back what newServer took, as far as it came.
func (s *server) close() error {
	var errs []error
	if s.socket != nil {
		if err := s.socket.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.scripts != nil {
		s.scripts.Close()
	}
	errs = append(errs, s.monitor.close(), s.traces.close())
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(errs...)
}

// welcome prints how to come in: the sign-ins of the demo, or the link that
// creates the first administrator.
func (s *server) welcome(ctx context.Context, demo bool) error {
	if demo {
		return s.welcomeToDemo(ctx)
	}
	done, err := models.HasRoot(ctx, s.db.Read())
	if err != nil || done {
		return err
	}
	var secret string
	err = s.db.Write(ctx, "serve.setup_link", func(tx *models.Tx) error {
		secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: models.SetupLink, Life: 24 * time.Hour})
		return err
	})
	if err == nil {
		s.c.say(text.M("serve.setup", "Open this link to create the first administrator. It works once, for a day:\n  %s/setup?token=%s", s.address, secret))
	}
	return err
}

// tend does the small work of a running server.
func (s *server) tend(ctx context.Context) {
	s.every(ctx, refreshEvery, "notice changes of other processes", s.engine.CheckIndex)
	s.every(ctx, refreshEvery, "notice that the installation was released", s.engine.CheckHold)
	s.every(ctx, cleanEvery, "forget old answers", s.leading(s.db.ForgetOldAnswers))
	s.every(ctx, cleanEvery, "forget old requests", s.leading(s.db.ForgetOldRequests))
	s.every(ctx, cleanEvery, "forget old sign-ins", s.leading(s.db.CleanSignIns))
}

// leading is fn for the one process that leads.
func (s *server) leading(fn func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if !s.engine.Leading() {
			return nil
		}
		return fn(ctx)
	}
}

// every calls fn again and again until ctx ends. A failure is logged and tried again.
func (s *server) every(ctx context.Context, pause time.Duration, what string, fn func(context.Context) error) {
	s.tending.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.once(ctx, what, fn)
			}
		}
	})
}

// once calls fn; neither an error nor a panic of it ends the server.
func (s *server) once(ctx context.Context, what string, fn func(context.Context) error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error(what, "panic", fmt.Sprint(p))
		}
	}()
	if err := fn(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn(what, "error", err)
	}
}
