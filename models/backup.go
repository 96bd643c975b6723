package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"formrail/models/fault"
	"formrail/models/text"
)

// manifestTable says in a backup what every table must hold.
const manifestTable = "backup_manifest"

// Backup writes everything that was committed before it began to one new file,
// also while others write. The file appears under its name once it is complete,
// synced and verified. The database must be SQLite; copy a PostgreSQL one first.
func (db *DB) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Lstat(file); err == nil {
		return Conflict("FILE_EXISTS", text.M("backup.exists", "The file %s exists already. Choose another name.", file))
	}
	if err := fault.Hit("backup.write.before"); err != nil {
		return err
	}
	part := file + ".part"
	if err := removeFile(part); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeFile(part))
		}
	}()
	if err := createPrivate(part); err != nil {
		return err
	}
	if err := copyInto(ctx, filepath.Join(db.dir, sqliteFile), part); err != nil {
		return fmt.Errorf("copy database: %w", err)
	}
	if err := fault.Hit("backup.copied"); err != nil {
		return err
	}
	if err := withFile(part, false, func(pool *sql.DB) error { return writeManifest(ctx, pool) }); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := syncFile(part); err != nil {
		return err
	}
	if err := fault.Hit("backup.synced"); err != nil {
		return err
	}
	if err := CheckBackup(ctx, part); err != nil {
		return err
	}
	if err := fault.Hit("backup.verified"); err != nil {
		return err
	}
	if err := os.Rename(part, file); err != nil {
		return fmt.Errorf("name backup: %w", err)
	}
	if err := fault.Hit("backup.named"); err != nil {
		return err
	}
	if err := syncFile(filepath.Dir(file)); err != nil {
		return err
	}
	return fault.Hit("backup.write.after")
}

// CheckBackup says what is wrong with a backup file: it is none, it is damaged, or
// its content is not what was written.
func CheckBackup(ctx context.Context, file string) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	var found []string
	err := withFile(file, true, func(pool *sql.DB) error {
		var err error
		if found, err = unsound(ctx, poolQuerier{pool}); err != nil || len(found) > 0 {
			return err
		}
		found, err = compareManifest(ctx, pool)
		return err
	})
	if err != nil {
		return notBackup(file).Because(err)
	}
	if len(found) > 0 {
		return backupDamaged(file, found[0])
	}
	return nil
}

func notBackup(file string) *Error {
	return Invalid("NOT_A_BACKUP", text.M("backup.unreadable", "The file %s is not a backup, or it is damaged. Use another one.", file))
}

func backupDamaged(file, why string) *Error {
	return Invalid("BACKUP_DAMAGED", text.M("backup.damaged", "The backup %s is damaged and cannot be used: %s.", file, why))
}

// Unpack checks a backup and makes it the database of a folder that has none,
// marked as restored.
func Unpack(ctx context.Context, file, dir string, now time.Time) error {
	if err := CheckBackup(ctx, file); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	path := filepath.Join(dir, sqliteFile)
	if err := prepare(ctx, file, path+".part", now); err != nil {
		return err
	}
	return takeOver(path)
}

// prepare makes a synced copy of a backup that is marked as restored.
func prepare(ctx context.Context, file, part string, now time.Time) error {
	if err := copyFile(file, part); err != nil {
		return err
	}
	err := withFile(part, false, func(pool *sql.DB) error {
		for _, change := range []struct {
			query string
			args  []any
		}{
			{"DROP TABLE " + manifestTable, nil},
			{
				"INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				[]any{RestoredAt, now.UTC().Format(time.RFC3339)},
			},
		} {
			if _, err := pool.ExecContext(ctx, change.query, change.args...); err != nil {
				return storageError(err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark as restored: %w", err)
	}
	return syncFile(part)
}

// takeOver names what was prepared, where no database is. A log that a database
// before it has left would be taken for its own.
func takeOver(path string) error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := removeFile(path + suffix); err != nil {
			return err
		}
	}
	if err := os.Rename(path+".part", path); err != nil {
		return fmt.Errorf("name database: %w", err)
	}
	if err := fault.Hit("restore.named"); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// Restoring says which backup becomes the database of which data folder.
type Restoring struct {
	File  string
	Dir   string
	Force bool // replace a database that is there; it is kept under another name
	Now   time.Time
}

// Restore replaces the SQLite database of a data folder by a backup. No server may
// run on the folder.
func Restore(ctx context.Context, r Restoring) (err error) {
	if err := CheckBackup(ctx, r.File); err != nil {
		return err
	}
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	release, err := lockFolder(r.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	path := filepath.Join(r.Dir, sqliteFile)
	_, err = os.Lstat(path)
	replaces := err == nil
	if replaces && !r.Force {
		return Conflict("DATA_EXISTS", text.M("backup.data_exists", "The data folder %s holds data already. Add --force to replace it.", r.Dir))
	}
	if err := prepare(ctx, r.File, path+".part", r.Now); err != nil {
		return err
	}
	if err := fault.Hit("restore.unpacked"); err != nil {
		return err
	}
	if replaces {
		if err := setAside(ctx, path, r.Now); err != nil {
			return err
		}
	}
	if err := fault.Hit("restore.aside"); err != nil {
		return err
	}
	return takeOver(path)
}

// setAside gives a database with its log another name: the log first, so that no
// moment leaves a log without its database. What the log holds is moved into the
// database before, where the database is sound enough for that.
func setAside(ctx context.Context, path string, now time.Time) error {
	_ = withPool(sqliteDSN(path, false), func(pool *sql.DB) error { //nolint:errcheck // a damaged database is kept as it is
		_, err := pool.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	})
	aside := path + now.UTC().Format(".before-restore-20060102T150405Z")
	for _, suffix := range []string{"-wal", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("keep old database: %w", err)
		}
	}
	return removeFile(path + "-shm")
}

// writeManifest notes the sum of every table.
func writeManifest(ctx context.Context, pool *sql.DB) error {
	sums, err := fileSums(ctx, pool)
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "CREATE TABLE "+manifestTable+" (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, hash TEXT NOT NULL)"); err != nil {
		return storageError(err)
	}
	for table, sum := range sums {
		_, err := pool.ExecContext(ctx, "INSERT INTO backup_manifest (name, rows, hash) VALUES (?, ?, ?)", table, sum.Rows, sum.Hash())
		if err != nil {
			return storageError(err)
		}
	}
	return nil
}

// compareManifest lists the tables that do not hold what the manifest says.
func compareManifest(ctx context.Context, pool *sql.DB) ([]string, error) {
	sums, err := fileSums(ctx, pool)
	if err != nil {
		return nil, err
	}
	var found []string
	rows, err := poolQuerier{pool}.Query(ctx, "SELECT name, rows, hash FROM backup_manifest ORDER BY name")
	err = Rows(rows, err, func(r *sql.Rows) error {
		var name, hash string
		var n int64
		if err := r.Scan(&name, &n, &hash); err != nil {
			return err
		}
		if have, ok := sums[name]; !ok || have.Rows != n || have.Hash() != hash {
			found = append(found, "table "+name+" is not what was written")
		}
		delete(sums, name)
		return nil
	})
	for name := range sums {
		found = append(found, "table "+name+" was added")
	}
	return found, err
}

// schemaName stands in the manifest for what the file itself knows of its tables,
// indexes and triggers.
const schemaName = "sqlite_schema"

// fileSums adds up every table of a SQLite file, and the rules that keep them.
func fileSums(ctx context.Context, pool *sql.DB) (map[string]Sum, error) {
	q := poolQuerier{pool}
	tables, err := Tables(ctx, q)
	if err != nil {
		return nil, err
	}
	schema, err := schemaSum(ctx, q)
	if err != nil {
		return nil, err
	}
	out := map[string]Sum{schemaName: schema}
	for _, table := range tables {
		columns, _, err := TableColumns(ctx, q, table)
		if err != nil {
			return nil, err
		}
		var sum Sum
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		rows, err := q.Query(ctx, "SELECT "+quotedList(columns)+" FROM "+quotedList([]string{table}))
		err = Rows(rows, err, func(r *sql.Rows) error {
			if err := r.Scan(into...); err != nil {
				return err
			}
			return sum.Add(values)
		})
		if err != nil {
			return nil, fmt.Errorf("read table %s: %w", table, err)
		}
		out[table] = sum
	}
	return out, nil
}

func schemaSum(ctx context.Context, q Querier) (sum Sum, err error) {
	rows, err := q.Query(ctx, "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema WHERE tbl_name <> ?", manifestTable)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var typ, name, table, statement string
		if err := r.Scan(&typ, &name, &table, &statement); err != nil {
			return err
		}
		return sum.Add([]any{typ, name, table, statement})
	})
	if err != nil {
		return sum, fmt.Errorf("read schema: %w", err)
	}
	return sum, nil
}

// quotedList quotes names that a backup file gives: it may come from anywhere.
func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "\"" + strings.ReplaceAll(name, "\"", "\"\"") + "\""
	}
	return strings.Join(quoted, ", ")
}

// poolQuerier reads a SQLite file that is not an open installation.
type poolQuerier struct{ pool *sql.DB }

// Dialect names the database in use.
func (poolQuerier) Dialect() Dialect { return SQLite }

// Query runs a query.
func (q poolQuerier) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := q.pool.QueryContext(ctx, query, args...)
	return rows, storageError(err)
}

// QueryRow runs a query for one row.
func (q poolQuerier) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return q.pool.QueryRowContext(ctx, query, args...)
}

// withFile opens a SQLite file without a write-ahead log, so that it stays one file.
func withFile(path string, readOnly bool, fn func(*sql.DB) error) error {
	dsn := strings.Replace(sqliteDSN(path, readOnly), "_journal_mode=WAL", "_journal_mode=DELETE", 1)
	return withPool(dsn, fn)
}

func withPool(dsn string, fn func(*sql.DB) error) error {
	pool := sql.OpenDB(sqliteConnector{dsn: dsn})
	pool.SetMaxOpenConns(1)
	return errors.Join(fn(pool), pool.Close())
}

// syncFile makes sure that a file, or the names in a folder, are on disk.
func syncFile(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return errors.Join(f.Sync(), f.Close())
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// copyFile copies a file for its owner's eyes only.
func copyFile(from, to string) (err error) {
	in, err := os.Open(filepath.Clean(from))
	if err != nil {
		return fmt.Errorf("open %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(filepath.Clean(to), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create %s: %w", to, err)
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
