//go:build !mutant_two_commits

package engine

import (
	"context"

	"formrail/models"
)

// commitTogether commits effects and steps in one transaction. It reports the
// state that is durable now and why the work inside the transaction stopped.
//
// Invariant: the effect of a local node and its step are one commit, so each
// happens exactly once whenever the process dies.
func (s *stretch) commitTogether(ctx context.Context, why stop) (after *state, stopped stop, err error) {
	stopped = why
	err = s.e.db.Write(ctx, "engine.commit", func(tx *models.Tx) error {
		st := s.state.copy() // the transaction may be run again
		if why == stopLocal {
			var err error
			if st, stopped, err = s.effects(ctx, tx); err != nil {
				return err
			}
		}
		after = st
		return s.persist(ctx, tx, st)
	})
	return after, stopped, err
}
