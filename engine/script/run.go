//go:build !mutant_script_in_process

package script

import (
	"context"
	"fmt"
)

// run runs one script in a child.
//
// Invariant: nothing that a designer wrote is interpreted in the server's own process.
func (p *Pool) run(ctx context.Context, q Request) (Result, error) {
	q.Timeout = min(orDefault(q.Timeout, defaultTimeout), maxTimeout)
	if len(q.Code) > maxSource {
		return Result{}, guard(q.Code, nil)
	}
	line, err := q.line()
	if err != nil {
		return Result{}, fmt.Errorf("encode script inputs: %w", err)
	}
	c, err := p.take(ctx)
	if err != nil {
		return Result{}, err
	}
	defer func() { p.slots <- c }()
	if c == nil {
		if c, err = p.start(); err != nil {
			c = nil
			return Result{}, err
		}
	}
	a, err := c.ask(ctx, line, q.Timeout)
	if err != nil || a.spoiled() || c.worn(a) {
		c.end()
		c = nil
	}
	if err != nil {
		return Result{}, p.explain(ctx, err, q.Timeout)
	}
	return a.result()
}
