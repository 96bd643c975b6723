package room_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/room"
)

func TestRoom_IsNeverFullerThanItsSizeAndEmptyInTheEnd(t *testing.T) {
	t.Parallel()
	const size = 100
	r := room.New(size)
	var held, most atomic.Int64
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			for range 100 {
				weight := 1 + rand.Int64N(150)
				ctx, done := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
				leave, err := r.Enter(ctx, weight)
				if err == nil {
					now := held.Add(min(weight, size))
					most.Store(max(most.Load(), now))
					held.Add(-min(weight, size))
				}
				leave()
				leave()
				done()
			}
		})
	}
	wait.Wait()
	require.LessOrEqual(t, most.Load(), int64(size))
	leave, err := r.Enter(t.Context(), size) // all of it was given back
	require.NoError(t, err)
	leave()
}

func TestRoom_LetsTheHeavyInBeforeTheLightBehindIt(t *testing.T) {
	t.Parallel()
	r := room.New(10)
	leave, err := r.Enter(t.Context(), 6)
	require.NoError(t, err)
	ctx, done := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := r.Enter(ctx, 10); ended <- err }()
	require.Eventually(t, func() bool { // the heavy one waits, so the light one does
		short, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		leave, err := r.Enter(short, 1)
		leave()
		return err != nil
	}, 5*time.Second, time.Millisecond)
	done()
	require.ErrorIs(t, <-ended, context.Canceled)
	light, err := r.Enter(t.Context(), 4) // nobody is in front any more
	require.NoError(t, err)
	light()
	leave()
}
