package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// Bounds of a database transaction: the writer serves nobody else meanwhile.
const (
	transactionSteps = 1000
	transactionTime  = 500 * time.Millisecond
)

// errRollBack undoes what the steps of a transaction have changed.
var errRollBack = errors.New("the transaction is rolled back")

// transaction is the nearest step around a node whose transaction the node runs in; nil
// when there is none.
func (n *compiledNode) transaction() *compiledNode {
	for at := n; at.parent != nil; at = at.parent {
		if branch := at.parent.typ.Transacts; branch != "" && at.branch == branch {
			return at.parent
		}
	}
	return nil
}

// transact runs a step whose branch is a database transaction up to the end of that
// branch, without a commit in between and ahead of every other place. When the branch
// fails, or ends the execution as anything but succeeded, all that its steps have changed
// is undone; the steps stay in the history with their words and without effects.
func (s *stretch) transact(ctx context.Context, tx *models.Tx, st *state, cur cursor, step *models.Step) {
	others, began, called := st.cursors, len(st.dirty), len(st.called)
	st.cursors = nil
	outer := st.atomic
	st.atomic = true
	err := tx.Savepoint(ctx, func() error {
		result, err := s.attempt(ctx, tx, st, cur, step)
		if tx.Doomed() {
			return errRollBack
		}
		s.settle(st, cur, step, result, err)
		return s.untilDecided(ctx, tx, st, cur.node, step)
	})
	st.atomic = outer
	if tx.Doomed() {
		st.cursors = nil
		return
	}
	if err != nil {
		st.called = st.called[:called] // those executions are not there
		for _, inside := range st.dirty[began:] {
			if inside == step {
				continue
			}
			inside.Effects = 0
			inside.Warnings = append(inside.Warnings, text.M("transaction.undone", "What this step changed was undone: the transaction “%s” was rolled back.", step.Title).String())
		}
		if !errors.Is(err, errRollBack) && st.status == "" && st.open[step.ID] != nil {
			s.breakOff(st, cur.node, step, node.AsFailure(err))
		}
	}
	if st.status == "" {
		st.cursors = append(st.cursors, slices.DeleteFunc(others, func(c cursor) bool {
			return c.parent != "" && st.open[c.parent] == nil // a no inside the transaction ended what is around it
		})...)
	}
}

// untilDecided runs what is inside a transaction until its step hears how the branch
// ended. It gives an error when the changes are to be undone.
func (s *stretch) untilDecided(ctx context.Context, tx *models.Tx, st *state, of *compiledNode, container *models.Step) error {
	deadline := s.e.clock.Now().Add(transactionTime)
	for n := 0; st.status == "" && st.open[container.ID] != nil; n++ {
		if tx.Doomed() {
			return errRollBack
		}
		if len(st.cursors) == 0 {
			s.breakOff(st, of, container, node.Broken("NODE_NOT_ATOMIC", text.M("transaction.waits", "A step inside the transaction waits, which it must not.")))
			return errRollBack
		}
		next := st.cursors[0]
		effect := next.node.typ.Effect
		switch {
		case next.signal != nil && next.step.ID == container.ID:
			if next.signal.Reason == node.BranchFailed {
				return errRollBack
			}
			return nil
		case n >= transactionSteps || s.e.clock.Now().After(deadline):
			s.breakOff(st, of, container, &node.Failure{
				Kind: node.Timeout, Code: "TRANSACTION_TOO_LONG", Message: text.M("transaction.long", "The transaction took more than %d steps or half a second.", transactionSteps),
			})
			return errRollBack
		case (effect == node.Slow || effect == node.External) && !next.node.part.Skip:
			s.breakOff(st, of, container, node.Broken("NODE_NOT_ATOMIC", text.M("check.transaction", "%s cannot run inside the transaction “%s”; only steps that compute or change records can.", next.node.title, container.Title)))
			return errRollBack
		}
		s.step(ctx, tx, st)
	}
	if container.Status == models.Failed || st.status != "" && st.status != models.Succeeded {
		return errRollBack
	}
	return nil
}

// breakOff closes what is open inside a transaction and tells its step why.
func (s *stretch) breakOff(st *state, of *compiledNode, container *models.Step, f *node.Failure) {
	s.abandon(st, container)
	st.cursors = nil
	inside := PassPath(container.Path, container.Node, container.Entered)
	s.tell(st, of, container, inside, node.Signal{Reason: node.BranchFailed, Branch: of.typ.Transacts, Failure: f})
}
