//go:build !mutant_start_in_memory

package engine

import (
	"context"

	"formrail/models"
)

// insertExecution inserts an execution with its first wake-up, in the transaction
// of what started it.
//
// Invariant: no start of work ever exists only in memory.
func insertExecution(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	return models.InsertExecution(ctx, tx, exec)
}
