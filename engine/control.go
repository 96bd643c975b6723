package engine

import (
	"context"
	"errors"
	"fmt"

	"formrail/engine/cluster"
	"formrail/models"
	"formrail/models/text"
)

// ending is how an execution is ended from outside its stretch.
type ending struct {
	status  models.Status
	reason  string
	failure string
	by      int64 // person who wants it; 0 = nobody
}

// endTries is how often an ending is tried again when a stretch commits at the
// same time.
const endTries = 5

// end ends an execution from outside: cancel, deadline, poison. Once it returns,
// no further step of the execution commits.
func (e *Engine) end(ctx context.Context, id string, how ending) error {
	var err error
	for range endTries {
		err = e.db.Write(ctx, "engine.end", func(tx *models.Tx) error { return e.endIn(ctx, tx, id, how) })
		if !errors.Is(err, models.ErrLostLease) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("end execution %s: %w", id, err)
	}
	e.interrupt(id)
	e.published(&models.Execution{ID: id}, true)
	return nil
}

func (e *Engine) endIn(ctx context.Context, tx *models.Tx, id string, how ending) error {
	exec, err := models.ExecutionByID(ctx, tx, id)
	if err != nil {
		return err
	}
	if !exec.Status.Live() {
		return executionEnded()
	}
	started := exec.StartedAt
	if started == 0 {
		started = models.At(tx.Now())
	}
	if err := models.SaveProgress(ctx, tx, models.Progress{
		Of: exec, Token: exec.LeaseToken, Status: how.status, Reason: how.reason, Messages: exec.Messages, Error: how.failure,
		Steps: exec.StepCount, Attempts: exec.Attempts, StartedAt: started, By: how.by,
	}); err != nil {
		return err
	}
	exec.Status, exec.Reason, exec.Error, exec.StartedAt, exec.EndedAt = how.status, how.reason, how.failure, started, models.At(tx.Now())
	if err := e.afterEnd(ctx, tx, exec); err != nil {
		return err
	}
	tx.AfterCommit(func() { e.interrupt(id) })
	children, err := models.LiveChildren(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := e.endChild(ctx, tx, child, "parent_ended"); err != nil {
			return err
		}
	}
	return nil
}

// interrupt stops whoever works on an execution that has ended, in other processes too.
func (e *Engine) interrupt(id string) {
	e.claims.interrupt(id)
	e.member.Tell(cluster.Ended, id)
}

// Cancel ends an execution by a person's wish, with its tasks and children. It
// needs the right execution.operate.
func (e *Engine) Cancel(ctx context.Context, access models.Access, id, reason string) error {
	if err := access.Require("execution.operate"); err != nil {
		return err
	}
	if len([]rune(reason)) > 500 {
		return models.Invalid("BAD_PARAMETER", text.M("execution.reason_long", "A reason has at most 500 characters."))
	}
	if reason == "" {
		reason = "cancelled"
	}
	return e.end(ctx, id, ending{status: models.Cancelled, reason: reason, by: access.Principal.UserID})
}

// Rerun starts a new execution with the same version and trigger data as one that
// has ended. Its rights are those of the person now, within those of the original
// cause. Repeating a key starts one execution.
func (e *Engine) Rerun(ctx context.Context, access models.Access, id, key string) (string, error) {
	return e.repeat(ctx, access, id, key, func(tx *models.Tx, again *models.Execution) error {
		if err := e.admitAgain(ctx, tx, again); err != nil {
			return err
		}
		e.keepFor(tx, again)
		return e.insert(ctx, tx, again, models.TriggerEntry{UserID: access.Principal.UserID, Explanation: "re-run of " + id})
	})
}

// repeat makes a new execution of one that has ended, and inserts it.
func (e *Engine) repeat(ctx context.Context, access models.Access, id, key string, insert func(*models.Tx, *models.Execution) error) (string, error) {
	if err := access.Require("execution.operate"); err != nil {
		return "", err
	}
	var started string
	err := e.db.Write(ctx, "engine.rerun", func(tx *models.Tx) error {
		old, err := models.ExecutionByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if old.Status.Live() {
			return models.Conflict("EXECUTION_RUNNING", text.M("execution.not_ended", "This execution has not ended yet. Cancel it first, or wait."))
		}
		if key != "" {
			if started, err = models.ExecutionByKey(ctx, tx, old.WorkflowID, key); err != nil || started != "" {
				return err
			}
		}
		again := *old
		again.ID, again.RerunOf, again.IdemKey = models.NewID(), old.ID, key
		again.Sync, again.Gated = false, false
		again.Cause.Layers = append(models.CauseOf(access.Principal).Layers, old.Cause.Layers...)
		again.Cause.Trace = models.RequestOf(ctx).Trace
		again.Principal, again.UserID = access.Principal.String(), access.Principal.UserID
		again.ParentID, again.ParentStepID, again.RootID, again.Depth = "", "", "", 1
		again.Chain = []int64{old.WorkflowID}
		again.Messages, again.Output, again.Error, again.Reason = nil, "", "", ""
		again.LeaseOwner, again.LeaseUntil = "", 0
		again.LeaseToken, again.StepCount, again.Attempts, again.StartedAt, again.EndedAt, again.EndedBy, again.Number = 0, 0, 0, 0, 0, 0, 0
		w, err := models.WorkflowByID(ctx, tx, old.WorkflowID)
		if err != nil {
			return err
		}
		again.ExpiresAt, again.Pauses, again.PeopleSince = expiry(w, tx.Now()), w.Options.PauseForPeople, 0
		started = again.ID
		return insert(tx, &again)
	})
	if err != nil {
		return "", fmt.Errorf("re-run execution %s: %w", id, err)
	}
	return started, nil
}

// keepFor keeps an execution for who will run it: the request when it is
// synchronous, otherwise a worker, which then need not read it again. It is called
// before insert, so that nobody else can have it first.
func (e *Engine) keepFor(tx *models.Tx, exec *models.Execution) {
	if exec.Sync {
		if e.process != "" { // others leave it to the request
			exec.LeaseOwner, exec.LeaseUntil = e.process, models.At(tx.Now().Add(models.LeaseTTL))
		}
		e.claims.reserve(exec.ID, e.clock.Now(), e.process != "", exec.Held) // from now on: a look through the table may find it as soon as it is committed
		tx.AfterRollback(func() { e.claims.release(exec.ID) })
	}
	if !exec.Held && (exec.Sync || e.process == "") { // else it is read when it goes, by any of several processes
		tx.AfterCommit(func() { e.fresh.put(exec) })
	}
}

// insert inserts a queued execution with its line in the trigger log.
func (e *Engine) insert(ctx context.Context, tx *models.Tx, exec *models.Execution, entry models.TriggerEntry) error {
	if e.tracer != nil {
		v, err := e.version(ctx, exec.VersionID)
		if err != nil {
			return err
		}
		span := e.beginStart(exec, v.Key)
		tx.AfterCommit(func() { span.End(e.clock.Now()) })
	}
	if err := insertExecution(ctx, tx, exec); err != nil {
		return err
	}
	tx.AfterCommit(func() { e.metrics.Started(exec.TriggerType) })
	return e.logStart(ctx, tx, exec, entry)
}

// logStart writes the line of the trigger log that an execution was started.
func (e *Engine) logStart(ctx context.Context, tx *models.Tx, exec *models.Execution, entry models.TriggerEntry) error {
	v, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return err
	}
	entry.Started, entry.ExecutionID = true, exec.ID
	entry.WorkflowID, entry.WorkflowKey, entry.VersionID = exec.WorkflowID, v.Key, exec.VersionID
	entry.ResourceType, entry.ResourceID, entry.RequestID, entry.Chain = exec.ResourceType, exec.ResourceID, exec.RequestID, exec.Chain
	if entry.UserID == 0 {
		entry.UserID = exec.UserID
	}
	return models.LogTrigger(ctx, tx, entry)
}
