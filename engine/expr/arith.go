package expr

import (
	"math"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// operator is a binary operator at its place in the source.
type operator struct {
	symbol string
	pos    int
}

// mismatch is the fault of an operator that does not work on what it got.
func (r *run) mismatch(op operator, a, b any) error {
	return r.fault(CodeTypeMismatch, op.pos, text.M("expr.mismatch",
		"%s does not work on %s and %s. Convert one of them, for example with number() or text().", op.symbol, kindOf(a), kindOf(b)), a, b)
}

func (r *run) overflow(op operator, a, b any) error {
	return r.fault(CodeOverflow, op.pos, text.M("expr.overflow", "The result of %s is too large for a number.", op.symbol), a, b)
}

// arithmetic applies + - * / % ** to two values of any kind.
func (r *run) arithmetic(op operator, a, b any) (any, error) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			if v, ok := whole(op.symbol, x, y); ok {
				return v, nil
			}
		}
	}
	x, isX := field.AsDecimal(a)
	y, isY := field.AsDecimal(b)
	if isX && isY {
		return r.decimals(op, x, y)
	}
	if op.symbol == "+" {
		if joined, ok, err := r.joinTexts(a, b); ok || err != nil {
			return joined, err
		}
	}
	if a == nil || b == nil {
		return r.null(op.symbol)
	}
	return r.times(op, a, b)
}

// whole computes on 64-bit integers; false means that the exact result is not one.
func whole(op string, x, y int64) (any, bool) {
	switch op {
	case "+":
		z := x + y
		return z, (z > x) == (y > 0)
	case "-":
		z := x - y
		return z, (z < x) == (y > 0)
	case "*":
		if x == 0 || y == 0 {
			return int64(0), true
		}
		z := x * y
		return z, z/y == x && (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64)
	case "%":
		if y == 0 || y == -1 {
			return int64(0), y == -1
		}
		return x % y, true
	}
	return nil, false
}

func (r *run) decimals(op operator, x, y field.Decimal) (any, error) {
	var out field.Decimal
	switch op.symbol {
	case "+":
		out = x.Add(y)
	case "-":
		out = x.Sub(y)
	case "*":
		out = x.Mul(y)
	case "/", "%":
		if y.Sign() == 0 {
			return nil, r.fault(CodeDivisionByZero, op.pos, text.M("expr.zero", "A number was divided by zero."), x, y)
		}
		if op.symbol == "/" {
			out = x.Quo(y)
		} else {
			out = x.Rem(y)
		}
	default:
		return r.power(op, x, y)
	}
	if !out.InRange() {
		return nil, r.overflow(op, x, y)
	}
	return out, nil
}

// power is exact for whole exponents. Fractional powers are computed in binary and
// rounded to 15 digits.
func (r *run) power(op operator, x, y field.Decimal) (any, error) {
	n, ok := y.Int64()
	if !ok || n > 1<<20 || n < -1<<20 {
		d, ok := field.DecimalFromFloat(math.Pow(x.Float64(), y.Float64()))
		if !ok {
			return nil, r.overflow(op, x, y)
		}
		return d, nil
	}
	if n < 0 && x.Sign() == 0 {
		return nil, r.fault(CodeDivisionByZero, op.pos, text.M("expr.zero", "A number was divided by zero."), x, y)
	}
	out := field.DecimalFromInt(1)
	for k := max(n, -n); k > 0; k >>= 1 {
		if k&1 == 1 {
			out = out.Mul(x)
		}
		if k > 1 {
			x = x.Mul(x)
		}
		if !out.InRange() || !x.InRange() {
			if n < 0 {
				return field.Decimal{}, nil // one divided by more than any number
			}
			return nil, r.overflow(op, x, y)
		}
	}
	if n < 0 && out.Sign() == 0 {
		return nil, r.overflow(op, x, y)
	}
	if n < 0 {
		return field.DecimalFromInt(1).Quo(out), nil
	}
	if i, ok := out.Int64(); ok && y.Sign() >= 0 {
		return i, nil
	}
	return out, nil
}

// joinTexts joins two texts, or a text and nothing.
func (r *run) joinTexts(a, b any) (any, bool, error) {
	x, isX := a.(string)
	y, isY := b.(string)
	if !isX && !isY || !isX && a != nil || !isY && b != nil {
		return nil, false, nil
	}
	if err := r.alloc(len(x) + len(y)); err != nil {
		return nil, false, err
	}
	return x + y, true, nil
}

// times computes with dates and lengths of time.
func (r *run) times(op operator, a, b any) (any, error) {
	if d, ok := a.(time.Duration); ok {
		return r.duration(op, d, b)
	}
	if s, ok := a.(field.Span); ok && op.symbol == "+" {
		a, b = b, s
	}
	at, ok := asMoment(a, r.zone)
	if !ok || op.symbol != "+" && op.symbol != "-" {
		if _, ok := asSpan(b); ok && op.symbol == "*" {
			return r.arithmetic(op, b, a)
		}
		return nil, r.mismatch(op, a, b)
	}
	if span, ok := asSpan(b); ok {
		if op.symbol == "-" {
			span = span.Negative()
		}
		return r.moved(op.pos, at, span)
	}
	from, ok := asMoment(b, r.zone)
	if !ok || op.symbol == "+" {
		return nil, r.mismatch(op, a, b)
	}
	if at.day && from.day { // days have no zone: no clock change lies between them
		return at.utc().Sub(from.utc()), nil
	}
	return at.t.Sub(from.t), nil
}

// moved adds a span to a day or an instant. A day stays one while only whole days
// are added.
func (r *run) moved(pos int, m moment, s field.Span) (any, error) {
	if s.Clock%(24*time.Hour) == 0 && m.day {
		s.Days, s.Clock = s.Days+int(s.Clock/(24*time.Hour)), 0
	}
	t := s.AddTo(m.t, r.zone)
	if y := t.In(r.zone).Year(); y < 1 || y > 9999 {
		return nil, r.fault(CodeError, pos, text.M("expr.date_range", "The date is outside the years 1 to 9999."))
	}
	if m.day && s.Clock == 0 {
		return field.DateOf(t, r.zone), nil
	}
	return t, nil
}

// duration computes with a length of time on the left.
func (r *run) duration(op operator, d time.Duration, b any) (any, error) {
	if o, ok := b.(time.Duration); ok {
		switch op.symbol {
		case "+":
			return r.length(op, milliseconds(d).Add(milliseconds(o)))
		case "-":
			return r.length(op, milliseconds(d).Sub(milliseconds(o)))
		case "/":
			return r.decimals(op, milliseconds(d), milliseconds(o))
		}
		return nil, r.mismatch(op, d, b)
	}
	if n, ok := field.AsDecimal(b); ok && (op.symbol == "*" || op.symbol == "/") {
		ms, err := r.decimals(op, milliseconds(d), n)
		if err != nil {
			return nil, err
		}
		return r.length(op, ms.(field.Decimal))
	}
	if at, ok := asMoment(b, r.zone); ok && op.symbol == "+" {
		return r.moved(op.pos, at, field.Span{Clock: d})
	}
	return nil, r.mismatch(op, d, b)
}

func milliseconds(d time.Duration) field.Decimal { return field.DecimalFromInt(d.Milliseconds()) }

func (r *run) length(op operator, ms field.Decimal) (any, error) {
	n, ok := ms.Round(0).Int64()
	if !ok || n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond) {
		return nil, r.fault(CodeOverflow, op.pos, text.M("expr.overflow", "The result of %s is too large for a number.", op.symbol))
	}
	return time.Duration(n) * time.Millisecond, nil
}

// asSpan reads a length of time.
func asSpan(v any) (field.Span, bool) {
	switch v := v.(type) {
	case time.Duration:
		return field.Span{Clock: v}, true
	case field.Span:
		return v, true
	}
	return field.Span{}, false
}

// negate is unary minus.
func (r *run) negate(pos int, v any) (any, error) {
	switch x := v.(type) {
	case int64:
		if x != math.MinInt64 {
			return -x, nil
		}
	case time.Duration:
		return -x, nil
	case field.Span:
		return x.Negative(), nil
	case nil:
		return r.null("-")
	}
	if d, ok := field.AsDecimal(v); ok {
		return d.Neg(), nil
	}
	return nil, r.fault(CodeTypeMismatch, pos, text.M("expr.negate", "%s has no negative. Convert it with number().", kindOf(v)), v)
}

// kindOf names the kind of a value inside a sentence.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case string:
		return "text"
	case bool:
		return "yes/no"
	case time.Time, field.Date:
		return "a date"
	case time.Duration, field.Span:
		return "a length of time"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	if _, ok := field.AsDecimal(v); ok {
		return "a number"
	}
	return "an unknown value"
}
