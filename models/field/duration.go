package field

import (
	"errors"
	"strconv"
	"time"
)

// ErrNotDuration says that a text is not a duration such as "15m".
var ErrNotDuration = errors.New("not a duration")

// Span is a length of time as people set it. Days and months are steps of the
// calendar: adding them keeps the time of day across clock changes.
type Span struct {
	Months int
	Days   int
	Clock  time.Duration
}

// ParseDuration reads a whole number and a unit: s, m, h (elapsed time), d, w, mo (calendar).
func ParseDuration(s string) (Span, error) {
	n := digits(s, 0)
	if n == 0 || n > 9 {
		return Span{}, ErrNotDuration
	}
	count, err := strconv.Atoi(s[:n])
	if err != nil {
		return Span{}, ErrNotDuration
	}
	unit := s[n:]
	if count > maxCount(unit) {
		return Span{}, ErrNotDuration
	}
	switch unit {
	case "s":
		return Span{Clock: time.Duration(count) * time.Second}, nil
	case "m":
		return Span{Clock: time.Duration(count) * time.Minute}, nil
	case "h":
		return Span{Clock: time.Duration(count) * time.Hour}, nil
	case "d":
		return Span{Days: count}, nil
	case "w":
		return Span{Days: 7 * count}, nil
	case "mo":
		return Span{Months: count}, nil
	}
	return Span{}, ErrNotDuration
}

// maxCount keeps every span below a hundred years or so; 0 for an unknown unit.
func maxCount(unit string) int {
	switch unit {
	case "s", "m":
		return 50_000_000
	case "h":
		return 1_000_000
	case "d", "w", "mo":
		return 40_000
	}
	return 0
}

// IsZero reports whether the span is no time at all.
func (s Span) IsZero() bool { return s == Span{} }

// Negative turns the direction of the span.
func (s Span) Negative() Span { return Span{Months: -s.Months, Days: -s.Days, Clock: -s.Clock} }

// AddTo moves t by the span on the calendar of zone. Months clamp to the last day
// of the month: January 31 and one month is the end of February.
func (s Span) AddTo(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	if s.Months != 0 {
		t = AddMonths(t, s.Months)
	}
	if s.Days != 0 {
		t = t.AddDate(0, 0, s.Days)
	}
	return Instant(t.Add(s.Clock))
}

// AddMonths moves t by n months in its own zone and clamps to the end of the month.
func AddMonths(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	first := time.Date(y, m+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d, last)-1)
}

// Approximate is the span as elapsed time, with days of 24 hours and months of 30
// days, for comparing bounds.
func (s Span) Approximate() time.Duration {
	return s.Clock + time.Duration(s.Days+30*s.Months)*24*time.Hour
}
