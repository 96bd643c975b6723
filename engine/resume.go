package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/fault"
	"formrail/models/text"
)

// poisonLimit is how often in a row a stretch may panic before its execution is
// parked as failed.
const poisonLimit = 3

// storagePause is how long an execution waits that storage refused, as a full disk does:
// service is to go on within ten seconds after there is space.
const storagePause = 4 * time.Second

// advance is what a worker does with a delivered execution.
func (e *Engine) advance(ctx context.Context, id string) {
	mine, ok := e.claims.take(id, e.clock.Now())
	if !ok {
		return
	}
	again, refused := e.work(ctx, id, mine)
	if mine.leave != nil {
		mine.leave()
	}
	if again {
		e.letGo(ctx, id, mine)
	}
	e.goesOn(id, mine, e.claims.release(id) || again, refused)
}

// goesOn has an execution delivered once more: now, or when storage may take again what
// it refused.
func (e *Engine) goesOn(id string, of *claim, now, refused bool) {
	next := models.PendingWakeup{ExecutionID: id, WorkflowID: of.workflow, Lane: 1, DueAt: e.now()}
	if !now {
		next.DueAt = next.DueAt.Add(storagePause)
	}
	if now || refused {
		e.queue.Wake(next)
	}
}

// work runs one stretch and keeps every error inside. It reports whether there is more to
// do now, or whether storage refused what was to be written.
func (e *Engine) work(ctx context.Context, id string, mine *claim) (again, refused bool) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("stretch panicked", "execution", id, "panic", p, "stack", string(debug.Stack()))
			again = e.poisoned(ctx, id)
		}
	}()
	if err := fault.Hit("engine.claim"); err != nil {
		return false, false
	}
	begun := e.clock.Now()
	s, err := e.load(ctx, id, mine)
	if err == nil && s != nil {
		s.beginStretch()
		again, err = s.run(ctx)
		s.endStretch(err)
		e.metrics.Stretched(e.clock.Now().Sub(begun))
	}
	switch {
	case err == nil, errors.Is(err, models.ErrLostLease):
	case errors.Is(err, errOverdue):
		e.endOverdue(ctx, s.exec)
	case models.IsKind(err, models.KindUnavailable):
		e.log.Warn("execution waits for the database", "execution", id, "error", err)
		refused = true
	case errors.Is(err, context.DeadlineExceeded): // the database did not answer in time; who comes next goes on
		e.log.Warn("execution waits for the database", "execution", id, "error", err)
	default:
		e.log.Error("execution could not move", "execution", id, "error", err)
	}
	return again, refused
}

// load reads what a stretch needs. It gives nil when there is nothing to do: the
// execution has ended, or somebody took its wake-ups before.
func (e *Engine) load(ctx context.Context, id string, mine *claim) (*stretch, error) {
	first := true
	exec := e.fresh.take(id)
	if exec == nil {
		first = false
		var err error
		if exec, err = models.ExecutionByID(ctx, e.db.Read(), id); err != nil {
			return nil, err
		}
	}
	if !exec.Status.Live() || e.elsewhere(exec) {
		return nil, nil //nolint:nilnil // nothing to do is an ordinary answer
	}
	mine.workflow = exec.WorkflowID
	if kept, err := e.keptBack(ctx, exec); err != nil || kept {
		return nil, err
	}
	version, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return nil, err
	}
	s := newStretch(e, exec, version)
	s.claim, s.cancel = mine, mine.cancel
	mine.lease.holds(exec.LeaseToken)
	if err := e.enter(ctx, mine, exec.Trigger); err != nil {
		return nil, err
	}
	if s.trigger, err = parseObject(exec.Trigger); err != nil {
		return nil, fmt.Errorf("read trigger data of %s: %w", id, err)
	}
	if s.access, err = e.accessOf(ctx, exec, version); err != nil {
		return nil, err
	}
	wakeups, err := models.DueWakeups(ctx, e.db.Read(), id, e.now())
	if err != nil {
		return nil, err
	}
	if e.held() {
		wakeups = withoutTimers(wakeups)
	}
	if len(wakeups) == 0 {
		return nil, e.nothingDue(ctx, id)
	}
	if !first && exec.Status != models.Queued {
		if err := s.loadSteps(ctx, wakeups); err != nil {
			return nil, err
		}
	}
	if !first && exec.Status != models.Queued && version.answers() {
		answer, err := models.StepOutput(ctx, e.db.Read(), id, responseType)
		if err != nil {
			return nil, err
		}
		s.state.answered = answer != ""
	}
	for _, w := range wakeups {
		s.state.used = append(s.state.used, w.ID)
		if err := s.wake(ctx, w); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func newStretch(e *Engine, exec *models.Execution, version *versionInfo) *stretch {
	return &stretch{
		e: e, exec: exec, version: version, token: exec.LeaseToken, containers: map[string]node.Settings{},
		state: &state{open: map[string]*models.Step{}, outputs: newMemory(), messages: exec.Messages, seq: exec.StepCount},
	}
}

// loadSteps reads the open steps and the outputs that are seen from their places: those
// of the passes around them, and of loops that have ended the last pass.
func (s *stretch) loadSteps(ctx context.Context, wakeups []models.Wakeup) error {
	open, err := models.OpenSteps(ctx, s.e.db.Read(), s.exec.ID)
	if err != nil {
		return err
	}
	known, next := map[string]bool{}, []string{}
	look := func(path string) {
		for {
			if !known[path] {
				known[path] = true
				next = append(next, path)
			}
			if path == "" {
				return
			}
			path, _, _ = PassOf(path)
		}
	}
	look("")
	for _, step := range open {
		s.state.open[step.ID] = step
		look(step.Path)
		if step.Entered > 0 {
			look(PassPath(step.Path, step.Node, step.Entered))
		}
	}
	for _, w := range wakeups { // a loop that is about to hear of a pass
		if step := s.state.open[w.StepID]; step != nil && w.Signal != "" {
			if signal, err := readSignal(w); err == nil && signal.Pass > 0 {
				look(PassPath(step.Path, step.Node, signal.Pass))
			}
		}
	}
	for len(next) > 0 {
		paths := next
		next = nil
		steps, err := models.FinishedSteps(ctx, s.e.db.Read(), s.exec.ID, s.version.Compiled.reads, paths)
		if err != nil {
			return err
		}
		for _, step := range steps {
			if err := s.remember(step); err != nil {
				return err
			}
			if step.Entered > 0 {
				look(PassPath(step.Path, step.Node, step.Entered))
			}
		}
	}
	return nil
}

// remember keeps what a finished step gave. The state of a step that declared a variable
// is the value that later steps gave to it.
func (s *stretch) remember(step *models.Step) error {
	stored, held := step.Output, s.version.Compiled.assigned[step.Node]
	if held && step.State != "" {
		stored = step.State
	}
	out, err := parseAny(stored)
	if err != nil {
		return fmt.Errorf("read output of step %s: %w", step.ID, err)
	}
	s.state.outputs.put(step.Node, step.Path, out)
	if held {
		s.state.outputs.hold(step.Node, step.Path, step.ID)
	}
	return nil
}

// wake turns one wake-up into a cursor.
func (s *stretch) wake(ctx context.Context, w models.Wakeup) error {
	st := s.state
	if w.StepID == "" {
		if s.exec.Status == models.Queued && s.version.Compiled.first != nil {
			st.cursors = append(st.cursors, cursor{node: s.version.Compiled.first})
		}
		return nil
	}
	step := st.open[w.StepID]
	if step == nil {
		return nil // finished meanwhile
	}
	known := slices.ContainsFunc(st.cursors, func(c cursor) bool { return c.step == step })
	if known && (step.Status != models.Waiting || w.Signal == "") {
		return nil // an earlier wake-up of the same step has said it; signals each count
	}
	n := s.version.Compiled.byKey[step.Node]
	if n == nil {
		return fmt.Errorf("version %d has no node %s", s.exec.VersionID, step.Node)
	}
	cur := cursor{node: n, step: step, path: step.Path, parent: step.ParentID, after: step.AfterID}
	switch {
	case step.Status == models.Planned:
	case step.Status == models.Running:
		return s.unknown(ctx, cur)
	case step.Status == models.Unknown:
		signal, err := readSignal(w)
		if err == nil && signal.Reason == resolveSignal {
			s.resolved(cur, signal)
		}
		return err
	case w.Reason == models.WakeRetry, w.Reason == models.WakeHeld:
		cur.retry = true
	default:
		signal, err := readSignal(w)
		if err != nil {
			return err
		}
		cur.signal = &signal
	}
	st.cursors = append(st.cursors, cur)
	return nil
}

// readSignal gives what a wake-up brings.
func readSignal(w models.Wakeup) (node.Signal, error) {
	signal := node.Signal{Reason: w.Reason}
	if w.Signal == "" {
		return signal, nil
	}
	m, err := parseObject(w.Signal)
	if err != nil {
		return signal, fmt.Errorf("read signal of wake-up %d: %w", w.ID, err)
	}
	if reason, ok := m["reason"].(string); ok {
		signal.Reason = reason
	}
	signal.Branch, _ = m["branch"].(string)
	if pass, ok := m["pass"].(int64); ok {
		signal.Pass = int(pass)
	}
	signal.Output, signal.Data = m["output"], m["data"]
	f, _ := m["failure"].(map[string]any)
	signal.Failure = node.FailureFrom(f)
	return signal, nil
}

// unknown decides about an external attempt whose result was never stored: the
// process died, or lost its lease, while it was in flight.
func (s *stretch) unknown(ctx context.Context, cur cursor) error {
	switch cur.node.unknown {
	case node.RetryUnknown:
		cur.retry = true
		s.state.cursors = append(s.state.cursors, cur)
	case node.FailUnknown:
		cur.step.Attempt = max(cur.step.Attempt, cur.node.retry.attempts)
		s.fail(s.state, cur, cur.step, node.Broken("OUTCOME_UNKNOWN",
			text.M("node.unknown", "The server stopped while this step was under way; nobody knows whether it happened.")))
	default:
		return s.ask(ctx, cur)
	}
	return nil
}

// ask opens a task for the workflow's owner: did it happen?
func (s *stretch) ask(ctx context.Context, cur cursor) error {
	cur.step.Status = models.Unknown
	err := s.e.db.Write(ctx, "engine.ask", func(tx *models.Tx) error {
		if err := models.Claim(ctx, tx, s.exec.ID, s.token); err != nil {
			return err
		}
		task := &models.Task{
			ID: models.NewID(), Kind: ResolveTask, ExecutionID: s.exec.ID, StepID: cur.step.ID, Node: cur.step.Node, Pass: 1, Round: 1,
			PrincipalID: s.version.OwnerID, WorkflowID: s.exec.WorkflowID, NodeTitle: cur.node.title,
			Title: text.M("task.resolve", "Did “%s” happen?", cur.node.title).String(),
		}
		if err := models.InsertTask(ctx, tx, task, []models.Candidate{{UserID: s.version.OwnerID, Role: "principal"}}); err != nil {
			return err
		}
		st := s.state.copy()
		s.save(st, st.open[cur.step.ID])
		return s.persist(ctx, tx, st)
	})
	if err != nil {
		return fmt.Errorf("ask about step %s: %w", cur.step.ID, err)
	}
	return models.ErrLostLease // committed; whoever comes next loads it anew
}

// poisoned counts a panic of an execution and parks it after the third in a row.
func (e *Engine) poisoned(ctx context.Context, id string) (again bool) {
	e.poisonMu.Lock()
	e.poison[id]++
	n := e.poison[id]
	e.poisonMu.Unlock()
	if n < poisonLimit {
		return true
	}
	failure := encode(map[string]any{"kind": string(node.Fault), "code": "POISON", "message": "The execution broke the server's worker three times and was stopped."})
	if err := e.end(ctx, id, ending{status: models.Failed, reason: "poison", failure: failure}); err != nil {
		e.log.Error("park poisoned execution", "execution", id, "error", err)
	}
	return false
}

func executionEnded() *models.Error {
	return models.Invalid("EXECUTION_ENDED", text.M("execution.ended", "This execution has already ended."))
}
