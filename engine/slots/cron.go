package slots

import (
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"formrail/models/field"
	"formrail/models/text"
)

// Cron is a cron expression of six fields, seconds first. Only its meaning comes
// from the parser; when it is due is decided here.
type Cron struct {
	text string
	spec *cron.SpecSchedule
}

// A Refusal says why a text cannot be used, with a stable code.
type Refusal struct {
	Code    string
	Message text.Message
}

// Error is the sentence in English.
func (r *Refusal) Error() string { return r.Message.String() }

// starBit marks a field that was written as a star.
const starBit = 1 << 63

// tooFar is how many years ahead a slot is searched for: longer than between two
// leap days around a century.
const tooFar = 9

// neverYears is how far ahead the first slot of an expression may lie.
const neverYears = 5

// ParseCron reads an expression of six fields, or of five, which are given the
// second 0, or a descriptor from @yearly to @hourly. The error is a [*Refusal].
func ParseCron(s string) (Cron, error) {
	s = field.NormalCron(s)
	switch {
	case s == "":
		return Cron{}, refuse(text.M("slots.cron_empty", "Enter a cron expression such as 0 0 9 * * MON-FRI."))
	case strings.HasPrefix(s, "TZ=") || strings.HasPrefix(s, "CRON_TZ="):
		return Cron{}, refuse(text.M("slots.cron_zone", "A cron expression cannot name a time zone. Choose it in the setting Time zone."))
	case strings.HasPrefix(s, "@every"):
		return Cron{}, refuse(text.M("slots.cron_every", "@every is not offered. Choose to repeat after a length of time."))
	case len(s) > 200 || strings.Contains(s, ",,") || blankField(s):
		return Cron{}, refuse(text.M("slots.cron_syntax", "%s is not a cron expression. Write six fields: second, minute, hour, day of month, month, day of week.", short(s)))
	}
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(s)
	spec, ok := parsed.(*cron.SpecSchedule)
	if err != nil || !ok {
		return Cron{}, refuse(why(s))
	}
	return Cron{text: s, spec: spec}, nil
}

func refuse(m text.Message) error { return &Refusal{Code: "INVALID_CRON", Message: m} }

// blankField reports a list with an empty member, which the parser takes for
// nothing at all.
func blankField(s string) bool {
	for f := range strings.FieldsSeq(s) {
		if strings.HasPrefix(f, ",") || strings.HasSuffix(f, ",") {
			return true
		}
	}
	return false
}

// why says what is wrong with an expression that the parser refuses.
func why(s string) text.Message {
	fields := strings.Fields(s)
	switch {
	case strings.HasPrefix(s, "@"):
		return text.M("slots.cron_descriptor", "%s is not known. Use @yearly, @monthly, @weekly, @daily or @hourly.", short(s))
	case len(fields) != 6:
		return text.M("slots.cron_fields", "A cron expression has six fields: second, minute, hour, day of month, month, day of week. This one has %d.", len(fields))
	case strings.ContainsAny(strings.ToUpper(fields[3]), "LW") || strings.ContainsAny(fields[5], "lL#"):
		return text.M("slots.cron_special", "L, W and # are not offered in cron expressions.")
	case strings.Contains(fields[5], "7"):
		return text.M("slots.cron_sunday", "Days of the week are 0 to 6 or SUN to SAT. Sunday is 0.")
	}
	return text.M("slots.cron_syntax", "%s is not a cron expression. Write six fields: second, minute, hour, day of month, month, day of week.", short(s))
}

func short(s string) string {
	r := []rune(s)
	if len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// String is the expression as it is stored.
func (c Cron) String() string { return c.text }

// IsZero reports that there is no expression.
func (c Cron) IsZero() bool { return c.spec == nil }

// Never reports that an expression has no slot in the five years after now.
func (c Cron) Never(now time.Time, zone *time.Location) bool {
	next := c.next(now, zone)
	return next.IsZero() || next.After(now.AddDate(neverYears, 0, 0))
}

// next is the first slot after an instant; the zero time when none is near.
func (c Cron) next(after time.Time, zone *time.Location) time.Time {
	if c.spec.Hour&^starBit == 1<<24-1 {
		return c.nextElapsed(after, zone)
	}
	w, ok := c.match(highest(after, zone).Add(time.Second))
	if !ok {
		return time.Time{}
	}
	return reached(w, zone)
}

// nextElapsed is the first instant after another at which the wall shows a time
// that matches.
func (c Cron) nextElapsed(after time.Time, zone *time.Location) time.Time {
	at := after.Truncate(time.Second).Add(time.Second).In(zone)
	for last := at.AddDate(tooFar, 0, 0); at.Before(last); {
		s := segmentAt(at)
		w, ok := c.match(wallAt(at))
		if !ok {
			return time.Time{}
		}
		if t := s.shows(w, zone); s.end.IsZero() || t.Before(s.end) {
			return t
		}
		at = s.end.In(zone)
	}
	return time.Time{}
}

// match is the first wall time from w on that the fields admit.
func (c Cron) match(w wall) (wall, bool) {
	day := time.Date(w.Year(), w.Month(), w.Day(), 0, 0, 0, 0, time.UTC)
	h, m, s := w.Hour(), w.Minute(), w.Second()
	for last := day.AddDate(tooFar, 0, 0); day.Before(last); day, h, m, s = day.AddDate(0, 0, 1), 0, 0, 0 {
		if c.spec.Month&(1<<uint(day.Month())) == 0 {
			day = time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC) // the last day of the month
			continue
		}
		if !c.admits(day) {
			continue
		}
		if clock, ok := c.clock(h, m, s); ok {
			return day.Add(clock), true
		}
	}
	return wall{}, false
}

// admits reports whether the day fields admit a day. When both are restricted,
// either is enough.
func (c Cron) admits(day wall) bool {
	dom := c.spec.Dom&(1<<uint(day.Day())) != 0
	dow := c.spec.Dow&(1<<uint(day.Weekday())) != 0
	if c.spec.Dom&starBit != 0 || c.spec.Dow&starBit != 0 {
		return dom && dow
	}
	return dom || dow
}

// clock is the first time of day from h:m:s on that the fields admit.
func (c Cron) clock(h, m, s int) (time.Duration, bool) {
	hour := from(c.spec.Hour, h)
	if hour == h {
		minute := from(c.spec.Minute, m)
		if minute == m {
			if second := from(c.spec.Second, s); second < 60 {
				return clock(hour, minute, second), true
			}
			minute = from(c.spec.Minute, m+1)
		}
		if minute < 60 {
			return clock(hour, minute, from(c.spec.Second, 0)), true
		}
		hour = from(c.spec.Hour, h+1)
	}
	if hour > 23 {
		return 0, false
	}
	return clock(hour, from(c.spec.Minute, 0), from(c.spec.Second, 0)), true
}

// from is the lowest number in a set from n on; 64 when there is none.
func from(set uint64, n int) int {
	set &^= starBit
	set >>= uint(n)
	if set == 0 {
		return 64
	}
	return n + bits.TrailingZeros64(set)
}

func clock(h, m, s int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
}
