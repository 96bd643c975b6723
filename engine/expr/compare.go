package expr

import (
	"cmp"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// moment is a point in time: an instant, or a day (then t is where the day begins
// in the run's zone).
type moment struct {
	t   time.Time
	day bool
	d   field.Date
}

// utc is the day as a number line without clock changes.
func (m moment) utc() time.Time { return m.d.In(time.UTC) }

// asMoment reads a date. Text counts when it is exactly the form dates take in
// stored JSON, so that a value means the same before and after it was stored.
func asMoment(v any, zone *time.Location) (moment, bool) {
	switch v := v.(type) {
	case time.Time:
		return moment{t: v}, true
	case field.Date:
		return dayMoment(v, zone)
	case string:
		switch {
		case len(v) == len(field.TimeLayout) && v[10] == 'T' && v[23] == 'Z':
			t, err := time.Parse(field.TimeLayout, v)
			return moment{t: t}, err == nil
		case len(v) == len("2006-01-02") && v[4] == '-':
			return dayMoment(field.Date(v), zone)
		}
	}
	return moment{}, false
}

func dayMoment(d field.Date, zone *time.Location) (moment, bool) {
	d, err := field.ParseDate(string(d))
	return moment{t: d.In(zone), day: true, d: d}, err == nil
}

// looseMoment also reads any ISO text, beside a value that is a date.
func looseMoment(v any, zone *time.Location) (moment, bool) {
	if m, ok := asMoment(v, zone); ok {
		return m, true
	}
	s, ok := v.(string)
	if !ok {
		return moment{}, false
	}
	t, err := field.ParseTime(s, zone)
	return moment{t: t}, err == nil
}

// moments reads two dates of which at least one is a date by itself.
func moments(a, b any, zone *time.Location) (x, y moment, ok bool) {
	if !maybeMoment(a) || !maybeMoment(b) {
		return x, y, false
	}
	x, ok = asMoment(a, zone)
	if ok {
		y, ok = looseMoment(b, zone)
		return x, y, ok
	}
	if y, ok = asMoment(b, zone); !ok {
		return x, y, false
	}
	x, ok = looseMoment(a, zone)
	return x, y, ok
}

// maybeMoment sorts out most values without parsing.
func maybeMoment(v any) bool {
	switch v := v.(type) {
	case time.Time, field.Date:
		return true
	case string:
		return len(v) >= 10 && v[4] == '-' && v[7] == '-'
	}
	return false
}

// equal is == of expressions: numbers by value, dates as instants, null only with
// null, lists and objects deeply. Kinds never mix. Every pair counts as a step.
func (r *run) equal(a, b any) (bool, error) {
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case int64:
		if y, ok := b.(int64); ok {
			return x == y, nil
		}
	case string:
		if y, ok := b.(string); ok && (x == y || !maybeMoment(a)) {
			return x == y, nil
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return r.equalLists(x, y)
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return r.equalObjects(x, y)
	}
	if x, y, ok := moments(a, b, r.zone); ok {
		return x.t.Equal(y.t), nil
	}
	n, known := order(a, b)
	return known && n == 0, nil
}

func (r *run) equalLists(a, b []any) (bool, error) {
	if err := r.step(len(a)); err != nil {
		return false, err
	}
	for i := range a {
		if same, err := r.equal(a[i], b[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *run) equalObjects(a, b map[string]any) (bool, error) {
	if err := r.step(len(a)); err != nil {
		return false, err
	}
	for k, x := range a {
		y, ok := b[k]
		if !ok {
			return false, nil
		}
		if same, err := r.equal(x, y); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// order compares two values of one kind, dates excepted.
func order(a, b any) (int, bool) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	}
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	}
	if x, ok := a.(time.Duration); ok {
		y, ok := b.(time.Duration)
		return cmp.Compare(x, y), ok
	}
	if x, ok := field.AsDecimal(a); ok {
		y, ok := field.AsDecimal(b)
		if !ok {
			return 0, false
		}
		return x.Cmp(y), true
	}
	return 0, false
}

// ordered is < <= > >= of expressions. Any ordering with null is false; values of
// different kinds are a fault.
func (r *run) ordered(op operator, a, b any) (any, error) {
	if a == nil || b == nil {
		return false, nil
	}
	var n int
	if x, y, ok := moments(a, b, r.zone); ok {
		n = x.t.Compare(y.t)
	} else if n, ok = order(a, b); !ok {
		return nil, r.fault(CodeTypeMismatch, op.pos, text.M("expr.order",
			"%s and %s cannot be ordered. Convert one of them, for example with number() or text().", kindOf(a), kindOf(b)), a, b)
	}
	return sign(op.symbol, n), nil
}

func sign(op string, n int) bool {
	switch op {
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

// within is "x in list" and "key in object".
func (r *run) within(op operator, a, b any) (any, error) {
	switch y := b.(type) {
	case nil:
		return false, nil
	case map[string]any:
		k, ok := a.(string)
		_, found := y[k]
		return ok && found, nil
	case []any:
		if err := r.step(len(y)); err != nil {
			return nil, err
		}
		for _, e := range y {
			if same, err := r.equal(a, e); same || err != nil {
				return same, err
			}
		}
		return false, nil
	}
	return nil, r.mismatch(op, a, b)
}
