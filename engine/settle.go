package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"formrail/engine/expr"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// maxOutput is the size of one step's output in bytes.
const maxOutput = 10 << 20

// settle turns what a node decided into what is next.
func (s *stretch) settle(st *state, cur cursor, step *models.Step, result node.Result, err error) {
	if err != nil {
		s.fail(st, cur, step, node.AsFailure(err))
		return
	}
	v := result.Open()
	step.Explanation = v.Explanation
	for _, w := range v.Warnings {
		step.Warnings = append(step.Warnings, w.String())
	}
	step.Log = append(step.Log, v.Log...)
	if v.Message != "" {
		st.messages = append(st.messages, v.Message)
	}
	switch {
	case v.Wait:
		s.wait(st, cur, step, v)
	case v.Enter:
		s.enter(st, cur, step, v)
	default:
		s.finish(st, cur, step, v)
	}
}

// finish ends the step and goes on.
func (s *stretch) finish(st *state, cur cursor, step *models.Step, v node.View) {
	output := encode(v.Output)
	if len(output) > maxOutput {
		s.fail(st, cur, step, node.Broken("OUTPUT_TOO_LARGE", text.M("node.output_large", "The step's output is larger than 10 MiB.")))
		return
	}
	step.Status, step.EndedAt, step.State, step.Error = models.Done, models.At(s.e.now()), "", ""
	step.AttemptEnded(step.EndedAt, "", false)
	if step.Output = output; v.Skipped {
		step.Status = models.Skipped
	}
	st.answered = st.answered || v.Answers
	if cur.node.typ.Answers() && !v.Skipped && st.answer == "" {
		st.answer = output
	}
	s.keep(st, step, v)
	s.abandon(st, step)
	if cur.signal != nil && cur.node.typ.Expects(cur.node.settings) {
		st.abandoned = append(st.abandoned, step.ID)
	}
	s.save(st, step)
	switch {
	case v.Reject:
		s.reject(st, cur.node, cur.spot())
	case v.End:
		s.end(st, models.Status(v.Outcome), v.Reason, "")
		if v.Output != nil {
			st.output = &output
		}
	case v.To:
		s.branch(st, cur, step, v.Branches[0], cur.parent)
	default:
		s.next(st, cur, step)
	}
}

// keep remembers what a step gave for those that read it later.
func (s *stretch) keep(st *state, step *models.Step, v node.View) {
	st.outputs.put(step.Node, step.Path, v.Output)
	if s.version.Compiled.assigned[step.Node] {
		st.outputs.hold(step.Node, step.Path, step.ID)
	}
	if v.Assigns != "" {
		if id := st.outputs.assign(v.Assigns, step.Path, v.Output); id != "" {
			if st.assigned == nil {
				st.assigned = map[string]string{}
			}
			st.assigned[id] = step.Output
		}
	}
	if v.Returns {
		st.output = &step.Output
	}
}

// wait parks the step. A step without any reason to move on would be stuck for
// ever, so it fails instead.
func (s *stretch) wait(st *state, cur cursor, step *models.Step, v node.View) {
	if s.exec.Sync && len(st.called) == 0 {
		s.fail(st, cur, step, node.Broken("WAITING_NODE_IN_SYNC", text.M("node.sync_wait", "A workflow that answers at once cannot wait.")))
		return
	}
	if v.Until.IsZero() && st.reasons == 0 && cur.signal == nil {
		s.fail(st, cur, step, node.Broken("INTERNAL", text.M("node.waits_for_nothing", "The step waits for nothing that could happen.")))
		return
	}
	step.Status, step.State = models.Waiting, encode(v.State)
	s.save(st, step)
	if !v.Until.IsZero() {
		st.wakeups = append(st.wakeups, models.Wakeup{
			ExecutionID: s.exec.ID, StepID: step.ID, Reason: models.WakeTimer, Lane: 1, DueAt: models.At(v.Until),
		})
	}
}

// enter starts branches inside a container that waits for them.
func (s *stretch) enter(st *state, cur cursor, step *models.Step, v node.View) {
	step.Status, step.State = models.Waiting, encode(v.State)
	for _, e := range v.Entries {
		step.Entered = max(step.Entered, e.Pass)
	}
	s.save(st, step)
	// The first branch goes first, but after those that were entered before it and have
	// not begun: passes begin in their order.
	behind := 0
	for i, c := range st.cursors {
		if st.begins(c, cur.node, step) {
			behind = i + 1
		}
	}
	others := st.cursors
	st.cursors = nil
	for _, e := range slices.Backward(v.Entries) {
		inside := cur
		inside.path = PassPath(step.Path, step.Node, e.Pass)
		s.branch(st, inside, step, e.Branch, step.ID)
	}
	st.cursors = slices.Concat(others[:behind], st.cursors, others[behind:])
	if len(v.Entries) > 0 {
		s.forgetPasses(st, step)
	}
}

// forgetPasses drops what was given in passes that have ended, except the last.
func (s *stretch) forgetPasses(st *state, container *models.Step) {
	at := PassPath(container.Path, container.Node, 0)
	busy := map[int]bool{container.Entered: true}
	note := func(path string) {
		for path != "" && !within(container.Path, path) {
			outer, _, pass := PassOf(path)
			if PassPath(outer, container.Node, 0) == at {
				busy[pass] = true
			}
			path = outer
		}
	}
	for _, step := range st.open {
		note(step.Path)
	}
	for _, c := range st.cursors {
		note(c.path)
	}
	st.outputs.keepPasses(container.Node, container.Path, func(pass int) bool { return busy[pass] })
}

// pending lists the branches of a container that were entered and have not begun.
func (st *state) pending(n *compiledNode, container *models.Step) []string {
	var out []string
	for _, c := range st.cursors {
		switch {
		case !st.begins(c, n, container):
		case c.signal != nil:
			out = append(out, c.signal.Branch)
		default:
			out = append(out, c.node.branch)
		}
	}
	return out
}

// begins reports whether a cursor stands before the first node of a branch that a
// container has entered, or at the end of an empty one.
func (st *state) begins(c cursor, n *compiledNode, container *models.Step) bool {
	if c.signal != nil {
		return c.step.ID == container.ID && c.signal.Reason == node.BranchEnded
	}
	return c.parent == container.ID && (c.step == nil || c.step.Status == models.Planned) && n.first[c.node.branch] == c.node
}

// push puts a place in front: a branch goes on until it waits or ends before the
// next one starts.
func (st *state) push(c cursor) { st.cursors = slices.Insert(st.cursors, 0, c) }

// branch goes on with the first node of a branch; an empty branch has ended at
// once.
func (s *stretch) branch(st *state, cur cursor, step *models.Step, key, parent string) {
	if first := cur.node.first[key]; first != nil {
		st.push(cursor{node: first, path: cur.path, parent: parent, after: step.ID})
		return
	}
	s.branchEnded(st, cur.node, key, cursor{path: cur.path, parent: parent}, step)
}

// next goes on behind a step: with its next sibling, or with what contains it.
func (s *stretch) next(st *state, cur cursor, step *models.Step) {
	if cur.node.next != nil {
		st.push(cursor{node: cur.node.next, path: cur.path, parent: cur.parent, after: step.ID})
		return
	}
	if cur.node.parent != nil {
		s.branchEnded(st, cur.node.parent, cur.node.branch, cur, step)
	}
}

// branchEnded tells the owner of a branch that it ended. An owner that entered
// the branch and still waits is resumed; any other simply rejoins.
func (s *stretch) branchEnded(st *state, owner *compiledNode, key string, inside cursor, last *models.Step) {
	if i := slices.IndexFunc(owner.branches, func(b node.Branch) bool { return b.Key == key }); i >= 0 && owner.branches[i].Ends {
		s.reject(st, owner, inside.spot())
		return
	}
	if container := st.open[inside.parent]; container != nil && container.Node == owner.part.Key {
		signal := node.Signal{Reason: node.BranchEnded, Branch: key}
		if !owner.typ.Loops() {
			if out, err := parseAny(last.Output); err == nil { // written by encode
				signal.Output = out
			}
		}
		s.tell(st, owner, container, inside.path, signal)
		return
	}
	s.next(st, cursor{node: owner, path: inside.path, parent: inside.parent}, last)
}

// tell resumes a container because of what happened in one of its passes.
func (s *stretch) tell(st *state, owner *compiledNode, container *models.Step, inside string, signal node.Signal) {
	_, _, signal.Pass = PassOf(inside)
	st.push(cursor{
		node: owner, step: container, path: container.Path, parent: container.ParentID, after: container.AfterID, signal: &signal,
	})
}

// reject carries a person's no outward from a node: to the nearest container that
// decides what it means, or to the end.
func (s *stretch) reject(st *state, from *compiledNode, inside spot) {
	for n := from; n.parent != nil; n = n.parent {
		container := st.open[inside.parent]
		if container == nil || container.Node != n.parent.part.Key {
			continue
		}
		if n.parent.typ.Hears {
			s.tell(st, n.parent, container, inside.path, node.Signal{Reason: node.BranchRejected, Branch: n.branch})
			return
		}
		s.abandon(st, container)
		container.Status, container.EndedAt = models.Failed, models.At(s.e.now())
		container.Error = failureJSON(node.Refuse("REJECTED", text.M("node.rejected", "A person rejected inside this step.")))
		s.save(st, container)
		inside.path, _, _ = PassOf(inside.path)
		inside.parent = container.ParentID
	}
	s.end(st, models.Rejected, "rejected", "")
}

// fail applies the error policy of a failed attempt: another attempt, the error
// branch, going on, or outward.
func (s *stretch) fail(st *state, cur cursor, step *models.Step, f *node.Failure) {
	if f.Code == "INTERNAL" {
		s.e.log.Error("step failed", "node", cur.node.typ.Key, "execution", s.exec.ID, "error", f)
	}
	if cur.signal != nil { // it waited: for nothing any more
		st.abandoned = append(st.abandoned, step.ID)
	}
	if pause, again := cur.node.retry.pause(f, step.Attempt, seedOf(step)); again && !st.atomic && !(s.exec.Sync && step.Attempt >= 2) {
		step.Status, step.Error = models.Waiting, failureJSON(f)
		step.AttemptEnded(models.At(s.e.now()), step.Error, true)
		s.save(st, step)
		st.wakeups = append(st.wakeups, models.Wakeup{
			ExecutionID: s.exec.ID, StepID: step.ID, Reason: models.WakeRetry, Lane: 1, DueAt: models.At(s.e.now().Add(pause)),
		})
		return
	}
	s.abandon(st, step)
	step.Status, step.EndedAt, step.Error = models.Failed, models.At(s.e.now()), failureJSON(f)
	step.AttemptEnded(step.EndedAt, step.Error, false)
	if cur.node.part.OnError == "continue" || cur.node.part.OnError == "branch" {
		step.Handled = true
		out := map[string]any{"error": f.Value()}
		step.Output = encode(out)
		st.outputs.put(step.Node, step.Path, out)
	}
	s.save(st, step)
	switch cur.node.part.OnError {
	case "continue":
		s.next(st, cur, step)
	case "branch":
		s.branch(st, cur, step, errorBranch, cur.parent)
	default:
		s.escape(st, cur, step, f)
	}
}

// escape carries an uncaught failure outward: to the nearest owner of a branch
// that catches, to a container that decides about it, or to the end.
func (s *stretch) escape(st *state, cur cursor, step *models.Step, f *node.Failure) {
	inside, branch := cur, cur.node.branch
	for owner := cur.node.parent; owner != nil; branch, owner = owner.branch, owner.parent {
		if container := st.open[inside.parent]; container != nil && container.Node == owner.part.Key {
			s.tell(st, owner, container, inside.path, node.Signal{Reason: node.BranchFailed, Branch: branch, Failure: f})
			return
		}
		if branch == errorBranch {
			continue // what fails while an error is handled is not caught by the same policy
		}
		at := cursor{node: owner, path: inside.path, parent: inside.parent}
		switch owner.part.OnError {
		case "continue":
			s.next(st, at, step)
			return
		case "branch":
			s.branch(st, at, step, errorBranch, at.parent)
			return
		}
	}
	s.end(st, models.Failed, string(f.Kind), failureJSON(f))
}

// abandon closes everything that is still open inside a container that has ended:
// steps, and with them their wake-ups and tasks, and places to go on.
func (s *stretch) abandon(st *state, container *models.Step) {
	if container.Entered == 0 {
		return
	}
	st.outputs.keepPasses(container.Node, container.Path, func(pass int) bool { return pass == container.Entered }) // from outside the last is seen
	inside := func(parent string) bool {
		for parent != "" {
			if parent == container.ID {
				return true
			}
			outer := st.open[parent]
			if outer == nil {
				return false
			}
			parent = outer.ParentID
		}
		return false
	}
	st.cursors = slices.DeleteFunc(st.cursors, func(c cursor) bool { return inside(c.parent) })
	var gone []*models.Step
	for _, step := range st.open {
		if inside(step.ParentID) {
			gone = append(gone, step)
		}
	}
	for _, step := range gone {
		planned := step.Status == models.Planned
		step.Status, step.EndedAt = models.Failed, models.At(s.e.now())
		if planned { // never begun
			step.Status = models.Skipped
		}
		step.Error = failureJSON(node.Refuse("BRANCH_DECIDED", text.M("node.abandoned", "The step around it ended before this step was finished.")))
		s.save(st, step)
		st.abandoned = append(st.abandoned, step.ID)
		st.wakeups = slices.DeleteFunc(st.wakeups, func(w models.Wakeup) bool { return w.StepID == step.ID })
	}
}

// end finishes the execution: what still waits is closed by the commit.
func (s *stretch) end(st *state, status models.Status, reason, failure string) {
	st.status, st.reason, st.failure = status, reason, failure
	st.cursors = nil
}

// outcome is how the execution stands after a stretch.
func (st *state) outcome() models.Status {
	switch {
	case st.status != "":
		return st.status
	case len(st.cursors) > 0:
		return models.Running
	case len(st.open) == 0:
		return models.Succeeded
	}
	for _, step := range st.open {
		if step.Status == models.Running { // on its way
			return models.Running
		}
	}
	return models.Waiting
}

func failureJSON(f *node.Failure) string { return encode(f.Value()) }

// expressionFailure turns an error of engine/expr into a failure of the step.
func expressionFailure(err error) error {
	var fault *expr.Fault
	if errors.As(err, &fault) {
		return node.Broken(fault.Code, fault.Message).With(fault.Details)
	}
	return fmt.Errorf("evaluate expression: %w", err)
}

// syntaxProblem turns a mistake in an expression into a finding.
func syntaxProblem(where string, err error) field.Problem {
	var mistake *expr.SyntaxError
	if !errors.As(err, &mistake) {
		return field.Problem{Field: where, Code: expr.CodeInvalid, Message: text.M("expr.unreadable", "The expression cannot be read.")}
	}
	return field.Problem{Field: join(where, mistake.Path), Code: mistake.Code, Message: mistake.Message}
}

// now is the engine's time, to the millisecond.
func (e *Engine) now() time.Time { return e.clock.Now().UTC().Truncate(time.Millisecond) }
