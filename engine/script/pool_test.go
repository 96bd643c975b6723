package script_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/script"
)

func TestPool_KeepsOthersRunningBesideHostileScripts(t *testing.T) {
	t.Parallel()
	p := newPool(t, 2)
	hostile := make(chan error, 1)
	go func() {
		q := request(`/(.*)*\1x/.test("a".repeat(40))`)
		q.Timeout = 2 * time.Second
		_, err := p.Run(context.Background(), q)
		hostile <- err
	}()
	runs := 0
	for {
		select {
		case err := <-hostile:
			require.Error(t, err)
			require.Greater(t, runs, 20)
			return
		default:
			require.Equal(t, int64(3), run(t, p, "return 1 + 2").Value)
			runs++
		}
	}
}

func TestPool_IsBusyWhenNoChildBecomesFree(t *testing.T) {
	t.Parallel()
	p := script.NewPool(script.Options{Command: []string{os.Args[0], "script-worker"}, Size: 1, Wait: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	defer p.Close()
	busy := func(err error) bool {
		var failed *script.Error
		return errors.As(err, &failed) && failed.Code == script.CodeBusy
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run(ctx, request(`for (;;) {}`))
		for busy(err) { // the child was with the other run
			_, err = p.Run(ctx, request(`for (;;) {}`))
		}
		ended <- err
	}()
	require.Eventually(t, func() bool {
		_, err := p.Run(context.Background(), request(`return 1`))
		return busy(err)
	}, 20*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Equal(t, int64(1), run(t, p, "return 1").Value)
}

func TestPool_ReplacesChildrenAfterManyRuns(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	for i := range 520 {
		require.Equal(t, int64(i), run(t, p, fmt.Sprintf("return %d", i)).Value)
	}
}

func TestPool_RefusesRunsAfterClose(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1)
	run(t, p, "return 1")
	p.Close()
	require.Equal(t, script.CodeBusy, failure(t, p, request("return 1")).Code)
}

func TestPool_SaysThatNoChildStarts(t *testing.T) {
	t.Parallel()
	p := script.NewPool(script.Options{Command: []string{"/nowhere"}, Logger: slog.New(slog.DiscardHandler)})
	defer p.Close()
	_, err := p.Run(t.Context(), request("return 1"))
	require.ErrorContains(t, err, "start script process")
}
