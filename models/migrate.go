package models

import (
	"context"
	"fmt"
	"os"

	"github.com/pressly/goose/v3"

	"formrail/models/migrations"
	"formrail/models/text"
)

// migrate brings the system tables up to date. Of several processes that start at once
// one does it.
func migrate(ctx context.Context, db *DB, file string) error {
	return db.OneAtATime(ctx, func(ctx context.Context) error { return migrateAlone(ctx, db, file) })
}

// migrateAlone brings the system tables up to date, each step in a transaction of its
// own. An existing SQLite file is copied first, so that an older release can go
// on with the copy.
func migrateAlone(ctx context.Context, db *DB, file string) error {
	files, err := migrations.For(string(db.dialect))
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, db.writePool, files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", storageError(err))
	}
	if have > want {
		return NewError(KindInternal, "DATABASE_NEWER", newerRelease())
	}
	if have == want {
		return nil
	}
	if have > 0 && file != "" {
		if err := keepCopy(ctx, db, fmt.Sprintf("%s.before-%d", file, want)); err != nil {
			return err
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate to version %d: %w", want, storageError(err))
	}
	return nil
}

// keepCopy writes a consistent copy of the SQLite file to path.
func keepCopy(ctx context.Context, db *DB, path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove old copy: %w", err)
	}
	if _, err := db.writePool.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy database before migration: %w", storageError(err))
	}
	return syncFile(path) // SQLite does not: the copy has to be there before the original changes
}

func newerRelease() text.Message {
	return text.M("start.newer", "This data was written by a newer release. Start that release, or restore a backup made by this one.")
}
