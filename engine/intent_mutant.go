//go:build mutant_intent_late

package engine

import (
	"context"

	"formrail/models"
)

// commitIntent is broken on purpose: that an attempt was made is written with whatever is
// committed next, after it was sent. A kill test that does not notice proves nothing.
func (s *stretch) commitIntent(context.Context) error {
	s.state.wakeups = append(s.state.wakeups, models.Wakeup{
		ExecutionID: s.exec.ID, StepID: s.state.cursors[0].step.ID, Reason: models.WakeRetry, Lane: 1, DueAt: models.At(s.e.now().Add(models.LeaseTTL)),
	})
	return nil
}
