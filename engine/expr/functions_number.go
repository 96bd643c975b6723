package expr

import (
	"math"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
)

func numberFunctions() []function {
	return []function{
		{"number", "number(value)", "The value as a number: numeric text, yes as 1, a date as milliseconds.", 1, 1, false, toNumber},
		{"int", "int(value)", "The value as a whole number, cut off after the point.", 1, 1, false, toInt},
		{"abs", "abs(number)", "The number without its sign.", 1, 1, false, mapNumber(func(d field.Decimal) field.Decimal {
			if d.Sign() < 0 {
				return d.Neg()
			}
			return d
		})},
		{"round", `round(number, digits?, "even"?)`, "Rounds half away from zero, or half to even.", 1, 3, false, round},
		{"floor", "floor(number, digits?)", "Rounds down.", 1, 2, false, shifted(field.Decimal.Floor)},
		{"ceil", "ceil(number, digits?)", "Rounds up.", 1, 2, false, shifted(field.Decimal.Ceil)},
		{"trunc", "trunc(number, digits?)", "Cuts digits off.", 1, 2, false, shifted(field.Decimal.Trunc)},
		{"sign", "sign(number)", "-1, 0 or 1.", 1, 1, false, func(in *invocation) (any, error) {
			d, err := in.num(0)
			return int64(d.Sign()), err
		}},
		{"min", "min(numbers or list)", "The least value; empty ones are skipped.", 1, -1, true, func(in *invocation) (any, error) { return in.extreme("<") }},
		{"max", "max(numbers or list)", "The greatest value; empty ones are skipped.", 1, -1, true, func(in *invocation) (any, error) { return in.extreme(">") }},
		{"sum", "sum(list, expression?)", "The sum of the numbers; nothing counts as 0.", 1, -1, true, func(in *invocation) (any, error) { return in.sum(in.values()) }},
		{"avg", "avg(numbers or list)", "The average; empty values are skipped.", 1, -1, true, average},
		{"median", "median(numbers or list)", "The middle value; empty values are skipped.", 1, -1, true, median},
		{"sqrt", "sqrt(number)", "The square root.", 1, 1, false, binary(math.Sqrt)},
		{"pow", "pow(number, exponent)", "The power, as with **.", 2, 2, false, func(in *invocation) (any, error) {
			return in.arithmetic(operator{"**", in.pos}, in.args[0], in.args[1])
		}},
		{"exp", "exp(number)", "e to the power of the number.", 1, 1, false, binary(math.Exp)},
		{"ln", "ln(number)", "The natural logarithm.", 1, 1, false, binary(math.Log)},
		{"log10", "log10(number)", "The logarithm to base 10.", 1, 1, false, binary(math.Log10)},
		{"random", "random()", "A number from 0 up to 1. The same step always gets the same numbers.", 0, 0, false, func(in *invocation) (any, error) {
			return field.DecimalFromScaled(in.rand().Int64N(1e15), 15), nil
		}},
		{"randomInt", "randomInt(from, to)", "A whole number within the bounds, both included.", 2, 2, false, randomInt},
		{"formatNumber", "formatNumber(number, digits, thousands?, point?)", "The number as text with separators, as 1,234.50.", 2, 4, false, formatNumber},
	}
}

// shrunk gives a whole number back as an integer when the argument was one.
func shrunk(from any, d field.Decimal) any {
	if _, ok := from.(int64); ok {
		if n, ok := d.Int64(); ok {
			return n
		}
	}
	return d
}

func mapNumber(f func(field.Decimal) field.Decimal) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		d, err := in.num(0)
		if err != nil {
			return nil, err
		}
		return shrunk(in.args[0], f(d)), nil
	}
}

func round(in *invocation) (any, error) {
	d, err := in.num(0)
	if err != nil {
		return nil, err
	}
	digits, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	mode, err := in.strOr(2, "")
	if err != nil {
		return nil, err
	}
	switch mode {
	case "":
		return shrunk(in.args[0], d.Round(digits)), nil
	case "even":
		return shrunk(in.args[0], d.RoundEven(digits)), nil
	}
	return nil, in.failed(text.M("expr.round_mode", `round knows no mode but "even".`))
}

// shifted rounds at a digit after the point.
func shifted(f func(field.Decimal) field.Decimal) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		d, err := in.num(0)
		if err != nil {
			return nil, err
		}
		digits, err := in.integer(1, 0)
		if err != nil {
			return nil, err
		}
		if digits < -34 || digits > 34 {
			return nil, in.failed(text.M("expr.digits", "%s needs between -34 and 34 digits.", in.fn))
		}
		unit := power10(digits)
		return shrunk(in.args[0], f(d.Mul(unit)).Mul(power10(-digits))), nil
	}
}

func power10(n int) field.Decimal {
	if n >= 0 {
		return field.DecimalFromInt(1).Mul(mustPower(n))
	}
	return field.DecimalFromInt(1).Quo(mustPower(-n))
}

func mustPower(n int) field.Decimal { return *field.Bound("1" + strings.Repeat("0", n)) }

func toNumber(in *invocation) (any, error) {
	switch v := in.args[0].(type) {
	case int64, field.Decimal:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case string:
		d, err := field.ParseDecimal(strings.TrimSpace(v))
		if err != nil {
			if m, ok := asMoment(v, in.zone); ok {
				return m.t.UnixMilli(), nil
			}
			return nil, in.failed(text.M("expr.not_number", "%s is not a number.", Show(v)))
		}
		return shrunk(int64(0), d), nil
	}
	if m, ok := asMoment(in.args[0], in.zone); ok {
		return m.t.UnixMilli(), nil
	}
	if s, ok := asSpan(in.args[0]); ok {
		return s.Approximate().Milliseconds(), nil
	}
	if d, ok := field.AsDecimal(in.args[0]); ok {
		return d, nil
	}
	return nil, in.wrong(0, "text, a number or a date")
}

func toInt(in *invocation) (any, error) {
	v, err := toNumber(in)
	if err != nil {
		return nil, err
	}
	d, _ := field.AsDecimal(v)
	return shrunk(int64(0), d.Trunc()), nil
}

func (in *invocation) extreme(op string) (any, error) {
	values := in.values()
	if err := in.step(len(values)); err != nil {
		return nil, err
	}
	var best any
	for _, v := range values {
		if v == nil {
			continue
		}
		if best == nil {
			best = v
			continue
		}
		better, err := in.ordered(operator{op, in.pos}, v, best)
		if err != nil {
			return nil, err
		}
		if better == true {
			best = v
		}
	}
	return best, nil
}

// sum adds numbers or lengths of time; nothing is skipped.
func (r *run) sum(values []any) (any, error) {
	if err := r.step(len(values)); err != nil {
		return nil, err
	}
	var total any = int64(0)
	for _, v := range values {
		if v == nil {
			continue
		}
		var err error
		op := operator{symbol: "sum"}
		if _, ok := field.AsDecimal(v); !ok {
			return nil, r.mismatch(op, total, v)
		}
		if total, err = r.arithmetic(operator{symbol: "+"}, total, v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// numbersOf are the numbers among the values.
func (in *invocation) numbersOf() ([]any, error) {
	out, err := in.newList(len(in.values()))
	if err != nil {
		return nil, err
	}
	for _, v := range in.values() {
		if v == nil {
			continue
		}
		if _, ok := field.AsDecimal(v); !ok {
			return nil, in.run.fault(CodeTypeMismatch, in.pos, text.M("expr.argument", "%s needs %s, but got %s.", in.fn, "numbers", kindOf(v)), v)
		}
		out = append(out, v)
	}
	return out, nil
}

func average(in *invocation) (any, error) {
	list, err := in.numbersOf()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	total, err := in.sum(list)
	if err != nil {
		return nil, err
	}
	return in.arithmetic(operator{"/", in.pos}, total, int64(len(list)))
}

func median(in *invocation) (any, error) {
	list, err := in.numbersOf()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	sorted, err := in.sortStable(list, list)
	if err != nil {
		return nil, err
	}
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid], nil
	}
	both, err := in.sum(sorted[mid-1 : mid+1])
	if err != nil {
		return nil, err
	}
	return in.arithmetic(operator{"/", in.pos}, both, int64(2))
}

// binary computes in binary numbers and rounds to 15 digits.
func binary(f func(float64) float64) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		d, err := in.num(0)
		if err != nil {
			return nil, err
		}
		out, ok := field.DecimalFromFloat(f(d.Float64()))
		if !ok {
			return nil, in.failed(text.M("expr.no_result", "%s has no result for this number.", in.fn))
		}
		return out, nil
	}
}

func randomInt(in *invocation) (any, error) {
	low, err := in.integer(0, 0)
	if err != nil {
		return nil, err
	}
	high, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	if high < low {
		return nil, in.failed(text.M("expr.bounds", "The first bound must not be above the second."))
	}
	return int64(low) + in.rand().Int64N(int64(high-low)+1), nil
}

func formatNumber(in *invocation) (any, error) {
	d, err := in.num(0)
	if err != nil {
		return nil, err
	}
	digits, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	thousands, err := in.strOr(2, ",")
	if err != nil {
		return nil, err
	}
	point, err := in.strOr(3, ".")
	if err != nil {
		return nil, err
	}
	whole, fraction, hasFraction := strings.Cut(d.StringFixed(min(max(digits, 0), 34)), ".")
	out := strings.ReplaceAll(group(whole), ",", thousands)
	if hasFraction {
		out += point + fraction
	}
	return in.given(out)
}
