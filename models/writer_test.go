package models_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func count(t *testing.T, db *models.DB, where string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM meta WHERE "+where, args...).Scan(&n))
	return n
}

func put(ctx context.Context, tx *models.Tx, name string) error {
	return tx.Queue(ctx, "INSERT INTO meta (name, value) VALUES (?, ?)", name, "x")
}

func TestWrite_UndoesOneFunctionAloneAndKeepsTheOthers(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		var (
			wait             sync.WaitGroup
			done, afterwards atomic.Int64
		)
		refused := errors.New("refused")
		for i := range 200 {
			wait.Go(func() {
				err := db.Write(t.Context(), "test.group", func(tx *models.Tx) error {
					tx.AfterCommit(func() { afterwards.Add(1) })
					if err := put(t.Context(), tx, fmt.Sprintf("g%03d", i)); err != nil {
						return err
					}
					switch i % 5 {
					case 1:
						return refused
					case 2:
						panic("on purpose")
					case 3:
						_, err := tx.Exec(t.Context(), "INSERT INTO meta (name, value) VALUES (?, NULL)", "bad")
						return err
					}
					return nil
				})
				if err == nil {
					done.Add(1)
				} else if i%5 == 1 {
					require.ErrorIs(t, err, refused)
				}
			})
		}
		wait.Wait()
		require.EqualValues(t, 80, done.Load())
		require.EqualValues(t, 80, afterwards.Load(), "what follows a commit runs for committed functions only, and once")
		require.Equal(t, 80, count(t, db, "name LIKE 'g%'"))
	})
}

func TestWrite_IsDurableAndVisibleWhenItReturns(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		for i := range 50 {
			name := fmt.Sprintf("v%d", i)
			require.NoError(t, db.Write(t.Context(), "test.visible", func(tx *models.Tx) error { return put(t.Context(), tx, name) }))
			require.Equal(t, 1, count(t, db, "name = ?", name))
		}
	})
}

func TestWrite_RefusesAfterCloseAndWhenTheCallerHasLeft(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	err := db.Write(gone, "test.gone", func(tx *models.Tx) error { return put(t.Context(), tx, "gone") })
	require.Error(t, err)
	require.Zero(t, count(t, db, "name = 'gone'"))
	require.NoError(t, db.Close())
	err = db.Write(t.Context(), "test.closed", func(tx *models.Tx) error { return put(t.Context(), tx, "closed") })
	require.True(t, models.IsKind(err, models.KindUnavailable), err)
}

func TestSavepoint_UndoesItsPartAlone(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		for _, read := range []bool{false, true} {
			prefix := fmt.Sprintf("s%v", read)
			ran, undone := 0, 0
			require.NoError(t, db.Write(t.Context(), "test.savepoint", func(tx *models.Tx) error {
				if err := put(t.Context(), tx, prefix+"1"); err != nil {
					return err
				}
				err := tx.Savepoint(t.Context(), func() error {
					tx.AfterCommit(func() { ran++ })
					tx.AfterRollback(func() { undone++ })
					if err := put(t.Context(), tx, prefix+"2"); err != nil {
						return err
					}
					if read {
						var n int
						if err := tx.QueryRow(t.Context(), "SELECT COUNT(*) FROM meta WHERE name LIKE ?", prefix+"%").Scan(&n); err != nil {
							return err
						}
						if n != 2 {
							return fmt.Errorf("saw %d rows", n)
						}
					}
					_, err := tx.Exec(t.Context(), "INSERT INTO meta (name, value) VALUES (?, NULL)", "bad")
					return err
				})
				if err == nil {
					return errors.New("the part did not fail")
				}
				return put(t.Context(), tx, prefix+"3")
			}))
			require.Equal(t, 2, count(t, db, "name LIKE ?", prefix+"%"))
			require.Zero(t, ran)
			require.Positive(t, undone, "it is certain that nothing of the part was kept")
		}
	})
}

// What releases an inner savepoint may still wait to be sent when the outer one is undone.
func TestSavepoint_UndoesTheOnesInside(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		no := errors.New("no")
		require.NoError(t, db.Write(t.Context(), "test.nested", func(tx *models.Tx) error {
			err := tx.Savepoint(t.Context(), func() error {
				for _, name := range []string{"outer", "inner", "last"} {
					if err := tx.Savepoint(t.Context(), func() error { return put(t.Context(), tx, name) }); err != nil {
						return err
					}
				}
				return no
			})
			if !errors.Is(err, no) {
				return fmt.Errorf("the part gave %w", err)
			}
			return put(t.Context(), tx, "behind")
		}))
		require.Zero(t, count(t, db, "name IN ('outer', 'inner', 'last')"))
		require.Equal(t, 1, count(t, db, "name = 'behind'"))
	})
}

func TestQueueWanting_FailsWhenTheRaceIsLost(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		lost := errors.New("lost")
		err := db.Write(t.Context(), "test.wanting", func(tx *models.Tx) error {
			if err := put(t.Context(), tx, "w1"); err != nil {
				return err
			}
			return tx.QueueWanting(t.Context(), lost, "UPDATE meta SET value = 'y' WHERE name = 'nobody'")
		})
		require.ErrorIs(t, err, lost)
		require.Zero(t, count(t, db, "name = 'w1'"))
	})
}

func TestOpen_OneOwnerAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := models.Options{Dir: dir, Clock: models.ClockFunc(time.Now), Log: slog.New(slog.DiscardHandler), Exclusive: true}
	first, err := models.Open(t.Context(), o)
	require.NoError(t, err)
	_, err = models.Open(t.Context(), o)
	require.True(t, models.IsCode(err, "ALREADY_RUNNING"), err)
	o.Exclusive = false
	beside, err := models.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, beside.Close())
	require.NoError(t, first.Close())
	o.Exclusive = true
	again, err := models.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}

func TestOpen_SecondProcessWritesBesideTheFirst(t *testing.T) {
	t.Parallel()
	o := models.Options{Dir: t.TempDir(), Clock: models.ClockFunc(time.Now), Log: slog.New(slog.DiscardHandler)}
	var dbs []*models.DB
	for range 2 {
		db, err := models.Open(t.Context(), o)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		dbs = append(dbs, db)
	}
	var wait sync.WaitGroup
	for i, db := range dbs {
		wait.Go(func() {
			for n := range 30 {
				require.NoError(t, db.Write(t.Context(), "test.beside", func(tx *models.Tx) error { return put(t.Context(), tx, fmt.Sprintf("b%d-%d", i, n)) }))
			}
		})
	}
	wait.Wait()
	require.Equal(t, 60, count(t, dbs[0], "name LIKE 'b%'"))
}

func TestWrite_SurvivesAFunctionThatEndsItsGoroutine(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		err := db.Write(t.Context(), "test.goexit", func(tx *models.Tx) error {
			if err := put(t.Context(), tx, "lost"); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
		require.Error(t, err)
		require.NoError(t, db.Write(t.Context(), "test.after", func(tx *models.Tx) error { return put(t.Context(), tx, "kept") }))
		require.Equal(t, 1, count(t, db, "name IN ('lost', 'kept')"))
	})
}

// A batch is first run without savepoints. When something has to be undone alone, all of it
// runs again with them: everybody hears what became of the last run, once.
func TestWrite_RunsABatchAgainWhenAPartOfItFails(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	var runs, committed, undone atomic.Int64
	for round := range 2 {
		runs.Store(0)
		require.NoError(t, db.Write(t.Context(), "test.again", func(tx *models.Tx) error {
			runs.Add(1)
			tx.AfterCommit(func() { committed.Add(1) })
			tx.AfterRollback(func() { undone.Add(1) })
			err := tx.Savepoint(t.Context(), func() error {
				if err := put(t.Context(), tx, fmt.Sprintf("part%d", round)); err != nil {
					return err
				}
				return errors.New("not this")
			})
			if err == nil {
				return errors.New("the part did not fail")
			}
			return put(t.Context(), tx, fmt.Sprintf("whole%d", round))
		}))
		require.EqualValues(t, 2-round, runs.Load(), "for a while it is expected to happen again")
	}
	require.EqualValues(t, 2, committed.Load())
	require.EqualValues(t, 1, undone.Load(), "of the run that was thrown away")
	require.Zero(t, count(t, db, "name LIKE 'part%'"))
	require.Equal(t, 2, count(t, db, "name LIKE 'whole%'"))
}

// A function that makes nothing of the error of a statement has spoiled its transaction on
// PostgreSQL, which then answers a commit with a roll-back: nobody may hear of a success.
func TestWrite_AcknowledgesNothingThatASpoiledTransactionLost(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		err := db.Write(t.Context(), "test.swallow", func(tx *models.Tx) error {
			if err := put(t.Context(), tx, "swallowed"); err != nil {
				return err
			}
			if _, err := tx.Exec(t.Context(), "INSERT INTO meta (name, value) VALUES (?, NULL)", "bad"); err == nil {
				return errors.New("the statement did not fail")
			}
			return nil
		})
		if err == nil {
			require.Equal(t, 1, count(t, db, "name = 'swallowed'"), "what was acknowledged is there")
		} else {
			require.Zero(t, count(t, db, "name = 'swallowed'"))
		}
		require.NoError(t, db.Write(t.Context(), "test.after", func(tx *models.Tx) error { return put(t.Context(), tx, "later") }))
		require.Equal(t, 1, count(t, db, "name = 'later'"))
	})
}
