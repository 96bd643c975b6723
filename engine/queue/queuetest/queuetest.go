// Package queuetest holds what every queue must do. One suite runs against all of them,
// on a real database: what counts is that no wake-up is lost and none comes early.
package queuetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/queue"
	"formrail/models"
)

// Subject is a queue under test: how to get a database, and a queue on it with so many
// workers. A queue that looks through the table now and then does so within seconds.
type Subject struct {
	Database func(t *testing.T) *models.DB
	Make     func(t *testing.T, db *models.DB, workers int) queue.Queue
}

// patience is how long something may take on a busy machine.
const patience = 30 * time.Second

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *bench){
		"delivers at once":                           deliversAtOnce,
		"delivers at the due time and never before":  neverEarly,
		"delivers later what was due earlier":        earlierDueTime,
		"finds what is in the table when it starts":  findsAtStart,
		"delivers again what a handler let drop":     dropped,
		"delivers again what was woken meanwhile":    wokenMeanwhile,
		"serves people who wait before the others":   peopleFirst,
		"does not stop before its handlers have":     stopWaits,
		"delivers everything of a flood":             flood,
		"says how much waits and runs":               stats,
		"is not troubled by what was finished":       alreadyFinished,
		"is not troubled by a second waking":         wokenTwice,
		"keeps what was woken while it was stopping": whileStopping,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, s: s, db: s.Database(t), seen: map[string]int{}}
			test(t, b)
		})
	}
}

// bench is a queue with a handler that a test controls.
type bench struct {
	t  *testing.T
	s  Subject
	db *models.DB
	q  queue.Queue

	mu    sync.Mutex
	order []string
	seen  map[string]int
	each  func(id string) // what the handler does besides; nil = finish the wake-ups
}

// start starts a queue that hears of committed wake-ups.
func (b *bench) start(workers int) {
	b.t.Helper()
	b.q = b.s.Make(b.t, b.db, workers)
	b.db.OnWakeup(b.q.Wake)
	require.NoError(b.t, b.q.Start(context.WithoutCancel(b.t.Context()), b.handle))
	q := b.q
	b.t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), patience)
		defer done()
		require.NoError(b.t, q.Stop(ctx))
	})
}

func (b *bench) handle(ctx context.Context, id string) {
	b.mu.Lock()
	each := b.each
	b.mu.Unlock()
	b.note(id)
	if each != nil {
		each(id)
		return
	}
	b.finish(ctx, id)
}

func (b *bench) note(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.order = append(b.order, id)
	b.seen[id]++
}

// finish marks the due wake-ups of an execution done, as a commit of a stretch does.
func (b *bench) finish(ctx context.Context, id string) {
	due, err := models.DueWakeups(ctx, b.db.Read(), id, b.db.Now())
	if err == nil && len(due) > 0 {
		ids := make([]int64, len(due))
		for i, w := range due {
			ids[i] = w.ID
		}
		err = b.db.Write(ctx, "test.finish", func(tx *models.Tx) error { return models.FinishWakeups(ctx, tx, ids) })
	}
	if err != nil {
		b.t.Errorf("finish %s: %v", id, err)
	}
}

func (b *bench) count(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[id]
}

func (b *bench) total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.seen)
}

// insert commits an execution whose start is due after a while.
func (b *bench) insert(lane int, after time.Duration) string {
	b.t.Helper()
	id := models.NewID()
	if after > 0 {
		b.again(id, after)
		return id
	}
	require.NoError(b.t, b.db.Write(b.t.Context(), "test.insert", func(tx *models.Tx) error {
		return models.InsertExecution(b.t.Context(), tx, execution(id, lane == 0))
	}))
	return id
}

func execution(id string, sync bool) *models.Execution {
	return &models.Execution{
		ID: id, WorkflowID: 1, VersionID: 1, Hash: "h", Mode: "live", Sync: sync, Trigger: "{}", TriggerType: "test", Principal: "system", Depth: 1,
	}
}

// again commits another wake-up of an execution.
func (b *bench) again(id string, after time.Duration) {
	b.t.Helper()
	require.NoError(b.t, b.db.Write(b.t.Context(), "test.again", func(tx *models.Tx) error {
		return models.InsertWakeup(b.t.Context(), tx, &models.Wakeup{ExecutionID: id, Reason: models.WakeTimer, Lane: 1, DueAt: models.At(tx.Now().Add(after))})
	}))
}

func (b *bench) eventually(what string, ok func() bool) {
	b.t.Helper()
	require.Eventually(b.t, ok, patience, 2*time.Millisecond, what)
}

func deliversAtOnce(_ *testing.T, b *bench) {
	b.start(4)
	id := b.insert(1, 0)
	b.eventually("delivered", func() bool { return b.count(id) > 0 })
}

func neverEarly(t *testing.T, b *bench) {
	var (
		mu sync.Mutex
		at = map[string]time.Time{}
	)
	b.each = func(id string) {
		mu.Lock()
		if _, ok := at[id]; !ok {
			at[id] = b.db.Now()
		}
		mu.Unlock()
		b.finish(context.Background(), id)
	}
	b.start(8)
	due := map[string]time.Time{}
	for i := range 20 {
		after := time.Duration(200+i*237) * time.Millisecond
		now := b.db.Now()
		due[b.insert(1, after)] = now.Add(after)
	}
	b.eventually("all delivered", func() bool { return b.total() == len(due) })
	mu.Lock()
	defer mu.Unlock()
	for id, want := range due {
		require.False(t, at[id].Before(want), "never early: due %s, came %s", want, at[id])
	}
}

func earlierDueTime(t *testing.T, b *bench) {
	b.start(4)
	id := b.insert(1, time.Hour)
	b.again(id, 300*time.Millisecond)
	b.eventually("delivered for the earlier one", func() bool { return b.count(id) > 0 })
	rest, err := models.ComingWakeups(t.Context(), b.db.Read(), b.db.Now(), b.db.Now().Add(2*time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, rest, 1, "the later one is still there")
}

func findsAtStart(_ *testing.T, b *bench) {
	ids := []string{b.insert(1, 0), b.insert(0, 0), b.insert(1, 0), b.insert(1, time.Second)}
	b.start(4) // nobody told it
	for _, id := range ids {
		b.eventually("found", func() bool { return b.count(id) > 0 })
	}
}

func dropped(_ *testing.T, b *bench) {
	b.each = func(id string) {
		if b.count(id) > 1 {
			b.finish(context.Background(), id)
		}
	}
	b.start(4)
	id := b.insert(1, 0)
	b.eventually("delivered again", func() bool { return b.count(id) > 1 })
}

func wokenMeanwhile(_ *testing.T, b *bench) {
	release := make(chan struct{})
	b.each = func(id string) {
		if b.count(id) == 1 {
			b.finish(context.Background(), id)
			<-release
			return
		}
		b.finish(context.Background(), id)
	}
	b.start(4)
	id := b.insert(1, 0)
	b.eventually("runs", func() bool { return b.count(id) == 1 })
	b.again(id, 0)
	close(release)
	b.eventually("delivered for the second wake-up", func() bool {
		left, err := models.DueWakeups(context.Background(), b.db.Read(), id, b.db.Now())
		return err == nil && len(left) == 0
	})
}

func peopleFirst(t *testing.T, b *bench) {
	release := make(chan struct{})
	b.each = func(id string) {
		<-release
		b.finish(context.Background(), id)
	}
	b.start(1)
	b.insert(1, 0)
	b.eventually("the only worker is busy", func() bool { return b.total() == 1 })
	for range 10 {
		b.insert(1, 0)
	}
	people := []string{b.insert(0, 0), b.insert(0, 0)}
	b.eventually("all are known", func() bool { return b.q.Stats().Waiting >= 12 })
	close(release)
	b.eventually("all delivered", func() bool { return b.total() == 13 })
	b.mu.Lock()
	defer b.mu.Unlock()
	require.ElementsMatch(t, people, b.order[1:3], "people come right after what was running")
}

func stopWaits(t *testing.T, b *bench) {
	release := make(chan struct{})
	b.each = func(id string) {
		<-release
		b.finish(context.Background(), id)
	}
	b.start(2)
	id := b.insert(1, 0)
	b.eventually("runs", func() bool { return b.count(id) == 1 })
	stopped := make(chan error, 1)
	go func() {
		ctx, done := context.WithTimeout(context.Background(), patience)
		defer done()
		stopped <- b.q.Stop(ctx)
	}()
	select {
	case err := <-stopped:
		require.NoError(t, err)
		require.Fail(t, "stopped although a handler runs")
	case <-time.After(300 * time.Millisecond):
	}
	close(release)
	require.NoError(t, <-stopped)
	before := b.total()
	b.insert(1, 0)
	require.Never(t, func() bool { return b.total() > before }, 500*time.Millisecond, 50*time.Millisecond, "nothing is delivered after the end")
}

func flood(_ *testing.T, b *bench) {
	b.start(16)
	var wait sync.WaitGroup
	const each = 50
	for range 8 {
		wait.Go(func() {
			for range each {
				id := models.NewID()
				err := b.db.Write(context.Background(), "test.insert", func(tx *models.Tx) error {
					return models.InsertExecution(context.Background(), tx, execution(id, false))
				})
				if err != nil {
					b.t.Errorf("insert: %v", err)
				}
			}
		})
	}
	wait.Wait()
	b.eventually("all delivered", func() bool { return b.total() == 8*each })
	b.eventually("nothing is due", func() bool {
		n, err := models.CountDue(context.Background(), b.db.Read(), b.db.Now(), 1000)
		return err == nil && n == 0
	})
}

func stats(_ *testing.T, b *bench) {
	release := make(chan struct{})
	b.each = func(id string) {
		<-release
		b.finish(context.Background(), id)
	}
	b.start(1)
	b.insert(1, 0)
	b.eventually("one runs", func() bool { return b.q.Stats().Running == 1 })
	b.insert(1, 0)
	b.insert(1, 0)
	b.insert(1, 2*time.Second)
	b.eventually("two wait, one has its time to come", func() bool {
		s := b.q.Stats()
		return s.Waiting >= 2 && s.Timers >= 1
	})
	close(release)
	b.eventually("nothing waits or runs", func() bool { return b.q.Stats() == queue.Stats{} })
}

func alreadyFinished(_ *testing.T, b *bench) {
	b.start(2)
	id := b.insert(1, 0)
	b.eventually("delivered", func() bool { return b.count(id) > 0 })
	for range 5 {
		b.q.Wake(models.PendingWakeup{ExecutionID: id, Lane: 1, DueAt: b.db.Now()})
	}
	last := b.insert(1, 0)
	b.eventually("others go on", func() bool { return b.count(last) > 0 })
}

func wokenTwice(_ *testing.T, b *bench) {
	b.start(2)
	ids := make([]string, 10)
	for i := range ids {
		ids[i] = b.insert(1, 0)
		b.q.Wake(models.PendingWakeup{ExecutionID: ids[i], Lane: 0, DueAt: b.db.Now()})
	}
	for _, id := range ids {
		b.eventually("delivered", func() bool { return b.count(id) > 0 })
	}
}

func whileStopping(t *testing.T, b *bench) {
	b.start(2)
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	require.NoError(t, b.q.Stop(ctx))
	id := b.insert(1, 0) // hears of it, too late
	b.start(2)
	b.eventually("the next one finds it", func() bool { return b.count(id) > 0 })
}
