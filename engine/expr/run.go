package expr

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// eval is one compiled node.
type eval func(r *run) (any, error)

// maxWarnings bounds what one run reports; further ones say nothing new.
const maxWarnings = 20

// run is the state of one evaluation.
type run struct {
	ctx      context.Context //nolint:containedctx // of this one evaluation
	in       Input
	zone     *time.Location
	source   string
	locals   []any // let variables, list elements and their positions
	steps    int
	memory   int
	quiet    int // > 0 inside the left side of ??: a missing member is expected
	random   *rand.Rand
	warnings []Warning
}

func newRun(ctx context.Context, in Input) *run {
	r := &run{ctx: ctx, in: in, zone: in.Zone}
	if r.zone == nil {
		r.zone = time.UTC
	}
	return r
}

// program runs one program; the budgets of time begin anew, that of memory goes on.
func (r *run) program(p *Program) (any, error) {
	r.source, r.steps = p.source, 0
	if p.slots > len(r.locals) {
		r.locals = make([]any, p.slots)
	}
	v, err := p.code(r)
	if err != nil {
		return nil, err
	}
	v = outward(v)
	if !p.whole && r.memory > 0 {
		if size, ok := measure(v, maxResult); !ok || size > maxResult {
			return nil, r.limit(0, text.M("expr.result", "The result of the expression is too large."))
		}
	}
	return v, nil
}

// step counts n evaluated nodes.
func (r *run) step(n int) error {
	before := r.steps
	r.steps += n
	if r.steps > maxSteps || n < 0 {
		return r.limit(0, text.M("expr.steps", "The expression takes more than %d steps.", maxSteps))
	}
	if before>>10 != r.steps>>10 {
		return r.ctx.Err()
	}
	return nil
}

// alloc counts n bytes of new values.
func (r *run) alloc(n int) error {
	r.memory += n
	if r.memory > maxMemory || n < 0 {
		return r.limit(0, text.M("expr.memory", "The expression builds values of more than %d MiB.", maxMemory>>20))
	}
	return nil
}

func (r *run) limit(pos int, m text.Message) error {
	return r.fault(CodeLimit, pos, m)
}

// fault builds a failure; operands are shown as short texts.
func (r *run) fault(code string, pos int, m text.Message, operands ...any) error {
	details := map[string]any{"expression": r.source, "position": int64(pos)}
	if len(operands) > 0 {
		shown := make([]any, len(operands))
		for i, v := range operands {
			shown[i] = Show(v)
		}
		details["operands"] = shown
	}
	return &Fault{Code: code, Message: m, Position: pos, Details: details}
}

func (r *run) warn(code, path string, m text.Message) {
	if len(r.warnings) >= maxWarnings {
		return
	}
	for _, w := range r.warnings {
		if w.Code == code && w.Path == path && w.Message.ID == m.ID {
			return
		}
	}
	r.warnings = append(r.warnings, Warning{Code: code, Path: path, Message: m})
}

func (r *run) missing(path string) {
	if r.quiet == 0 {
		r.warn("MISSING", path, text.M("expr.missing", "%s has no value.", path))
	}
}

// null is the result of an operation that had null to work with.
func (r *run) null(what string) (any, error) {
	r.warn("NULL_OPERAND", what, text.M("expr.null", "%s had an empty value to work with, so its result is empty.", what))
	return nil, nil
}

func (r *run) rand() *rand.Rand {
	if r.random == nil {
		r.random = rand.New(rand.NewPCG(uint64(r.in.Seed), 0x5eed)) //nolint:gosec // repeatable on purpose
	}
	return r.random
}

// measure estimates the size of a value as JSON. It stops early and reports false
// when the value is larger than limit: an expression can nest one list in itself so
// often that its text would never end.
func measure(v any, limit int) (int, bool) {
	switch v := v.(type) {
	case string:
		return len(v) + 2, len(v) < limit
	case []any:
		total := 2
		for _, e := range v {
			n, ok := measure(e, limit-total)
			total += n + 1
			if !ok || total > limit {
				return total, false
			}
		}
		return total, true
	case map[string]any:
		total := 2
		for k, e := range v {
			n, ok := measure(e, limit-total)
			total += n + len(k) + 4
			if !ok || total > limit {
				return total, false
			}
		}
		return total, true
	}
	return 8, limit > 0
}

// Show is a value as one short text, for explanations and faults: numbers with
// separators, text in quotes, lists and objects by their size.
func Show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		return `"` + shorten(v, 60) + `"`
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "an object"
	case time.Duration:
		return v.String()
	case field.Span:
		return v.Approximate().String()
	}
	if d, ok := field.AsDecimal(v); ok {
		return group(d.String())
	}
	s, _ := textForm(v)
	return shorten(s, 60)
}

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// group puts commas into the whole part of a plain number.
func group(s string) string {
	from := 0
	if s[0] == '-' {
		from = 1
	}
	to := len(s)
	for i := from; i < len(s); i++ {
		if s[i] == '.' {
			to = i
			break
		}
	}
	out := make([]byte, 0, len(s)+(to-from)/3)
	for i := range len(s) {
		if i > from && i < to && (to-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, s[i])
	}
	return string(out)
}
