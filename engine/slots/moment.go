package slots

import (
	"strconv"
	"strings"
	"time"

	"formrail/models/field"
)

// An Offset is a span with a direction.
type Offset struct{ field.Span }

// ParseOffset reads a length of time with an optional sign, such as "-3d". An empty
// text is no offset.
func ParseOffset(s string) (Offset, error) {
	if s == "" {
		return Offset{}, nil
	}
	digits, negative := strings.CutPrefix(s, "-")
	if !negative {
		digits = strings.TrimPrefix(s, "+")
	}
	span, err := field.ParseDuration(digits)
	if negative {
		span = span.Negative()
	}
	return Offset{span}, err
}

// After is the instant an offset away from another, on the calendar of zone.
func (o Offset) After(t time.Time, zone *time.Location) time.Time {
	return field.Instant(move(t, o.Span, zone))
}

// AfterDay is the instant an offset away from a day at a time of day: the day is
// moved on the calendar first, then hours and minutes.
func (o Offset) AfterDay(d field.Date, at Clock, zone *time.Location) time.Time {
	day := d.In(time.UTC)
	if day.IsZero() {
		return time.Time{}
	}
	day = field.AddMonths(day, o.Months).AddDate(0, 0, o.Days)
	return field.Instant(reached(day.Add(time.Duration(at)), zone).Add(o.Clock))
}

// Clock is a time of day.
type Clock time.Duration

// ParseClock reads "HH:MM". An empty text is midnight.
func ParseClock(s string) (Clock, bool) {
	if s == "" {
		return 0, true
	}
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	h, err := strconv.ParseUint(s[:2], 10, 8)
	m, err2 := strconv.ParseUint(s[3:], 10, 8)
	if err != nil || err2 != nil || h > 23 || m > 59 {
		return 0, false
	}
	return Clock(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute), true
}
