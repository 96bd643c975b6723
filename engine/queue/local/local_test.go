package local_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/queue"
	"formrail/engine/queue/local"
	"formrail/engine/queue/queuetest"
	"formrail/models"
	"formrail/models/modelstest"
)

// started is a queue that does one stretch at a time, each when it is told to.
type started struct {
	t    *testing.T
	q    *local.Queue
	took chan string
	goOn chan struct{}
}

func start(t *testing.T, workers int) *started {
	t.Helper()
	return startWith(t, workers, false)
}

// startWith says whether a stretch computes until it may end, or waits for something.
func startWith(t *testing.T, workers int, computes bool) *started {
	t.Helper()
	s := &started{t: t, took: make(chan string), goOn: make(chan struct{})}
	clock := modelstest.NewClock()
	s.q = local.New(local.Options{DB: modelstest.NewAt(t, clock), Clock: clock, Log: slog.New(slog.DiscardHandler), Workers: workers, Scan: time.Hour})
	require.NoError(t, s.q.Start(t.Context(), func(ctx context.Context, id string) {
		wait := func() {
			s.took <- id
			<-s.goOn
		}
		if computes {
			wait()
		} else {
			models.Resting(ctx, wait)
		}
	}))
	var once sync.Once
	t.Cleanup(func() {
		once.Do(func() { close(s.goOn) })
		go func() {
			for range s.took {
			}
		}()
		require.NoError(t, s.q.Stop(context.Background()))
		close(s.took)
	})
	return s
}

// add makes executions of a workflow due: their ids are "workflow.number".
func (s *started) add(workflow int64, lane, from, n int) {
	for i := range n {
		s.q.Wake(models.PendingWakeup{ExecutionID: fmt.Sprintf("%d.%d", workflow, from+i), WorkflowID: workflow, Lane: lane})
	}
}

// next lets the running stretch end and gives what is taken then.
func (s *started) next() string {
	s.goOn <- struct{}{}
	return <-s.took
}

func TestLanes_AQuietWorkflowIsNextWhateverWaits(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.add(1, 1, 0, 10_000)
	require.Equal(t, "1.0", <-s.took)
	s.add(2, 1, 0, 1)
	require.Equal(t, "2.0", s.next(), "only the stretch that ran was before it")
	require.Equal(t, "1.1", s.next())
}

func TestWaitingOf_KnowsWorkflowsApart(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.add(1, 1, 0, 10)
	<-s.took
	s.add(2, 1, 0, 3)
	s.add(2, 0, 7, 1)
	require.Equal(t, 9, s.q.WaitingOf(1))
	require.Equal(t, 4, s.q.WaitingOf(2), "in both lanes")
	require.Zero(t, s.q.WaitingOf(3))
}

func TestLanes_EachOtherWorkflowIsAheadByOneStretchAtMost(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for workflow := int64(1); workflow <= 5; workflow++ {
		s.add(workflow, 1, 0, 1000)
	}
	<-s.took
	ahead := map[byte]int{}
	for range 500 {
		one := s.next()[0]
		for workflow := range ahead {
			if workflow != one {
				ahead[workflow]++
			}
		}
		if had, ok := ahead[one]; ok {
			require.LessOrEqual(t, had, 4*local.Ahead, "four others take turns with it")
		}
		ahead[one] = 0
	}
	require.Len(t, ahead, 5)
}

func TestLanes_AWorkflowThatComesAgainAndAgainDoesNotStarveOthers(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.add(1, 1, 0, 100)
	<-s.took
	flood := 0
	for i := range 100 {
		s.add(2, 1, i, 1) // always one waits, never more
		if s.next()[0] == '1' {
			flood++
		}
	}
	require.GreaterOrEqual(t, flood, 45, "they take turns")
}

func TestLanes_PeopleComeBeforeBackgroundWork(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	s.add(1, 1, 0, 1000)
	<-s.took
	s.add(2, 1, 0, 1)
	s.add(1, 0, 5000, 2)
	require.Equal(t, "1.5000", s.next())
	require.Equal(t, "1.5001", s.next())
	require.Equal(t, "2.0", s.next())
}

func TestWorkers_SlowStepsOfOneWorkflowLeaveSomeForOthers(t *testing.T) {
	t.Parallel()
	s := start(t, 16)
	s.add(1, 1, 0, 1000)
	for range 14 {
		require.Equal(t, byte('1'), (<-s.took)[0])
	}
	require.Equal(t, 14, s.q.Stats().Running)
	s.add(2, 1, 0, 5)
	require.Equal(t, "2.0", <-s.took, "although none of the others has ended")
	s.add(3, 1, 0, 1)
	require.Equal(t, "3.0", <-s.took)
	require.Equal(t, 16, s.q.Stats().Running)
}

func TestWorkers_OfOneWorkflowNoMoreComputeThanThereAreProcessors(t *testing.T) {
	t.Parallel()
	s := startWith(t, 64, true)
	s.add(1, 1, 0, 1000)
	for range runtime.GOMAXPROCS(0) {
		require.Equal(t, byte('1'), (<-s.took)[0])
	}
	for i := range 3 { // of what more workers have taken nothing begins; quiet workflows do
		s.add(int64(2+i), 1, 0, 1)
		require.Equal(t, fmt.Sprintf("%d.0", 2+i), <-s.took)
	}
	s.goOn <- struct{}{}
	s.goOn <- struct{}{}
	s.goOn <- struct{}{}
	s.goOn <- struct{}{}
	require.Equal(t, byte('1'), (<-s.took)[0], "a turn that ends is another one's")
}

func TestClock_AStepBeyondTheHorizonIsNoticedAtOnce(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	db := modelstest.NewAt(t, clock)
	require.NoError(t, db.Write(t.Context(), "test.wakeup", func(tx *models.Tx) error {
		return models.InsertWakeup(t.Context(), tx, &models.Wakeup{ExecutionID: "far", Reason: models.WakeTimer, Lane: 1, DueAt: models.At(tx.Now().Add(5 * time.Hour))})
	}))
	q := local.New(local.Options{DB: db, Clock: clock, Log: slog.New(slog.DiscardHandler), Workers: 1, Scan: time.Hour})
	took := make(chan string, 1)
	require.NoError(t, q.Start(t.Context(), func(_ context.Context, id string) { took <- id }))
	t.Cleanup(func() { require.NoError(t, q.Stop(context.Background())) })
	clock.Advance(6 * time.Hour) // as after a night in which the machine slept
	select {
	case id := <-took:
		require.Equal(t, "far", id)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the wake-up waits for the next scan")
	}
}

func makeLocal(_ *testing.T, db *models.DB, workers int) queue.Queue {
	return local.New(local.Options{DB: db, Clock: db.Clock(), Log: slog.New(slog.DiscardHandler), Workers: workers, Scan: 300 * time.Millisecond})
}

func TestLocal_DoesWhatEveryQueueMust(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, queuetest.Subject{Make: makeLocal, Database: func(t *testing.T) *models.DB {
		return modelstest.NewAt(t, models.ClockFunc(time.Now))
	}})
}
