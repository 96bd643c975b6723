package worldtest

import (
	"context"

	"github.com/stretchr/testify/require"

	"formrail/engine/queue"
	"formrail/models"
)

// StepQueue delivers only when it is told to, one execution at a time.
type StepQueue struct {
	db      *models.DB
	clock   models.Clock
	handler queue.Handler
	ctx     context.Context //nolint:containedctx // the engine's, for deliveries
}

// Start keeps the handler.
func (q *StepQueue) Start(ctx context.Context, handler queue.Handler) error {
	q.ctx, q.handler = ctx, handler
	return nil
}

// Wake does nothing: what is due is read from the database.
func (q *StepQueue) Wake(models.PendingWakeup) {}

// Stop does nothing.
func (q *StepQueue) Stop(context.Context) error { return nil }

// Stats says nothing.
func (q *StepQueue) Stats() queue.Stats { return queue.Stats{} }

// WaitingOf says nothing.
func (q *StepQueue) WaitingOf(int64) int { return 0 }

// Next delivers the earliest due execution; false when none is due.
func (q *StepQueue) Next() (bool, error) {
	due, err := models.PendingWakeups(q.ctx, q.db.Read(), q.clock.Now(), 1)
	if err != nil || len(due) == 0 {
		return false, err
	}
	q.handler(q.ctx, due[0].ExecutionID)
	return true, nil
}

// StepThrough runs everything that is due, commit by commit, with a restart of
// the engine after each of them. It gives the number of commits.
func (w *World) StepThrough() int {
	w.T.Helper()
	for n := 0; ; n++ {
		require.Less(w.T, n, 500, "the executions do not come to rest")
		more, err := w.Steps.Next()
		require.NoError(w.T, err)
		if !more {
			return n
		}
		w.Sound()
		w.Restart()
	}
}
