package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"formrail/models"
	"formrail/models/metrics"
	"formrail/models/text"
)

// monitor answers systems and people that watch this process: metrics, details of its
// health, profiles. It has no sign-in, so it listens on the own machine only.
type monitor struct {
	socket net.Listener
	server *http.Server
	log    *slog.Logger
}

// newMonitor takes the address of the monitor; empty means none.
func (s *server) newMonitor(addr string) (*monitor, error) {
	if addr == "" {
		return nil, nil //nolint:nilnil // off is an ordinary answer
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil || !loopback(host) {
		return nil, usageError{text.M("serve.metrics_addr", "--metrics-addr must be an address of this machine such as 127.0.0.1:9464: what it answers is not for everybody.").String()}
	}
	socket, err := listen(addr)
	if err != nil {
		return nil, err
	}
	s.metrics.OnLook(s.look)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.Gatherer(), promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	m := &monitor{socket: socket, log: s.log, server: &http.Server{Handler: ownHost(mux), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}}
	s.log.Info("metrics are served", "address", "http://"+socket.Addr().String()+"/metrics")
	return m, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// ownHost refuses requests that a page of somebody else made a browser of this machine
// send: they carry the name of that page's host.
func ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !loopback(host) {
			http.Error(w, "this address is for the own machine", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers until the monitor is closed.
func (m *monitor) serve() {
	if err := m.server.Serve(m.socket); err != nil && !errors.Is(err, http.ErrServerClosed) {
		m.log.Error("serve metrics", "error", err)
	}
}

func (m *monitor) close() error {
	if m == nil {
		return nil
	}
	if err := errors.Join(m.server.Close(), m.socket.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close metrics: %w", err)
	}
	return nil
}

// look reads what the metrics say of this moment.
func (s *server) look(ctx context.Context) (metrics.State, error) {
	q, now := s.db.Read(), s.c.clock.Now()
	lanes, err := models.DueLanes(ctx, q, now)
	if err != nil {
		return metrics.State{}, err
	}
	live, err := models.LiveExecutions(ctx, q)
	if err != nil {
		return metrics.State{}, err
	}
	stats := s.engine.QueueStats()
	out := metrics.State{Running: stats.Running, Timers: stats.Timers, Live: map[string]int64{}, Held: !s.engine.Held().IsZero()}
	for status, n := range live {
		out.Live[string(status)] = n
	}
	for lane, name := range map[int]string{models.LanePeople: "people", models.LaneBackground: "background"} {
		one := metrics.Lane{Name: name}
		for _, l := range lanes {
			if l.Lane == lane {
				one.Depth, one.Oldest = l.Count, max(now.Sub(l.Oldest.Time()), 0)
			}
		}
		out.Lanes = append(out.Lanes, one)
	}
	out.Bytes, err = s.db.Bytes(ctx)
	return out, err
}

// health says in detail how the process is.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	ctx, done := context.WithTimeout(r.Context(), 5*time.Second)
	defer done()
	state, err := s.look(ctx)
	checked, late := s.db.LastWatch(ctx)
	out := map[string]any{
		"version": version(), "ready": s.app.Ready(ctx) == nil, "database": err == nil && late == nil, "held": state.Held, "executions": state.Live,
		"queue": state.Lanes, "workers": state.Running, "invariantsChecked": nil,
	}
	if checked != 0 {
		out["invariantsChecked"] = checked.Time()
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(out); err != nil {
		s.log.Debug("answer health", "error", err)
	}
}
