//go:build mutant_start_in_memory

package engine

import (
	"context"

	"formrail/models"
)

// insertExecution is broken on purpose: the start of work is kept in memory until
// after the commit. A kill test that does not notice proves nothing.
func insertExecution(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	db := tx.DB()
	tx.AfterCommit(func() {
		go func() {
			err := db.Write(context.WithoutCancel(ctx), "engine.late", func(tx *models.Tx) error { return models.InsertExecution(ctx, tx, exec) })
			if err != nil {
				db.Log().Error("insert late", "error", err)
			}
		}()
	})
	return nil
}
