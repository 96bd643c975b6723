package engine

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// Kept says what becomes of executions that a pause has kept.
type Kept string

// Ways to go on after a pause.
const (
	StartAll    Kept = "all"    // they start, in the order in which they came
	StartNewest Kept = "newest" // of each record only the newest starts
	DropKept    Kept = "drop"   // they are cancelled
)

// Pause keeps the starts of a workflow until [Engine.Resume]; what has begun goes on. It
// needs the right workflow.publish. A paused workflow stays as it is.
func (e *Engine) Pause(ctx context.Context, access models.Access, key string) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.pause", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		g, err := models.LockGate(ctx, tx, w.ID)
		if err != nil || g.Pause.On() {
			return err
		}
		if err := g.SetPause(ctx, tx, models.Pause{At: models.At(tx.Now()), By: access.Principal.UserID, Why: models.PausedByPerson}); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "workflow.pause", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title})
	})
	if err != nil {
		return fmt.Errorf("pause workflow %s: %w", key, err)
	}
	e.live.Publish("workflow:" + key)
	return nil
}

// Resume ends the pause of a workflow and says what becomes of what it has kept. It needs
// the right workflow.publish.
func (e *Engine) Resume(ctx context.Context, access models.Access, key string, kept Kept) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	if kept != StartAll && kept != StartNewest && kept != DropKept {
		return models.Invalid("BAD_PARAMETER", text.M("pause.kept", "What was kept starts (all), starts once for each record (newest), or is dropped (drop)."))
	}
	err := e.db.Write(ctx, "workflow.resume", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		g, err := models.LockGate(ctx, tx, w.ID)
		if err != nil {
			return err
		}
		if !g.Pause.On() {
			return models.Conflict("NOT_PAUSED", text.M("pause.not", "The workflow is not paused."))
		}
		switch kept {
		case DropKept:
			g.Drop(access.Principal.UserID)
		case StartNewest:
			g.KeepNewest(access.Principal.UserID)
		case StartAll:
		}
		entry := models.AuditEntry{Principal: access.Principal, Action: "workflow.resume", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title, Reason: fmt.Sprintf("%s of %d kept", kept, g.Kept)}
		if err := g.SetPause(ctx, tx, models.Pause{}); err != nil {
			return err
		}
		if err := models.ForgetOwnStarts(ctx, tx, w.ID); err != nil {
			return err
		}
		return models.Audit(ctx, tx, entry)
	})
	if err != nil {
		return fmt.Errorf("resume workflow %s: %w", key, err)
	}
	e.lookAtGates()
	e.live.Publish("workflow:" + key)
	return nil
}

// PauseAll keeps the starts of all workflows, or ends that. It needs the right
// workflow.publish.
func (e *Engine) PauseAll(ctx context.Context, access models.Access, on bool) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.pause_all", func(tx *models.Tx) error {
		now, err := models.PausedAll(ctx, tx)
		if err != nil || now.On() == on {
			return err
		}
		p, action := models.Pause{}, "workflow.resume_all"
		if on {
			p, action = models.Pause{At: models.At(tx.Now()), By: access.Principal.UserID, Why: models.PausedByPerson}, "workflow.pause_all"
		}
		if err := models.PauseAll(ctx, tx, p); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: action, ObjectType: "settings", ObjectID: "pause"})
	})
	if err != nil {
		return fmt.Errorf("pause everything: %w", err)
	}
	e.lookAtGates()
	e.live.Publish("executions")
	return nil
}

// dropBatch is how many kept executions one look cancels.
const dropBatch = 200

// dropKept cancels executions that a person dropped, in parts, and reports whether there
// are more. What was dropped is marked in the gate, so a restart goes on with it.
func (e *Engine) dropKept(ctx context.Context, g models.Gate) (more bool, err error) {
	list, err := g.Dropped(ctx, e.db.Read(), dropBatch)
	if err != nil {
		return false, err
	}
	reason := "dropped"
	if g.DropUpto == 0 {
		reason = "newer_kept"
	}
	for _, id := range list {
		err := e.end(ctx, id, ending{status: models.Cancelled, reason: reason, by: g.DroppedBy})
		if err != nil && !models.IsCode(err, "EXECUTION_ENDED") {
			return false, err
		}
	}
	if len(list) == dropBatch {
		return true, nil
	}
	err = e.db.Write(ctx, "engine.dropped", func(tx *models.Tx) error {
		now, err := models.LockGate(ctx, tx, g.WorkflowID)
		if err != nil || now.DropUpto != g.DropUpto || now.NewestUpto != g.NewestUpto {
			return err // more was dropped meanwhile
		}
		now.DropUpto, now.NewestUpto, now.DroppedBy = 0, 0, 0
		return now.Look(ctx, tx)
	})
	return false, err
}
