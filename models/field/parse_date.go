package field

import (
	"time"

	"formrail/models/text"
)

func (p *parser) parseDate(v any) any {
	d, ok := p.day(v)
	if !ok {
		return p.refuse("INVALID_DATE", text.M("field.date", "%s must be a date such as 2026-11-22.", p.label()))
	}
	// Days compare as text; a bound that is an instant counts by its day.
	if first, ok := p.bound(p.MinDate); ok && d < DateOf(first, p.in.Zone) {
		return p.refuse("TOO_EARLY", text.M("field.min_date", "%s must not be before %s.", p.label(), p.MinDate))
	}
	if last, ok := p.bound(p.MaxDate); ok && d > DateOf(last, p.in.Zone) {
		return p.refuse("TOO_LATE", text.M("field.max_date", "%s must not be after %s.", p.label(), p.MaxDate))
	}
	return d
}

// day reads a day. An instant, also in its own text form, is the day it falls on
// in the zone: that is what a variable holds.
func (p *parser) day(v any) (Date, bool) {
	switch v := v.(type) {
	case Date:
		d, err := ParseDate(string(v))
		return d, err == nil
	case time.Time:
		return DateOf(v, p.in.Zone), true
	case string:
		if d, err := ParseDate(v); err == nil {
			return d, true
		}
		t, err := time.Parse(TimeLayout, v)
		return DateOf(t, p.in.Zone), err == nil
	}
	return "", false
}

func (p *parser) parseTime(v any) any {
	t, ok := p.instant(v)
	if !ok {
		return p.refuse("INVALID_DATE", text.M("field.datetime", "%s must be a date and time such as 2026-11-22T09:30.", p.label()))
	}
	if first, ok := p.bound(p.MinDate); ok && t.Before(first) {
		return p.refuse("TOO_EARLY", text.M("field.min_date", "%s must not be before %s.", p.label(), p.MinDate))
	}
	last, ok := p.bound(p.MaxDate)
	if ok && len(p.MaxDate) == len(dateLayout) { // the whole last day belongs to the range
		last = last.In(p.in.Zone).AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	if ok && t.After(last) {
		return p.refuse("TOO_LATE", text.M("field.max_date", "%s must not be after %s.", p.label(), p.MaxDate))
	}
	return t
}

func (p *parser) instant(v any) (time.Time, bool) {
	switch v := v.(type) {
	case time.Time:
		return Instant(v), true
	case Date:
		d, err := ParseDate(string(v))
		return d.In(p.in.Zone), err == nil
	case string:
		t, err := ParseTime(v, p.in.Zone)
		return t, err == nil
	}
	return time.Time{}, false
}

func (p *parser) bound(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	t, err := ParseTime(s, p.in.Zone)
	return t, err == nil
}
