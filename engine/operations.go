package engine

import (
	"context"
	"errors"
	"time"

	"formrail/models"
	"formrail/models/text"
)

// operationsPause is how often somebody looks for operations that a dead process left.
const operationsPause = 5 * time.Second

// operations wakes who works on them.
type operations struct{ bell chan struct{} }

func newOperations() operations { return operations{bell: make(chan struct{}, 1)} }

// ring says that there is something to do.
func (o operations) ring() {
	select {
	case o.bell <- struct{}{}:
	default:
	}
}

// operate works on one operation after the other, the oldest first.
func (e *Engine) operate(ctx context.Context) {
	defer e.sweeper.Done()
	tick := time.NewTicker(operationsPause)
	defer tick.Stop()
	for {
		for {
			worked, err := e.operateOnce(ctx)
			if ctx.Err() != nil {
				return
			}
			e.report("operation", err)
			if err != nil || !worked {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-e.operations.bell:
		}
	}
}

// operateOnce works on an operation; false when none waits.
func (e *Engine) operateOnce(ctx context.Context) (bool, error) {
	waits, err := models.OperationsWait(ctx, e.db.Read(), e.now())
	if err != nil || !waits {
		return false, err
	}
	var o *models.Operation
	err = e.db.Write(ctx, "engine.operation", func(tx *models.Tx) error {
		var err error
		o, err = models.ClaimOperation(ctx, tx)
		return err
	})
	if err != nil || o == nil {
		return false, err
	}
	e.live.Publish("operations")
	if !isBulk(o.Kind) {
		r := &bulkRun{e: e, o: o}
		return true, r.save(ctx, models.Failed, text.M("operation.unknown", "This release does not know how to do it.").String(), nil)
	}
	err = e.runBulk(ctx, o)
	if errors.Is(err, models.ErrLostLease) {
		err = nil // somebody else goes on
	}
	return true, err
}

// Operation gives one operation to who started it, and to those who may do the same.
func (e *Engine) Operation(ctx context.Context, access models.Access, id string) (*models.Operation, error) {
	o, err := models.OperationByID(ctx, e.db.Read(), id)
	if err != nil {
		return nil, err
	}
	if o.StartedBy != access.Principal.UserID && (!access.Can("execution.view") || !access.Can(bulkRight(o.Kind))) {
		return nil, models.NotFound()
	}
	return o, nil
}

// ChangeOperation asks an operation to pause, to stop after what is under way, or with an
// empty word to go on.
func (e *Engine) ChangeOperation(ctx context.Context, access models.Access, id, want string) error {
	o, err := e.Operation(ctx, access, id)
	if err != nil {
		return err
	}
	return e.db.Write(ctx, "engine.want", func(tx *models.Tx) error {
		changed, err := models.WantOfOperation(ctx, tx, id, want)
		if err != nil {
			return err
		}
		if !changed {
			return models.Conflict("OPERATION_ENDED", text.M("operation.ended", "It has ended already."))
		}
		tx.AfterCommit(e.operations.ring)
		action := "operation.resume"
		if want != "" {
			action = "operation." + want
		}
		return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: action, ObjectType: "operation", ObjectID: id, Title: o.Kind})
	})
}
