package models

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what processes that share a database listen to.
const channel = "formrail"

// MaxNotice is how long one notice may be, in bytes. PostgreSQL allows 8,000.
const MaxNotice = 7_500

// Notify tells the processes that share the database, this one included. A notice that
// cannot be sent is an error; nothing that must happen may depend on one.
func (db *DB) Notify(ctx context.Context, notice string) error {
	if !db.shared {
		return nil
	}
	if _, err := db.readPool.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, notice); err != nil {
		return fmt.Errorf("notify: %w", storageError(err))
	}
	return nil
}

// Pauses of listening.
const (
	listenAgain = 200 * time.Millisecond // after the connection was lost
	listenCheck = 20 * time.Second       // a connection that says nothing may be dead
)

// Listen hears what the processes that share the database say, until ctx ends. heard must
// not block for long. Whenever hearing begins, again after each interruption, began is
// called: what was said before is lost, so whatever follows from notices is to be looked
// up anew. The connection holds the owner's lock as well, together with other processes.
func (db *DB) Listen(ctx context.Context, began func(), heard func(notice string)) {
	for ctx.Err() == nil {
		err := db.listen(ctx, began, heard)
		if err != nil && ctx.Err() == nil {
			db.log.Warn("listen to other processes", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
}

func (db *DB) listen(ctx context.Context, began func(), heard func(notice string)) error {
	cfg, err := pgx.ParseConfig(db.url)
	if err != nil {
		return fmt.Errorf("read database address: %w", err)
	}
	cfg.RuntimeParams["application_name"] = "formrail-listen"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() //nolint:errcheck // nothing was written on it
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_try_advisory_lock_shared($1)", int64(ownerLock)); err != nil {
		return fmt.Errorf("hold the owner's lock: %w", err)
	}
	began()
	for {
		wait, done := context.WithTimeout(ctx, listenCheck)
		n, err := conn.WaitForNotification(wait)
		late := wait.Err() != nil && ctx.Err() == nil
		done()
		switch {
		case err == nil:
			heard(n.Payload)
		case late && errors.Is(err, context.DeadlineExceeded):
			if err := conn.Ping(ctx); err != nil {
				return fmt.Errorf("check connection: %w", err)
			}
		default:
			return fmt.Errorf("wait for notices: %w", err)
		}
	}
}
