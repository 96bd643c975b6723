package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/text"
)

// codeHeld is the code of a step that could not leave an installation out of a backup.
const codeHeld = "INSTANCE_HELD"

// hold remembers since when the installation is held, in Unix nanoseconds; 0 = it is
// not. An installation becomes held only while no server runs, so what is remembered is
// never too lax.
type hold struct{ since atomic.Int64 }

// Held says since when the installation is held because it came out of a backup; the
// zero time when it is not. While it is, no step leaves the process, nothing goes on
// because time has passed, and no schedule starts anything. Records, decisions and
// steps inside the database go on as ever.
func (e *Engine) Held() time.Time {
	since := e.hold.since.Load()
	if since == 0 {
		return time.Time{}
	}
	return time.Unix(0, since).UTC()
}

func (e *Engine) held() bool { return e.hold.since.Load() != 0 }

// readHold reads whether the installation is held.
func (e *Engine) readHold(ctx context.Context) error {
	since, err := e.db.RestoredSince(ctx)
	if err != nil {
		return err
	}
	if since.IsZero() {
		e.hold.since.Store(0)
		return nil
	}
	if !e.held() {
		e.log.Warn("the installation came out of a backup and sends nothing until an owner releases it", "restored", since)
	}
	e.hold.since.Store(max(since.UnixNano(), 1))
	return nil
}

// CheckHold notices that another process released the installation.
func (e *Engine) CheckHold(ctx context.Context) error {
	if !e.held() {
		return nil
	}
	if err := e.readHold(ctx); err != nil || e.held() {
		return err
	}
	return e.handOver(ctx)
}

// Release lets the installation act on the outside again: see [models.ReleaseRestored].
func (e *Engine) Release(ctx context.Context, by models.Access) error {
	err := e.db.Write(ctx, "engine.release", func(tx *models.Tx) error { return models.ReleaseRestored(ctx, tx, by) })
	if err != nil {
		return err
	}
	e.hold.since.Store(0)
	return e.handOver(ctx)
}

// releaseLimit is how many executions are handed over at once; the queue's own scan finds
// the others.
const releaseLimit = 20_000

// handOver hands over what was held and what has become due meanwhile.
func (e *Engine) handOver(ctx context.Context) error {
	e.log.Info("the installation is released")
	due, err := models.PendingWakeups(ctx, e.db.Read(), e.now(), releaseLimit)
	if err != nil {
		return err
	}
	for _, w := range due {
		e.queue.Wake(w)
	}
	e.lookForSlots()
	e.live.Publish("executions")
	return nil
}

// withoutTimers leaves out what goes on because time has passed.
func withoutTimers(wakeups []models.Wakeup) []models.Wakeup {
	return slices.DeleteFunc(wakeups, func(w models.Wakeup) bool { return w.Reason == models.WakeTimer })
}

// holdBack parks the attempt under the first cursor until the installation is released,
// and says so at the step. Somebody who waits for an answer gets one: the step fails.
func (s *stretch) holdBack() {
	cur := s.state.cursors[0]
	s.state.cursors = s.state.cursors[1:]
	s.state.nodes++
	step := cur.step
	if step == nil {
		step = s.begin(s.state, cur)
		step.Status = models.Planned
	}
	if s.exec.Sync {
		s.settle(s.state, cur, step, node.Result{}, instanceHeld())
		return
	}
	if cur.retry {
		step.Status = models.Waiting
	}
	step.Explanation = heldSentence().String()
	s.save(s.state, step)
	s.state.wakeups = append(s.state.wakeups, models.HeldWakeup(s.exec.ID, step.ID))
}

func heldSentence() text.Message {
	return text.M("step.held", "Held: this installation was restored from a backup. Nothing is sent until an administrator releases it.")
}

// instanceHeld says that a step would have left the process.
func instanceHeld() *node.Failure { return node.Broken(codeHeld, heldSentence()) }
