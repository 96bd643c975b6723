package engine

import (
	"context"
	"fmt"
	"sync"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/room"
)

// Memory for large values that all workers hold together.
const (
	roomForTriggers = 128 << 20 // of what executions were started with, while their stretches run
	roomForNone     = 64 << 10  // what weighs less needs none
	roomForAnswers  = 4         // attempts that read large answers of others
)

// enter waits until there is room for what an execution was started with. The request that
// runs one has room already.
func (e *Engine) enter(ctx context.Context, mine *claim, trigger string) error {
	if !mine.worker || len(trigger) < roomForNone/64 {
		return nil
	}
	weight := field.Weight(trigger)
	if weight < roomForNone {
		return nil
	}
	var (
		leave func()
		err   error
	)
	models.Resting(ctx, func() { leave, err = e.room.Enter(ctx, 2*weight) })
	if err != nil {
		return fmt.Errorf("wait for room: %w", err)
	}
	mine.leave = leave
	return nil
}

// largeReading is the room that one attempt takes when an answer turns out to be large.
type largeReading struct {
	room *room.Room

	mu   sync.Mutex
	held func()
}

// enter waits until there is room. An attempt takes it once, however many answers it reads.
func (r *largeReading) enter(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		return nil
	}
	leave, err := r.room.Enter(ctx, 1)
	if err != nil {
		return fmt.Errorf("wait for room: %w", err)
	}
	r.held = leave
	return nil
}

// leave gives the room back at the end of the attempt.
func (r *largeReading) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		r.held()
	}
}
