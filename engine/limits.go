package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of limits.
const (
	mostAtOnce    = 10_000
	longestPeriod = 31 * 24 * time.Hour
)

// limits are what may keep starts of a workflow back, ready to be used. They come from its
// options and from its pause; the gate in the database decides.
type limits struct {
	gated    bool          // its executions need permits
	pause    models.Pause  // its own, or that of everything
	orderKey *expr.Program // nil = no order
	settle   time.Duration // a start waits so long for more of its like; 0 = not at all
	atMost   time.Duration // but not longer than this; 0 = as long as more come
	like     *expr.Program // starts of equal value are alike; nil = all are
	broken   error         // an expression cannot be used
}

// limitsOf makes the limits of a workflow ready.
func limitsOf(w *models.Workflow, pause models.Pause) limits {
	o := w.Options
	l := limits{pause: pause, gated: pause.On() || o.Concurrency > 0 || o.OrderKey != "" || o.Rate != nil || o.Debounce != nil}
	compile := func(source string) *expr.Program {
		if strings.TrimSpace(source) == "" {
			return nil
		}
		p, err := expr.Compile(source)
		l.broken = cmp.Or(l.broken, err)
		return p
	}
	l.orderKey = compile(o.OrderKey)
	if d := o.Debounce; d != nil && !w.Sync {
		l.settle, l.atMost, l.like = spanOf(d.Wait), spanOf(d.AtMost), compile(d.Key)
	}
	return l
}

// spanOf reads a checked duration; 0 for none.
func spanOf(s string) time.Duration {
	d, err := field.ParseDuration(s)
	if err != nil {
		return 0
	}
	return d.AddTo(time.Unix(0, 0).UTC(), time.UTC).Sub(time.Unix(0, 0))
}

// checkLimits says what is wrong with the limits of a workflow.
func checkLimits(o models.WorkflowOptions, sync bool) (out []models.FieldError) {
	wrong := func(name string, m text.Message) {
		out = append(out, models.FieldError{Field: "options." + name, Code: "VALIDATION_FAILED", Message: m})
	}
	if o.Concurrency < 0 || o.Concurrency > mostAtOnce {
		wrong("concurrency", text.M("limits.concurrency", "Give a number from 1 to %d, or leave it empty.", mostAtOnce))
	}
	expression := func(name, source string) {
		if strings.TrimSpace(source) == "" {
			return
		}
		program, err := expr.Compile(source)
		var syntax *expr.SyntaxError
		switch {
		case errors.As(err, &syntax):
			wrong(name, syntax.Message)
		case err != nil:
			wrong(name, text.M("limits.expression", "This expression cannot be read: %s", err.Error()))
		case !slices.ContainsFunc(program.References(), func(r expr.Reference) bool { return r.Root == "trigger" }):
			wrong(name, text.M("limits.constant", "The expression must use trigger data, such as trigger.data.id; else all executions have the same value."))
		}
	}
	span := func(name, s string, required bool) time.Duration {
		d := spanOf(s)
		switch {
		case s == "" && !required:
		case d < time.Second || d > longestPeriod:
			wrong(name, text.M("limits.span", "Give a time from 1s to 31d, such as 10s, 5m or 1h."))
		}
		return d
	}
	expression("orderKey", o.OrderKey)
	if r := o.Rate; r != nil {
		if r.Count < 1 || r.Count > mostAtOnce {
			wrong("rate.count", text.M("limits.rate", "Give a number from 1 to %d.", mostAtOnce))
		}
		span("rate.per", r.Per, true)
	}
	if d := o.Debounce; d != nil {
		if sync {
			wrong("debounce.wait", text.M("limits.debounce_sync", "A workflow that answers at once cannot wait for more."))
			return out
		}
		wait := span("debounce.wait", d.Wait, true)
		if longest := span("debounce.atMost", d.AtMost, false); d.AtMost != "" && longest < wait {
			wrong("debounce.atMost", text.M("limits.at_most", "The longest wait is not shorter than the wait after each start."))
		}
		expression("debounce.key", d.Key)
	}
	return out
}

// keepLimits writes the limits of a workflow to its gate when they differ from what they
// were, and lets go what they do not hold back any more.
func keepLimits(ctx context.Context, tx *models.Tx, w *models.Workflow, was models.WorkflowOptions) error {
	o := w.Options
	if o.Concurrency == was.Concurrency && reflect.DeepEqual(o.Rate, was.Rate) {
		return nil
	}
	g, err := models.LockGate(ctx, tx, w.ID)
	if err != nil {
		return err
	}
	count, span := int64(0), time.Duration(0)
	if o.Rate != nil {
		count, span = int64(o.Rate.Count), spanOf(o.Rate.Per)
	}
	return g.SetLimits(ctx, tx, int64(o.Concurrency), count, span)
}

// admission is what the gate of a workflow says to one start.
type admission struct {
	refused trigger.Decision // with a reason: nothing starts
	joined  string           // execution that takes the start over
}

// quietPart is the part of the room that each workflow may use although others have filled
// it: a flood of one does not shut the others out.
const quietPart = 100

// full reports whether too much waits to let one more of a workflow come.
func (e *Engine) full(workflow, kept int64) bool {
	room := e.queueRoom()
	return kept >= int64(room) || e.queue.Stats().Waiting >= room && e.queue.WaitingOf(workflow) >= max(1, room/quietPart)
}

// admit asks the gate of a workflow about an execution that is about to be inserted, and
// sets what its row says of it. Without limits nothing is read or written.
//
// Everything is decided on the locked row of the gate, in the transaction that inserts the
// execution, so the limits hold for any number of processes.
func (e *Engine) admit(ctx context.Context, tx *models.Tx, l *listener, exec *models.Execution, force bool) (admission, error) {
	switch {
	case !l.limits.gated && !force:
		if !exec.Sync && e.full(l.workflow.ID, 0) {
			return admission{refused: trigger.Not("queue_full", text.M("limits.full", "%d executions wait already.", e.queueRoom()).String())}, nil
		}
		return admission{}, nil
	case l.limits.broken != nil:
		return admission{refused: trigger.Not("invalid_definition", l.limits.broken.Error())}, nil //nolint:nilerr // it is why nothing starts
	case exec.ParentID != "" && e.callsBack(ctx, l, exec.Chain):
		return admission{}, nil
	}
	g, err := models.LockGate(ctx, tx, l.workflow.ID)
	if err != nil {
		return admission{}, err
	}
	if !exec.Sync && e.full(l.workflow.ID, g.Kept) {
		return admission{refused: trigger.Not("queue_full", text.M("limits.full", "%d executions wait already.", e.queueRoom()).String())}, nil
	}
	p, err := e.permitFor(ctx, tx, l, exec)
	if err != nil {
		return admission{refused: trigger.Not("invalid_definition", err.Error())}, nil
	}
	if p.SettleAt != 0 {
		joined, err := g.Join(ctx, tx, p, exec)
		if joined != "" || err != nil {
			return admission{joined: joined, refused: trigger.Not("debounced", joined)}, err
		}
	}
	given, err := g.Ask(ctx, tx, p)
	exec.Gated, exec.Held = true, !given
	return admission{}, err
}

// permitFor is the permit that an execution asks for.
func (e *Engine) permitFor(ctx context.Context, tx *models.Tx, l *listener, exec *models.Execution) (*models.Permit, error) {
	p := &models.Permit{ExecutionID: exec.ID, Lane: laneOf(exec), Record: recordOf(exec)}
	if l.limits.orderKey == nil && l.limits.settle == 0 {
		return p, nil
	}
	trig, err := parseObject(exec.Trigger)
	if err != nil {
		return nil, fmt.Errorf("read trigger data of %s: %w", exec.ID, err)
	}
	in := expr.Input{Now: tx.Now(), Zone: time.UTC, Vars: expr.MapVars{"trigger": trig}}
	value := func(program *expr.Program) (string, error) {
		if program == nil {
			return "", nil
		}
		v, _, err := program.Run(ctx, in)
		if err != nil {
			return "", err
		}
		return bounded(keyText(v)), nil
	}
	if p.OrderKey, err = value(l.limits.orderKey); err != nil {
		return nil, fmt.Errorf("%s: %w", l.workflow.Options.OrderKey, err)
	}
	if l.limits.settle == 0 || exec.ParentID != "" || exec.Mode != "live" || exec.RerunOf != "" {
		return p, nil // somebody waits for this very one
	}
	if p.SettleKey, err = value(l.limits.like); err != nil {
		return nil, fmt.Errorf("%s: %w", l.workflow.Options.Debounce.Key, err)
	}
	p.SettleAt = models.At(tx.Now().Add(l.limits.settle))
	if l.limits.atMost > 0 {
		p.SettleBy = models.At(tx.Now().Add(l.limits.atMost))
	}
	return p, nil
}

func recordOf(exec *models.Execution) string {
	if exec.ResourceID == "" {
		return ""
	}
	return exec.ResourceType + "/" + exec.ResourceID
}

// callsBack reports whether a called execution must not wait for a permit: one that waits
// for it has a permit of its workflow, or of one that its workflow calls, so each could
// wait for the other for ever.
func (e *Engine) callsBack(ctx context.Context, l *listener, chain []int64) bool {
	ix, err := e.listeners(ctx)
	if err != nil {
		return false
	}
	seen, next := map[int64]bool{}, []*listener{l}
	for len(next) > 0 {
		one := next[0]
		next = next[1:]
		if one == nil || seen[one.workflow.ID] {
			continue
		}
		seen[one.workflow.ID] = true
		if slices.Contains(chain[:len(chain)-1], one.workflow.ID) && one.limits.gated {
			return true
		}
		if one.version == nil {
			continue
		}
		for key := range one.version.Calls() {
			next = append(next, ix.byKey[key])
		}
	}
	return false
}

// leave gives back the permit of an execution that has ended, in the transaction of its
// end, and lets others go.
func (e *Engine) leave(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	if !exec.Gated {
		return nil
	}
	g, err := models.LockGate(ctx, tx, exec.WorkflowID)
	if err != nil {
		return err
	}
	return g.Leave(ctx, tx, exec.ID)
}

// kept reports whether a queued execution has to wait although it was let go: its workflow
// has been paused since. Then it waits for a permit.
func (e *Engine) keptBack(ctx context.Context, exec *models.Execution) (bool, error) {
	if exec.Status != models.Queued || exec.Sync || exec.LeaseToken != 0 {
		return false, nil
	}
	ix, err := e.listeners(ctx)
	if err != nil {
		return false, fmt.Errorf("read trigger index: %w", err)
	}
	if l := ix.byID[exec.WorkflowID]; l == nil || !l.limits.pause.On() {
		return false, nil
	}
	kept := false
	err = e.db.Write(ctx, "engine.keep_back", func(tx *models.Tx) error {
		g, err := models.LockGate(ctx, tx, exec.WorkflowID)
		if err != nil || !g.Paused().On() {
			return err // it goes on again meanwhile
		}
		kept = true
		return g.KeepBack(ctx, tx, exec)
	})
	if err != nil {
		return false, fmt.Errorf("keep back execution %s: %w", exec.ID, err)
	}
	return kept, nil
}
