package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/text/cases"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"

	"formrail/models/text"
)

// sqliteFile is the name of the database inside the data folder.
const sqliteFile = "formrail.db"

// oldestSQLite is the first version without the defect that could lose committed
// data when a write-ahead log was reset.
var oldestSQLite = [3]int{3, 51, 3} //nolint:gochecknoglobals // a constant

// openSQLite opens the file in the data folder: one writing connection, a small
// pool of read-only ones, write-ahead log, every commit synced.
func (db *DB) openSQLite(ctx context.Context, o Options) error {
	db.dialect = SQLite
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("create data folder: %w", err)
	}
	if !o.AllowUnsafe {
		if err := refuseNetworkFolder(o.Dir); err != nil {
			return err
		}
	}
	if o.Exclusive {
		release, err := lockFolder(o.Dir)
		if err != nil {
			return err
		}
		db.release = release
	}
	path := filepath.Join(o.Dir, sqliteFile)
	if err := createPrivate(path); err != nil {
		return err
	}
	db.writePool = sql.OpenDB(sqliteConnector{dsn: sqliteDSN(path, false)})
	db.writePool.SetMaxOpenConns(1)
	if err := readBackSQLite(ctx, db.writePool); err != nil {
		return err
	}
	if err := migrate(ctx, db, path); err != nil {
		return err
	}
	readers := 2 * runtime.GOMAXPROCS(0)
	db.readPool = sql.OpenDB(sqliteConnector{dsn: sqliteDSN(path, true)})
	db.readPool.SetMaxOpenConns(readers)
	db.readPool.SetMaxIdleConns(readers)
	return nil
}

// createPrivate makes sure that the database file exists and only its owner may
// read it.
func createPrivate(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open database file: %w", err)
	}
	return f.Close()
}

func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{}
	q.Set("_busy_timeout", "10000")
	q.Set("_foreign_keys", "1")
	q.Set("_cache_size", "-65536")
	if readOnly {
		q.Set("mode", "ro")
		q.Set("_query_only", "1")
	} else {
		q.Set("_journal_mode", "WAL")
		set, _ := synced()
		q.Set("_synchronous", set)
		q.Set("_txlock", "immediate")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

// sqliteConnector opens connections without registering a global driver name.
type sqliteConnector struct{ dsn string }

// Connect opens one connection.
func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) { return c.sqlite().Open(c.dsn) }

// Driver gives the driver.
func (c sqliteConnector) Driver() driver.Driver { return c.sqlite() }

func (c sqliteConnector) sqlite() *sqlite3.SQLiteDriver {
	return &sqlite3.SQLiteDriver{ConnectHook: func(conn *sqlite3.SQLiteConn) error {
		if err := conn.RegisterFunc("fr_fold", foldValue, true); err != nil {
			return fmt.Errorf("register fr_fold: %w", err)
		}
		for _, pragma := range []string{"PRAGMA mmap_size=268435456", "PRAGMA temp_store=MEMORY", "PRAGMA wal_autocheckpoint=8000", "PRAGMA fullfsync=ON", "PRAGMA checkpoint_fullfsync=ON"} {
			if _, err := conn.Exec(pragma, nil); err != nil {
				return fmt.Errorf("set %s: %w", pragma, err)
			}
		}
		return nil
	}}
}

// fold is Unicode case folding, the comparison key of text filters. Plain ASCII,
// the common case, is folded without the tables.
func fold(s string) string {
	upper := false
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return cases.Fold().String(s)
		}
		upper = upper || (s[i] >= 'A' && s[i] <= 'Z')
	}
	if !upper {
		return s
	}
	return strings.ToLower(s)
}

// foldValue is fold for SQL: what is no text stays as it is.
func foldValue(v any) any {
	switch v := v.(type) {
	case string:
		return fold(v)
	case []byte:
		return fold(string(v))
	}
	return v
}

// readBackSQLite proves that the settings that keep acknowledged work are in
// force: a driver's default or a forgotten option would lose data silently.
func readBackSQLite(ctx context.Context, pool *sql.DB) error {
	var version string
	if err := pool.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return fmt.Errorf("read sqlite version: %w", storageError(err))
	}
	if !atLeast(version, oldestSQLite) {
		return NewError(KindInternal, "DATABASE_UNSAFE",
			text.M("start.sqlite_old", "SQLite %s is too old to keep data safe; version 3.51.3 or later is needed.", version))
	}
	_, syncs := synced()
	for _, want := range [][2]string{{"journal_mode", "wal"}, {"synchronous", syncs}, {"foreign_keys", "1"}} {
		var got string
		if err := pool.QueryRowContext(ctx, "PRAGMA "+want[0]).Scan(&got); err != nil {
			return fmt.Errorf("read back %s: %w", want[0], storageError(err))
		}
		if got != want[1] {
			return NewError(KindInternal, "DATABASE_UNSAFE",
				text.M("start.sqlite_setting", "SQLite refused the setting %s = %s and would not keep data safe.", want[0], want[1]))
		}
	}
	return nil
}

func atLeast(version string, want [3]int) bool {
	var got [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &got[0], &got[1], &got[2]); err != nil {
		return false
	}
	for i := range got {
		if got[i] != want[i] {
			return got[i] > want[i]
		}
	}
	return true
}

func (db *DB) dialector(pool gorm.ConnPool) gorm.Dialector {
	if db.dialect == SQLite {
		return sqlite.New(sqlite.Config{Conn: pool})
	}
	return postgres.New(postgres.Config{Conn: pool})
}

// storageError turns what the driver says into what a caller can act on: a full
// disk, a busy or lost database. Others pass unchanged.
func storageError(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return sqliteError(lite, err)
	}
	if isFull(err) { // of a file beside the database
		return diskFull().Because(err)
	}
	return postgresError(err)
}

// databaseClosed is all that can be said when a file cannot be opened or made: SQLite has
// tried other ways since and does not know the first reason any more.
func databaseClosed() *Error {
	return Unavailable("DATABASE_CLOSED",
		text.M("error.database_closed", "The database cannot be opened and nothing was saved. Is the disk full, or may the data folder not be written to?"), 10*time.Second)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

func sqliteError(lite sqlite3.Error, err error) error {
	if isFull(lite.SystemErrno) { // there is no space for a new file, for example
		return diskFull().Because(err)
	}
	switch lite.Code {
	case sqlite3.ErrFull:
		return diskFull().Because(err)
	case sqlite3.ErrIoErr:
		if strings.Contains(err.Error(), "disk") {
			return diskFull().Because(err)
		}
		return databaseBusy().Because(err)
	case sqlite3.ErrCantOpen:
		return databaseClosed().Because(err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return databaseBusy().Because(err)
	default:
		return err
	}
}

// IsUnique reports whether err says that a unique index refused a row.
func IsUnique(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return lite.ExtendedCode == sqlite3.ErrConstraintUnique || lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey
	}
	return isPostgresUnique(err)
}
