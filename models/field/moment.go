package field

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"formrail/models/text"
)

// Moment is a point in time as a setting: an instant, or a date of a record.
type Moment struct {
	At string // an instant, or a day, in ISO 8601; empty when a field says it

	Field  string // date field of the record, or one of a record it links to: "order.dueOn"
	Offset string // signed duration from that date
	Clock  string // "HH:MM" on that day, for fields without a time
}

// IsZero reports that nothing is said.
func (m Moment) IsZero() bool { return m.At == "" && m.Field == "" }

// UnmarshalJSON reads a text, or an object with field, offset and at.
func (m *Moment) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*m = Moment{}
		return json.Unmarshal(raw, &m.At)
	}
	var o struct{ Field, Offset, At string }
	err := json.Unmarshal(raw, &o)
	*m = Moment{Field: o.Field, Offset: o.Offset, Clock: o.At}
	return err
}

// Repeat is how something comes again: after a length of time, or by a cron
// expression. The zero value does not repeat.
type Repeat struct {
	Every string `json:"every"`
	Cron  string `json:"cron"`
}

// UnmarshalJSON reads an object with every or cron, or the word "none".
func (r *Repeat) UnmarshalJSON(raw []byte) error {
	*r = Repeat{}
	if len(raw) > 0 && raw[0] == '"' {
		return nil
	}
	type plain Repeat
	return json.Unmarshal(raw, (*plain)(r))
}

// NormalCron is the form in which a cron expression is stored: single spaces and six
// fields. One of five fields is due at the full minute.
func NormalCron(s string) string {
	fields := strings.Fields(s)
	if len(fields) == 5 && !strings.HasPrefix(fields[0], "@") && !strings.Contains(fields[0], "TZ=") {
		fields = append([]string{"0"}, fields...)
	}
	return strings.Join(fields, " ")
}

// Normal is the form in which a setting is stored.
func (f Field) Normal(v any) any {
	if f.Kind != RepeatKind {
		return v
	}
	m, ok := v.(map[string]any)
	if s, isText := m["cron"].(string); ok && isText && NormalCron(s) != s {
		return map[string]any{"cron": NormalCron(s)}
	}
	return v
}

// KnownZone reports whether a name is that of a time zone.
func KnownZone(name string) bool {
	if name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// checkTimed finds what is wrong with the shape of a setting about time.
func (f Field) checkTimed(v any) text.Message {
	switch f.Kind {
	case TimeZone:
		if s, ok := v.(string); !ok || !KnownZone(s) {
			return text.M("setting.zone", "There is no time zone %v. Zones have names such as Europe/Berlin.", v)
		}
	case MomentKind:
		return f.checkMoment(v)
	case RepeatKind:
		return f.checkRepeat(v)
	default:
	}
	return text.Message{}
}

func (f Field) checkMoment(v any) text.Message {
	switch v := v.(type) {
	case string:
		if _, err := ParseTime(v, time.UTC); err == nil {
			return text.Message{}
		}
	case map[string]any:
		if onlyTexts(v, "field", "offset", "at") {
			return text.Message{}
		}
	}
	return text.M("setting.moment", "%s must be a date and time such as 2026-11-22T09:30, or a date field.", f.Label)
}

func (f Field) checkRepeat(v any) text.Message {
	m, ok := v.(map[string]any)
	switch {
	case v == "none":
	case !ok || !onlyTexts(m, "every", "cron") || len(m) != 1:
		return text.M("setting.repeat", "%s: give a length of time or a cron expression, not both.", f.Label)
	case m["every"] != nil:
		s, _ := m["every"].(string)
		if span, err := ParseDuration(s); err != nil || span.IsZero() {
			return text.M("setting.every", "Enter a length of time such as 30m, 2h, 1d or 1mo, at least 1s.")
		}
	}
	return text.Message{}
}

// onlyTexts reports whether an object has texts under the given names and nothing else.
func onlyTexts(m map[string]any, names ...string) bool {
	for name, v := range m {
		if _, ok := v.(string); !ok || !slices.Contains(names, name) {
			return false
		}
	}
	return true
}
