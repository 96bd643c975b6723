package expr

import (
	"strconv"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

func dateFunctions() []function {
	return []function{
		{"now", "now()", "The time of the step.", 0, 0, false, func(in *invocation) (any, error) { return field.Instant(in.in.Now), nil }},
		{"today", "today()", "The day of the step.", 0, 0, false, func(in *invocation) (any, error) { return field.DateOf(in.in.Now, in.zone), nil }},
		{"date", "date(text) or date(year, month, day)", "Reads a date or an instant.", 1, 3, false, toDate},
		{"datetime", "datetime(value)", "The value as an instant; a day is its beginning.", 1, 1, false, toInstant},
		{"day", "day(date)", "The day of the month, 1 to 31.", 1, 1, false, partOf(time.Time.Day)},
		{"month", "month(date)", "The month, 1 to 12.", 1, 1, false, partOf(func(t time.Time) int { return int(t.Month()) })},
		{"quarter", "quarter(date)", "The quarter, 1 to 4.", 1, 1, false, partOf(func(t time.Time) int { return (int(t.Month()) + 2) / 3 })},
		{"year", "year(date)", "The year.", 1, 1, false, partOf(time.Time.Year)},
		{"hour", "hour(date)", "The hour, 0 to 23.", 1, 1, false, partOf(time.Time.Hour)},
		{"minute", "minute(date)", "The minute, 0 to 59.", 1, 1, false, partOf(time.Time.Minute)},
		{"second", "second(date)", "The second, 0 to 59.", 1, 1, false, partOf(time.Time.Second)},
		{"weekday", "weekday(date)", "The day of the week, Monday is 1.", 1, 1, false, partOf(func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 })},
		{"isoWeek", "isoWeek(date)", "The week of the year, 1 to 53.", 1, 1, false, partOf(func(t time.Time) int {
			_, week := t.ISOWeek()
			return week
		})},
		{"isLeapYear", "isLeapYear(date)", "Whether the year has 366 days.", 1, 1, false, func(in *invocation) (any, error) {
			m, err := in.moment(0)
			y := m.t.In(in.zone).Year()
			return y%4 == 0 && (y%100 != 0 || y%400 == 0), err
		}},
		{"add", "add(date, count, unit)", "The date later by a number of units, as add(date, 3, \"day\").", 3, 3, false, func(in *invocation) (any, error) { return in.shift(1) }},
		{"subtract", "subtract(date, count, unit)", "The date earlier by a number of units.", 3, 3, false, func(in *invocation) (any, error) { return in.shift(-1) }},
		{"diff", "diff(date, date, unit)", "First minus second in a unit, with a fraction.", 3, 3, false, diff},
		{"startOf", "startOf(date, unit)", "The beginning of the unit the date lies in; weeks begin on Monday.", 2, 2, false, func(in *invocation) (any, error) { return in.edgeOf(false) }},
		{"endOf", "endOf(date, unit)", "The last millisecond, or day, of the unit the date lies in.", 2, 2, false, func(in *invocation) (any, error) { return in.edgeOf(true) }},
		{"format", `format(date, "YYYY-MM-DD HH:mm")`, "The date as text. YYYY YY MMMM MMM MM M DD D dddd ddd HH H hh h mm ss SSS A Z; [text] stays.", 2, 2, false, formatDate},
		{"timestamp", "timestamp(date)", "Milliseconds since 1970.", 1, 1, false, func(in *invocation) (any, error) {
			m, err := in.moment(0)
			return m.t.UnixMilli(), err
		}},
		{"fromTimestamp", "fromTimestamp(milliseconds)", "The instant of a number of milliseconds since 1970.", 1, 1, false, fromTimestamp},
		{"duration", `duration("3d")`, "A length of time in s, m, h, d, w or mo.", 1, 1, false, toDuration},
		{"days", "days(duration)", "A length of time in days, with a fraction.", 1, 1, false, lengthIn(24 * time.Hour)},
		{"hours", "hours(duration)", "A length of time in hours.", 1, 1, false, lengthIn(time.Hour)},
		{"minutes", "minutes(duration)", "A length of time in minutes.", 1, 1, false, lengthIn(time.Minute)},
		{"seconds", "seconds(duration)", "A length of time in seconds.", 1, 1, false, lengthIn(time.Second)},
	}
}

// moment reads an argument as a date; any ISO text counts.
func (in *invocation) moment(i int) (moment, error) {
	if m, ok := looseMoment(in.args[i], in.zone); ok {
		return m, nil
	}
	if s, ok := in.args[i].(string); ok {
		return moment{}, in.failed(text.M("expr.not_date", "%s is not a date.", Show(s)))
	}
	return moment{}, in.wrong(i, "a date")
}

// plain is a moment as the value it came from: a day or an instant.
func (m moment) plain() any {
	if m.day {
		return m.d
	}
	return field.Instant(m.t)
}

func (in *invocation) unit(i int) (string, error) {
	s, err := in.str(i)
	if err != nil {
		return "", err
	}
	u, ok := unitName(s)
	if !ok {
		return "", in.failed(text.M("expr.unit", "%s is not a unit. Units are millisecond, second, minute, hour, day, week, month, quarter and year.", Show(s)))
	}
	return u, nil
}

func toDate(in *invocation) (any, error) {
	if len(in.args) == 1 {
		m, err := in.moment(0)
		if err != nil {
			return nil, err
		}
		return m.plain(), nil
	}
	var ymd [3]int
	for i := range ymd {
		n, err := in.integer(i, 1)
		if err != nil {
			return nil, err
		}
		ymd[i] = n
	}
	t := time.Date(ymd[0], time.Month(ymd[1]), ymd[2], 0, 0, 0, 0, time.UTC)
	if t.Year() != ymd[0] || int(t.Month()) != ymd[1] || t.Day() != ymd[2] || ymd[0] < 1 || ymd[0] > 9999 {
		return nil, in.failed(text.M("expr.no_such_day", "There is no such day."))
	}
	return field.DateOf(t, time.UTC), nil
}

func toInstant(in *invocation) (any, error) {
	m, err := in.moment(0)
	if err != nil {
		return nil, err
	}
	return field.Instant(m.t), nil
}

func partOf(f func(time.Time) int) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		m, err := in.moment(0)
		return int64(f(m.t.In(in.zone))), err
	}
}

func (in *invocation) shift(direction int) (any, error) {
	m, err := in.moment(0)
	if err != nil {
		return nil, err
	}
	n, err := in.integer(1, 0)
	if err != nil {
		return nil, err
	}
	unit, err := in.unit(2)
	if err != nil {
		return nil, err
	}
	if n > 1e8 || n < -1e8 {
		return nil, in.failed(text.M("expr.date_range", "The date is outside the years 1 to 9999."))
	}
	t := shiftUnit(m.t.In(in.zone), unit, direction*n)
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, in.failed(text.M("expr.date_range", "The date is outside the years 1 to 9999."))
	}
	if m.day && !clockUnit(unit) {
		return field.DateOf(t, in.zone), nil
	}
	return field.Instant(t), nil
}

func clockUnit(unit string) bool {
	return unit == "hour" || unit == "minute" || unit == "second" || unit == "millisecond"
}

func diff(in *invocation) (any, error) {
	a, err := in.moment(0)
	if err != nil {
		return nil, err
	}
	b, err := in.moment(1)
	if err != nil {
		return nil, err
	}
	unit, err := in.unit(2)
	if err != nil {
		return nil, err
	}
	x, y := a.t.In(in.zone), b.t.In(in.zone)
	if a.day && b.day {
		x, y = a.utc(), b.utc()
	}
	per := map[string]int64{"month": 1, "quarter": 3, "year": 12}[unit]
	if per > 0 {
		return monthsBetween(x, y).Quo(field.DecimalFromInt(per)), nil
	}
	length := map[string]time.Duration{
		"millisecond": time.Millisecond, "second": time.Second, "minute": time.Minute,
		"hour": time.Hour, "day": 24 * time.Hour, "week": 7 * 24 * time.Hour,
	}[unit]
	return milliseconds(x.Sub(y)).Quo(milliseconds(length)), nil
}

// monthsBetween is x − y: whole months, and the rest in parts of the month it lies in.
func monthsBetween(x, y time.Time) field.Decimal {
	if x.Before(y) {
		return monthsBetween(y, x).Neg()
	}
	whole := (x.Year()-y.Year())*12 + int(x.Month()) - int(y.Month())
	if field.AddMonths(y, whole).After(x) {
		whole--
	}
	from, to := field.AddMonths(y, whole), field.AddMonths(y, whole+1)
	rest := milliseconds(x.Sub(from)).Quo(milliseconds(to.Sub(from)))
	return field.DecimalFromInt(int64(whole)).Add(rest)
}

func (in *invocation) edgeOf(end bool) (any, error) {
	m, err := in.moment(0)
	if err != nil {
		return nil, err
	}
	unit, err := in.unit(1)
	if err != nil {
		return nil, err
	}
	t := startOf(m.t.In(in.zone), unit)
	asDay := m.day && !clockUnit(unit)
	switch {
	case end && asDay:
		t = shiftUnit(t, unit, 1).AddDate(0, 0, -1)
	case end:
		t = shiftUnit(t, unit, 1).Add(-time.Millisecond)
	}
	if asDay {
		return field.DateOf(t, in.zone), nil
	}
	return field.Instant(t), nil
}

func fromTimestamp(in *invocation) (any, error) {
	d, err := in.num(0)
	if err != nil {
		return nil, err
	}
	n, ok := d.Trunc().Int64()
	t := time.UnixMilli(n).UTC()
	if !ok || t.Year() < 1 || t.Year() > 9999 {
		return nil, in.failed(text.M("expr.date_range", "The date is outside the years 1 to 9999."))
	}
	return t, nil
}

func toDuration(in *invocation) (any, error) {
	if _, ok := asSpan(in.args[0]); ok {
		return in.args[0], nil
	}
	s, err := in.str(0)
	if err != nil {
		return nil, err
	}
	span, err := field.ParseDuration(s)
	if err != nil {
		return nil, in.failed(text.M("expr.not_duration", "%s is not a length of time such as \"15m\", \"2h\" or \"3d\".", Show(s)))
	}
	if span.Days == 0 && span.Months == 0 {
		return span.Clock, nil
	}
	return span, nil
}

// lengthIn reads a length of time, or the milliseconds it becomes when it is stored.
func lengthIn(unit time.Duration) func(*invocation) (any, error) {
	return func(in *invocation) (any, error) {
		if s, ok := asSpan(in.args[0]); ok {
			return milliseconds(s.Approximate()).Quo(milliseconds(unit)), nil
		}
		ms, err := in.num(0)
		if err != nil {
			return nil, in.wrong(0, "a length of time")
		}
		return ms.Quo(milliseconds(unit)), nil
	}
}

// formatDate replaces the listed letters; everything else stays as it is.
func formatDate(in *invocation) (any, error) {
	m, err := in.moment(0)
	if err != nil {
		return nil, err
	}
	pattern, err := in.str(1)
	if err != nil {
		return nil, err
	}
	if err := in.alloc(8 * len(pattern)); err != nil {
		return nil, err
	}
	t := m.t.In(in.zone)
	var b strings.Builder
	for pattern != "" {
		if strings.HasPrefix(pattern, "[") {
			if literal, rest, ok := strings.Cut(pattern[1:], "]"); ok {
				b.WriteString(literal)
				pattern = rest
				continue
			}
		}
		n := writeDatePart(&b, t, pattern)
		pattern = pattern[n:]
	}
	return b.String(), nil
}

// writeDatePart writes the first token of the pattern and returns its length.
func writeDatePart(b *strings.Builder, t time.Time, pattern string) int {
	for _, token := range dateTokens() {
		if strings.HasPrefix(pattern, token[0]) {
			b.WriteString(strings.TrimPrefix(t.Format(token[1]), "."))
			return len(token[0])
		}
	}
	if pattern[0] == 'H' {
		b.WriteString(strconv.Itoa(t.Hour()))
	} else {
		b.WriteByte(pattern[0])
	}
	return 1
}

// dateTokens are pattern letters and what Go calls them, longest first.
func dateTokens() [][2]string {
	return [][2]string{
		{"YYYY", "2006"},
		{"YY", "06"},
		{"MMMM", "January"},
		{"MMM", "Jan"},
		{"MM", "01"},
		{"M", "1"},
		{"DD", "02"},
		{"D", "2"},
		{"dddd", "Monday"},
		{"ddd", "Mon"},
		{"HH", "15"},
		{"hh", "03"},
		{"h", "3"},
		{"mm", "04"},
		{"m", "4"},
		{"SSS", ".000"},
		{"ss", "05"},
		{"s", "5"},
		{"A", "PM"},
		{"a", "pm"},
		{"Z", "-07:00"},
	}
}
