package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"formrail/engine/node"
	"formrail/engine/tracing"
	"formrail/models"
	"formrail/models/text"
)

// Limits of what may happen inside one transaction.
const (
	sliceNodes = 64
	sliceTime  = 20 * time.Millisecond
)

// stretch is what one holder does with one execution between taking its wake-ups
// and giving it back. It belongs to one goroutine.
type stretch struct {
	e       *Engine
	exec    *models.Execution
	version *versionInfo
	trigger map[string]any
	access  models.Access // P ∩ C, as of the start of the stretch
	token   int64
	claim   *claim
	cancel  <-chan struct{} // closed when somebody cancelled the execution
	state   *state

	flights  map[string]*flight // attempts on their way, by id of their step
	landings chan landing
	gone     chan struct{} // closed when the stretch has ended
	span     *tracing.Span

	containers map[string]node.Settings // of steps that have entered branches, by id
}

// state is what a stretch has decided and not committed yet. A transaction that
// may be run again works on a copy.
type state struct {
	open      map[string]*models.Step // steps that are not finished, by id
	outputs   *memory                 // what finished steps gave
	assigned  map[string]string       // new value, as JSON, of variables: by id of the step that declared one
	dirty     []*models.Step          // steps to save, in order
	cursors   []cursor
	used      []int64               // wake-ups this stretch consumed
	wakeups   []models.Wakeup       // new ones
	abandoned []string              // ids of steps whose container ended first
	called    []string              // executions that this request has to run before the stretch goes on
	refused   []models.TriggerEntry // starts that the step under way was refused
	messages  []string
	output    *string
	status    models.Status // final status once the execution ends
	reason    string
	failure   string
	seq       int64
	nodes     int    // run since the last commit
	reasons   int    // to go on, besides time, that the running node opened: tasks, calls
	parked    bool   // places were stored before the end
	atomic    bool   // inside a database transaction: nothing may wait
	answered  bool   // the request has its answer: what follows runs in the background
	answer    string // what a Response step answered
	lease     models.Millis

	peopleSince, granted models.Millis // as in [models.Progress]
}

// cursor is a place where the execution goes on.
type cursor struct {
	node   *compiledNode
	step   *models.Step // known step (planned, waiting); nil = a new one
	path   string
	parent string       // id of the innermost container that was entered
	after  string       // id of the step before
	signal *node.Signal // resume instead of run
	retry  bool         // run again: the next attempt of a known step
}

// stop is why advance returned.
type stop int

const (
	stopIdle     stop = iota // nothing left to do now: everything waits, or it ended
	stopLocal                // the next node needs the stretch's transaction
	stopSlow                 // the next node must run outside it
	stopExternal             // the next node leaves the process
	stopSlice                // the slice is used
)

// run moves the execution until it waits, ends or has used its slice. It reports
// whether the execution should be delivered again at once.
func (s *stretch) run(ctx context.Context) (again bool, err error) {
	s.flights, s.landings, s.gone = map[string]*flight{}, make(chan landing), make(chan struct{})
	defer s.leave()
	for landed := false; ; {
		if !landed {
			if err := s.landed(ctx); err != nil {
				return false, err
			}
		}
		landed = false
		why := s.advance(ctx, nil, s.state)
		switch why {
		case stopSlow:
			s.step(ctx, nil, s.state)
			if s.overslept() {
				return false, models.ErrLostLease
			}
			continue
		case stopExternal:
			if err := s.external(ctx); err != nil {
				return false, err
			}
			continue
		case stopIdle, stopLocal, stopSlice:
			why, err = s.commit(ctx, why)
		}
		switch {
		case err != nil:
			return false, err
		case why == stopIdle && len(s.flights) > 0:
			if err := s.await(ctx); err != nil {
				return false, err
			}
			landed = true // what follows from it comes first
		case why == stopIdle:
			return s.runCalled(ctx), nil
		case why == stopSlice && (!s.alone(ctx) || s.released()):
			return true, nil
		case why == stopSlice:
			if err := s.goOn(ctx); err != nil {
				return false, err
			}
		}
	}
}

// released reports whether the request that runs the stretch has its answer and need not
// stay.
func (s *stretch) released() bool {
	return s.claim != nil && s.claim.answered && len(s.flights) == 0
}

// alone reports whether the stretch may begin another slice at once: nobody else waits
// for a worker, or attempts are on their way and would be lost.
func (s *stretch) alone(ctx context.Context) bool {
	if len(s.flights) > 0 {
		return true
	}
	return s.e.slice > 1 && !s.e.stopping.Load() && ctx.Err() == nil && s.e.queue.Stats().Waiting == 0
}

// advance runs the nodes under the cursors as far as the surroundings allow:
// without tx only pure nodes, with tx also local ones.
func (s *stretch) advance(ctx context.Context, tx *models.Tx, st *state) stop {
	deadline := s.e.clock.Now().Add(sliceTime)
	for len(st.cursors) > 0 && st.status == "" {
		if tx != nil && (st.nodes >= s.e.slice || s.e.clock.Now().After(deadline)) {
			return stopSlice
		}
		if tx == nil && st.nodes >= s.e.slice || st.answered && s.exec.Sync {
			return stopSlice
		}
		switch effect := st.cursors[0].node.typ.Effect; {
		case st.cursors[0].node.part.Skip:
		case effect == node.Local && tx == nil:
			return stopLocal
		case effect == node.Slow && tx != nil:
			return stopSlow
		case effect == node.Slow:
			return stopSlow
		case effect == node.External:
			return stopExternal
		}
		s.step(ctx, tx, st)
	}
	return stopIdle
}

// step runs or resumes the node under the first cursor and settles its result.
func (s *stretch) step(ctx context.Context, tx *models.Tx, st *state) {
	cur := st.cursors[0]
	st.cursors = st.cursors[1:]
	if cur.signal != nil && st.open[cur.step.ID] == nil {
		return // an earlier signal ended it
	}
	st.nodes++
	step := s.begin(st, cur)
	if cur.node.part.Skip {
		step.Status, step.EndedAt = models.Skipped, step.StartedAt
		s.save(st, step)
		s.next(st, cur, step)
		return
	}
	if tx != nil && cur.signal == nil && cur.node.typ.Transacts != "" {
		s.transact(ctx, tx, st, cur, step)
		return
	}
	var (
		result node.Result
		err    error
	)
	if tx == nil {
		result, err = s.attempt(ctx, nil, st, cur, step)
	} else {
		// A node that fails half-way leaves nothing in the transaction.
		err = tx.Savepoint(ctx, func() error {
			var e error
			result, e = s.attempt(ctx, tx, st, cur, step)
			return e
		})
		if tx.Doomed() {
			st.cursors = nil
			return
		}
		err = st.logRefused(ctx, tx, err)
	}
	s.settle(st, cur, step, result, err)
}

// logRefused writes the lines of starts that were refused once more where the failure of
// the step has undone them: which limit ended a chain is seen in the trigger log.
func (st *state) logRefused(ctx context.Context, tx *models.Tx, failed error) error {
	lines := st.refused
	st.refused = nil
	if failed == nil {
		return nil
	}
	for _, line := range lines {
		if err := models.LogTrigger(ctx, tx, line); err != nil {
			return err
		}
	}
	return failed
}

// begin gives the step of a cursor, a new one when none is known.
func (s *stretch) begin(st *state, cur cursor) *models.Step {
	if cur.step != nil {
		if cur.retry {
			cur.step.Again(models.At(s.e.now()))
		}
		if cur.step.Status == models.Planned { // stored before its turn
			if cur.step.Seq != st.seq { // others have begun since
				st.seq++
			}
			cur.step.Seq, cur.step.StartedAt = st.seq, models.At(s.e.now())
		}
		return cur.step
	}
	st.seq++
	return &models.Step{
		ID: models.NewID(), ExecutionID: s.exec.ID, Seq: st.seq, Node: cur.node.part.Key, Path: cur.path,
		Type: cur.node.typ.Key, Title: cur.node.title, Attempt: 1, ParentID: cur.parent, AfterID: cur.after, Branch: cur.node.branch,
		StartedAt: models.At(s.e.now()),
	}
}

// attempt resolves the settings and calls the node once.
func (s *stretch) attempt(ctx context.Context, tx *models.Tx, st *state, cur cursor, step *models.Step) (node.Result, error) {
	return s.guarded(ctx, cur.node, func(ctx context.Context) (node.Result, error) {
		now := s.e.now()
		vars := s.scope(ctx, st, cur.spot(), now)
		settings, err := s.settings(ctx, vars, cur, step, now)
		if err != nil {
			return node.Result{}, err
		}
		st.reasons = 0
		call := s.call(ctx, tx, st, cur, step, vars, now)
		if cur.signal == nil {
			return cur.node.typ.Run(ctx, call, settings)
		}
		signal := *cur.signal
		signal.Pending = st.pending(cur.node, step)
		return cur.node.typ.Resume(ctx, call, settings, signal)
	})
}

// guarded calls a node within its time; a panic is a failure of the step.
func (s *stretch) guarded(ctx context.Context, n *compiledNode, call func(context.Context) (node.Result, error)) (result node.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.e.log.Error("node panicked", "node", n.typ.Key, "execution", s.exec.ID, "panic", p, "stack", string(debug.Stack()))
			err = node.Broken("INTERNAL", text.M("node.internal", "The step broke. An administrator finds the reason in the log."))
		}
	}()
	ctx, done := context.WithTimeout(ctx, n.timeout)
	defer done()
	result, err = call(ctx)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = (&node.Failure{Kind: node.Timeout, Code: "TIMEOUT", Message: text.M("node.timeout", "The step took longer than %s.", n.timeout), Retry: true}).Because(err)
	}
	return result, err
}

// settings resolves the templates of a node's settings and keeps the result as
// the step's input. A resumed step reads its settings as they were resolved when
// it started, so that what it does later never differs from what was shown.
func (s *stretch) settings(ctx context.Context, vars scope, cur cursor, step *models.Step, now time.Time) (node.Settings, error) {
	n := cur.node
	if cur.step != nil && step.Input != "" {
		return s.settingsOf(n, step)
	}
	values := make(map[string]any, len(n.trees))
	for _, t := range n.trees {
		v, warnings, err := t.tree.Resolve(ctx, s.input(vars, step, now))
		if err != nil {
			return node.Settings{}, expressionFailure(err)
		}
		for _, w := range warnings {
			step.Warnings = append(step.Warnings, w.Message.String())
		}
		values[t.name] = v
	}
	input := n.part.Config
	if len(values) > 0 {
		input = maps.Clone(input)
		maps.Copy(input, values)
	}
	step.Input = encode(input)
	settings, err := s.fill(n, values)
	if err == nil && n.typ.Loops() {
		s.containers[step.ID] = settings
	}
	return settings, err
}

// settingsOf reads the settings of a step as they were resolved when it started. Those
// of loops are kept: every pass reads them.
func (s *stretch) settingsOf(n *compiledNode, step *models.Step) (node.Settings, error) {
	if known, ok := s.containers[step.ID]; ok {
		return known, nil
	}
	stored, err := parseObject(step.Input)
	if err != nil {
		return node.Settings{}, fmt.Errorf("read input of step %s: %w", step.ID, err)
	}
	values := map[string]any{}
	for _, t := range n.trees {
		values[t.name] = stored[t.name]
	}
	settings, err := s.fill(n, values)
	if err == nil && n.typ.Loops() {
		s.containers[step.ID] = settings
	}
	return settings, err
}

func (s *stretch) fill(n *compiledNode, values map[string]any) (node.Settings, error) {
	settings, problems := n.typ.Fill(n.settings, values)
	if len(problems) > 0 {
		return settings, node.Broken("TYPE_MISMATCH", problems[0].Message).With(map[string]any{"field": problems[0].Field})
	}
	return settings, nil
}

// save marks a step to be written with the next commit.
func (s *stretch) save(st *state, step *models.Step) {
	if step.Status.StepOpen() {
		st.open[step.ID] = step
	} else {
		delete(st.open, step.ID)
		delete(s.containers, step.ID)
	}
	if !slices.Contains(st.dirty, step) {
		st.dirty = append(st.dirty, step)
	}
}

// copy makes an independent copy for a transaction that may be run again.
func (st *state) copy() *state {
	c := *st
	c.outputs, c.assigned = st.outputs.copy(), maps.Clone(st.assigned)
	c.open = make(map[string]*models.Step, len(st.open))
	twins := make(map[*models.Step]*models.Step, len(st.open)+len(st.dirty))
	twin := func(step *models.Step) *models.Step {
		if step == nil {
			return nil
		}
		if twins[step] == nil {
			d := *step
			d.Warnings, d.Log, d.Attempts = slices.Clone(step.Warnings), slices.Clone(step.Log), slices.Clone(step.Attempts)
			twins[step] = &d
		}
		return twins[step]
	}
	for id, step := range st.open {
		c.open[id] = twin(step)
	}
	c.dirty = make([]*models.Step, len(st.dirty))
	for i, step := range st.dirty {
		c.dirty[i] = twin(step)
	}
	c.cursors = slices.Clone(st.cursors)
	for i := range c.cursors {
		c.cursors[i].step = twin(c.cursors[i].step)
	}
	c.used, c.wakeups, c.messages = slices.Clone(st.used), slices.Clone(st.wakeups), slices.Clone(st.messages)
	c.abandoned, c.called = slices.Clone(st.abandoned), slices.Clone(st.called)
	return &c
}
