package models_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// When a statement finds the disk full, SQLite undoes the whole transaction by itself.
// What a function does after that must not be committed on its own, whatever it makes of
// the error, and everybody who shares the transaction hears that nothing was written.
func TestWrite_NothingIsWrittenBesideATransactionThatIsGone(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	write := func(fn func(ctx context.Context, tx *models.Tx) error) error {
		return db.Write(t.Context(), "test.write", func(tx *models.Tx) error { return fn(t.Context(), tx) })
	}
	exec := func(query string, args ...any) func(context.Context, *models.Tx) error {
		return func(ctx context.Context, tx *models.Tx) error {
			_, err := tx.Exec(ctx, query, args...)
			return err
		}
	}
	require.NoError(t, write(exec("CREATE TABLE things (name TEXT, weight TEXT)")))
	require.NoError(t, write(exec("PRAGMA max_page_count = 1"))) // no page more than there are
	heavy := exec("INSERT INTO things VALUES ('heavy', ?)", strings.Repeat("x", 1<<20))
	goesOn := func(ctx context.Context, tx *models.Tx) error {
		before := exec("INSERT INTO things VALUES ('before', '')")(ctx, tx)
		full := tx.Savepoint(ctx, func() error { return heavy(ctx, tx) })
		after := exec("INSERT INTO things VALUES ('after', '')")(ctx, tx)
		var n int
		row := tx.QueryRow(ctx, "INSERT INTO things VALUES ('row', '') RETURNING 1").Scan(&n)
		gorm := tx.Gorm(ctx).Exec("INSERT INTO things VALUES ('gorm', '')").Error
		require.NoError(t, before)
		for _, err := range []error{full, after, gorm} {
			require.True(t, models.IsCode(err, "DISK_FULL"), err)
		}
		require.Error(t, row)
		return nil
	}
	full := func(err error) {
		t.Helper()
		require.True(t, models.IsCode(err, "DISK_FULL"), err)
		require.True(t, models.IsKind(err, models.KindUnavailable))
	}
	full(write(goesOn))

	var (
		wait sync.WaitGroup
		kept atomic.Int64
	)
	for i := range 60 { // many share a transaction
		wait.Go(func() {
			if i%10 == 5 {
				full(write(goesOn))
			} else if err := write(exec("INSERT INTO things VALUES ('light', '')")); err == nil {
				kept.Add(1)
			} else {
				full(err)
			}
		})
	}
	wait.Wait()
	count := func(where string) (n int) {
		require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM things WHERE "+where).Scan(&n))
		return n
	}
	require.EqualValues(t, kept.Load(), count("name = 'light'"), "what was acknowledged is there, what was refused is not")
	require.Zero(t, count("name <> 'light'"))

	require.NoError(t, write(exec("PRAGMA max_page_count = 4294967294")))
	require.NoError(t, write(heavy), "with space it goes on")
}
