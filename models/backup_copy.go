//go:build !mutant_copy_backup

package models

import (
	"context"
	"database/sql"
)

// copyInto writes a consistent copy of a SQLite file in use.
//
// Invariant: it holds everything that was committed before it began, also what still
// stands in the log beside the file.
func copyInto(ctx context.Context, from, to string) error {
	return withPool(sqliteDSN(from, false), func(pool *sql.DB) error {
		_, err := pool.ExecContext(ctx, "VACUUM INTO ?", to)
		return storageError(err)
	})
}
