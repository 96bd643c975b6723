package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// migrationLock is the key of the advisory lock under which tables are made ("formmigr"
// in bytes).
const migrationLock = 0x666f726d6d696772

// OneAtATime runs fn while no other process does so on the same PostgreSQL: to make or
// change tables at the start. On SQLite the lock of the folder is enough.
func (db *DB) OneAtATime(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	if db.dialect != Postgres {
		return fn(ctx)
	}
	conn, err := db.writePool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open connection for a lock: %w", storageError(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for a lock: %w", storageError(err))
	}
	defer func() { err = errors.Join(err, unlock(context.WithoutCancel(ctx), conn)) }()
	return fn(ctx)
}

func unlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("give a lock back: %w", storageError(err))
	}
	return nil
}

// Unlogged lets PostgreSQL empty a table when the server crashes, instead of writing all
// its changes twice. Only for what can be made again.
func (db *DB) Unlogged(ctx context.Context, table string) error {
	var persistence string
	err := db.writePool.QueryRowContext(ctx, "SELECT relpersistence::text FROM pg_class WHERE oid = to_regclass($1)", table).Scan(&persistence)
	if err != nil {
		return fmt.Errorf("look at table %s: %w", table, storageError(err))
	}
	if persistence == "u" {
		return nil
	}
	if _, err := db.writePool.ExecContext(ctx, "ALTER TABLE "+pgx.Identifier{table}.Sanitize()+" SET UNLOGGED"); err != nil {
		return fmt.Errorf("make table %s unlogged: %w", table, storageError(err))
	}
	return nil
}
