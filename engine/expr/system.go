package expr

import (
	"strings"
	"time"

	"formrail/models/field"
)

// systemValue computes what every expression may read under system: now, and the
// periods around it as {start, end}, where end is the first instant after the period.
// Names are today, yesterday, tomorrow, and this, last, next with Week, Month,
// Quarter, Year.
func systemValue(name string, now time.Time, zone *time.Location) (any, bool) {
	switch name {
	case "now":
		return field.Instant(now), true
	case "today":
		return period("day", 0, now, zone), true
	case "yesterday":
		return period("day", -1, now, zone), true
	case "tomorrow":
		return period("day", 1, now, zone), true
	}
	for i, prefix := range []string{"last", "this", "next"} {
		unit, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		switch unit {
		case "Week", "Month", "Quarter", "Year":
			return period(strings.ToLower(unit), i-1, now, zone), true
		}
	}
	return nil, false
}

// period is the unit that is shift units away from the one now lies in.
func period(unit string, shift int, now time.Time, zone *time.Location) map[string]any {
	start := shiftUnit(startOf(now.In(zone), unit), unit, shift)
	return map[string]any{"start": field.Instant(start), "end": field.Instant(shiftUnit(start, unit, 1))}
}

// startOf is the beginning of the unit t lies in, in t's zone. Weeks start on Monday.
func startOf(t time.Time, unit string) time.Time {
	y, m, d := t.Date()
	at := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, t.Location()) }
	switch unit {
	case "millisecond":
		return t.Truncate(time.Millisecond)
	case "second":
		return t.Truncate(time.Second)
	case "minute":
		return t.Truncate(time.Minute)
	case "hour":
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case "week":
		return at(y, m, d-(int(t.Weekday())+6)%7)
	case "month":
		return at(y, m, 1)
	case "quarter":
		return at(y, m-(m-1)%3, 1)
	case "year":
		return at(y, 1, 1)
	}
	return at(y, m, d)
}

// shiftUnit moves t by n units on the calendar of its zone.
func shiftUnit(t time.Time, unit string, n int) time.Time {
	switch unit {
	case "millisecond":
		return t.Add(time.Duration(n) * time.Millisecond)
	case "second":
		return t.Add(time.Duration(n) * time.Second)
	case "minute":
		return t.Add(time.Duration(n) * time.Minute)
	case "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case "week":
		return t.AddDate(0, 0, 7*n)
	case "month":
		return field.AddMonths(t, n)
	case "quarter":
		return field.AddMonths(t, 3*n)
	case "year":
		return field.AddMonths(t, 12*n)
	}
	return t.AddDate(0, 0, n)
}

// unitName accepts a unit in singular or plural.
func unitName(s string) (string, bool) {
	s = strings.TrimSuffix(s, "s")
	switch s {
	case "millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year":
		return s, true
	}
	return "", false
}
