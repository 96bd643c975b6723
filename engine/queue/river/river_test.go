package river_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"formrail/engine/queue"
	"formrail/engine/queue/queuetest"
	"formrail/engine/queue/river"
	"formrail/models"
	"formrail/models/modelstest"
)

// addresses remembers the addresses of databases, which a queue needs besides.
type addresses struct{ known sync.Map }

func (a *addresses) open(t *testing.T) *models.DB {
	t.Helper()
	db, address := modelstest.NewShared(t)
	a.known.Store(db, address)
	return db
}

func (a *addresses) make(t *testing.T, db *models.DB, workers int) queue.Queue {
	t.Helper()
	address, ok := a.known.Load(db)
	require.True(t, ok)
	return makeRiver(t, db, address.(string), workers) //nolint:forcetypeassert // stored above
}

func makeRiver(t *testing.T, db *models.DB, address string, workers int) *river.Queue {
	t.Helper()
	q, err := river.New(t.Context(), river.Options{DB: db, URL: address, Clock: db.Clock(), Log: slog.New(slog.DiscardHandler), Workers: workers})
	require.NoError(t, err)
	return q
}

func TestRiver_DoesWhatEveryQueueMust(t *testing.T) {
	t.Parallel()
	a := &addresses{}
	queuetest.Run(t, queuetest.Subject{Database: a.open, Make: a.make})
}

// handled counts deliveries and finishes what is due.
type handled struct {
	t  *testing.T
	db *models.DB

	mu   sync.Mutex
	seen map[string]int
}

func (h *handled) handle(ctx context.Context, id string) {
	h.mu.Lock()
	h.seen[id]++
	h.mu.Unlock()
	due, err := models.DueWakeups(ctx, h.db.Read(), id, h.db.Now())
	if err != nil || len(due) == 0 {
		return
	}
	ids := make([]int64, len(due))
	for i, w := range due {
		ids[i] = w.ID
	}
	if err := h.db.Write(ctx, "test.finish", func(tx *models.Tx) error { return models.FinishWakeups(ctx, tx, ids) }); err != nil {
		h.t.Errorf("finish: %v", err)
	}
}

func (h *handled) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.seen)
}

func start(t *testing.T, q *river.Queue, h *handled) {
	t.Helper()
	require.NoError(t, q.Start(context.WithoutCancel(t.Context()), h.handle))
	t.Cleanup(func() {
		ctx, done := context.WithTimeout(context.Background(), 20*time.Second)
		defer done()
		require.NoError(t, q.Stop(ctx))
	})
}

func insert(t *testing.T, db *models.DB, n int) {
	t.Helper()
	require.NoError(t, db.Write(t.Context(), "test.insert", func(tx *models.Tx) error {
		for range n {
			err := models.InsertExecution(t.Context(), tx, &models.Execution{
				ID: models.NewID(), WorkflowID: 1, VersionID: 1, Hash: "h", Mode: "live", Trigger: "{}", TriggerType: "test", Principal: "system", Depth: 1,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestRiver_LosingAllJobsLosesOnlyTime(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	waker := makeRiver(t, db, address, -1) // wakes, and works on nothing
	h := &handled{t: t, db: db, seen: map[string]int{}}
	db.OnWakeup(waker.Wake)
	start(t, waker, h)
	insert(t, db, 200)
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	lost := int64(0)
	require.Eventually(t, func() bool {
		tag, err := conn.Exec(t.Context(), "DELETE FROM river_job")
		lost += tag.RowsAffected()
		return err == nil && lost >= 200
	}, 20*time.Second, 10*time.Millisecond, "all jobs are there, and lost")
	start(t, makeRiver(t, db, address, 8), h)
	require.Eventually(t, func() bool { return h.len() == 200 }, 20*time.Second, 5*time.Millisecond, "found in the table")
}

func TestRiver_JobsAreNotSynced(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	q := makeRiver(t, db, address, -1)
	require.NoError(t, q.Stop(t.Context()))
	q = makeRiver(t, db, address, -1) // again, as at the next start
	require.NoError(t, q.Stop(t.Context()))
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	var persistence string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT relpersistence::text FROM pg_class WHERE relname = 'river_job'").Scan(&persistence))
	require.Equal(t, "u", persistence)
}

func TestRiver_SharesWorkBetweenProcesses(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	other := modelstest.Join(t, address)
	one := &handled{t: t, db: db, seen: map[string]int{}}
	two := &handled{t: t, db: other, seen: map[string]int{}}
	q := makeRiver(t, db, address, 4)
	db.OnWakeup(q.Wake)
	start(t, q, one)
	start(t, makeRiver(t, other, address, 4), two)
	insert(t, db, 400)
	require.Eventually(t, func() bool { return one.len()+two.len() >= 400 }, 20*time.Second, 5*time.Millisecond)
	require.Positive(t, one.len())
	require.Positive(t, two.len())
}

func TestRiver_BacklogIsNotWokenAgainAndAgain(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	h := &handled{t: t, db: db, seen: map[string]int{}}
	q := makeRiver(t, db, address, -1)
	db.OnWakeup(q.Wake)
	start(t, q, h)
	insert(t, db, 100)
	pool, err := pgxpool.New(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	jobs := func() (n int) { // the last look may outlive its wait
		if err := pool.QueryRow(context.Background(), "SELECT COUNT(*) FROM river_job").Scan(&n); err != nil {
			return 0
		}
		return n
	}
	require.Eventually(t, func() bool { return jobs() >= 100 }, 20*time.Second, 50*time.Millisecond)
	require.Never(t, func() bool { return jobs() > 100 }, 6*time.Second, 200*time.Millisecond, "they wait for a worker, nothing was lost")
}
