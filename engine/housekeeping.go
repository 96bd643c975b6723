package engine

import (
	"context"
	"sync"
	"time"

	"formrail/models"
)

// Bounds of what is tidied up in one round, a minute's.
const (
	removalsAtOnce = 20 // transactions that remove executions
	blobsAtOnce    = 500
	wakeupAge      = 24 * time.Hour      // of wake-ups that are done
	triggerLogAge  = 30 * 24 * time.Hour // of lines about what did not start
	rollUpPause    = 24 * time.Hour
)

// housekeeping is how far the rounds have come. Nothing is lost when the process dies: the
// next one begins anew.
type housekeeping struct {
	mu       sync.Mutex
	workflow int64 // whose history is looked at, by id
	after    int64 // number of its last execution that was looked at
	blob     string
	wakeup   int64
	line     int64
	checked  time.Time // when roll-ups were last compared with a full scan
}

// KeepHouse does a round of what nobody waits for: it removes history by its age and
// values that nobody refers to, in small transactions, and once a day compares the
// roll-ups with a full scan. The sweeper calls it each minute.
func (e *Engine) KeepHouse(ctx context.Context) {
	now := e.now()
	h := &e.kept
	h.mu.Lock()
	defer h.mu.Unlock()
	e.report("remove history", e.removeExpired(ctx, now))
	var err error
	h.blob, _, err = models.SweepBlobs(ctx, e.db, h.blob, blobsAtOnce)
	e.report("sweep values", err)
	h.wakeup, err = models.DoneWakeups().Trim(ctx, e.db, h.wakeup, models.At(now.Add(-wakeupAge)))
	e.report("trim wake-ups", err)
	h.line, err = models.IdleTriggers().Trim(ctx, e.db, h.line, models.At(now.Add(-triggerLogAge)))
	e.report("trim trigger log", err)
	if h.checked.IsZero() {
		h.checked = now // not while a start has more urgent work
	}
	if now.Sub(h.checked) >= rollUpPause {
		h.checked = now
		e.report("check roll-ups", e.checkRollUps(ctx))
	}
}

// removeExpired removes what has outlived its days, workflow after workflow.
func (e *Engine) removeExpired(ctx context.Context, now time.Time) error {
	wide, err := models.RetentionOf(ctx, e.db.Read())
	if err != nil {
		return err
	}
	for range removalsAtOnce {
		h := &e.kept
		w, err := models.WorkflowFrom(ctx, e.db.Read(), h.workflow)
		if err != nil {
			return err
		}
		if w == nil { // a round over all is done
			h.workflow, h.after = 0, 0
			return nil
		}
		if w.ID != h.workflow {
			h.workflow, h.after = w.ID, 0
		}
		own := wide
		if w.Options.Retention != nil {
			own = w.Options.Retention.Over(wide)
		}
		ids, next, err := models.ExpiredExecutions(ctx, e.db.Read(), w.ID, own, now, h.after)
		if err != nil {
			return err
		}
		if _, err := e.removeHistory(ctx, ids, 0); err != nil {
			return err
		}
		if h.after = next; next == 0 {
			h.workflow++
		}
	}
	return nil
}

// removeHistory removes executions, a few in each transaction. It gives the ids of those
// that are gone; by is the person who wants it, 0 for retention.
func (e *Engine) removeHistory(ctx context.Context, ids []string, by int64) (gone []string, err error) {
	for len(ids) > 0 && ctx.Err() == nil {
		part := ids[:min(len(ids), models.RemovedAtOnce)]
		ids = ids[len(part):]
		var removed []string
		err := e.db.Write(ctx, "engine.remove_history", func(tx *models.Tx) error {
			var err error
			removed, err = models.RemoveExecutions(ctx, tx, part, by)
			return err
		})
		if err != nil {
			return gone, err
		}
		gone = append(gone, removed...)
	}
	return gone, ctx.Err()
}

// checkRollUps reports roll-ups that differ from a full scan: a defect.
func (e *Engine) checkRollUps(ctx context.Context) error {
	found, err := models.CheckRollUps(ctx, e.db.Read(), e.now())
	if err != nil {
		return err
	}
	for _, f := range found {
		e.log.Error("watchdog", "query", f.Query, "says", f.Says, "row", f.Row)
	}
	return nil
}

// SetRetention changes for how long executions stay where their workflow says nothing. It
// needs the right to remove them.
func (e *Engine) SetRetention(ctx context.Context, access models.Access, r models.Retention) error {
	if err := access.Require("execution.remove"); err != nil {
		return err
	}
	return e.db.Write(ctx, "engine.retention", func(tx *models.Tx) error {
		before, err := models.RetentionOf(ctx, tx)
		if err != nil {
			return err
		}
		if err := models.SetRetention(ctx, tx, r.Over(before)); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "retention.update", ObjectType: "setting", ObjectID: "retention", Changed: r.Names()})
	})
}
