package engine

import (
	"context"
	"errors"

	"formrail/engine/node"
	"formrail/models"
	"formrail/models/fault"
)

// flight is an external attempt on its way, beside what the stretch goes on with. Only
// its goroutine leaves the stretch's; what it gives comes back as a landing.
type flight struct {
	cur  cursor
	stop context.CancelFunc
}

// landing is how an attempt ended.
type landing struct {
	step   string
	result node.Result
	err    error
}

// external commits the intent of the next attempt and lets it fly. Its settings are
// resolved before, so that all attempts send the same.
func (s *stretch) external(ctx context.Context) error {
	if s.e.held() {
		s.holdBack()
		return nil
	}
	cur := s.state.cursors[0]
	step := s.begin(s.state, cur)
	cur.step, cur.retry = step, false
	now := s.e.now()
	vars := s.scope(ctx, s.state, cur.spot(), now)
	settings, err := s.settings(ctx, vars, cur, step, now)
	if err != nil {
		s.state.cursors = s.state.cursors[1:]
		s.state.nodes++
		s.settle(s.state, cur, step, node.Result{}, err)
		return nil
	}
	step.Status, step.Explanation = models.Running, ""
	s.save(s.state, step)
	s.state.cursors[0] = cur
	if err := s.commitIntent(ctx); err != nil {
		return err
	}
	if err := fault.Hit("engine.send.before"); err != nil {
		return err
	}
	cur = s.state.cursors[0]
	s.state.cursors = s.state.cursors[1:]
	call := s.call(ctx, nil, s.state, cur, cur.step, vars.frozen(), now)
	span := s.beginAttempt(cur)
	large := &largeReading{room: s.e.answers}
	if out, ok := call.HTTP.(outside); ok {
		out.reading = large
		call.HTTP = out.below(span)
	}
	flying, stop := context.WithCancel(ctx)
	s.flights[cur.step.ID] = &flight{cur: cur, stop: stop}
	go func(id string, attempt int) {
		defer stop()
		defer large.leave()
		if !s.mayLeave() {
			return
		}
		result, err := s.guarded(flying, cur.node, func(ctx context.Context) (node.Result, error) {
			return cur.node.typ.Run(ctx, call, settings)
		})
		if err != nil {
			span.Fail(node.AsFailure(err).Code)
		}
		span.End(s.e.clock.Now())
		select {
		case s.landings <- landing{step: id, result: result, err: err}:
		case <-s.gone:
		}
	}(cur.step.ID, cur.step.Attempt)
	return nil
}

// await waits until an attempt on its way has ended.
func (s *stretch) await(ctx context.Context) error {
	var (
		next landing
		err  error
	)
	models.Resting(ctx, func() {
		select {
		case next = <-s.landings:
		case <-s.cancel:
			err = models.ErrLostLease
		case <-ctx.Done():
			err = errors.Join(models.ErrLostLease, ctx.Err()) // the intent is stored: whoever comes next finds it
		}
	})
	if err != nil {
		return err
	}
	return s.land(ctx, next)
}

// landed takes in one attempt that has ended meanwhile. What follows from it comes before
// the next one, which it may make needless.
func (s *stretch) landed(ctx context.Context) error {
	select {
	case l := <-s.landings:
		return s.land(ctx, l)
	default:
		return nil
	}
}

// land settles an attempt, unless what is around its step has been decided before.
func (s *stretch) land(ctx context.Context, l landing) error {
	f := s.flights[l.step]
	delete(s.flights, l.step)
	step := s.state.open[l.step]
	if f == nil || step == nil {
		return nil
	}
	waiting, err := models.WakeupsOf(ctx, s.e.db.Read(), l.step)
	if err != nil {
		return err
	}
	s.state.used = append(s.state.used, waiting...)
	s.state.nodes++
	cur := f.cur
	cur.step = step
	s.settle(s.state, cur, step, l.result, l.err)
	return fault.Hit("engine.send.after")
}

// recall stops attempts whose step is not wanted any more.
func (s *stretch) recall() {
	for id, f := range s.flights {
		if s.state.open[id] == nil {
			f.stop()
		}
	}
}

// leave ends the stretch: nobody waits for attempts on their way any longer.
func (s *stretch) leave() {
	close(s.gone)
	for _, f := range s.flights {
		f.stop()
	}
}
