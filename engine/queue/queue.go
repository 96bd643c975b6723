// Package queue hands wake-ups to workers. The rows of the wakeups table are the
// truth; a queue only says soon that one of them is due. It delivers at least
// once: a lost, late or doubled delivery changes nothing but time, because the
// lease of the execution decides who works.
package queue

import (
	"context"

	"formrail/models"
)

// Handler moves one execution. It never fails: what could not be done is still
// in the wakeups table.
type Handler func(ctx context.Context, executionID string)

// Queue hands due wake-ups to a handler.
type Queue interface {
	// Start begins to deliver. It returns at once; ctx ends running handlers.
	Start(ctx context.Context, handler Handler) error
	// Wake says that a committed wake-up exists. It never blocks.
	Wake(w models.PendingWakeup)
	// Stop stops delivering and waits for running handlers.
	Stop(ctx context.Context) error
	// Stats says how much waits.
	Stats() Stats
	// WaitingOf says how much of one workflow is due and not yet with a worker, as far as
	// this queue knows workflows apart; else how much of all.
	WaitingOf(workflow int64) int
}

// Stats are the state of a queue.
type Stats struct {
	Waiting int // due and not yet with a worker
	Running int
	Timers  int // known, due later
}
