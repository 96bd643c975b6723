package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/fault"
)

// commit writes what the stretch has, and with it the effects of the local nodes
// that come next: one transaction. It reports why the work inside it stopped.
//
// Invariant: nothing else changes a running execution. The transaction is refused
// as a whole when the execution was cancelled, ended or taken over meanwhile.
func (s *stretch) commit(ctx context.Context, why stop) (stop, error) {
	if why == stopIdle && s.unchanged() {
		return stopIdle, nil
	}
	if err := s.e.db.Pack(s.state.dirty); err != nil {
		return stopIdle, err
	}
	after, why, err := s.commitTogether(ctx, why)
	if err != nil {
		return stopIdle, fmt.Errorf("commit stretch of %s: %w", s.exec.ID, err)
	}
	moved := slices.ContainsFunc(after.dirty, func(step *models.Step) bool { return step.Type == "approval" })
	s.adopt(after)
	s.e.published(s.exec, moved)
	if why != stopIdle && why != stopSlice {
		return why, s.goOn(ctx)
	}
	return why, nil
}

// effects runs the local nodes that come next on a copy of the state, inside the
// transaction that will commit their steps.
func (s *stretch) effects(ctx context.Context, tx *models.Tx) (*state, stop, error) {
	st := s.state.copy()
	st.nodes = 0
	if err := models.Claim(ctx, tx, s.exec.ID, s.token); err != nil {
		return nil, stopIdle, err
	}
	why := s.advance(ctx, tx, st)
	if tx.Doomed() {
		return nil, stopIdle, errDoomed
	}
	return st, why, nil
}

// errDoomed ends a function that will be run again.
var errDoomed = errors.New("the transaction is run again")

// unchanged reports that there is nothing to write: the wake-ups that led here
// were taken by somebody before.
func (s *stretch) unchanged() bool {
	return len(s.state.dirty) == 0 && len(s.state.used) == 0 && s.state.status == ""
}

// persist writes one state of the execution.
func (s *stretch) persist(ctx context.Context, tx *models.Tx, st *state) error {
	if err := s.inTime(ctx, tx); err != nil {
		return err
	}
	s.fitOutput(st)
	status := st.outcome()
	if status == models.Running {
		if err := s.park(ctx, tx, st); err != nil {
			return err
		}
	}
	progress := models.Progress{
		LeaseUntil: s.leaseUntil(tx, st, status),
		Of:         s.exec, Token: s.token, Status: status, Reason: st.reason, Output: st.output, Messages: st.messages, Error: st.failure,
		Steps: st.seq, Attempts: s.exec.Attempts, StartedAt: s.startedAt(tx), Simple: s.simple(st),
		Answered: st.answered && s.exec.Sync,
	}
	if progress.LeaseUntil != 0 {
		progress.LeaseOwner = s.e.process
	}
	s.keepTime(tx, st, &progress)
	if s.claim != nil {
		s.claim.lease.next.Store(s.token + 1)
	}
	st.lease = progress.LeaseUntil
	for _, step := range st.dirty {
		if err := models.SaveStep(ctx, tx, s.exec, step); err != nil {
			return err
		}
	}
	for id, value := range st.assigned {
		if err := models.SetStepState(ctx, tx, id, value); err != nil {
			return err
		}
	}
	for _, id := range st.abandoned {
		if err := models.AbandonStep(ctx, tx, s.exec.ID, id); err != nil {
			return err
		}
	}
	if err := s.endCalled(ctx, tx, st.abandoned, "branch_decided"); err != nil {
		return err
	}
	if status.Live() {
		if err := models.FinishWakeups(ctx, tx, st.used); err != nil {
			return err
		}
		for _, w := range st.wakeups {
			w.WorkflowID = s.exec.WorkflowID
			if err := insertWakeup(ctx, tx, &w); err != nil {
				return err
			}
		}
	}
	if status.Final() {
		if err := s.endCalled(ctx, tx, st.waiting(), "parent_ended"); err != nil {
			return err
		}
		ended := *s.exec
		ended.Status, ended.Reason, ended.Error, ended.StartedAt, ended.EndedAt = status, st.reason, st.failure, progress.StartedAt, models.At(tx.Now())
		if err := s.e.afterEnd(ctx, tx, &ended); err != nil {
			return err
		}
	}
	return models.SaveProgress(ctx, tx, progress)
}

// waiting lists the steps that wait.
func (st *state) waiting() []string {
	var out []string
	for id, step := range st.open {
		if step.Status == models.Waiting {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// simple reports that the execution never waited: only the wake-up that started
// it can be open, so the closing has less to look for.
func (s *stretch) simple(st *state) bool {
	return s.exec.Status == models.Queued && len(st.open) == 0 && !st.parked
}

func (s *stretch) startedAt(tx *models.Tx) models.Millis {
	if s.exec.StartedAt == 0 {
		return models.At(tx.Now())
	}
	return s.exec.StartedAt
}

// park stores where the execution goes on, so that somebody can when this
// process dies: each cursor becomes a planned step with a wake-up.
func (s *stretch) park(ctx context.Context, tx *models.Tx, st *state) error {
	for i := range st.cursors {
		cur := &st.cursors[i]
		if cur.signal != nil {
			// A container that is about to hear of its branch: the wake-up says so.
			st.wakeups = append(st.wakeups, models.Wakeup{
				ExecutionID: s.exec.ID, StepID: cur.step.ID, Reason: models.WakeBranch, Lane: 1,
				DueAt: models.At(tx.Now()), Signal: signalJSON(*cur.signal),
			})
			continue
		}
		if cur.step == nil {
			cur.step = s.begin(st, *cur)
			cur.step.Status = models.Planned
			s.save(st, cur.step)
		}
		if cur.step.Status == models.Planned {
			st.wakeups = append(st.wakeups, models.Wakeup{
				ExecutionID: s.exec.ID, StepID: cur.step.ID, Reason: models.WakeBranch, Lane: laneOf(s.exec), DueAt: models.At(tx.Now()),
			})
		}
	}
	st.parked = true
	return fault.Hit("engine.park")
}

func laneOf(e *models.Execution) int {
	if e.Sync {
		return 0
	}
	return 1
}

// adopt takes over a state that is durable now.
func (s *stretch) adopt(st *state) {
	s.token++
	s.exec.LeaseUntil = st.lease
	if s.claim != nil {
		s.claim.lease.holds(s.token)
		if st.lease == 0 {
			s.claim.lease.stored.Store(nil)
		}
	}
	if s.exec.StartedAt == 0 {
		s.exec.StartedAt = models.At(s.e.now())
	}
	s.exec.Status = st.outcome()
	s.exec.LeaseToken, s.exec.Reason, s.exec.Error, s.exec.Messages, s.exec.StepCount = s.token, st.reason, st.failure, st.messages, st.seq
	s.exec.PeopleSince, s.exec.ExpiresAt = st.peopleSince, s.exec.ExpiresAt+st.granted
	if st.output != nil {
		s.exec.Output = *st.output
	}
	for _, step := range st.dirty {
		step.InputKept = step.Input != ""
	}
	s.spanSteps(st.dirty)
	if s.claim != nil && st.answer != "" {
		s.claim.answer = st.answer
	}
	if st.answered && s.exec.Sync {
		s.exec.Sync = false
		if s.claim != nil {
			s.claim.answered = true
		}
	}
	st.dirty, st.used, st.wakeups, st.abandoned, st.assigned, st.nodes, st.lease = nil, nil, nil, nil, nil, 0, 0
	s.state = st
	s.recall()
}

// goOn makes this holder consume the wake-ups by which it has just stored where it
// goes on: they are for others, should it die.
func (s *stretch) goOn(ctx context.Context) error {
	parked, err := models.ParkedWakeups(ctx, s.e.db.Read(), s.exec.ID)
	s.state.used = append(s.state.used, parked...)
	return err
}

// signalJSON keeps a signal for the wake-up that carries it.
func signalJSON(sig node.Signal) string {
	m := map[string]any{"reason": sig.Reason, "branch": sig.Branch, "pass": int64(sig.Pass), "output": sig.Output, "data": sig.Data}
	if sig.Failure != nil {
		m["failure"] = sig.Failure.Value()
	}
	return encode(m)
}

// published tells live pages that an execution moved, and its tasks with it.
func (e *Engine) published(exec *models.Execution, tasks bool) {
	e.live.Publish("exec:" + exec.ID)
	e.live.Publish("executions")
	if e.slots.held.Load() { // perhaps one that a slot waits for has ended
		e.lookForSlots()
	}
	if tasks {
		e.live.Publish("tasks")
	}
}
