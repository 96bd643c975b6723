package cluster_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/cluster"
	"formrail/models"
	"formrail/models/modelstest"
)

func member(t *testing.T, db *models.DB) *cluster.Member {
	t.Helper()
	m := cluster.New(db, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { require.NoError(t, m.Stop(context.Background())) })
	return m
}

// ears notes what was heard.
type ears struct {
	mu    sync.Mutex
	heard map[string]bool
	again int
}

func (e *ears) open(m *cluster.Member) {
	e.heard = map[string]bool{}
	m.Hear(cluster.Changed, func(text string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.heard[text] = true
	})
	m.HearAgain(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.again++
	})
}

func (e *ears) has(text string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard[text]
}

func (e *ears) began() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.again
}

func TestMember_TellsTheOthers(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	a, b := member(t, db), member(t, modelstest.Join(t, address))
	var here, there ears
	here.open(a)
	there.open(b)
	a.Start(t.Context())
	b.Start(t.Context())
	require.Eventually(t, func() bool { return there.began() > 0 && here.began() > 0 }, 20*time.Second, 5*time.Millisecond, "both listen")
	a.Tell(cluster.Changed, "exec:1")
	require.Eventually(t, func() bool { return there.has("exec:1") }, 20*time.Second, 5*time.Millisecond)
	require.False(t, here.has("exec:1"), "not oneself")
	before := there.began()
	for i := range 2000 {
		a.Tell(cluster.Changed, "exec:"+models.NewID()+string(rune('a'+i%26)))
	}
	require.Eventually(t, func() bool { return there.began() > before }, 20*time.Second, 5*time.Millisecond, "too much is said as: look again")
}

func TestMember_ListensAgainAfterItsConnectionWasCut(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	a, b := member(t, db), member(t, modelstest.Join(t, address))
	var there ears
	there.open(b)
	a.Start(t.Context())
	b.Start(t.Context())
	require.Eventually(t, func() bool { return there.began() > 0 }, 20*time.Second, 5*time.Millisecond)
	var n int64
	require.NoError(t, db.Read().QueryRow(t.Context(), `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'formrail-listen'`).Scan(&n))
	require.Positive(t, n)
	require.Eventually(t, func() bool { return there.began() > 1 }, 20*time.Second, 5*time.Millisecond, "what was missed is looked up")
	a.Tell(cluster.Changed, "tasks")
	require.Eventually(t, func() bool { return there.has("tasks") }, 20*time.Second, 5*time.Millisecond)
}

func TestMember_OneLeads(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	a, b := member(t, db), member(t, modelstest.Join(t, address))
	a.Start(t.Context())
	require.True(t, a.Leading(), "the first one leads at once")
	b.Start(t.Context())
	require.False(t, b.Leading())
	require.NoError(t, a.Stop(t.Context()))
	require.False(t, a.Leading())
	require.Eventually(t, b.Leading, 20*time.Second, 10*time.Millisecond, "who stops makes room")
}

func TestMember_AloneAlwaysLeads(t *testing.T) {
	t.Parallel()
	m := member(t, modelstest.New(t))
	m.Start(t.Context())
	m.Tell(cluster.Changed, "x")
	require.True(t, m.Leading())
	require.False(t, m.Shared())
}
