package field

import (
	"errors"
	"strings"
	"time"
)

// TimeLayout is the text form of an instant in JSON, templates and columns.
const TimeLayout = "2006-01-02T15:04:05.000Z"

// dateLayout is the text form of a [Date].
const dateLayout = "2006-01-02"

// ErrNotDate says that a text is not a date or an instant in ISO 8601.
var ErrNotDate = errors.New("not a date")

// Date is a calendar day without zone, as "2026-11-22". Dates compare as text.
type Date string

// ParseDate reads a day of the years 1 to 9999.
func ParseDate(s string) (Date, error) {
	if len(s) != len(dateLayout) {
		return "", ErrNotDate
	}
	t, err := time.Parse(dateLayout, s)
	if err != nil || t.Year() < 1 {
		return "", ErrNotDate
	}
	return Date(s), nil
}

// DateOf is the day that t falls on in zone.
func DateOf(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(dateLayout)) }

// In is the first instant of the day in zone; the zero time when d is not a date.
func (d Date) In(zone *time.Location) time.Time {
	t, err := time.ParseInLocation(dateLayout, string(d), zone)
	if err != nil {
		return time.Time{}
	}
	return Instant(t)
}

// Instant brings t to the canonical form: UTC and whole milliseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// FormatTime is the text form of an instant.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

// ParseTime reads an instant in ISO 8601: a day, optionally a time of day with
// "T" or a space before it, optionally an offset. Without offset it is read in zone.
// Digits below the millisecond are cut off.
func ParseTime(s string, zone *time.Location) (time.Time, error) {
	if len(s) < len(dateLayout) || len(s) > 40 {
		return time.Time{}, ErrNotDate
	}
	day, err := ParseDate(s[:len(dateLayout)])
	if err != nil {
		return time.Time{}, err
	}
	if len(s) == len(dateLayout) {
		return day.In(zone), nil
	}
	if c := s[len(dateLayout)]; c != 'T' && c != ' ' && c != 't' {
		return time.Time{}, ErrNotDate
	}
	clock, offset := s[len(dateLayout)+1:], ""
	if i := strings.IndexAny(clock, "Zz+-"); i >= 0 {
		clock, offset = clock[:i], strings.ToUpper(clock[i:])
	}
	layout, ok := timeLayout(clock, offset)
	if !ok {
		return time.Time{}, ErrNotDate
	}
	t, err := time.ParseInLocation(layout, string(day)+"T"+clock+offset, zone)
	if err != nil {
		return time.Time{}, ErrNotDate
	}
	t = Instant(t)
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, ErrNotDate
	}
	return t, nil
}

// timeLayout is the layout for a time of day and an offset as written; time.Parse
// alone would also take one-digit hours and a comma before the fraction.
func timeLayout(clock, offset string) (string, bool) {
	layout := dateLayout + "T15:04"
	switch {
	case len(clock) < 5 || clock[2] != ':' || strings.Contains(clock, ","):
		return "", false
	case len(clock) > 5:
		layout += ":05"
	}
	switch len(offset) {
	case 0:
	case 3:
		layout += "Z07"
	case 5:
		layout += "Z0700"
	default:
		layout += "Z07:00"
	}
	return layout, true
}
