package main

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoles_OneAloneNeedsPostgreSQL(t *testing.T) {
	t.Parallel()
	shared := storage{url: "postgres://formrail@db/formrail"}
	for list, want := range map[string]roles{"web": {web: true}, "worker": {worker: true}, "web,worker": {true, true}, "worker, web": {true, true}} {
		got, err := readRoles(list, shared)
		require.NoError(t, err, list)
		require.Equal(t, want, got, list)
	}
	for _, list := range []string{"", "web,", "admin", "web;worker"} {
		_, err := readRoles(list, shared)
		require.ErrorContains(t, err, "The roles are web and worker", list)
	}
	for _, list := range []string{"web", "worker"} {
		_, err := readRoles(list, storage{dir: t.TempDir()})
		require.ErrorContains(t, err, "On SQLite one process does everything", list)
	}
	_, err := readRoles("web,worker", storage{dir: t.TempDir()})
	require.NoError(t, err)
}

func TestRoles_AWorkerAnswersThatItRunsAndNothingElse(t *testing.T) {
	t.Parallel()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := newHealth()
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(socket) }()
	for path, want := range map[string]int{"/healthz": 200, "/": 404, "/signin": 404, "/api/workflows:list": 404, "/metrics": 404} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+socket.Addr().String()+path, nil)
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode, path)
	}
	require.NoError(t, h.Shutdown(context.Background()))
	require.NoError(t, <-ended)
}
