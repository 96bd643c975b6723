package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"

	"formrail/models/text"
)

// Tx is one logical transaction inside [DB.Write]. It belongs to the function it
// was given to and must not outlive it. It is not safe for concurrent use.
type Tx struct {
	db    *DB
	conn  *writeConn
	now   time.Time
	queue []queued // statements that wait for the next flush, PostgreSQL only
	sent  int      // flushes so far
	depth int      // savepoints inside each other
	after []func()
	undo  []func()

	hasty   bool // nothing can be undone alone: savepoints are left out, nothing need be waited for
	spoiled bool // something should have been undone alone; the function will be run again

	counts []counted // what the roll-ups shall count
}

// queued is a statement whose result nobody reads, except how many rows it
// touched when want is not negative.
type queued struct {
	query string
	args  []any
	want  int64
	lost  error
}

// Now is the instant of the transaction: the same for everything in it, to the
// millisecond.
func (tx *Tx) Now() time.Time { return tx.now }

// DB is the database the transaction belongs to.
func (tx *Tx) DB() *DB { return tx.db }

// Dialect names the database in use.
func (tx *Tx) Dialect() Dialect { return tx.db.dialect }

// Exec runs one statement and gives the number of rows it touched.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := tx.flush(ctx); err != nil {
		return 0, err
	}
	return tx.conn.exec(context.WithoutCancel(ctx), tx.db.rebind(query), args)
}

// Queue runs one statement whose result is not needed at once. On PostgreSQL statements
// travel together, also those of several functions; errors then come out of a later
// call, at the latest before the commit.
func (tx *Tx) Queue(ctx context.Context, query string, args ...any) error {
	return tx.queueWanting(ctx, queued{query: query, args: args, want: -1})
}

// QueueWanting is Queue for a conditional update: when it does not touch exactly
// one row, the function fails with lost. It is how a lost race is found.
func (tx *Tx) QueueWanting(ctx context.Context, lost error, query string, args ...any) error {
	return tx.queueWanting(ctx, queued{query: query, args: args, want: 1, lost: lost})
}

func (tx *Tx) queueWanting(ctx context.Context, q queued) error {
	if tx.db.dialect == Postgres {
		tx.queue = append(tx.queue, q)
		return nil
	}
	if err := tx.again(); err != nil {
		return err
	}
	n, err := tx.conn.exec(context.WithoutCancel(ctx), q.query, q.args)
	if err != nil {
		return err
	}
	return q.check(n)
}

func (q queued) check(n int64) error {
	if q.want >= 0 && n != q.want {
		return q.lost
	}
	return nil
}

// flush sends what was queued. On SQLite, where nothing is, it only refuses to go on in a
// transaction that has to be run again.
func (tx *Tx) flush(ctx context.Context) error {
	if err := tx.again(); err != nil {
		return err
	}
	if len(tx.queue) == 0 {
		return nil
	}
	queue := tx.queue
	tx.queue = nil
	tx.sent++
	return tx.conn.pipeline(context.WithoutCancel(ctx), tx.db, queue)
}

// Doomed reports that the function will be run again whatever it does: something had to be
// undone alone in a transaction where nothing can be. It may return at once.
func (tx *Tx) Doomed() bool { return tx.spoiled }

// again says why nothing more may be done in a transaction that will be run again; nil
// where it will not.
func (tx *Tx) again() error {
	if !tx.spoiled {
		return nil
	}
	return cmp.Or(tx.conn.gone(), errReplay)
}

// Query runs a query that sees the transaction's own changes.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	return tx.conn.query(context.WithoutCancel(ctx), tx.db.rebind(query), args)
}

// QueryRow runs a query for one row that sees the transaction's own changes.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	if err := tx.flush(ctx); err != nil {
		// A failed flush has poisoned the transaction; the query below reports it.
		tx.queue = append(tx.queue, queued{query: poison, want: -1})
		query = poison
	}
	return tx.conn.queryRow(context.WithoutCancel(ctx), tx.db.rebind(query), args)
}

// poison is a statement that cannot succeed.
const poison = "SELECT poisoned"

// Gorm gives GORM on the transaction's connection, for system tables only.
func (tx *Tx) Gorm(ctx context.Context) *gorm.DB {
	g := tx.conn.gorm.WithContext(context.WithoutCancel(ctx))
	if err := errors.Join(tx.flush(ctx), tx.conn.gone()); err != nil {
		_ = g.AddError(err) //nolint:errcheck // AddError returns the error it was given; g carries it from here
	}
	return g
}

// Savepoint runs fn so that its changes are undone alone when it returns an
// error, which is passed on; the transaction goes on as it was before. Savepoints may
// lie inside each other: each has a name of its own, since what releases an inner one may
// still wait in the queue when the outer one is undone.
func (tx *Tx) Savepoint(ctx context.Context, fn func() error) error {
	if tx.hasty {
		err := fn()
		tx.spoiled = tx.spoiled || err != nil
		return err
	}
	mark, sent, after, undo, counts := len(tx.queue), tx.sent, len(tx.after), len(tx.undo), len(tx.counts)
	part := "part" + strconv.Itoa(tx.depth)
	tx.depth++
	defer func() { tx.depth-- }()
	if err := tx.Queue(ctx, "SAVEPOINT "+part); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		err = tx.flush(ctx)
	}
	if err != nil {
		tx.after, tx.counts = tx.after[:after], tx.counts[:counts]
		for _, fn := range tx.undo[undo:] {
			fn()
		}
		tx.undo = tx.undo[:undo]
		if tx.db.dialect == Postgres && tx.sent == sent {
			tx.queue = tx.queue[:mark] // nothing of the part has been sent
			return err
		}
		tx.queue = nil
		if _, e := tx.Exec(ctx, "ROLLBACK TO "+part); e != nil {
			return errors.Join(err, e)
		}
	}
	if e := tx.Queue(ctx, "RELEASE "+part); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// AfterCommit registers fn to run once the physical commit has returned. It runs
// on the writer, so it must not block: it hands work over or marks a cache.
// Nothing runs when the transaction does not commit.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// AfterRollback registers fn to run once it is certain that nothing of the transaction, or
// of the savepoint it was registered in, was kept. Like AfterCommit it must not block.
func (tx *Tx) AfterRollback(fn func()) { tx.undo = append(tx.undo, fn) }

// writeConn is the writer's only connection with its prepared statements.
type writeConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // SQLite only: pgx keeps its own
	gorm  *gorm.DB

	ids *idBlocks // PostgreSQL only

	lite    *sqlite3.SQLiteConn // nil on PostgreSQL
	inside  bool                // a transaction was begun and not ended by us
	refused error               // what storage refused last inside it
}

func (db *DB) newWriteConn(ctx context.Context) (*writeConn, error) {
	conn, err := db.writePool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open writing connection: %w", storageError(err))
	}
	g, err := db.gormOn(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := &writeConn{conn: conn, stmts: map[string]*sql.Stmt{}, gorm: g, ids: &idBlocks{}}
	err = conn.Raw(func(raw any) error {
		c.lite, _ = raw.(*sqlite3.SQLiteConn)
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open writing connection: %w", err), conn.Close())
	}
	return c, nil
}

// gone says why the transaction is not there any more, although nobody ended it; nil
// while it stands. SQLite undoes a whole transaction by itself when a statement finds the
// disk full. Whatever ran after that would be on its own and committed at once, so
// nothing may.
func (c *writeConn) gone() error {
	if c.lite == nil || !c.inside || !c.lite.AutoCommit() {
		return nil
	}
	if c.refused != nil {
		return c.refused
	}
	return databaseBusy()
}

// failed turns what the driver says into what a caller can act on, and remembers it.
func (c *writeConn) failed(err error) error {
	err = storageError(err)
	if IsKind(err, KindUnavailable) {
		c.refused = err
	}
	return err
}

// maxStatements bounds the cache; catalogue changes make new texts.
const maxStatements = 1000

func (c *writeConn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	if len(c.stmts) >= maxStatements {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, storageError(err)
	}
	c.stmts[query] = s
	return s, nil
}

// forget closes all prepared statements, as after a change of schema.
func (c *writeConn) forget() error {
	var errs []error
	for q, s := range c.stmts {
		errs = append(errs, s.Close())
		delete(c.stmts, q)
	}
	return errors.Join(errs...)
}

func (c *writeConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	res, err := c.run(ctx, query, args)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, storageError(err)
	}
	return n, nil
}

func (c *writeConn) run(ctx context.Context, query string, args []any) (sql.Result, error) {
	if c.isPostgres() {
		res, err := c.conn.ExecContext(ctx, query, args...)
		return res, storageError(err)
	}
	if err := c.gone(); err != nil {
		return nil, err
	}
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := s.ExecContext(ctx, args...)
	return res, c.failed(err)
}

func (c *writeConn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if c.isPostgres() {
		rows, err := c.conn.QueryContext(ctx, query, args...)
		return rows, storageError(err)
	}
	if err := c.gone(); err != nil {
		return nil, err
	}
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	return rows, c.failed(err)
}

func (c *writeConn) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	if c.isPostgres() {
		return c.conn.QueryRowContext(ctx, query, args...)
	}
	if c.gone() != nil {
		return c.conn.QueryRowContext(ctx, poison)
	}
	s, err := c.prepare(ctx, query)
	if err != nil {
		return c.conn.QueryRowContext(ctx, query, args...) // reports the same error
	}
	return s.QueryRowContext(ctx, args...)
}

func (c *writeConn) isPostgres() bool { return c.gorm.Name() == string(Postgres) }

// close gives the connection back.
func (c *writeConn) close() error { return errors.Join(c.forget(), c.conn.Close()) }

// errClosed answers writes after Close.
func errClosed() *Error {
	return Unavailable("STARTING", text.M("error.stopping", "The server is stopping. Try again in a moment."), time.Second)
}
