package models_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// two gives a database as two processes see it, and a connection that watches.
func two(t *testing.T) (a, b *models.DB, witness *pgx.Conn) {
	t.Helper()
	a, address := modelstest.NewShared(t)
	b = modelstest.Join(t, address)
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return a, b, conn
}

func TestShared_WhatIsReadInAWriteStaysTrue(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	const each, workers = 40, 4
	var wait sync.WaitGroup
	for _, db := range []*models.DB{a, b} {
		for range workers {
			wait.Go(func() {
				for range each {
					err := db.Write(t.Context(), "test.count", func(tx *models.Tx) error {
						var n int64
						if err := tx.QueryRow(t.Context(), "SELECT COALESCE((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'counted'), 0)").Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(t.Context(), "INSERT INTO meta (name, value) VALUES ('counted', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", strconv.FormatInt(n+1, 10))
						return err
					})
					if err != nil {
						t.Errorf("count: %v", err)
					}
				}
			})
		}
	}
	wait.Wait()
	got, err := a.Meta(t.Context(), "counted")
	require.NoError(t, err)
	require.Equal(t, "320", got, "no increment was lost")
}

func TestShared_RightsTakenAwayAreGoneAtOnce(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	require.NoError(t, a.EnsureSeed(t.Context()))
	var user models.User
	require.NoError(t, a.Write(t.Context(), "test.user", func(tx *models.Tx) error {
		if _, err := models.CreateRoot(t.Context(), tx, models.NewUser{Email: "root@example.com", Nickname: "Root", Password: "-"}); err != nil {
			return err
		}
		var err error
		user, err = models.CreateUser(t.Context(), tx, models.SystemAccess(), models.NewUser{Email: "p@example.com", Nickname: "Pat", Password: "-"})
		return err
	}))
	for range 20 {
		_, err := b.AccessOf(t.Context(), models.Person(user.ID, ""))
		require.NoError(t, err)
		require.NoError(t, a.Write(t.Context(), "test.deactivate", func(tx *models.Tx) error {
			return models.DeactivateUser(t.Context(), tx, models.SystemAccess(), user.ID)
		}))
		_, err = b.AccessOf(t.Context(), models.Person(user.ID, ""))
		require.True(t, models.IsCode(err, "USER_INACTIVE"), "the very next question knows: %v", err)
		require.NoError(t, a.Write(t.Context(), "test.activate", func(tx *models.Tx) error {
			return models.ActivateUser(t.Context(), tx, models.SystemAccess(), user.ID)
		}))
	}
}

func TestShared_AFrozenWriterIsThrownOut(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	inside, goOn := make(chan struct{}), make(chan struct{})
	froze := make(chan error, 1)
	go func() {
		froze <- a.Write(t.Context(), "test.frozen", func(tx *models.Tx) error {
			if err := tx.SetMeta(t.Context(), "frozen", "1"); err != nil {
				return err
			}
			close(inside)
			<-goOn
			return nil
		})
	}()
	<-inside
	begun := time.Now()
	require.NoError(t, b.Write(t.Context(), "test.other", func(tx *models.Tx) error { return tx.SetMeta(t.Context(), "other", "1") }))
	require.Less(t, time.Since(begun), 15*time.Second)
	close(goOn)
	require.Error(t, <-froze, "it committed nothing")
	got, err := b.Meta(t.Context(), "frozen")
	require.NoError(t, err)
	require.Empty(t, got)
	require.NoError(t, a.Write(t.Context(), "test.again", func(tx *models.Tx) error { return tx.SetMeta(t.Context(), "again", "1") }), "it goes on by itself")
}

func TestShared_OneLeadsAtATime(t *testing.T) {
	t.Parallel()
	a, b, witness := two(t)
	lead := func(db *models.DB, process string) (leads bool) {
		require.NoError(t, db.Write(t.Context(), "test.lead", func(tx *models.Tx) error {
			var err error
			leads, err = models.Lead(t.Context(), tx, "x", process)
			return err
		}))
		return leads
	}
	require.True(t, lead(a, "a"))
	require.False(t, lead(b, "b"))
	require.True(t, lead(a, "a"), "renewed")
	_, err := witness.Exec(t.Context(), "UPDATE leaders SET until = until - 11000")
	require.NoError(t, err)
	require.True(t, lead(b, "b"), "its time was over")
	require.False(t, lead(a, "a"))
	require.NoError(t, b.Write(t.Context(), "test.step_down", func(tx *models.Tx) error { return models.StepDown(t.Context(), tx, "x", "b") }))
	require.True(t, lead(a, "a"))
}

func TestShared_LeasesAreRenewedByTheirHolderOnly(t *testing.T) {
	t.Parallel()
	a, b, witness := two(t)
	id := models.NewID()
	require.NoError(t, a.Write(t.Context(), "test.insert", func(tx *models.Tx) error {
		return models.InsertExecution(t.Context(), tx, &models.Execution{
			ID: id, WorkflowID: 1, VersionID: 1, Hash: "h", Mode: "live", Trigger: "{}", TriggerType: "test", Principal: "system", Depth: 1,
		})
	}))
	renew := func(db *models.DB, process string, token, next int64) bool {
		var lost []string
		require.NoError(t, db.Write(t.Context(), "test.renew", func(tx *models.Tx) error {
			var err error
			lost, err = models.RenewLeases(t.Context(), tx, process, []models.Lease{{ExecutionID: id, Token: token, Next: next}})
			return err
		}))
		return len(lost) == 0
	}
	stranded := func() int {
		list, err := models.StrandedWakeups(t.Context(), a.Read(), a.Now().Add(time.Minute), a.Now(), 10)
		require.NoError(t, err)
		return len(list)
	}
	require.Equal(t, 1, stranded())
	require.True(t, renew(a, "a", 0, 0))
	require.Zero(t, stranded(), "somebody works on it")
	require.False(t, renew(b, "b", 0, 0), "others do not get it")
	require.True(t, renew(a, "a", 0, 1), "also during a commit")
	require.False(t, renew(a, "a", 5, 6), "nor does who has another token")
	_, err := witness.Exec(t.Context(), "UPDATE executions SET lease_until = lease_until - 16000")
	require.NoError(t, err)
	require.Equal(t, 1, stranded(), "the lease has ended")
	require.True(t, renew(b, "b", 0, 0))
	require.False(t, renew(a, "a", 0, 0), "who was frozen has lost it")
}

func TestShared_TimeIsTheServers(t *testing.T) {
	t.Parallel()
	_, address := modelstest.NewShared(t)
	slow := modelstest.JoinAt(t, address, models.ClockFunc(func() time.Time { return time.Now().Add(-time.Hour) }))
	require.WithinDuration(t, time.Now(), slow.Now(), 5*time.Second, "a process whose clock is wrong goes by the server's")
	var at time.Time
	require.NoError(t, slow.Write(t.Context(), "test.now", func(tx *models.Tx) error { at = tx.Now(); return nil }))
	require.WithinDuration(t, time.Now(), at, 5*time.Second)
}

func TestShared_NeedsPostgreSQL(t *testing.T) {
	t.Parallel()
	_, err := models.Open(t.Context(), models.Options{Dir: t.TempDir(), Clock: models.ClockFunc(time.Now), Log: quiet(), Shared: true})
	require.True(t, models.IsCode(err, "NOT_SHARED"), "%v", err)
}

func TestShared_NobodyOwnsWhatOthersShare(t *testing.T) {
	t.Parallel()
	db, address := modelstest.NewShared(t)
	owned, err := db.Owned(t.Context())
	require.NoError(t, err)
	require.True(t, owned)
	ctx, done := context.WithTimeout(t.Context(), time.Second)
	defer done()
	_, err = models.Open(ctx, models.Options{Dir: t.TempDir(), URL: address, Clock: models.ClockFunc(time.Now), Log: quiet(), Exclusive: true})
	require.Error(t, err, "restore and copy want them stopped")
}
