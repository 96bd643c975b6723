package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/models"
	"formrail/models/fault"
)

// Pauses of the sweeper.
const (
	sweepPause    = time.Second
	leasePause    = 5 * time.Second
	watchdogPause = time.Minute
	reserveLimit  = 10 * time.Second
)

// recover makes everything due that a former process held: the lock proves that
// it is gone.
func (e *Engine) recover(ctx context.Context) error {
	err := e.db.Write(ctx, "engine.recover", func(tx *models.Tx) error {
		_, err := models.FreeLeases(ctx, tx, true)
		return err
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
		if now.Sub(lastLeases) >= leasePause {
			lastLeases = now
			e.report("sweep leases", e.sweepLeases(ctx))
			e.report("sweep deadlines", e.sweepDeadlines(ctx))
		}
		if now.Sub(lastCheck) >= watchdogPause {
			lastCheck = now
			e.report("watchdog", e.watch(ctx))
		}
	}
}

func (e *Engine) report(what string, err error) {
	if err != nil {
		e.log.Warn(what, "error", err)
	}
}

// sweepLeases makes wake-ups ready again whose holder let the lease end.
func (e *Engine) sweepLeases(ctx context.Context) error {
	return e.db.Write(ctx, "engine.leases", func(tx *models.Tx) error {
		_, err := models.FreeLeases(ctx, tx, false)
		return err
	})
}

// sweepDeadlines ends executions whose time limit has passed.
func (e *Engine) sweepDeadlines(ctx context.Context) error {
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

// watch runs the queries that must find nothing and repairs what is certain: an
// execution without any reason to move gets a wake-up again. The cause is still
// a defect, so it is reported as one.
func (e *Engine) watch(ctx context.Context) error {
	findings, err := models.CheckInvariants(ctx, e.db.Read(), models.Watchdog, e.now())
	if err != nil {
		return err
	}
	for _, f := range findings {
		e.log.Error("watchdog", "query", f.Query, "says", f.Says, "row", f.Row)
	}
	return nil
}
