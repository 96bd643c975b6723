package engine

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// RemoveWorkflow moves a workflow to the bin, from where it can be brought back for
// [models.BinTime]. Versions, history and open executions stay, and open executions
// finish. One that buttons start is refused with the conflict IN_USE until the caller
// confirms; the buttons then work without it.
func (e *Engine) RemoveWorkflow(ctx context.Context, access models.Access, key string, confirmed bool) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.remove", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if err := e.unused(ctx, w, confirmed); err != nil {
			return err
		}
		if err := models.RemoveWorkflow(ctx, tx, w); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "workflow.remove", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title})
	})
	if err != nil {
		return fmt.Errorf("remove workflow %s: %w", key, err)
	}
	e.live.Publish("workflow:" + key)
	return nil
}

// unused refuses a workflow that buttons start, unless the caller knows.
func (e *Engine) unused(ctx context.Context, w *models.Workflow, confirmed bool) error {
	if confirmed {
		return nil
	}
	bound, err := e.db.BoundTo(ctx, w.Key)
	if err != nil {
		return err
	}
	switch len(bound) {
	case 0:
		return nil
	case 1:
		return models.Conflict("IN_USE", text.M("workflow.in_use_once", "A button starts %s. Confirm to delete it all the same; the button then works without it.", w.Title)).With("buttons", 1)
	}
	return models.Conflict("IN_USE", text.M("workflow.in_use", "%d buttons start %s. Confirm to delete it all the same; the buttons then work without it.", len(bound), w.Title)).With("buttons", len(bound))
}

// RestoreWorkflow brings a workflow back from the bin, switched off. When its key has
// been taken meanwhile, it gets the next free one. What the bin does not hold is
// NotFound.
func (e *Engine) RestoreWorkflow(ctx context.Context, access models.Access, id int64) (*models.Workflow, error) {
	if err := access.Require("workflow.publish"); err != nil {
		return nil, err
	}
	var w *models.Workflow
	err := e.db.Write(ctx, "workflow.restore", func(tx *models.Tx) (err error) {
		if w, err = models.BinnedWorkflow(ctx, tx, id, tx.Now()); err != nil {
			return err
		}
		key, err := e.unusedKey(ctx, tx, w.OwnKey())
		if err != nil {
			return err
		}
		if err := models.RestoreWorkflow(ctx, tx, w, key); err != nil {
			return err
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: "workflow.restore", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title})
	})
	if err != nil {
		return nil, fmt.Errorf("restore workflow %d: %w", id, err)
	}
	return w, nil
}
