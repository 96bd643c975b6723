// Package modelstest gives every test a database of its own: migrated once for
// each test binary and copied for each test. Tests run on SQLite, and on
// PostgreSQL as well when FORMRAIL_TEST_POSTGRES names a server where databases
// may be created.
package modelstest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

// Clock is a clock that tests move. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start()} }

// Start is the time at which clocks of tests stand: a Sunday morning.
func Start() time.Time { return time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC) }

// Now is the time the clock was set to.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, in either direction.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// New gives a migrated SQLite database of the test's own, with a clock that stands.
func New(t testing.TB) *models.DB {
	t.Helper()
	return NewAt(t, NewClock())
}

// NewAt is [New] with a clock.
func NewAt(t testing.TB, clock models.Clock) *models.DB {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "formrail.db"), template, 0o600))
	return open(t, models.Options{Dir: dir, Clock: clock})
}

// Each runs a test on SQLite and, when a server is named, on PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, db *models.DB)) {
	t.Helper()
	EachAt(t, func(t *testing.T, db *models.DB, _ *Clock) { test(t, db) })
}

// EachAt is [Each] for tests that move the clock.
func EachAt(t *testing.T, test func(t *testing.T, db *models.DB, clock *Clock)) {
	t.Helper()
	t.Run("on SQLite", func(t *testing.T) {
		t.Parallel()
		clock := NewClock()
		test(t, NewAt(t, clock), clock)
	})
	t.Run("on PostgreSQL", func(t *testing.T) {
		t.Parallel()
		clock := NewClock()
		test(t, NewPostgresAt(t, clock), clock)
	})
}

func open(t testing.TB, o models.Options) *models.DB {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	db, err := models.Open(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// testLog shows the errors of the database among the test's own messages.
type testLog struct{ t testing.TB }

// Write shows one line.
func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// sqliteTemplate migrates one database for the whole test binary.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "formrail-template")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := models.Open(context.Background(), models.Options{Dir: dir, Clock: NewClock(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "formrail.db"))
})
