package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/models"
	"formrail/models/fault"
	"formrail/models/text"
)

// Pauses of the sweeper.
const (
	sweepPause   = time.Second
	leasePause   = 5 * time.Second
	reserveLimit = 10 * time.Second
)

// recover makes everything due that a former process held: the lock proves that
// it is gone.
func (e *Engine) recover(ctx context.Context) error {
	err := e.db.Write(ctx, "engine.recover", func(tx *models.Tx) error {
		if err := models.FreeOperations(ctx, tx); err != nil {
			return err
		}
		return e.free(ctx, tx, true)
	})
	if err != nil {
		return fmt.Errorf("recover executions: %w", err)
	}
	return nil
}

// sweep looks now and then for work that nobody does: reservations whose request
// died, leases that ended, deadlines that passed.
func (e *Engine) sweep(ctx context.Context) {
	defer e.sweeper.Done()
	tick := time.NewTicker(sweepPause)
	defer tick.Stop()
	var lastLeases, lastCheck time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := fault.Hit("engine.sweep"); err != nil {
			continue
		}
		now := e.clock.Now()
		for _, id := range e.claims.abandoned(now, reserveLimit) {
			e.queue.Wake(models.PendingWakeup{ExecutionID: id, DueAt: now})
		}
		if !e.Leading() {
			continue
		}
		if passed(lastLeases, now, leasePause) {
			lastLeases = now
			if e.process == "" {
				e.report("sweep leases", e.sweepLeases(ctx))
			}
			e.report("sweep deadlines", e.sweepDeadlines(ctx))
			e.report("sweep tasks", e.sweepTasks(ctx))
		}
		if passed(lastCheck, now, models.WatchdogPause) {
			lastCheck = now
			e.report("watchdog", e.Watch(ctx))
			e.KeepHouse(ctx)
		}
	}
}

// passed reports whether a pause is over. It is when the clock was set back, too: else it
// would last until the clock has caught up.
func passed(since, now time.Time, pause time.Duration) bool {
	return now.Sub(since) >= pause || now.Before(since)
}

func (e *Engine) report(what string, err error) {
	if err != nil {
		e.log.Warn(what, "error", err)
	}
}

// sweepLeases makes wake-ups ready again whose holder let the lease end.
func (e *Engine) sweepLeases(ctx context.Context) error {
	return e.db.Write(ctx, "engine.leases", func(tx *models.Tx) error { return e.free(ctx, tx, false) })
}

// free makes wake-ups ready again and counts them.
func (e *Engine) free(ctx context.Context, tx *models.Tx, all bool) error {
	n, err := models.FreeLeases(ctx, tx, all)
	tx.AfterCommit(func() { e.watched.tookOver(n); e.metrics.TookOver(n) })
	return err
}

// sweepDeadlines ends executions whose time limit has passed.
func (e *Engine) sweepDeadlines(ctx context.Context) error {
	if e.held() {
		return nil
	}
	ids, err := models.OverdueExecutions(ctx, e.db.Read(), e.now(), 200)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := e.end(ctx, id, ending{status: models.TimedOut, reason: "deadline"}); err != nil && !models.IsCode(err, "EXECUTION_ENDED") {
			return err
		}
	}
	return nil
}

// sweepTasks gives tasks whose people have all left to the workflow's owner, or to
// the administrators when he has left too.
func (e *Engine) sweepTasks(ctx context.Context) error {
	orphans, err := models.OrphanTasks(ctx, e.db.Read(), 200)
	if err != nil || len(orphans) == 0 {
		return err
	}
	return e.db.Write(ctx, "engine.orphans", func(tx *models.Tx) error {
		for _, o := range orphans {
			heirs, err := e.heirs(ctx, tx, o.OwnerID)
			if err != nil {
				return err
			}
			for _, id := range heirs {
				if err := models.AddCandidate(ctx, tx, o.TaskID, models.Candidate{UserID: id, Role: "candidate"}); err != nil {
					return err
				}
				if err := models.InsertNotification(ctx, tx, &models.Notification{
					ID: models.NewID(), UserID: id, Kind: "escalation", Link: "/tasks/" + o.TaskID, Level: "warning", Cause: "orphan:" + o.TaskID, ExecutionID: o.ExecutionID,
					Title: text.M("task.orphan", "A task has come to you because everybody who was asked has left.").String(),
				}); err != nil {
					return err
				}
			}
		}
		tx.AfterCommit(func() { e.live.Publish("tasks") })
		return nil
	})
}

// heirs are the people who decide when nobody else is left.
func (e *Engine) heirs(ctx context.Context, q models.Querier, ownerID int64) ([]int64, error) {
	owner, err := models.UserByID(ctx, q, ownerID)
	if err == nil && owner.Status.Receives() {
		return []int64{owner.ID}, nil
	}
	if err != nil && !models.IsKind(err, models.KindNotFound) {
		return nil, err
	}
	return models.HoldersOf(ctx, q, []string{models.RoleRoot, models.RoleAdmin})
}
