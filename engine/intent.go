//go:build !mutant_intent_late

package engine

import (
	"context"
	"fmt"

	"formrail/models"
)

// commitIntent stores that the attempt under the first cursor is about to leave the
// process. The lease is stored with it: who finds the step running after the lease has
// ended knows that its outcome is unknown.
//
// Invariant: an attempt is on the disk before its first byte leaves, so none is made again
// without anybody knowing.
func (s *stretch) commitIntent(ctx context.Context) error {
	cur := s.state.cursors[0]
	asked := s.e.clock.Now()
	var after *state
	err := s.e.db.Write(ctx, "engine.intent", func(tx *models.Tx) error {
		st := s.state.copy()
		st.lease = s.intentLease(tx, cur.node.timeout)
		st.wakeups = append(st.wakeups, models.Wakeup{
			ExecutionID: s.exec.ID, StepID: cur.step.ID, Reason: models.WakeRetry, Lane: 1, DueAt: models.At(tx.Now().Add(models.LeaseTTL)),
		})
		if err := s.persist(ctx, tx, st); err != nil {
			return err
		}
		after = st
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit intent of %s: %w", s.exec.ID, err)
	}
	s.adopt(after)
	if s.claim != nil {
		s.claim.lease.asked(asked)
	}
	return s.goOn(ctx)
}
