package models_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// tamper changes a file of SQLite from outside.
func tamper(t *testing.T, file, statement string) {
	t.Helper()
	pool := sql.OpenDB(connector{file})
	defer func() { require.NoError(t, pool.Close()) }()
	_, err := pool.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

// unpacked opens a backup as an installation.
func unpacked(t *testing.T, file string) *models.DB {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, models.Unpack(t.Context(), file, dir, modelstest.Start()))
	return reopened(t, dir)
}

func TestBackup_HoldsWhatWasAcknowledgedWhileOthersWrite(t *testing.T) {
	t.Parallel()
	db, file := modelstest.New(t), filepath.Join(t.TempDir(), "backup")
	write := func(n int) error {
		return change(t, db, func(ctx context.Context, tx *models.Tx) error { return tx.SetMeta(ctx, "n"+strconv.Itoa(n), "x") })
	}
	const before, writers = 50, 4
	for n := range before {
		require.NoError(t, write(n))
	}
	stop := make(chan struct{})
	var busy sync.WaitGroup
	var failures [writers]error
	for w := range writers {
		busy.Go(func() {
			for n := 0; failures[w] == nil; n++ {
				select {
				case <-stop:
					return
				default:
					failures[w] = write(1000*(w+1) + n)
				}
			}
		})
	}
	err := db.Backup(t.Context(), file)
	close(stop)
	busy.Wait()
	require.NoError(t, err)
	require.Equal(t, [writers]error{}, failures)

	require.NoError(t, models.CheckBackup(t.Context(), file))
	restored := unpacked(t, file)
	for n := range before {
		v, err := restored.Meta(t.Context(), "n"+strconv.Itoa(n))
		require.NoError(t, err)
		require.Equal(t, "x", v, n)
	}
	mark, err := restored.Meta(t.Context(), models.RestoredAt)
	require.NoError(t, err)
	require.Equal(t, "2026-11-22T09:30:00Z", mark)
	requireCode(t, db.Backup(t.Context(), file), "FILE_EXISTS")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "nobody else may read it")
}

func TestBackup_AnAlteredOneIsRefused(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	seeded(t, db)
	whole := filepath.Join(t.TempDir(), "whole")
	require.NoError(t, db.Backup(t.Context(), whole))
	data, err := os.ReadFile(whole)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		alter func(t *testing.T, file string)
		code  string
	}{
		"a changed row": {func(t *testing.T, file string) {
			tamper(t, file, "UPDATE roles SET title = 'Boss' WHERE name = 'admin'")
		}, "BACKUP_DAMAGED"},
		"a lost row":   {func(t *testing.T, file string) { tamper(t, file, "DELETE FROM roles WHERE name = 'auditor'") }, "BACKUP_DAMAGED"},
		"a new table":  {func(t *testing.T, file string) { tamper(t, file, "CREATE TABLE extra (a)") }, "BACKUP_DAMAGED"},
		"a lost rule":  {func(t *testing.T, file string) { tamper(t, file, "DROP TRIGGER audit_log_no_update") }, "BACKUP_DAMAGED"},
		"a lost index": {func(t *testing.T, file string) { tamper(t, file, "DROP INDEX wakeups_due") }, "BACKUP_DAMAGED"},
		"no manifest":  {func(t *testing.T, file string) { tamper(t, file, "DROP TABLE backup_manifest") }, "NOT_A_BACKUP"},
		"a cut file":   {func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, int64(len(data)/2))) }, ""},
		"another file": {func(t *testing.T, file string) { require.NoError(t, os.WriteFile(file, []byte("hello"), 0o600)) }, "NOT_A_BACKUP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, dir := filepath.Join(t.TempDir(), "altered"), t.TempDir()
			require.NoError(t, os.WriteFile(file, data, 0o600))
			c.alter(t, file)
			err := models.Restore(t.Context(), models.Restoring{File: file, Dir: dir, Now: modelstest.Start()})
			require.Error(t, err)
			if c.code != "" {
				requireCode(t, err, c.code)
			}
			require.NoFileExists(t, filepath.Join(dir, "formrail.db"))
		})
	}
}

func TestRestore_ReplacesOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	seeded(t, db)
	file, dir := filepath.Join(t.TempDir(), "backup"), t.TempDir()
	require.NoError(t, db.Backup(t.Context(), file))
	in := models.Restoring{File: file, Dir: dir, Now: modelstest.Start()}
	require.NoError(t, models.Restore(t.Context(), in))
	requireCode(t, models.Restore(t.Context(), in), "DATA_EXISTS")

	in.Force = true
	owner, err := models.Open(t.Context(), models.Options{Dir: dir, Clock: modelstest.NewClock(), Log: quiet(), Exclusive: true})
	require.NoError(t, err)
	requireCode(t, models.Restore(t.Context(), in), "ALREADY_RUNNING")
	require.NoError(t, owner.Close())

	require.NoError(t, models.Restore(t.Context(), in))
	require.FileExists(t, filepath.Join(dir, "formrail.db.before-restore-20261122T093000Z"), "what was there is kept")
	found, err := reopened(t, dir).Examine(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestRestore_TakesNoLogForItsOwn restores into a folder where a restore was stopped
// after the old database had been moved and a log was left.
func TestRestore_TakesNoLogForItsOwn(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	seeded(t, db)
	file, dir := filepath.Join(t.TempDir(), "backup"), t.TempDir()
	require.NoError(t, db.Backup(t.Context(), file))
	must(t, db, func(ctx context.Context, tx *models.Tx) error { return tx.SetMeta(ctx, "later", "x") })
	log, err := os.ReadFile(filepath.Join(db.Dir(), "formrail.db-wal"))
	require.NoError(t, err)
	require.NotEmpty(t, log)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "formrail.db-wal"), log, 0o600))

	require.NoError(t, models.Restore(t.Context(), models.Restoring{File: file, Dir: dir, Now: modelstest.Start()}))
	restored := reopened(t, dir)
	found, err := restored.Examine(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
	v, err := restored.Meta(t.Context(), "later")
	require.NoError(t, err)
	require.Empty(t, v, "what came after the backup is not in it")
}

func TestExamine_FindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		hire(t, db, "ana")
		found, err := db.Examine(t.Context())
		require.NoError(t, err)
		require.Empty(t, found)

		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			lift := "DROP TRIGGER audit_log_no_update"
			if tx.Dialect() == models.Postgres {
				lift = "DROP TRIGGER audit_log_append_only ON audit_log"
			}
			for _, statement := range []string{
				lift, "UPDATE audit_log SET title = 'nobody' WHERE seq = 1",
				`INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, trigger_data, trigger_type, principal, root_id, created_at)
					VALUES ('stuck', 1, 1, '', 'waiting', '{}', 'post_action', 'user:1', 'stuck', 1)`,
				"INSERT INTO wakeups (execution_id, reason, due_at, created_at) VALUES ('gone', 'timer', 1, 1)",
			} {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		found, err = db.Examine(t.Context())
		require.NoError(t, err)
		var checks []string
		for _, s := range found {
			require.False(t, s.Warning)
			checks = append(checks, s.Check)
		}
		require.Contains(t, checks, "Q1", "an execution without a reason to move on")
		require.Contains(t, checks, "audit")
		require.NotContains(t, checks, "Q7", "no server runs, so nobody could have taken the wake-up")
	})
}

// connector opens a file without the settings of an installation.
type connector struct{ file string }

// Connect opens one connection.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.Driver().Open(c.file) }

// Driver gives the driver.
func (connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// reopened opens a data folder that is not owned by anybody.
func reopened(t *testing.T, dir string) *models.DB {
	t.Helper()
	db, err := models.Open(t.Context(), models.Options{Dir: dir, Clock: modelstest.NewClock(), Log: quiet()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
