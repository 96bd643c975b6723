package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// LimitsSentence says in one sentence what limits a workflow has: "At most 5 at a time, one
// per trigger.data.customer". It is empty for none.
func LimitsSentence(ctx context.Context, o models.WorkflowOptions) string {
	var parts []string
	if o.Concurrency > 0 {
		parts = append(parts, text.T(ctx, "limits.say_concurrency", "at most %d at a time", o.Concurrency))
	}
	if o.OrderKey != "" {
		parts = append(parts, text.T(ctx, "limits.say_order", "one per %s", o.OrderKey))
	}
	if o.Rate != nil {
		parts = append(parts, text.T(ctx, "limits.say_rate", "at most %d starts in %s", o.Rate.Count, o.Rate.Per))
	}
	if d := o.Debounce; d != nil {
		said := text.T(ctx, "limits.say_debounce", "starts once nothing has come for %s", d.Wait)
		if d.Key != "" {
			said = text.T(ctx, "limits.say_debounce_key", "starts once nothing has come for %s of the same %s", d.Wait, d.Key)
		}
		parts = append(parts, said)
	}
	return sentenceOf(parts)
}

// sentenceOf joins parts to one sentence without a full stop.
func sentenceOf(parts []string) string {
	out := strings.Join(parts, ", ")
	first, size := utf8.DecodeRuneInString(out)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + out[size:]
}

// heldSentence says in the trigger log that an execution is kept back, and why.
func (e *Engine) heldSentence(l *listener, exec *models.Execution) string {
	if !exec.Held {
		return ""
	}
	if said := LimitsSentence(context.Background(), l.workflow.Options); said != "" && !l.limits.pause.On() {
		return text.M("held.log", "Waits: %s", said).String()
	}
	return text.M("held.log_paused", "Waits: the workflow is paused").String()
}

// mostCounted is up to how many executions before another one are counted.
const mostCounted = 1000

// WhyHeld says in one sentence why an execution has not begun although it was started:
// "Waits: at most 2 at a time; 3 are before it". It is empty for one that is not held back.
func (e *Engine) WhyHeld(ctx context.Context, exec *models.Execution) (string, error) {
	if !exec.Gated || !exec.Status.Live() {
		return "", nil
	}
	p, err := models.PermitOf(ctx, e.db.Read(), exec.ID)
	if err != nil || p == nil || p.State == models.Given {
		return "", err
	}
	g, err := models.GateOf(ctx, e.db.Read(), exec.WorkflowID)
	if err != nil {
		return "", err
	}
	if g.Paused().On() {
		return text.T(ctx, "held.paused", "Waits: the workflow is paused"), nil
	}
	if p.State == models.Settling {
		return text.T(ctx, "held.settling", "Waits until %s whether more of its like comes", clockTime(p.SettleAt)), nil
	}
	before, err := p.Before(ctx, e.db.Read(), exec.WorkflowID, mostCounted)
	if err != nil {
		return "", err
	}
	count := fmt.Sprint(before)
	if before == mostCounted {
		count += "+"
	}
	switch {
	case p.State == models.Behind:
		return text.T(ctx, "held.behind", "Waits: one at a time for the same value; before it: %s", count), nil
	case g.Concurrency > 0 && g.Given >= g.Concurrency:
		return text.T(ctx, "held.full", "Waits: at most %d at a time; before it: %s", g.Concurrency, count), nil
	case g.RateCount > 0 && g.NextAt > 0:
		return text.T(ctx, "held.rate", "Waits: at most %d starts in %s, the next one at %s; before it: %s",
			g.RateCount, spanText(time.Duration(g.RateMillis)*time.Millisecond), clockTime(g.NextAt), count), nil
	}
	return text.T(ctx, "held.next", "Waits for its turn; before it: %s", count), nil
}

func clockTime(at models.Millis) string { return field.FormatTime(at.Time()) }

// spanText is a span of time as settings write it.
func spanText(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= unit.of && d%unit.of == 0 {
			return fmt.Sprintf("%d%s", d/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// executionByKey finds the execution that an idempotency key of a workflow started or
// joined; empty when there is none.
func (e *Engine) executionByKey(ctx context.Context, tx *models.Tx, l *listener, key string) (string, error) {
	known, err := models.ExecutionByKey(ctx, tx, l.workflow.ID, key)
	if err != nil || known != "" || l.workflow.Options.Debounce == nil {
		return known, err
	}
	return models.JoinedByKey(ctx, tx, l.workflow.ID, key)
}

// atRate counts the start of a workflow that ends in the transaction of its start, or
// refuses the write when its rate is used up.
func (e *Engine) atRate(ctx context.Context, tx *models.Tx, l *listener) error {
	if l.workflow.Options.Rate == nil {
		return nil
	}
	g, err := models.LockGate(ctx, tx, l.workflow.ID)
	if err != nil {
		return err
	}
	ok, err := g.RateAllows(ctx, tx)
	if err != nil {
		return err
	}
	if !ok {
		return overloaded()
	}
	if err := g.CountStart(ctx, tx); err != nil {
		return err
	}
	return g.Look(ctx, tx)
}

// overloaded says that a limit lets nothing more begin at the moment.
func overloaded() *models.Error {
	return models.Unavailable("OVERLOADED", text.M("limits.overloaded", "Too much of this runs already. Try again in a moment."), time.Second)
}

// admitAgain asks the gate about an execution that a person starts.
func (e *Engine) admitAgain(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	ix, err := e.listeners(ctx)
	if err != nil {
		return fmt.Errorf("read trigger index: %w", err)
	}
	l := ix.byID[exec.WorkflowID]
	if l == nil { // it is in the bin
		return nil
	}
	said, err := e.admit(ctx, tx, l, exec, false)
	if err == nil && said.refused.Reason != "" {
		return overloaded().Because(fmt.Errorf("%s: %s", said.refused.Reason, said.refused.Explanation))
	}
	return err
}
