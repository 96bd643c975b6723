package slots

import (
	"time"

	"formrail/models/field"
)

// Overlap says what becomes of a slot while an earlier execution has not ended.
type Overlap string

// The policies.
const (
	Allow Overlap = "allow" // both run
	Skip  Overlap = "skip"  // the slot does not fire
	Queue Overlap = "queue" // the slot fires when the earlier one has ended
)

// Timing is when executions start, as a workflow says it. Bound to a zone, and to a
// record when it follows a date of one, it is a [Schedule].
type Timing struct {
	Dated  bool   // follows a date of each record of a collection
	Zone   string // name; empty = that of the installation
	Starts field.Moment
	Ends   field.Moment
	Every  field.Span
	Cron   Cron

	Misfire   Misfire
	Cap       int // missed slots that fire with [All], at most
	Overlap   Overlap
	Limit     int // executions, for each record when Dated; 0 = no limit
	Condition any // filter on the record; nil = none
}

// Repeats reports whether there may be more than one slot.
func (t Timing) Repeats() bool { return !t.Every.IsZero() || !t.Cron.IsZero() }

// In is the zone of the timing; other is that of the installation.
func (t Timing) In(other *time.Location) *time.Location {
	if t.Zone == "" {
		return other
	}
	zone, err := time.LoadLocation(t.Zone)
	if err != nil { // refused when it was saved
		return other
	}
	return zone
}

// Fields are the dates of a record that the slots follow, as dotted paths.
func (t Timing) Fields() []string {
	var out []string
	for _, m := range []field.Moment{t.Starts, t.Ends} {
		if m.Field != "" {
			out = append(out, m.Field)
		}
	}
	return out
}

// Schedule gives the slots. date gives the value of a date field of the record, by its
// path; it is not asked unless the timing follows one. Without a first slot, ok is false.
func (t Timing) Schedule(other *time.Location, date func(path string) any) (s Schedule, ok bool) {
	zone := t.In(other)
	s = Schedule{Zone: zone, Every: t.Every, Cron: t.Cron}
	if s.Start, ok = instant(t.Starts, zone, date, false); !ok {
		return Schedule{}, false
	}
	if s.Start.IsZero() && s.Cron.IsZero() {
		return Schedule{}, false
	}
	s.End, ok = instant(t.Ends, zone, date, true)
	return s, ok
}

// instant works out a moment; the zero time when nothing is said. It is false when the
// field it names is empty. A day as the end includes all of it.
func instant(m field.Moment, zone *time.Location, date func(path string) any, end bool) (time.Time, bool) {
	if m.Field == "" {
		return fixed(m.At, zone, end)
	}
	if date == nil { // fixed times cannot follow one: a finding of the checks
		return time.Time{}, false
	}
	offset, err := ParseOffset(m.Offset)
	clock, ok := ParseClock(m.Clock)
	if err != nil || !ok {
		return time.Time{}, false
	}
	switch v := date(m.Field).(type) {
	case field.Date:
		t := offset.AfterDay(v, clock, zone)
		if end && m.Clock == "" {
			t = offset.AfterDay(v, Clock(24*time.Hour), zone).Add(-time.Millisecond)
		}
		return t, !t.IsZero()
	case time.Time:
		return offset.After(v, zone), true
	}
	return time.Time{}, end && date(m.Field) == nil // an empty end is none
}

func fixed(s string, zone *time.Location, end bool) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	if day, err := field.ParseDate(s); err == nil && end {
		return Offset{}.AfterDay(day, Clock(24*time.Hour), zone).Add(-time.Millisecond), true
	}
	t, err := field.ParseTime(s, zone)
	return t, err == nil
}

// SecondOf is the instant before the second in which something happened: slots after
// it are not past.
func SecondOf(now time.Time) time.Time { return now.Truncate(time.Second).Add(-time.Nanosecond) }
