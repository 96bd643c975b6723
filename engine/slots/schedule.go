package slots

import (
	"time"

	"formrail/models/field"
)

// A Schedule is a set of instants: its slots. Without Every and Cron it is Start
// alone; with Cron it may have no Start.
type Schedule struct {
	Zone  *time.Location
	Start time.Time  // the first slot, or with Cron the earliest instant of one; zero = always
	Every field.Span // length of a step; zero = none
	Cron  Cron
	End   time.Time // the last instant that may be a slot; zero = never ends
}

// Next is the first slot after an instant; the zero time when there is none.
func (s Schedule) Next(after time.Time) time.Time {
	var t time.Time
	switch {
	case !s.Cron.IsZero():
		if after.Before(s.Start) {
			after = s.Start.Add(-time.Nanosecond)
		}
		t = s.Cron.next(after, s.Zone)
	case after.Before(s.Start):
		t = s.Start
	case s.Every.IsZero():
		return time.Time{}
	default:
		t = s.step(after)
	}
	if t.IsZero() || t.Year() > 9999 || !s.End.IsZero() && t.After(s.End) {
		return time.Time{}
	}
	return field.Instant(t)
}

// Upcoming lists at most n slots after an instant.
func (s Schedule) Upcoming(after time.Time, n int) []time.Time {
	var list []time.Time
	for len(list) < n {
		t := s.Next(after)
		if t.IsZero() {
			break
		}
		list, after = append(list, t), t
	}
	return list
}

// step is the first Start + k × Every after an instant that is not before Start.
func (s Schedule) step(after time.Time) time.Time {
	k, t := 0, s.Start
	for !t.After(after) {
		k += max(1, s.jump(t, after))
		t = s.nth(k)
	}
	return t
}

// jump is how many steps certainly lie between two instants. A month has at most 31
// days, and a clock change is shorter than three.
func (s Schedule) jump(t, after time.Time) int {
	gap := after.Sub(t)
	if s.Every.Clock > 0 {
		return int(gap / s.Every.Clock)
	}
	return (int(gap/(24*time.Hour)) - 3) / (31*s.Every.Months + s.Every.Days)
}

// nth is slot number k, counted from Start, always from the original day: a 31st
// stays one in the months that have it.
func (s Schedule) nth(k int) time.Time {
	if s.Every.Clock > 0 {
		const long = 100 * 365 * 24 * time.Hour
		t, many := s.Start, int(long/s.Every.Clock)
		for ; k > many; k -= many { // a duration holds 292 years
			t = t.Add(time.Duration(many) * s.Every.Clock)
		}
		return t.Add(time.Duration(k) * s.Every.Clock)
	}
	return move(s.Start, field.Span{Months: k * s.Every.Months, Days: k * s.Every.Days}, s.Zone)
}

// move adds a span to an instant on the calendar of zone. A local time that a clock
// change skips becomes the end of the gap.
func move(t time.Time, by field.Span, zone *time.Location) time.Time {
	if by.Months != 0 || by.Days != 0 {
		fraction := time.Duration(t.Nanosecond())
		w := field.AddMonths(wallAt(t.In(zone)), by.Months).AddDate(0, 0, by.Days)
		at := reached(w, zone)
		if wallAt(at).Equal(w) {
			at = at.Add(fraction)
		}
		t = at
	}
	return t.Add(by.Clock)
}
