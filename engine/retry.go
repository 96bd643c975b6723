package engine

import (
	"cmp"
	"context"
	"slices"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// carriedSteps is how many steps a new execution takes over from another one.
const carriedSteps = 5000

// Retry starts a new execution that goes on where one that failed stopped: the failed step
// runs again, and what ran before it is carried over with what it gave. With from, the
// place of a step that the execution reached ("key", or "key@path" inside loops), it goes
// on there instead, whatever came of the execution. Nothing that is carried over happens
// again. Rights and keys are as with [Engine.Rerun].
func (e *Engine) Retry(ctx context.Context, access models.Access, id, from, key string) (string, error) {
	return e.repeat(ctx, access, id, key, func(tx *models.Tx, again *models.Execution) error {
		old, err := models.ExecutionByID(ctx, tx, id)
		if err != nil {
			return err
		}
		v, err := e.version(ctx, old.VersionID)
		if err != nil {
			return err
		}
		steps, err := models.AllSteps(ctx, tx, id, carriedSteps+1)
		if err != nil {
			return err
		}
		if len(steps) > carriedSteps {
			return notRetried(text.M("retry.large", "It has more than %d steps. Run it again from the beginning.", carriedSteps))
		}
		r := &retrying{old: old, v: v, steps: steps, byID: map[string]*models.Step{}}
		for _, s := range steps {
			r.byID[s.ID] = s
		}
		if err := r.choose(from); err != nil {
			return err
		}
		carried, at := r.carry(again.ID, models.At(tx.Now()))
		again.Output, again.Messages = old.Output, old.Messages
		if err := e.admitAgain(ctx, tx, again); err != nil {
			return err
		}
		if err := models.InsertContinued(ctx, tx, again, carried, at); err != nil {
			return err
		}
		return e.logStart(ctx, tx, again, models.TriggerEntry{UserID: access.Principal.UserID, Explanation: "retry of " + id + " from " + r.target.Title})
	})
}

func notRetried(m text.Message) *models.Error { return models.Invalid("RETRY_NOT_POSSIBLE", m) }

// retrying is one execution being continued by another.
type retrying struct {
	old    *models.Execution
	v      *versionInfo
	steps  []*models.Step
	byID   map[string]*models.Step
	target *models.Step   // runs again
	around []*models.Step // containers around it, the innermost first; they go on
}

// choose finds the step that runs again and the containers around it.
func (r *retrying) choose(from string) error {
	cause := r.whole(r.cause())
	if from == "" {
		if r.old.Status != models.Failed && r.old.Status != models.TimedOut || cause == nil {
			return notRetried(text.M("retry.not_failed", "Only an execution in which a step failed can go on from there."))
		}
		r.target = cause
	} else {
		i := slices.IndexFunc(r.steps, func(s *models.Step) bool { return s.Place() == from })
		if i < 0 {
			return notRetried(text.M("retry.no_step", "The execution has not reached this step."))
		}
		r.target = r.whole(r.steps[i])
	}
	for s := r.byID[r.target.ParentID]; s != nil; s = r.byID[s.ParentID] {
		n := r.v.byKey[s.Node]
		settings, ok := r.settings(n, s)
		switch {
		case r.target != cause || s.Status == models.Done:
			return notRetried(text.M("retry.inside", "%s has gone on since. Choose %s itself, or a step outside of it.", s.Title, s.Title))
		case !ok || !n.typ.Loops() || n.typ.Overlaps(settings):
			return notRetried(text.M("retry.beside", "The step ran beside others in %s. Run the whole of %s again.", s.Title, s.Title))
		}
		r.around = append(r.around, s)
	}
	return nil
}

// whole gives the step that has to run again for one of its steps to: the outermost
// transaction around it, whose changes are undone or kept together. Any other step stands
// for itself.
func (r *retrying) whole(s *models.Step) *models.Step {
	if s == nil {
		return nil
	}
	for inner, outer := s, r.byID[s.ParentID]; outer != nil; inner, outer = outer, r.byID[outer.ParentID] {
		if n := r.v.byKey[inner.Node]; n != nil && n.transaction() != nil && n.transaction().part.Key == outer.Node {
			s = outer
		}
	}
	return s
}

func (r *retrying) settings(n *compiledNode, s *models.Step) (node.Settings, bool) {
	if n == nil {
		return node.Settings{}, false
	}
	stored, err := parseObject(s.Input)
	if err != nil {
		return node.Settings{}, false
	}
	values := map[string]any{}
	for _, t := range n.trees {
		values[t.name] = stored[t.name]
	}
	settings, problems := n.typ.Fill(n.settings, values)
	return settings, len(problems) == 0
}

// cause is the step whose failure ended the execution, or that was under way when its
// time was over; nil when there is none. Containers fail because of what is in them.
func (r *retrying) cause() *models.Step {
	var cause *models.Step
	for _, s := range r.steps {
		if s.Status != models.Failed || s.Handled || s.Entered > 0 || !r.escaped(s) {
			continue
		}
		if cause == nil || cmp.Or(cmp.Compare(s.EndedAt, cause.EndedAt), cmp.Compare(s.Seq, cause.Seq)) > 0 {
			cause = s
		}
	}
	return cause
}

// escaped reports whether nothing around a failed step went on in spite of it.
func (r *retrying) escaped(s *models.Step) bool {
	for outer := r.byID[s.ParentID]; outer != nil; outer = r.byID[outer.ParentID] {
		if outer.Status != models.Failed || outer.Handled {
			return false
		}
	}
	return true
}

// carry makes the steps of the new execution: those that had ended before the target as
// they were, the containers around it going on, and the target to run.
func (r *retrying) carry(execution string, now models.Millis) (carried []*models.Step, at *models.Step) {
	ids := map[string]string{}
	move := func(s *models.Step) *models.Step {
		c := *s
		c.ID, c.ExecutionID, c.Effects, c.CarriedFrom, c.InputKept = models.NewID(), execution, 0, cmp.Or(s.CarriedFrom, r.old.ID), false
		ids[s.ID] = c.ID
		c.ParentID, c.AfterID = ids[s.ParentID], ids[s.AfterID]
		return &c
	}
	for _, s := range r.steps {
		if s.Seq >= r.target.Seq {
			break
		}
		c := move(s)
		if slices.Contains(r.around, s) {
			c.Status, c.EndedAt, c.Error, c.Output, c.Handled, c.CarriedFrom = models.Waiting, 0, "", "", false, ""
		}
		carried = append(carried, c)
	}
	t := r.target
	at = &models.Step{
		ID: models.NewID(), ExecutionID: execution, Seq: t.Seq, Node: t.Node, Path: t.Path, Type: t.Type, Title: t.Title, Status: models.Planned,
		Attempt: 1, ParentID: ids[t.ParentID], AfterID: ids[t.AfterID], Branch: t.Branch, StartedAt: now,
	}
	r.restoreVariables(carried)
	return carried, at
}

// restoreVariables gives the variables that were carried over the value they had before the
// target ran.
func (r *retrying) restoreVariables(carried []*models.Step) {
	for _, declared := range carried {
		if !r.v.assigned[declared.Node] {
			continue
		}
		declared.State = ""
		for _, s := range carried {
			n := r.v.byKey[s.Node]
			if n != nil && n.typ.Assigns(n.settings) == declared.Node && s.Status == models.Done && within(s.Path, declared.Path) {
				declared.State = s.Output
			}
		}
	}
}
