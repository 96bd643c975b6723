package main

import (
	"context"
	"fmt"
	"time"
)

// Workflows with work that a crash finds half done: a call that must not be repeated, a
// timer, and one that another program starts. What becomes of the call is left open: its
// step may fail, the rest follows.
const (
	postFlow  = `{"key":"post","title":"Post","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"out","type":"http_request","onUnknown":"fail","onError":"continue","config":{"url":"%s","method":"POST","body":"text","text":"{{ trigger.data.mark }}"}},` + effect + `,` + mark + `]}`
	delayFlow = `{"key":"delay","title":"Delay","type":"post_action","config":{"collection":"sources"},"nodes":[{"key":"d","type":"delay","config":{"for":"1s"}},` + effect + `,` + mark + `]}`
	hookFlow  = `{"key":"hook","title":"Hook","type":"webhook","config":{"dedupe":"trigger.body.mark","response":{"body":"{\"taken\":true}"}},"nodes":[{"key":"eff","type":"create_record","config":{"collection":"effects","values":{"mark":"{{ trigger.body.mark }}"}}}]}`
)

// slowAnswer is how long another system takes to answer: long enough for a crash to come
// between a call and its answer.
const slowAnswer = 25 * time.Millisecond

// reachOut is another system that the server may call.
func reachOut(s *settings) (*sink, error) {
	out, err := newSink()
	if err != nil {
		return nil, err
	}
	out.slow = slowAnswer
	s.serve = append(s.serve, "--egress-allow", out.address())
	return out, nil
}

// outside adds what reaches out, and what waits, to the load.
func (l *load) outside(ctx context.Context, out *sink) error {
	for _, text := range []string{fmt.Sprintf(callFlow, out.base), fmt.Sprintf(postFlow, out.base), delayFlow, hookFlow} {
		if err := publish(ctx, l.c, text); err != nil {
			return err
		}
	}
	l.sink, l.more = out, append(l.more, "call", "post", "delay", "hook")
	return nil
}

// judge compares the journal with what the other system saw: what may be repeated came at
// least once and always under the same key, what may not be came once at most.
func (s *sink) judge(j *journal, r *report) {
	for _, e := range j.list() {
		calls := s.of(e.mark)
		switch {
		case e.kind == "post" && len(calls) > 1:
			r.Doubled++
			r.Broken = append(r.Broken, fmt.Sprintf("%s was called %d times and nobody was asked", e.mark, len(calls)))
		case e.kind == "call" && e.acked && len(calls) == 0:
			r.Lost++
			r.Broken = append(r.Broken, e.mark+" was never called")
		}
		for _, c := range calls {
			if c.key == "" || c.key != calls[0].key {
				r.Broken = append(r.Broken, fmt.Sprintf("calls of %s have the keys %q and %q", e.mark, calls[0].key, c.key))
				break
			}
		}
	}
}
