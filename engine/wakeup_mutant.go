//go:build mutant_timer_in_memory

package engine

import (
	"context"
	"time"

	"formrail/models"
)

// insertWakeup is broken on purpose: a timer is kept in memory and stored once it is due.
// A kill test that does not notice proves nothing.
func insertWakeup(ctx context.Context, tx *models.Tx, w *models.Wakeup) error {
	if w.Reason != models.WakeTimer {
		return models.InsertWakeup(ctx, tx, w)
	}
	db, due := tx.DB(), *w
	tx.AfterCommit(func() {
		time.AfterFunc(due.DueAt.Time().Sub(db.Now()), func() {
			err := db.Write(context.WithoutCancel(ctx), "engine.late_timer", func(tx *models.Tx) error { return models.InsertWakeup(ctx, tx, &due) })
			if err != nil {
				db.Log().Error("store timer late", "error", err)
			}
		})
	})
	return nil
}
