// Package room bounds what many goroutines hold together, such as memory: each enters
// with a weight and waits until there is room for it. It is a leaf.
package room

import (
	"context"
	"sync"
)

// Room is a number that is given out in parts. Who waits longest comes first, so what is
// heavy is not passed for ever by what is light. It is safe for concurrent use.
type Room struct {
	size int64

	mu      sync.Mutex
	used    int64
	waiting []*waiter
}

type waiter struct {
	weight int64
	in     chan struct{} // closed once it has its part
}

// New makes an empty room.
func New(size int64) *Room { return &Room{size: size} }

// Enter waits until there is room for a weight and takes it. Nobody weighs more than the
// whole room. leave gives the part back; it may be called twice. The error is that of ctx.
func (r *Room) Enter(ctx context.Context, weight int64) (leave func(), err error) {
	weight = min(weight, r.size)
	r.mu.Lock()
	if len(r.waiting) == 0 && r.used+weight <= r.size {
		r.used += weight
		r.mu.Unlock()
		return r.leaver(weight), nil
	}
	w := &waiter{weight: weight, in: make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	select {
	case <-w.in:
		return r.leaver(weight), nil
	case <-ctx.Done():
		r.giveUp(w)
		return func() {}, ctx.Err()
	}
}

func (r *Room) leaver(weight int64) func() {
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.used -= weight
		r.admit()
	})
}

// giveUp takes somebody out of the row, or gives back what he has just got.
func (r *Room) giveUp(w *waiter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, other := range r.waiting {
		if other == w {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			r.admit()
			return
		}
	}
	r.used -= w.weight
	r.admit()
}

// admit lets those in front of the row in, as far as there is room. The lock is held.
func (r *Room) admit() {
	for len(r.waiting) > 0 && r.used+r.waiting[0].weight <= r.size {
		r.used += r.waiting[0].weight
		close(r.waiting[0].in)
		r.waiting = r.waiting[1:]
	}
}
