package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
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
	cancel  <-chan struct{} // closed when somebody cancelled the execution
	state   *state
}

// state is what a stretch has decided and not committed yet. A transaction that
// may be run again works on a copy.
type state struct {
	open      map[string]*models.Step // steps that are not finished, by id
	outputs   map[string]any          // latest output by node key
	dirty     []*models.Step          // steps to save, in order
	cursors   []cursor
	used      []int64         // wake-ups this stretch consumed
	wakeups   []models.Wakeup // new ones
	abandoned []string        // ids of steps whose container ended first
	messages  []string
	output    *string
	status    models.Status // final status once the execution ends
	reason    string
	failure   string
	seq       int64
	nodes     int  // run since the last commit
	tasks     int  // opened by the running node
	parked    bool // places were stored before the end
	lease     models.Millis
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
	for {
		why := s.advance(ctx, nil, s.state)
		switch why {
		case stopSlow:
			s.step(ctx, nil, s.state)
			continue
		case stopExternal:
			if err := s.external(ctx); err != nil {
				return false, err
			}
			continue
		case stopIdle, stopLocal, stopSlice:
			why, err = s.commit(ctx, why)
		}
		if err != nil || why == stopIdle {
			return false, err
		}
		if why == stopSlice {
			return true, nil
		}
	}
}

// advance runs the nodes under the cursors as far as the surroundings allow:
// without tx only pure nodes, with tx also local ones.
func (s *stretch) advance(ctx context.Context, tx *models.Tx, st *state) stop {
	deadline := s.e.clock.Now().Add(sliceTime)
	for len(st.cursors) > 0 && st.status == "" {
		if tx != nil && (st.nodes >= s.e.slice || s.e.clock.Now().After(deadline)) {
			return stopSlice
		}
		if tx == nil && st.nodes >= s.e.slice {
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
	}
	s.settle(st, cur, step, result, err)
}

// begin gives the step of a cursor, a new one when none is known.
func (s *stretch) begin(st *state, cur cursor) *models.Step {
	if cur.step != nil {
		if cur.retry {
			cur.step.Attempt++
		}
		if cur.step.Status == models.Planned { // stored before its turn
			st.seq++
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
func (s *stretch) attempt(ctx context.Context, tx *models.Tx, st *state, cur cursor, step *models.Step) (result node.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.e.log.Error("node panicked", "node", cur.node.typ.Key, "execution", s.exec.ID, "panic", p, "stack", string(debug.Stack()))
			err = node.Broken("INTERNAL", text.M("node.internal", "The step broke. An administrator finds the reason in the log."))
		}
	}()
	now := s.e.now()
	vars := s.scope(ctx, st, now)
	settings, err := s.settings(ctx, vars, cur, step, now)
	if err != nil {
		return node.Result{}, err
	}
	ctx, done := context.WithTimeout(ctx, cur.node.timeout)
	defer done()
	st.tasks = 0
	call := s.call(tx, st, cur, step, vars, now)
	if cur.signal != nil {
		result, err = cur.node.typ.Resume(ctx, call, settings, *cur.signal)
	} else {
		result, err = cur.node.typ.Run(ctx, call, settings)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = (&node.Failure{Kind: node.Timeout, Code: "TIMEOUT", Message: text.M("node.timeout", "The step took longer than %s.", cur.node.timeout), Retry: true}).Because(err)
	}
	return result, err
}

// scope gives the variables as they stand now.
func (s *stretch) scope(ctx context.Context, st *state, now time.Time) scope {
	return scope{
		trigger: s.trigger, nodes: st.outputs, system: func() map[string]any { return s.system(now) },
		former: func(of expr.Reference, name string, record map[string]any) (string, bool) {
			return s.otherName(ctx, of, name, record)
		},
	}
}

// settings resolves the templates of a node's settings and keeps the result as
// the step's input. A resumed step reads its settings as they were resolved when
// it started, so that what it does later never differs from what was shown.
func (s *stretch) settings(ctx context.Context, vars scope, cur cursor, step *models.Step, now time.Time) (node.Settings, error) {
	n := cur.node
	if cur.step != nil && step.Input != "" {
		stored, err := parseObject(step.Input)
		if err != nil {
			return node.Settings{}, fmt.Errorf("read input of step %s: %w", step.ID, err)
		}
		values := map[string]any{}
		for _, t := range n.trees {
			values[t.name] = stored[t.name]
		}
		return s.fill(n, values)
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
	return s.fill(n, values)
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
	}
	if !slices.Contains(st.dirty, step) {
		st.dirty = append(st.dirty, step)
	}
}

// copy makes an independent copy for a transaction that may be run again.
func (st *state) copy() *state {
	c := *st
	c.outputs = maps.Clone(st.outputs)
	c.open = make(map[string]*models.Step, len(st.open))
	twins := make(map[*models.Step]*models.Step, len(st.open)+len(st.dirty))
	twin := func(step *models.Step) *models.Step {
		if step == nil {
			return nil
		}
		if twins[step] == nil {
			d := *step
			d.Warnings, d.Log = slices.Clone(step.Warnings), slices.Clone(step.Log)
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
	c.abandoned = slices.Clone(st.abandoned)
	return &c
}
