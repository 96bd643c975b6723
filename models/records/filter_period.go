package records

import (
	"strconv"
	"strings"
	"time"

	"formrail/models/field"
)

// span is a period of time [from, to). An exact instant is one millisecond long.
type span struct {
	from, to time.Time
	exact    bool
}

// wholeDays widens a span to the days it touches in zone.
func (s span) wholeDays(zone *time.Location) span {
	last := s.to.Add(-time.Millisecond)
	return span{from: startOf("day", s.from.In(zone)), to: move(startOf("day", last.In(zone)), "day", 1)}
}

// period reads one date value of a filter: an instant; a day, month, quarter or
// year; a name such as thisWeek; or {type: past or next, number, unit}.
func (p *parser) period(v any) (span, bool) {
	switch v := v.(type) {
	case time.Time:
		return instant(v), true
	case field.Date:
		return p.written(string(v))
	case string:
		s := strings.TrimSpace(v)
		if found, ok := p.named(s); ok {
			return found, true
		}
		return p.written(s)
	case map[string]any:
		return p.relative(v)
	}
	return span{}, false
}

func instant(t time.Time) span {
	t = field.Instant(t)
	return span{from: t, to: t.Add(time.Millisecond), exact: true}
}

// written reads 2026, 2026Q4, 2026-11, 2026-11-22 and instants.
func (p *parser) written(s string) (span, bool) {
	switch {
	case len(s) == 4:
		return p.unitOf(s+"-01-01", "year")
	case len(s) == 6 && (s[4] == 'Q' || s[4] == 'q') && s[5] >= '1' && s[5] <= '4':
		month := 3*int(s[5]-'1') + 1
		return p.unitOf(s[:4]+"-"+twoDigits(month)+"-01", "quarter")
	case len(s) == 7:
		return p.unitOf(s+"-01", "month")
	case len(s) == 10:
		return p.unitOf(s, "day")
	}
	t, err := field.ParseTime(s, p.zone)
	return instant(t), err == nil
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

func (p *parser) unitOf(day, unit string) (span, bool) {
	d, err := field.ParseDate(day)
	if err != nil {
		return span{}, false
	}
	from := d.In(p.zone).In(p.zone)
	return span{from: from, to: move(from, unit, 1)}, true
}

// named reads now, today, yesterday, tomorrow and last, this and next week, month,
// quarter and year.
func (p *parser) named(s string) (span, bool) {
	now := p.now.In(p.zone)
	around := func(unit string, by int) (span, bool) {
		from := move(startOf(unit, now), unit, by)
		return span{from: from, to: move(from, unit, 1)}, true
	}
	switch s {
	case "now":
		return instant(now), true
	case "today":
		return around("day", 0)
	case "yesterday":
		return around("day", -1)
	case "tomorrow":
		return around("day", 1)
	}
	for prefix, by := range map[string]int{"last": -1, "this": 0, "next": 1} {
		unit, ok := strings.CutPrefix(s, prefix)
		if !ok {
			continue
		}
		switch unit = strings.ToLower(unit); unit {
		case "week", "month", "quarter", "year":
			return around(unit, by)
		}
	}
	return span{}, false
}

// relative reads {type: past or next, number, unit}. The present unit counts as
// the first.
func (p *parser) relative(m map[string]any) (span, bool) {
	number := int64(1)
	if v, given := m["number"]; given {
		n, ok := v.(int64)
		if !ok || n < 1 || n > 10_000 {
			return span{}, false
		}
		number = n
	}
	unit, _ := m["unit"].(string)
	unit = strings.TrimSuffix(unit, "s")
	now := p.now.In(p.zone)
	from := startOf(unit, now)
	if from.IsZero() {
		return span{}, false
	}
	n := int(number)
	switch m["type"] {
	case "past":
		return span{from: move(from, unit, 1-n), to: move(from, unit, 1)}, true
	case "next":
		return span{from: from, to: move(from, unit, n)}, true
	}
	return span{}, false
}

// startOf is the start of the unit that t is in; weeks start on Monday. It is the
// zero time for an unknown unit.
func startOf(unit string, t time.Time) time.Time {
	y, m, d := t.Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, t.Location()) }
	switch unit {
	case "minute":
		return t.Truncate(time.Minute)
	case "hour":
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, t.Location())
	case "day":
		return day(y, m, d)
	case "week":
		return day(y, m, d-(int(t.Weekday())+6)%7)
	case "month":
		return day(y, m, 1)
	case "quarter":
		return day(y, m-(m-1)%3, 1)
	case "year":
		return day(y, 1, 1)
	}
	return time.Time{}
}

// move goes n units along the calendar.
func move(t time.Time, unit string, n int) time.Time {
	switch unit {
	case "minute":
		return t.Add(time.Duration(n) * time.Minute)
	case "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case "week":
		return t.AddDate(0, 0, 7*n)
	case "month":
		return t.AddDate(0, n, 0)
	case "quarter":
		return t.AddDate(0, 3*n, 0)
	case "year":
		return t.AddDate(n, 0, 0)
	}
	return t.AddDate(0, 0, n)
}
