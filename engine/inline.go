package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
)

// syncDeadline is how long one synchronous workflow may take on a request.
const syncDeadline = 15 * time.Second

// runSynchronous runs the synchronous workflows that a write started, on the
// request's own goroutine and in their order. The data is saved whatever happens;
// the first that does not end well stops the later ones.
func (e *Engine) runSynchronous(ctx context.Context, _ *records.Operation, result *records.Result) error {
	var (
		failed  error
		stopped bool
	)
	for i, t := range result.Triggers {
		result.Messages = append(result.Messages, t.Messages...)
		if !t.Started || !t.Sync {
			continue
		}
		if stopped {
			result.Triggers[i].Started, result.Triggers[i].Reason = false, "earlier_failed"
			if err := e.end(ctx, t.ExecutionID, ending{status: models.Cancelled, reason: "earlier_failed"}); err != nil {
				e.log.Warn("stop later workflow", "execution", t.ExecutionID, "error", err)
			}
			e.giveUp(t.ExecutionID)
			continue
		}
		messages, err := e.runInline(ctx, t.ExecutionID)
		result.Messages = append(result.Messages, messages...)
		stopped = err != nil
		if models.IsCode(err, "OVERLOADED") { // the data is saved; the caller reads that this did not start
			result.Triggers[i].Started, result.Triggers[i].Reason = false, "queue_full"
			continue
		}
		failed = err
	}
	if failed != nil && len(result.Changes) > 0 {
		return models.AsError(failed).With("saved", true).With("filterByTk", result.Changes[0].Key())
	}
	return failed
}

// giveUp lets others have an execution that was reserved for this request.
func (e *Engine) giveUp(id string) {
	if _, ok := e.claims.start(id); ok {
		e.claims.release(id)
	}
}

// runInline runs one execution to its end and gives its messages and, when it did
// not end well, the answer for the caller.
func (e *Engine) runInline(ctx context.Context, id string) ([]string, error) {
	exec, _, err := e.runHere(ctx, id)
	if err != nil {
		return nil, err
	}
	return e.answer(exec)
}

// runHere runs one execution on the goroutine of its request, to its end or until it has
// answered. It gives what a Response step answered, or else the execution as it is then.
func (e *Engine) runHere(ctx context.Context, id string) (exec *models.Execution, answer string, err error) {
	mine, ok := e.claims.start(id)
	if !ok {
		return nil, "", workflowFault("WORKFLOW_NOT_STARTED", id)
	}
	// A cut connection does not stop a workflow whose data is saved.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), syncDeadline)
	defer done()
	if mine.held && !e.awaitPermit(ctx, id) {
		e.claims.release(id)
		err := e.end(context.WithoutCancel(ctx), id, ending{status: models.Cancelled, reason: "overloaded"})
		if err != nil && !models.IsCode(err, "EXECUTION_ENDED") {
			return nil, "", err
		}
		return nil, "", overloaded()
	}
	again, refused := true, false
	for again && ctx.Err() == nil && !mine.answered {
		again, refused = e.work(ctx, id, mine)
	}
	e.letGo(ctx, id, mine)
	e.goesOn(id, mine, e.claims.release(id) || mine.answered, refused)
	if mine.answer != "" {
		return nil, mine.answer, nil
	}
	if refused {
		return nil, "", unfinished(id)
	}
	if ctx.Err() != nil {
		if err := e.end(context.WithoutCancel(ctx), id, ending{status: models.TimedOut, reason: "deadline"}); err == nil {
			return nil, "", workflowFault("WORKFLOW_TIMED_OUT", id)
		}
	}
	exec, err = models.ExecutionByID(context.WithoutCancel(ctx), e.db.Read(), id)
	return exec, "", err
}

// permitWait is how long a request waits for a permit of its execution.
const permitWait = time.Second

// awaitPermit waits until an execution has its permit, and reports whether it got it.
func (e *Engine) awaitPermit(ctx context.Context, id string) bool {
	woken := e.live.Subscribe("permit:" + id)
	defer woken.Close()
	over := time.NewTimer(permitWait)
	defer over.Stop()
	look := time.NewTicker(permitWait / 20) // another process may give it
	defer look.Stop()
	for {
		p, err := models.PermitOf(ctx, e.db.Read(), id)
		if err != nil || p == nil || p.State == models.Given {
			return err == nil && p != nil
		}
		select {
		case <-woken.Wake():
			woken.Take()
		case <-look.C:
		case <-over.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// answer turns the outcome of a synchronous execution into what the caller gets.
func (e *Engine) answer(exec *models.Execution) ([]string, error) {
	switch {
	case exec.Status == models.Succeeded:
		return exec.Messages, nil
	case exec.Status == models.Rejected, exec.Status == models.Failed && exec.Reason == string(node.Refused),
		exec.Status == models.Failed && exec.Reason == "end_node":
		return nil, stopped(exec)
	case exec.Status == models.TimedOut:
		return exec.Messages, workflowFault("WORKFLOW_TIMED_OUT", exec.ID)
	default:
		return exec.Messages, workflowFault("WORKFLOW_FAILED", exec.ID)
	}
}

// stopped says that a rule the designer wrote said no, in the designer's words.
func stopped(exec *models.Execution) error {
	e := models.Invalid("WORKFLOW_STOPPED", text.M("workflow.stopped", "This action was stopped by a workflow."))
	for _, m := range exec.Messages {
		e.Fields = append(e.Fields, models.FieldError{Message: text.Verbatim(m)})
	}
	return e.With("executionId", exec.ID)
}

// unfinished says that storage refused what a workflow was to write. It goes on without
// the caller; whoever repeats his request hears of the first one.
func unfinished(id string) error {
	return models.Unavailable("WORKFLOW_UNFINISHED",
		text.M("workflow.unfinished", "Saved, but the server cannot write at the moment. The workflow that this started goes on by itself."), storagePause).With("executionId", id)
}

// workflowFault says that a workflow broke, without its internals.
func workflowFault(code, id string) error {
	m := text.M("workflow.failed", "Saved, but a workflow started by this action failed. Contact your administrator.")
	if code == "WORKFLOW_TIMED_OUT" {
		m = text.M("workflow.timed_out", "Saved, but a workflow started by this action took too long. Contact your administrator.")
	}
	return models.NewError(models.KindInternal, code, m).With("executionId", id).Because(fmt.Errorf("execution %s: %s", id, code))
}
