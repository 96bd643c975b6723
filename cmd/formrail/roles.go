package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"formrail/engine/queue"
	"formrail/engine/queue/local"
	"formrail/engine/queue/river"
	"formrail/models/text"
)

// roles are what a process does: answer people and programs, run executions, or both.
type roles struct{ web, worker bool }

// readRoles reads --role. On SQLite one process does everything.
func readRoles(list string, from storage) (roles, error) {
	var r roles
	for _, name := range strings.Split(list, ",") {
		switch strings.TrimSpace(name) {
		case "web":
			r.web = true
		case "worker":
			r.worker = true
		default:
			return r, usageError{text.M("serve.role", "The roles are web and worker: --role web,worker.").String()}
		}
	}
	if from.url == "" && !(r.web && r.worker) {
		return r, usageError{text.M("serve.role_alone", "On SQLite one process does everything: --role web,worker. Several processes need PostgreSQL, named with --database-url.").String()}
	}
	return r, nil
}

// newQueue makes the queue that hands executions to workers: in memory on SQLite, by
// River between the processes that share a PostgreSQL.
func (s *server) newQueue(ctx context.Context, from storage, does roles) (queue.Queue, error) {
	if !s.db.Shared() {
		return local.New(local.Options{DB: s.db, Clock: s.db.Clock(), Log: s.log}), nil
	}
	o := river.Options{DB: s.db, URL: from.url, Clock: s.db.Clock(), Log: s.log, Leading: s.member.Leading}
	if !does.worker {
		o.Workers = -1
	}
	return river.New(ctx, o)
}

// health is what a process without the role web answers: that it runs.
type health struct{ server *http.Server }

func newHealth() *health {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n")) //nolint:errcheck // who asked is gone
	})
	return &health{&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}}
}

// Serve answers until Shutdown.
func (h *health) Serve(socket net.Listener) error {
	if err := h.server.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer health checks: %w", err)
	}
	return nil
}

// Ready says that it runs: there is nothing more that it does.
func (h *health) Ready(context.Context) error { return nil }

// Shutdown lets running requests finish.
func (h *health) Shutdown(ctx context.Context) error { return h.server.Shutdown(ctx) }
