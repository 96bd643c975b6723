package engine

import (
	"context"
	"fmt"
	"strings"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// SkipWait ends what a step waits for when that is time: a delay goes on at once, a step
// that pauses between two attempts is tried now. place names the step as in
// [Engine.Retry]. It needs the right execution.operate.
func (e *Engine) SkipWait(ctx context.Context, access models.Access, id, place string) error {
	if err := access.Require("execution.operate"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "engine.skip_wait", func(tx *models.Tx) error {
		exec, err := models.ExecutionByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if !exec.Status.Live() {
			return executionEnded()
		}
		key, path, _ := strings.Cut(place, "@")
		step, err := models.StepAt(ctx, tx, id, key, path)
		if err != nil {
			return err
		}
		w, err := e.skip(ctx, tx, exec, step)
		if err != nil {
			return err
		}
		w.ExecutionID, w.WorkflowID, w.StepID, w.Lane, w.DueAt = id, exec.WorkflowID, step.ID, 1, models.At(tx.Now())
		if err := models.InsertWakeup(ctx, tx, w); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{
			Principal: access.Principal, Action: "execution.skip_wait", ObjectType: "execution", ObjectID: id, Title: step.Title,
		})
	})
	if err != nil {
		return fmt.Errorf("skip wait of %s in execution %s: %w", place, id, err)
	}
	e.live.Publish("exec:" + id)
	return nil
}

// skip makes the wake-up by which a step goes on although its time has not come.
func (e *Engine) skip(ctx context.Context, tx *models.Tx, exec *models.Execution, step *models.Step) (*models.Wakeup, error) {
	v, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return nil, err
	}
	waits := ""
	if step != nil && step.Status == models.Waiting {
		if waits, err = models.WaitsForTime(ctx, tx, step.ID); err != nil {
			return nil, err
		}
	}
	switch {
	case waits == models.WakeRetry:
		return &models.Wakeup{Reason: models.WakeRetry}, nil
	case waits == models.WakeTimer && v.byKey[step.Node] != nil && v.byKey[step.Node].typ.Skips:
		return &models.Wakeup{Reason: models.WakeTimer, Signal: signalJSON(node.Signal{Reason: node.WaitSkipped})}, nil
	}
	return nil, models.Invalid("NOTHING_TO_SKIP", text.M("skip.nothing", "This step does not wait for a time, so there is nothing to skip."))
}
