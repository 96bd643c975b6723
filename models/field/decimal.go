package field

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/shopspring/decimal"
)

// Bounds of a [Decimal]. The exponent covers every binary double and keeps the
// largest number short enough to print and to calculate with in a microsecond.
const (
	decimalDigits      = 34
	maxDecimalExponent = 500
	maxDecimalText     = 1024
)

// ErrNotNumber says that a text is not one complete decimal number.
var ErrNotNumber = errors.New("not a number")

// Decimal is an exact decimal number. The zero value is 0. Values are immutable
// and always reduced (1.50 is held as 1.5), so equal numbers are deeply equal.
//
// A parsed number keeps all its digits; results of Add, Sub, Mul, Quo and Rem are
// rounded half-even to 34 significant digits. Operations never fail: a caller
// that must notice an overflow asks InRange of the result.
type Decimal struct{ d decimal.Decimal }

// ParseDecimal reads an optional sign, digits with an optional point, and an
// optional exponent; nothing else, not even spaces.
func ParseDecimal(s string) (Decimal, error) {
	if !numeric(s) || len(s) > maxDecimalText {
		return Decimal{}, ErrNotNumber
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return Decimal{}, fmt.Errorf("%w: %w", ErrNotNumber, err)
	}
	out := Decimal{d.Normalize()}
	if !out.InRange() || out.adjusted() < -maxDecimalExponent || out.d.NumDigits() > maxDecimalExponent {
		return Decimal{}, fmt.Errorf("%w: it is too large or has too many digits", ErrNotNumber)
	}
	return out, nil
}

// numeric reports whether s matches [+-]?(digits[.digits]|.digits)([eE][+-]?digits)?.
func numeric(s string) bool {
	i, n := 0, len(s)
	if i < n && (s[i] == '+' || s[i] == '-') {
		i++
	}
	whole := digits(s, i)
	i += whole
	if i < n && s[i] == '.' {
		frac := digits(s, i+1)
		if frac == 0 {
			return false
		}
		i += 1 + frac
	} else if whole == 0 {
		return false
	}
	if i < n && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < n && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exp := digits(s, i)
		if exp == 0 {
			return false
		}
		i += exp
	}
	return i == n
}

func digits(s string, from int) int {
	i := from
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i - from
}

// DecimalFromInt is n as a decimal.
func DecimalFromInt(n int64) Decimal { return Decimal{decimal.NewFromInt(n).Normalize()} }

// DecimalFromScaled is n / 10^scale, the form a database column holds.
func DecimalFromScaled(n int64, scale int) Decimal {
	return Decimal{decimal.New(n, -int32(scale)).Normalize()} //nolint:gosec // scales are 0 to 6
}

// DecimalFromFloat rounds a binary number to 15 significant digits. It reports
// false for infinity and for what is not a number.
func DecimalFromFloat(f float64) (Decimal, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, false
	}
	d, err := ParseDecimal(strconv.FormatFloat(f, 'e', 14, 64))
	return d, err == nil
}

// Bound is a decimal for declarations, as in Min: field.Bound("0.01"). It panics
// when s is not a number.
func Bound(s string) *Decimal {
	d, err := ParseDecimal(s)
	if err != nil {
		panic(fmt.Sprintf("field.Bound(%q): %v", s, err))
	}
	return &d
}

// Add returns d + o.
func (d Decimal) Add(o Decimal) Decimal { return reduce(d.d.Add(o.d)) }

// Sub returns d − o.
func (d Decimal) Sub(o Decimal) Decimal { return reduce(d.d.Sub(o.d)) }

// Mul returns d × o.
func (d Decimal) Mul(o Decimal) Decimal { return reduce(d.d.Mul(o.d)) }

// Quo returns d ÷ o. It panics when o is 0: callers say so in their own words first.
func (d Decimal) Quo(o Decimal) Decimal {
	if d.Sign() == 0 && o.Sign() != 0 {
		return Decimal{}
	}
	precision := decimalDigits + 2 - (d.adjusted() - o.adjusted())
	q, r := d.d.QuoRem(o.d, int32(precision)) //nolint:gosec // exponents are bounded
	if r.Sign() != 0 {
		// Keep a trace of what was cut off, so that a half is told from a bit more.
		trace := decimal.New(int64(d.Sign()*o.Sign()), -int32(precision)-1) //nolint:gosec // bounded
		q = q.Add(trace)
	}
	return reduce(q)
}

// Rem returns the remainder of d ÷ o truncated; it has the sign of d. It panics when o is 0.
func (d Decimal) Rem(o Decimal) Decimal { return reduce(d.d.Mod(o.d)) }

// Neg returns −d.
func (d Decimal) Neg() Decimal { return Decimal{d.d.Neg().Normalize()} }

// Cmp is −1, 0 or 1 as d is less than, equal to or greater than o.
func (d Decimal) Cmp(o Decimal) int { return d.d.Cmp(o.d) }

// Sign is −1, 0 or 1.
func (d Decimal) Sign() int { return d.d.Sign() }

// IsInteger reports whether d has no fraction.
func (d Decimal) IsInteger() bool { return d.d.Exponent() >= 0 }

// Int64 returns d when it is a whole number that fits.
func (d Decimal) Int64() (int64, bool) { return d.Scaled(0) }

// Scaled returns d × 10^scale when that is a whole number that fits.
func (d Decimal) Scaled(scale int) (int64, bool) {
	exp := int(d.d.Exponent()) + scale
	if d.Sign() == 0 {
		return 0, true
	}
	if exp < 0 || exp > 18 {
		return 0, false
	}
	b := d.d.Shift(int32(scale)).BigInt() //nolint:gosec // checked above
	return b.Int64(), b.IsInt64()
}

// Round rounds half away from zero to scale digits after the point; a negative
// scale rounds to tens, hundreds and so on.
func (d Decimal) Round(scale int) Decimal {
	return d.rounded(scale, decimal.Decimal.Round)
}

// RoundEven rounds half to even.
func (d Decimal) RoundEven(scale int) Decimal {
	return d.rounded(scale, decimal.Decimal.RoundBank)
}

func (d Decimal) rounded(scale int, round func(decimal.Decimal, int32) decimal.Decimal) Decimal {
	if d.Scale() <= scale && scale >= 0 {
		return d
	}
	if scale < -maxDecimalExponent {
		return Decimal{}
	}
	return Decimal{round(d.d, int32(scale)).Normalize()} //nolint:gosec // checked above
}

// Floor is the greatest whole number not above d.
func (d Decimal) Floor() Decimal { return Decimal{d.d.Floor().Normalize()} }

// Ceil is the least whole number not below d.
func (d Decimal) Ceil() Decimal { return Decimal{d.d.Ceil().Normalize()} }

// Trunc cuts the fraction off.
func (d Decimal) Trunc() Decimal { return Decimal{d.d.Truncate(0).Normalize()} }

// Scale is the number of digits after the point, without trailing zeros.
func (d Decimal) Scale() int { return max(0, -int(d.d.Exponent())) }

// InRange reports whether the magnitude of d is within that of a decimal.
func (d Decimal) InRange() bool { return d.Sign() == 0 || d.adjusted() <= maxDecimalExponent }

// String is d in plain notation without trailing zeros.
func (d Decimal) String() string { return d.d.String() }

// StringFixed is d rounded half away from zero, with exactly scale digits after the point.
func (d Decimal) StringFixed(scale int) string {
	return d.d.StringFixed(int32(scale)) //nolint:gosec // scales are small
}

// Float64 is the nearest binary number, for roots and logarithms only.
func (d Decimal) Float64() float64 { return d.d.InexactFloat64() }

// MarshalJSON writes a plain JSON number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number without passing through a float. null leaves d unchanged.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	parsed, err := ParseDecimal(string(b))
	if err != nil {
		return fmt.Errorf("read decimal: %w", err)
	}
	*d = parsed
	return nil
}

// adjusted is the exponent of the first digit.
func (d Decimal) adjusted() int { return int(d.d.Exponent()) + d.d.NumDigits() - 1 }

// reduce brings a result to 34 significant digits and its shortest form. What is
// too small to be a decimal becomes 0.
func reduce(d decimal.Decimal) Decimal {
	if excess := d.NumDigits() - decimalDigits; excess > 0 {
		d = d.RoundBank(-d.Exponent() - int32(excess)) //nolint:gosec // bounded by the operands
	}
	out := Decimal{d.Normalize()}
	if out.adjusted() < -maxDecimalExponent {
		return Decimal{}
	}
	return out
}

// decimalFromShortest reads the shortest text of a binary number.
func decimalFromShortest(f float64) (Decimal, bool) {
	d, err := ParseDecimal(strconv.FormatFloat(f, 'g', -1, 64))
	return d, err == nil
}
