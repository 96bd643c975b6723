package nodes

import (
	"context"
	"fmt"
	"slices"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// looping is one loop under way: its state, and what the next passes need.
type looping struct {
	c        loopConfig
	call     node.Call
	length   int
	warnings []text.Message

	at                  int   // the last pass that was entered or passed over
	begun, done, failed int   // passes
	going               []int // under way
	items               []any // [pass, value], in the order they ended
	broken              bool
}

// state is kept while passes are under way.
func (l *looping) state() map[string]any {
	going := make([]any, len(l.going))
	for i, p := range l.going {
		going[i] = int64(p)
	}
	s := map[string]any{"at": int64(l.at), "begun": int64(l.begun), "done": int64(l.done), "failed": int64(l.failed), "going": going}
	if l.c.Collect != nil {
		s["items"] = l.items
	}
	return s
}

func (l *looping) read(stored []byte) error {
	v, err := field.ParseJSON(stored)
	if err != nil {
		return fmt.Errorf("read state of loop: %w", err)
	}
	m, _ := v.(map[string]any)
	number := func(name string) int {
		n, _ := m[name].(int64)
		return int(n)
	}
	l.at, l.begun, l.done, l.failed = number("at"), number("begun"), number("done"), number("failed")
	going, _ := m["going"].([]any)
	for _, one := range going {
		if n, ok := one.(int64); ok {
			l.going = append(l.going, int(n))
		}
	}
	l.items, _ = m["items"].([]any)
	return nil
}

// output is what the loop gives.
func (l *looping) output() map[string]any {
	out := map[string]any{"looped": int64(l.begun), "done": int64(l.done), "failed": int64(l.failed)}
	if l.broken {
		out["broken"] = true
	}
	if l.c.Collect != nil {
		slices.SortStableFunc(l.items, func(a, b any) int { return passAt(a) - passAt(b) })
		values := make([]any, len(l.items))
		for i, one := range l.items {
			if pair, ok := one.([]any); ok && len(pair) == 2 {
				values[i] = pair[1]
			}
		}
		out["items"] = values
	}
	return out
}

func passAt(v any) int {
	pair, _ := v.([]any)
	if len(pair) == 0 {
		return 0
	}
	n, _ := pair[0].(int64)
	return int(n)
}

// begin enters as many passes as may be under way, or ends the loop.
func (l *looping) begin(ctx context.Context) (node.Result, error) {
	var entries []node.Entry
	over := l.broken
	for !over && len(l.going) < max(l.c.Parallelism, 1) {
		more, err := l.more(ctx)
		if err != nil {
			return node.Result{}, err
		}
		if !more {
			over = true
			break
		}
		if l.begun >= l.limit() {
			if len(l.going) > 0 {
				break // the last ones first
			}
			return node.Result{}, l.exceeded()
		}
		wanted, err := l.wanted(ctx)
		if err != nil {
			return node.Result{}, err
		}
		l.at++
		if wanted || !l.broken || l.at == 1 {
			l.begun++
		}
		if wanted {
			l.going = append(l.going, l.at)
			entries = append(entries, node.Entry{Branch: "body", Pass: l.at})
		}
		over = l.broken
	}
	if l.broken || over && len(l.going) == 0 {
		return node.Done(l.output()).Warn(l.warnings...), nil
	}
	return node.Enter(l.state(), entries...).Warn(l.warnings...), nil
}

// more reports whether there is another pass after the last.
func (l *looping) more(ctx context.Context) (bool, error) {
	if l.length >= 0 {
		return l.at < l.length, nil
	}
	yes, _, found, err := l.c.While.decide(ctx, l.inside(l.at))
	l.warnings = append(l.warnings, found...)
	if err != nil {
		return false, failure(err)
	}
	return yes, nil
}

// wanted asks the check before the next pass.
func (l *looping) wanted(ctx context.Context) (bool, error) {
	if l.c.CheckAt != "before" {
		return true, nil
	}
	return l.checked(ctx, l.at+1)
}

// checked asks the check about a pass; a no may end the loop.
func (l *looping) checked(ctx context.Context, pass int) (bool, error) {
	yes, _, found, err := l.c.CheckWhen.decide(ctx, l.inside(pass))
	l.warnings = append(l.warnings, found...)
	if err != nil {
		return false, failure(err)
	}
	l.broken = l.broken || !yes && l.c.CheckOnFalse == "break"
	return yes, nil
}

// inside is the call as a pass sees the variables.
func (l *looping) inside(pass int) node.Call {
	c := l.call
	if c.Inside != nil {
		c.Vars = c.Inside(pass)
	}
	return c
}

func (l *looping) limit() int {
	switch {
	case l.c.MaxIterations > 0:
		return l.c.MaxIterations
	case l.c.Source == "while":
		return whilePasses
	}
	return defaultPasses
}

func (l *looping) exceeded() error {
	out := l.output()
	out["exceeded"] = true
	return node.Broken("LIMIT_EXCEEDED", text.M("node.loop_limit", "The loop wanted more than %d passes.", l.limit())).With(out)
}

// ended hears that a pass has ended, and goes on with the next.
func (l *looping) ended(ctx context.Context, sig node.Signal) (node.Result, error) {
	i := slices.Index(l.going, sig.Pass)
	if i < 0 {
		return node.Enter(l.state()), nil
	}
	l.going = slices.Delete(l.going, i, i+1)
	if sig.Failure != nil {
		switch l.c.OnItemFailure {
		case "break":
			l.broken = true
		case "next":
			l.done++
		default:
			return node.Result{}, sig.Failure
		}
		l.failed++
		return l.begin(ctx)
	}
	l.done++
	if l.c.Collect != nil {
		v, found, err := l.c.Collect.program.Run(ctx, input(l.inside(sig.Pass)))
		if err != nil {
			return node.Result{}, failure(err)
		}
		l.warnings = append(l.warnings, messages(found)...)
		l.items = append(l.items, []any{int64(sig.Pass), v})
	}
	if l.c.CheckAt == "after" {
		if _, err := l.checked(ctx, sig.Pass); err != nil {
			return node.Result{}, err
		}
	}
	return l.begin(ctx)
}
