package engine

import (
	"context"
	"fmt"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// insideTime is how long a workflow may hold up the write it runs in.
const insideTime = 200 * time.Millisecond

// runInside runs a synchronous workflow inside the transaction of the write that
// started it. When it does not end well, the error undoes the write and
// everything the workflow did; its history is then written on its own, marked as
// rolled back.
func (s *starting) runInside(ctx context.Context, exec *models.Execution, v *versionInfo, trig map[string]any) ([]string, error) {
	access, err := s.e.accessOf(ctx, exec, v)
	if err != nil {
		return nil, err
	}
	run := newStretch(s.e, exec, v)
	run.trigger, run.access = trig, access
	if v.Compiled.first != nil {
		run.state.cursors = []cursor{{node: v.Compiled.first}}
	}
	began := s.e.clock.Now()
	why := run.advance(ctx, s.tx, run.state)
	if why != stopIdle || s.e.clock.Now().Sub(began) > insideTime {
		run.end(run.state, models.TimedOut, "deadline", failureJSON(node.Broken("TIMEOUT", text.M("inside.limit", "The workflow took more than 64 steps or 200 milliseconds inside the save."))))
	}
	if err := run.persist(ctx, s.tx, run.state); err != nil {
		return nil, err
	}
	if run.state.outcome() == models.Succeeded {
		return run.state.messages, nil
	}
	s.tx.AfterRollback(func() { go s.e.keepRolledBack(context.WithoutCancel(ctx), exec, run.state) })
	return nil, rolledBack(exec.ID, run.state.messages)
}

// rolledBack says that nothing was saved because a required workflow failed, with
// the workflow's own messages first.
func rolledBack(id string, messages []string) error {
	general := text.M("workflow.rolled_back", "A required process failed, so nothing was saved.")
	e := models.NewError(models.KindUnprocessable, "WORKFLOW_ROLLBACK_ON_FAILURE", general)
	for _, m := range messages {
		e.Fields = append(e.Fields, models.FieldError{Message: text.Verbatim(m)})
	}
	if len(messages) > 0 {
		e.Fields = append(e.Fields, models.FieldError{Code: e.Code, Message: general})
	}
	return e.With("executionId", id)
}

// keepRolledBack writes the history of an execution whose effects were undone with
// the write it ran in.
func (e *Engine) keepRolledBack(ctx context.Context, exec *models.Execution, st *state) {
	err := e.db.Write(ctx, "engine.rolledback", func(tx *models.Tx) error {
		again := *exec
		again.IdemKey = "" // the repeated request shall start anew
		if err := e.insert(ctx, tx, &again, models.TriggerEntry{Explanation: "rolled back"}); err != nil {
			return err
		}
		for _, step := range st.dirty {
			kept := *step
			kept.Effects = 0
			if err := models.SaveStep(ctx, tx, &again, &kept); err != nil {
				return err
			}
		}
		again.Status, again.Reason, again.Error = st.outcome(), st.reason, st.failure
		again.StartedAt, again.EndedAt = models.At(tx.Now()), models.At(tx.Now())
		if err := e.afterEnd(ctx, tx, &again); err != nil {
			return err
		}
		return models.SaveProgress(ctx, tx, models.Progress{
			Of: &again, Token: exec.LeaseToken, Status: st.outcome(), Reason: "rolled_back", Messages: st.messages, Error: st.failure,
			Steps: st.seq, StartedAt: models.At(tx.Now()), Simple: true,
		})
	})
	if err != nil {
		e.log.Error("keep history of a rolled back execution", "execution", exec.ID, "error", fmt.Errorf("rolled back: %w", err))
	}
}
