package engine

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
)

// retryPolicy says how often and when an attempt is repeated.
type retryPolicy struct {
	attempts int
	first    time.Duration
	factor   float64
	max      time.Duration
	jitter   float64 // share of the pause that is random
	on       []string
}

// externalRetry is the default of external nodes; others are not repeated.
func externalRetry() retryPolicy {
	return retryPolicy{
		attempts: 3, first: 2 * time.Second, factor: 2, max: 5 * time.Minute, jitter: 0.2,
		on: []string{"network", "timeout", "http_429", "http_5xx"},
	}
}

// parseRetry reads the retry setting; nil gives the zero policy.
func parseRetry(m map[string]any) (retryPolicy, error) {
	p := externalRetry()
	if m == nil {
		return retryPolicy{}, nil
	}
	for name, v := range m {
		var err error
		switch name {
		case "attempts":
			err = setNumber(v, 1, 10, func(f float64) { p.attempts = int(f) })
		case "factor":
			err = setNumber(v, 1, 100, func(f float64) { p.factor = f })
		case "jitter":
			err = setNumber(v, 0, 1, func(f float64) { p.jitter = f })
		case "first":
			p.first, err = clockDuration(v)
		case "max":
			p.max, err = clockDuration(v)
		case "on":
			p.on, err = words(v)
		default:
			err = fmt.Errorf("%s is not known", name)
		}
		if err != nil {
			return retryPolicy{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

func setNumber(v any, low, high float64, set func(float64)) error {
	d, ok := field.AsDecimal(v)
	if !ok || d.Float64() < low || d.Float64() > high {
		return fmt.Errorf("a number from %g to %g is needed", low, high)
	}
	set(d.Float64())
	return nil
}

func clockDuration(v any) (time.Duration, error) {
	s, ok := v.(string)
	if !ok {
		return 0, errors.New("a duration such as 2s is needed")
	}
	span, err := field.ParseDuration(s)
	if err != nil {
		return 0, errors.New("a duration such as 2s is needed")
	}
	return span.Approximate(), nil
}

func words(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, errors.New("a list is needed")
	}
	var out []string
	for _, e := range list {
		s, ok := e.(string)
		if !ok {
			return nil, errors.New("a list of words is needed")
		}
		out = append(out, s)
	}
	return out, nil
}

// pause gives the time until attempt n+1 after attempt n failed with f, and
// whether there is one.
func (p retryPolicy) pause(f *node.Failure, n int, seed int64) (time.Duration, bool) {
	if f.Kind == node.Refused || n >= p.attempts || !p.repeats(f) {
		return 0, false
	}
	d := float64(p.first) * math.Pow(p.factor, float64(n-1))
	d = min(d, float64(p.max))
	random := rand.New(rand.NewPCG(uint64(seed), uint64(n))) //nolint:gosec // spreads load, guards nothing
	d += d * p.jitter * random.Float64()
	return max(time.Duration(d), min(f.After, time.Hour)), true
}

// repeats reports whether the policy lists failures of this kind.
func (p retryPolicy) repeats(f *node.Failure) bool {
	switch {
	case f.Class != "":
		return slices.Contains(p.on, f.Class)
	case f.Kind == node.Timeout:
		return slices.Contains(p.on, "timeout")
	}
	return f.Retry || slices.Contains(p.on, f.Code)
}

// maxTimeout is how long one attempt may take at most.
const maxTimeout = 10 * time.Minute

// defaultTimeout is how long one attempt may take.
func defaultTimeout(e node.Effect) time.Duration {
	if e == node.Pure {
		return 5 * time.Second
	}
	return 30 * time.Second
}
