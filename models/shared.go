package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"formrail/models/text"
)

// writerLock is the key of the advisory lock that lets one process write at a time
// ("formwrit" in bytes).
const writerLock = 0x666f726d77726974

// frozenWriter is how long a transaction may stand still before the server ends it, so
// that a process that was frozen in the middle of one holds up the others no longer.
const frozenWriter = 5 * time.Second

// Shared reports whether other processes may run executions of the database as well.
func (db *DB) Shared() bool { return db.shared }

// Clock is the clock of the database: when several processes share it the server's, as
// far as this process knows it, else the process's own.
func (db *DB) Clock() Clock { return db.clock }

// sharedClock follows the clock of the database server. Every write sets it.
type sharedClock struct {
	base  Clock
	ahead atomic.Int64 // nanoseconds that the server is ahead
}

// Now is the server's time as far as it is known.
func (c *sharedClock) Now() time.Time { return c.base.Now().Add(time.Duration(c.ahead.Load())) }

func (c *sharedClock) set(server time.Time) { c.ahead.Store(int64(server.Sub(c.base.Now()))) }

// share makes the process one of several on the database.
func (db *DB) share(ctx context.Context) error {
	clock := &sharedClock{base: db.clock}
	var micros int64
	if err := db.readPool.QueryRowContext(ctx, serverTime).Scan(&micros); err != nil {
		return fmt.Errorf("read the server's time: %w", storageError(err))
	}
	clock.set(time.UnixMicro(micros))
	db.clock, db.shared = clock, true
	return nil
}

const serverTime = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

// sharedState is what a transaction has to know of what other processes have committed.
const sharedState = `SELECT name, CAST(value AS BIGINT) FROM meta WHERE name LIKE '%\_version'
	UNION ALL SELECT ':waits', COUNT(*) FROM (SELECT 1 FROM event_waits WHERE state = 'open' LIMIT 1) w
	UNION ALL SELECT ':now', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`

// begin opens a physical transaction and gives its instant. Of several processes one is
// inside at a time: so everything it reads stays as it is until its end, as with a single
// writer, and no rule leans on an isolation level. It then knows all that the others have
// committed, in the same round trip.
func (c *writeConn) begin(ctx context.Context, db *DB) (time.Time, error) {
	c.inside, c.refused = false, nil
	if !db.shared {
		_, err := c.exec(ctx, db.begin(), nil)
		c.inside = err == nil
		return db.Now(), err
	}
	before := db.caches.version(catalogVersion)
	err := c.conn.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("begin on %T", raw)
		}
		batch := &pgx.Batch{}
		batch.Queue("BEGIN")
		batch.Queue("SELECT pg_advisory_xact_lock($1)", int64(writerLock))
		batch.Queue(sharedState)
		results := conn.Conn().SendBatch(ctx, batch)
		err := db.readShared(results)
		if e := ignoreAborted(results.Close()); err == nil {
			err = e
		}
		if err != nil {
			if _, e := conn.Conn().Exec(ctx, "ROLLBACK"); e != nil && !isLost(e) {
				return errors.Join(err, e)
			}
			return err
		}
		if db.caches.version(catalogVersion) != before { // tables have changed: so may have what statements give
			return conn.Conn().DeallocateAll(ctx)
		}
		return nil
	})
	return db.Now(), storageError(err)
}

// readShared takes in what beginning a transaction has read.
func (db *DB) readShared(results pgx.BatchResults) error {
	for range 2 {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	var (
		name  string
		value int64
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		switch name {
		case ":waits":
			db.eventWaits.Store(value > 0)
		case ":now":
			if clock, ok := db.clock.(*sharedClock); ok {
				clock.set(time.UnixMicro(value))
			}
		default:
			db.caches.saw(name, value)
		}
		return nil
	})
	return err
}

// Refresh makes sure that everything other processes committed before the call is
// noticed: rights, collections, workflows. Without other processes it does nothing. It is
// what every request and every stretch begins with. An error means that the database
// cannot be asked: then nobody's rights are known.
func (db *DB) Refresh(ctx context.Context) error {
	if !db.shared {
		return nil
	}
	return db.refreshing.do(ctx, func() error { return db.RefreshVersions(context.WithoutCancel(ctx)) })
}

// joined lets callers share a call that began after they came.
type joined struct {
	mu            sync.Mutex
	running, next *joinedCall
}

type joinedCall struct {
	done chan struct{}
	err  error
}

func (j *joined) do(ctx context.Context, fn func() error) error {
	j.mu.Lock()
	mine := j.next
	if mine == nil {
		mine = &joinedCall{done: make(chan struct{})}
		j.next = mine
		go j.run(mine, j.running, fn)
	}
	j.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return databaseBusy().Because(ctx.Err())
	}
}

func (j *joined) run(mine, before *joinedCall, fn func() error) {
	if before != nil {
		<-before.done
	}
	j.mu.Lock()
	j.next, j.running = nil, mine
	j.mu.Unlock()
	defer close(mine.done)
	mine.err = errors.New("the shared call ended early")
	mine.err = fn()
}

// notShared refuses several processes on a file.
func notShared() *Error {
	return Invalid("NOT_SHARED", text.M("start.not_shared", "Several processes need PostgreSQL. Name it with --database-url."))
}

// holdOwnerLock takes the owner's lock together with other processes that share the
// database. It fails as long as a process has it alone.
func holdOwnerLock(ctx context.Context, conn *sql.Conn) error {
	return waitForLock(ctx, conn, "SELECT pg_try_advisory_lock_shared($1)")
}
