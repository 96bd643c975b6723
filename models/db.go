package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"formrail/models/metrics"
	"formrail/models/secret"
)

// Dialect names the database in use.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Options say which database to open and how.
type Options struct {
	Dir   string // data folder, created when missing; holds formrail.db, keys and the lock
	URL   string // postgres://…; empty means the SQLite file in Dir
	Clock Clock
	Log   *slog.Logger

	// Exclusive takes the lock that makes this process the only one that runs
	// executions. Commands beside a running server leave it off.
	Exclusive bool

	// Shared makes this process one of several that run executions. It needs
	// PostgreSQL; who works on what then stands in the database.
	Shared bool

	// Guest is Shared for a command beside running servers: it writes in turn with them
	// but runs no executions, so it does not keep anybody from owning the database.
	Guest bool

	// Metrics counts what the writer does; nil = nobody watches.
	Metrics *metrics.Set

	// MasterKey seals secrets; without one a file in Dir holds it, made when it is
	// first needed.
	MasterKey *secret.Key

	// BatchSize is how many waiting functions share one physical commit, at
	// most; 0 means 128. Only measurements set it.
	BatchSize int

	// AllowUnsafe opens a database whose settings may lose acknowledged work in
	// a power cut, or a folder on a network file system.
	AllowUnsafe bool
}

// DB is the one door to storage. It is safe for concurrent use.
type DB struct {
	dialect Dialect
	clock   Clock
	log     *slog.Logger
	dir     string
	metrics *metrics.Set
	url     string // of PostgreSQL
	shared  bool   // other processes may run executions as well

	writePool *sql.DB
	readPool  *sql.DB
	readGorm  *gorm.DB
	writer    *writer
	release   func() error // gives the exclusive lock back; nil without one
	caches    *caches
	packer    func() (*zstd.Encoder, error) // of large values
	sealing   masterKey
	shard     int64 // of the roll-ups that this process counts
	onWakeup  atomic.Pointer[func(PendingWakeup)]
	onGate    atomic.Pointer[func(Millis)]

	onEvent    atomic.Pointer[EventHeard]
	eventWaits atomic.Bool // some step may wait for an event
	refreshing joined
}

// Open opens, migrates and checks a database. It refuses, with one sentence,
// storage that cannot keep the product's promises: wrong settings, an old
// SQLite, a folder that another process owns or that lies on a network.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.BatchSize == 0 {
		o.BatchSize = defaultBatch
	}
	db := &DB{clock: o.Clock, log: o.Log, dir: o.Dir, metrics: o.Metrics, caches: newCaches(), packer: sync.OnceValues(newPacker)}
	if o.MasterKey != nil {
		db.sealing.key, db.sealing.known = *o.MasterKey, true
	}
	open := db.openSQLite
	if o.URL != "" {
		open = db.openPostgres
	} else if o.Shared || o.Guest {
		return nil, notShared()
	}
	if err := open(ctx, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if db.dialect == Postgres {
		db.shard = newShard()
	}
	var err error
	if db.readGorm, err = db.gormOn(db.readPool); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if db.writer, err = startWriter(ctx, db, o.BatchSize); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for running writes, then closes everything.
func (db *DB) Close() error {
	var errs []error
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	for _, pool := range []*sql.DB{db.readPool, db.writePool} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if db.release != nil {
		errs = append(errs, db.release())
	}
	return errors.Join(errs...)
}

// Dialect names the database in use.
func (db *DB) Dialect() Dialect { return db.dialect }

// Dir is the data folder.
func (db *DB) Dir() string { return db.dir }

// Now is the clock's time, truncated to what columns store.
func (db *DB) Now() time.Time { return db.clock.Now().UTC().Truncate(time.Millisecond) }

// Log is the logger of the process.
func (db *DB) Log() *slog.Logger { return db.log }

// Querier reads rows. Placeholders are written ? on both databases. [Reader] and
// [Tx] are the two kinds: the first sees committed data only.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
	Dialect() Dialect
}

// Reader reads committed data outside any transaction.
type Reader struct{ db *DB }

// Read gives a reader.
func (db *DB) Read() Reader { return Reader{db} }

// Dialect names the database in use.
func (r Reader) Dialect() Dialect { return r.db.dialect }

// Query runs a query on the read-only pool.
func (r Reader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := r.query(ctx, query, args)
	if err != nil && isStalePlan(err) {
		rows, err = r.query(ctx, query, args)
	}
	if err != nil {
		return nil, storageError(err)
	}
	return rows, nil
}

func (r Reader) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if s := r.db.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.db.readPool.QueryContext(ctx, r.db.rebind(query), args...)
}

// QueryRow runs a query for one row on the read-only pool.
func (r Reader) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if s := r.db.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.db.readPool.QueryRowContext(ctx, r.db.rebind(query), args...)
}

// maxPrepared bounds the statements that readers keep; texts beyond it are
// prepared each time.
const maxPrepared = 500

// prepared gives the kept statement of a text on SQLite, nil where there is none:
// pgx keeps its own.
func (db *DB) prepared(ctx context.Context, query string) *sql.Stmt {
	if db.dialect != SQLite {
		return nil
	}
	c := db.caches
	c.mu.Lock()
	s, known := c.prepared[query]
	full := len(c.prepared) >= maxPrepared
	c.mu.Unlock()
	if known || full {
		return s
	}
	s, err := db.readPool.PrepareContext(ctx, query)
	if err != nil {
		return nil // the query itself reports it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, ok := c.prepared[query]; ok {
		_ = s.Close() //nolint:errcheck // somebody else prepared the same text meanwhile
		return other
	}
	c.prepared[query] = s
	return s
}

// Gorm gives GORM over the read-only pool, for system tables only.
func (r Reader) Gorm(ctx context.Context) *gorm.DB { return r.db.readGorm.WithContext(ctx) }

// gormOn opens GORM on a pool or a connection.
func (db *DB) gormOn(pool gorm.ConnPool) (*gorm.DB, error) {
	g, err := gorm.Open(db.dialector(pool), &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
		NowFunc:                db.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("open gorm: %w", err)
	}
	return g, nil
}

// maxRebound bounds the remembered texts; filters make new ones.
const maxRebound = 2000

// rebind turns ? into $1, $2 … for PostgreSQL. Most texts
// come again, so the result is remembered.
func (db *DB) rebind(query string) string {
	if db.dialect == SQLite {
		return query
	}
	db.caches.mu.Lock()
	known, ok := db.caches.rebound[query]
	db.caches.mu.Unlock()
	if ok {
		return known
	}
	var b strings.Builder
	n, quoted := 0, false
	for _, r := range query {
		switch {
		case r == '\'':
			quoted = !quoted
			b.WriteRune(r)
		case r == '?' && !quoted:
			n++
			fmt.Fprintf(&b, "$%d", n)
		default:
			b.WriteRune(r)
		}
	}
	db.caches.mu.Lock()
	defer db.caches.mu.Unlock()
	if len(db.caches.rebound) >= maxRebound {
		clear(db.caches.rebound)
	}
	db.caches.rebound[query] = b.String()
	return b.String()
}

// Rows calls scan for each row and closes rows. It returns the first error.
func Rows(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return storageError(rows.Err())
}
