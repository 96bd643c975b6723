package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"formrail/engine/cluster"
	"formrail/models"
	"formrail/models/fault"
)

// lease is what is stored of a claim for other processes. Most claims last for
// milliseconds and are never stored: the token alone decides what may be committed. One
// that lasts is stored and renewed, so that others wait for it.
type lease struct {
	token  atomic.Int64              // the holder has
	next   atomic.Int64              // after a commit that is under way
	stored atomic.Pointer[time.Time] // when the stored lease was asked for; nil = none is stored
}

// Pauses and bounds of storing claims.
const (
	renewTick   = 500 * time.Millisecond
	storeAfter  = time.Second     // claims younger than this are not stored
	leaseMargin = 2 * time.Second // a holder stops this long before others may begin
	soonDue     = 5 * time.Second // clocks of two processes may differ by less than this
)

func (l *lease) holds(token int64) { l.token.Store(token); l.next.Store(token) }

// isStored reports whether others see the claim.
func (l *lease) isStored() bool { return l.stored.Load() != nil }

// asked notes that the lease was stored by something that began at an instant.
func (l *lease) asked(at time.Time) { l.stored.Store(&at) }

// alive reports whether nobody can have taken over yet.
func (l *lease) alive(now time.Time) bool {
	at := l.stored.Load()
	return at != nil && now.Sub(*at) < models.LeaseTTL-leaseMargin
}

// join connects the engine with the other processes on its database.
func (e *Engine) join() {
	if !e.member.Shared() {
		return
	}
	e.process = e.member.ID()
	e.live.Forward(func(topic string) { e.member.Tell(cluster.Changed, topic) })
	e.member.Hear(cluster.Changed, e.live.Hear)
	e.member.HearAgain(e.live.HearAll)
	e.member.Hear(cluster.Ended, e.claims.interrupt)
	e.member.Hear(cluster.Sampled, e.hearSample)
	e.member.Hear(cluster.Planned, func(text string) {
		var at int64
		if _, err := fmt.Sscan(text, &at); err == nil {
			e.slotPlanned(models.Millis(at))
		}
	})
}

// Leading reports whether this process does what only one of those on the database
// should do.
func (e *Engine) Leading() bool { return e.member.Leading() }

// handed hears of each committed wake-up. What this process holds already needs nobody
// else: its holder looks again.
func (e *Engine) handed(w models.PendingWakeup) {
	if w.Lane == 0 { // a request may wait for it
		e.live.Publish("permit:" + w.ExecutionID)
	}
	if e.process != "" && !w.DueAt.After(e.clock.Now()) && e.claims.note(w.ExecutionID) {
		return
	}
	e.queue.Wake(w)
}

// elsewhere reports whether another process works on an execution.
func (e *Engine) elsewhere(exec *models.Execution) bool {
	return e.process != "" && exec.LeasedByOther(e.process, e.clock.Now())
}

// nothingDue looks whether an execution that was delivered is due in a moment: it may
// have been, by the clock of the process that said so.
func (e *Engine) nothingDue(ctx context.Context, id string) error {
	if e.process == "" {
		return nil
	}
	next, err := models.NextWakeup(ctx, e.db.Read(), id)
	if err != nil || next.IsZero() {
		return err
	}
	if next.Sub(e.clock.Now()) < soonDue {
		e.queue.Wake(models.PendingWakeup{ExecutionID: id, Lane: 1, DueAt: next})
	}
	return nil
}

// leaseUntil is what a commit stores of the claim: a lease as long as attempts are on
// their way, and for a holder that goes on and whose lease others have seen.
func (s *stretch) leaseUntil(tx *models.Tx, st *state, status models.Status) models.Millis {
	switch {
	case !status.Live():
		return 0
	case st.lease != 0:
		return st.lease
	case len(s.flights) > 0 && s.e.process == "":
		return s.exec.LeaseUntil
	case len(s.flights) > 0, s.e.process != "" && status == models.Running && s.claim != nil && s.claim.lease.isStored():
		return models.At(tx.Now().Add(models.LeaseTTL))
	}
	return 0
}

// intentLease is how long an attempt that is about to leave is waited for. A process that
// is not alone renews it.
func (s *stretch) intentLease(tx *models.Tx, timeout time.Duration) models.Millis {
	if s.e.process != "" {
		timeout = 0
	}
	return models.At(tx.Now().Add(timeout + models.LeaseTTL))
}

// mayLeave reports whether an attempt may leave the process: it must not when somebody
// else may have the execution by now, as after a freeze. Then the stretch ends without
// waiting for the attempt.
func (s *stretch) mayLeave() bool {
	if s.e.process == "" || s.claim == nil || s.claim.lease.alive(s.e.clock.Now()) {
		return true
	}
	s.e.claims.interrupt(s.exec.ID)
	return false
}

// overslept reports whether this process stood still for so long that somebody else may
// have the execution by now: what ran out of time meanwhile says nothing.
func (s *stretch) overslept() bool {
	if s.e.process == "" || s.claim == nil {
		return false
	}
	since := s.claim.since
	if at := s.claim.lease.stored.Load(); at != nil && at.After(since) {
		since = *at
	}
	return s.e.clock.Now().Sub(since) >= models.LeaseTTL-leaseMargin
}

// letGo gives an execution that is to be delivered again to whoever comes first: others
// would wait for a lease that is stored.
func (e *Engine) letGo(ctx context.Context, id string, mine *claim) {
	if e.process == "" || !mine.lease.isStored() {
		return
	}
	mine.lease.stored.Store(nil)
	err := e.db.Write(context.WithoutCancel(ctx), "engine.let_go", func(tx *models.Tx) error {
		return models.GiveLeaseBack(ctx, tx, e.process, id)
	})
	e.report("give lease back", err)
}

// giveLeasesBack lets others go on at once when this process stops.
func (e *Engine) giveLeasesBack(ctx context.Context) error {
	if e.process == "" {
		return nil
	}
	return e.db.Write(context.WithoutCancel(ctx), "engine.leave", func(tx *models.Tx) error {
		return models.GiveLeasesBack(ctx, tx, e.process)
	})
}

// renewLeases stores claims that last and renews them in time.
func (e *Engine) renewLeases(ctx context.Context) {
	defer e.sweeper.Done()
	tick := time.NewTicker(renewTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.report("renew leases", e.renew(ctx))
		}
	}
}

func (e *Engine) renew(ctx context.Context) error {
	asked := e.clock.Now()
	due := e.claims.due(asked)
	if len(due) == 0 {
		return nil
	}
	if err := fault.Hit("engine.renew"); err != nil {
		return err
	}
	var lost []string
	err := e.db.Write(ctx, "engine.lease", func(tx *models.Tx) error {
		held := make([]models.Lease, 0, len(due))
		for id, c := range due {
			held = append(held, models.Lease{ExecutionID: id, Token: c.lease.token.Load(), Next: c.lease.next.Load()})
		}
		var err error
		lost, err = models.RenewLeases(ctx, tx, e.process, held)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range lost {
		if e.claims.lose(id, due[id]) {
			e.log.Warn("an execution was taken over", "execution", id)
		}
		delete(due, id)
	}
	for _, c := range due {
		c.lease.asked(asked)
	}
	return nil
}

// due lists the claims that are to be stored or renewed.
func (c *claims) due(now time.Time) map[string]*claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out map[string]*claim
	for id, have := range c.held {
		at := have.lease.stored.Load()
		if at == nil && now.Sub(have.since) < storeAfter || at != nil && now.Sub(*at) < models.LeaseRenewal {
			continue
		}
		if out == nil {
			out = map[string]*claim{}
		}
		out[id] = have
	}
	return out
}

// lose stops a holder whose lease is not his any more. It is false when he has given the
// execution back, or committed, meanwhile.
func (c *claims) lose(id string, mine *claim) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[id] != mine {
		return false
	}
	mine.interrupt()
	return true
}
