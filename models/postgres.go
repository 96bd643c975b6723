package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"formrail/models/text"
)

// ownerLock is the key of the advisory lock that proves that one process runs
// the executions of a database ("formrail" in bytes).
const ownerLock = 0x666f726d7261696c

// openPostgres opens the database, refuses settings that lose acknowledged work,
// and takes the owner's lock when asked.
func (db *DB) openPostgres(ctx context.Context, o Options) error {
	db.dialect = Postgres
	cfg, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return Invalid("BAD_DATABASE_URL", text.M("start.postgres_url", "The database address cannot be read. It looks like postgres://user@host/name.")).Because(err)
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["application_name"] = "formrail"
	db.url = o.URL
	db.readPool = stdlib.OpenDB(*cfg)
	if o.Shared || o.Guest {
		cfg = cfg.Copy()
		cfg.RuntimeParams["idle_in_transaction_session_timeout"] = strconv.FormatInt(frozenWriter.Milliseconds(), 10)
	}
	db.writePool = stdlib.OpenDB(*cfg)
	readers := 4 * runtime.GOMAXPROCS(0)
	db.readPool.SetMaxOpenConns(readers)
	db.readPool.SetMaxIdleConns(readers)
	if !o.AllowUnsafe {
		if err := readBackPostgres(ctx, db.writePool); err != nil {
			return err
		}
	}
	if o.Exclusive || o.Shared {
		take := takeOwnerLock
		if o.Shared {
			take = holdOwnerLock
		}
		if err := db.ownPostgres(ctx, take); err != nil {
			return err
		}
	}
	if err := migrate(ctx, db, ""); err != nil || !o.Shared && !o.Guest {
		return err
	}
	return db.share(ctx)
}

// readBackPostgres refuses a server that acknowledges before it has synced.
func readBackPostgres(ctx context.Context, pool *sql.DB) error {
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var got string
		if err := pool.QueryRowContext(ctx, "SELECT current_setting($1)", setting).Scan(&got); err != nil {
			return fmt.Errorf("read back %s: %w", setting, storageError(err))
		}
		if got == "off" {
			return NewError(KindInternal, "DATABASE_UNSAFE",
				text.M("start.postgres_setting", "PostgreSQL runs with %s = off and may lose acknowledged work. Switch it on.", setting))
		}
	}
	return nil
}

// ownPostgres holds the owner's lock on a connection of its own for as long as
// the process lives.
func (db *DB) ownPostgres(ctx context.Context, take func(context.Context, *sql.Conn) error) error {
	conn, err := db.writePool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open connection for the owner's lock: %w", storageError(err))
	}
	if err := take(ctx, conn); err != nil {
		return errors.Join(err, conn.Close())
	}
	db.release = conn.Close
	return nil
}

// ownerPatience is how long a start waits for the lock: the server needs a moment
// to notice that the process that held it was killed.
const ownerPatience = 10 * time.Second

func takeOwnerLock(ctx context.Context, conn *sql.Conn) error {
	return waitForLock(ctx, conn, "SELECT pg_try_advisory_lock($1)")
}

func waitForLock(ctx context.Context, conn *sql.Conn, try string) error {
	ctx, done := context.WithTimeout(ctx, ownerPatience)
	defer done()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, try, int64(ownerLock)).Scan(&got); err != nil {
			return fmt.Errorf("take the owner's lock: %w", storageError(err))
		}
		if got {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return alreadyOwned()
		}
	}
}

func alreadyOwned() *Error {
	return Conflict("ALREADY_RUNNING", text.M("start.owned", "Another Formrail server already runs on this data. Stop it first."))
}

// commit ends the physical transaction. PostgreSQL answers the commit of one that a
// statement has spoiled with a roll-back and no error: that is errReplay, so that nobody is
// told of a success because a function made nothing of the statement's error.
func (c *writeConn) commit(ctx context.Context) error {
	if !c.isPostgres() {
		_, err := c.exec(ctx, "COMMIT", nil)
		return err
	}
	err := c.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("commit on %T", raw)
		}
		tag, err := conn.Conn().Exec(ctx, "COMMIT")
		if err == nil && tag.String() != "COMMIT" {
			return errReplay
		}
		return err
	})
	return storageError(err)
}

// pipeline sends queued statements in one round trip and checks their results.
func (c *writeConn) pipeline(ctx context.Context, db *DB, queue []queued) error {
	err := c.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("pipeline on %T", raw)
		}
		batch := &pgx.Batch{}
		for _, q := range queue {
			batch.Queue(db.rebind(q.query), q.args...)
		}
		results := conn.Conn().SendBatch(ctx, batch)
		for _, q := range queue {
			tag, err := results.Exec()
			if err == nil {
				err = q.check(tag.RowsAffected())
			}
			if err != nil {
				return errors.Join(err, ignoreAborted(results.Close()))
			}
		}
		return results.Close()
	})
	return storageError(err)
}

// ignoreAborted drops the error that only repeats that the batch had failed.
func ignoreAborted(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return nil
	}
	return err
}

func postgresError(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "53100":
			return diskFull().Because(err)
		case "25P03", "53300", "57P01", "57P02", "57P03", "55P03", "40P01", "40001":
			return databaseBusy().Because(err)
		}
		return err
	}
	if isLost(err) {
		return databaseBusy().Because(err)
	}
	return err
}

func isPostgresUnique(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// isStalePlan reports that a prepared plan met a changed table; preparing it
// again helps.
func isStalePlan(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "0A000"
}

// isLost reports that the connection is gone.
func isLost(err error) bool {
	if err == nil {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code[:2] == "57" || pg.Code == "25P03"
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

func diskFull() *Error {
	return Unavailable("DISK_FULL", text.M("error.disk_full", "The disk is full and nothing was saved. Tell your administrator."), 10*time.Second)
}

func databaseBusy() *Error {
	return Unavailable("DATABASE_BUSY",
		text.M("error.database_busy", "The database is busy and nothing was saved. Try again in a moment."), time.Second)
}
