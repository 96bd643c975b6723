//go:build !mutant_timer_in_memory

package engine

import (
	"context"

	"formrail/models"
)

// insertWakeup stores why and when an execution goes on, in the transaction of what it
// waits for.
//
// Invariant: no timer ever exists only in memory.
func insertWakeup(ctx context.Context, tx *models.Tx, w *models.Wakeup) error {
	return models.InsertWakeup(ctx, tx, w)
}
