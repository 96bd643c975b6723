package models

import (
	"context"
	"sync"
)

// Turns lets only so many compute at once of those who do much work of one kind, so that
// others who have little to do find a processor. Whoever waits for something meanwhile
// gives its turn away: see [Resting].
type Turns chan struct{}

// turn is one of [Turns] as its holder sees it. A holder may be several goroutines.
type turn struct {
	of Turns // nil = it never has one

	mu      sync.Mutex
	held    bool
	resting int
}

type turnKey struct{}

// Bulk marks what is done under a context as a part of much work of one kind: in the writer,
// others come before it.
func Bulk(ctx context.Context) context.Context { return context.WithValue(ctx, turnKey{}, &turn{}) }

// Bulk is [Bulk] for what also computes: it waits for a turn. leave ends the turn; it must be
// called.
func (t Turns) Bulk(ctx context.Context) (marked context.Context, leave func()) {
	own := &turn{of: t}
	own.take()
	return context.WithValue(ctx, turnKey{}, own), own.give
}

// isBulk reports whether a context belongs to work that others come before.
func isBulk(ctx context.Context) bool {
	_, bulk := ctx.Value(turnKey{}).(*turn)
	return bulk
}

// Resting runs fn, which waits for something, without a turn of bulk work; ctx is that of
// the work. Elsewhere it only runs fn.
func Resting(ctx context.Context, fn func()) {
	own, bulk := ctx.Value(turnKey{}).(*turn)
	if !bulk {
		fn()
		return
	}
	own.rest(1)
	defer own.rest(-1)
	fn()
}

// rest counts who waits. The turn is given away by the first and taken again by the last.
func (o *turn) rest(n int) {
	if o.of == nil {
		return
	}
	o.mu.Lock()
	o.resting += n
	first, last := n > 0 && o.resting == 1, o.resting == 0
	o.mu.Unlock()
	switch {
	case first:
		o.give()
	case last:
		o.take()
	}
}

func (o *turn) take() {
	o.of <- struct{}{}
	o.mu.Lock()
	o.held = true
	o.mu.Unlock()
}

// give ends the turn, unless it is given away.
func (o *turn) give() {
	o.mu.Lock()
	held := o.held
	o.held = false
	o.mu.Unlock()
	if held {
		<-o.of
	}
}
