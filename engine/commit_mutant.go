//go:build mutant_two_commits

package engine

import (
	"context"

	"formrail/models"
)

// commitTogether is broken on purpose: effects are committed before the steps
// that caused them. A kill test that does not notice proves nothing.
func (s *stretch) commitTogether(ctx context.Context, why stop) (after *state, stopped stop, err error) {
	stopped, after = why, s.state
	if why == stopLocal {
		err = s.e.db.Write(ctx, "engine.effects", func(tx *models.Tx) error {
			var err error
			after, stopped, err = s.effects(ctx, tx)
			return err
		})
		if err != nil {
			return nil, stopIdle, err
		}
	}
	err = s.e.db.Write(ctx, "engine.commit", func(tx *models.Tx) error { return s.persist(ctx, tx, after) })
	return after, stopped, err
}
