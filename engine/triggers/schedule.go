package triggers

import (
	"errors"
	"slices"
	"strings"
	"time"

	"formrail/engine/slots"
	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type scheduleConfig struct {
	Basis      string       `json:"basis"`
	Collection string       `json:"collection"`
	StartsOn   field.Moment `json:"startsOn"`
	Repeat     field.Repeat `json:"repeat"`
	EndsOn     field.Moment `json:"endsOn"`
	Timezone   string       `json:"timezone"`
	Condition  any          `json:"condition"`
	Preload    []string     `json:"preload"`
	Limit      int          `json:"limit"`
	Misfire    string       `json:"misfire"`
	MisfireCap int          `json:"misfireCap"`
	Overlap    string       `json:"overlap"`
}

// dateField is the basis that follows a date of each record.
const dateField = "date_field"

// schedule starts at planned times, or at times that follow a date of each record.
var schedule = trigger.Define(trigger.Spec[scheduleConfig]{
	Key: "schedule", Icon: "calendar-clock", Title: "Schedule",
	Summary: "Starts at set times, or by a date of each record",
	Help: "Every planned time is kept and starts once, whatever happens to the server in between. Times that were missed follow the setting *When times were missed*.\n\n" +
		"A local time that is skipped when the clocks change starts at the first minute after the gap; one that comes twice starts at its first. " +
		"Seconds, minutes and hours are elapsed time; days, weeks and months are steps of the calendar.",
	Config: scheduleForm(),
	Sync:   trigger.AlwaysAsync,
	Fixed:  []string{"basis"},
	Check:  checkSchedule, Context: scheduleContext, Line: scheduleLine,
	Listens: func(c scheduleConfig) trigger.Listens {
		return trigger.Listens{Collection: c.on(), Preload: c.Preload}
	},
	Times: func(c scheduleConfig) slots.Timing {
		t := slots.Timing{
			Dated: c.Basis == dateField, Zone: c.Timezone, Starts: c.StartsOn, Ends: c.EndsOn, Misfire: slots.Misfire(c.Misfire), Cap: c.MisfireCap,
			Overlap: slots.Overlap(c.Overlap), Limit: c.Limit,
		}
		if t.Dated {
			t.Condition = c.Condition
		}
		if span, err := field.ParseDuration(c.Repeat.Every); err == nil {
			t.Every = span
		}
		if cron, err := slots.ParseCron(c.Repeat.Cron); err == nil {
			t.Cron = cron
		}
		return t
	},
})

// on is the collection whose records the slots follow; empty for fixed times.
func (c scheduleConfig) on() string {
	if c.Basis != dateField {
		return ""
	}
	return c.Collection
}

func scheduleForm() []field.Field {
	dated := &field.When{Field: "basis", Values: []string{dateField}}
	one, most := field.DecimalFromInt(1), field.DecimalFromInt(10_000)
	capped := field.DecimalFromInt(1000)
	return []field.Field{
		{
			Name: "basis", Kind: field.Select, Label: "Starts", Required: true, Default: "time",
			Options: field.Explained(
				"time", "At set times", "Once, or again and again",
				dateField, "By a date of each record", "Such as three days before it is due"),
		},
		{Name: "collection", Kind: field.Collection, Label: "Collection", Required: true, When: dated},
		{Name: "startsOn", Kind: field.MomentKind, Label: "First time", Help: "With a cron expression: nothing starts before."},
		{Name: "repeat", Kind: field.RepeatKind, Label: "Repeat"},
		{Name: "endsOn", Kind: field.MomentKind, Label: "Last time", Help: "Never ends without one. A time that falls on it still starts."},
		{Name: "timezone", Kind: field.TimeZone, Label: "Time zone", Help: "Of cron expressions, of days, weeks and months, and of dates without a zone. That of the installation without one."},
		{Name: "condition", Kind: field.Filter, Label: "Only when", Help: "Compared with the record when its time has come.", When: dated},
		{Name: "preload", Kind: field.Paths, Label: "Load linked data", Help: "Pick what later steps need. Fewer links start faster.", When: dated},
		{Name: "limit", Kind: field.Integer, Label: "At most", Min: &one, Max: &most, Help: "How many executions start, over all versions; with a date field for each record. Without a number there is no limit."},
		{
			Name: "misfire", Kind: field.Select, Label: "When times were missed", Default: "latest",
			Options: field.Explained(
				"latest", "Start once", "For the newest missed time",
				"all", "Start for each", "Oldest first, up to a limit",
				"none", "Go on with the next", "Nothing starts for missed times"),
		},
		{
			Name: "misfireCap", Kind: field.Integer, Label: "Missed times, at most", Default: 100, Min: &one, Max: &capped,
			When: &field.When{Field: "misfire", Values: []string{"all"}},
		},
		{
			Name: "overlap", Kind: field.Select, Label: "While an earlier execution runs", Default: "allow",
			Options: field.Explained(
				"allow", "Start all the same", "Both run side by side",
				"skip", "Leave the time out", "It is listed as skipped",
				"queue", "Wait for its end", "One after the other"),
		},
	}
}

func checkSchedule(c scheduleConfig, cat trigger.Catalog) (p field.Problems) {
	if c.Repeat.Cron != "" {
		if _, err := slots.ParseCron(c.Repeat.Cron); err != nil {
			var refusal *slots.Refusal
			if errors.As(err, &refusal) {
				p.Add("repeat", invalid, refusal.Message)
			}
		}
	}
	if c.Basis != dateField {
		p = append(p, checkFixedTimes(c)...)
		return p
	}
	if c.Collection == "" { // reported when the settings were decoded
		return p
	}
	if !cat.HasCollection(c.Collection) {
		p.Add("collection", invalid, text.M("trigger.collection", "There is no collection %s. Choose another one.", c.Collection))
		return p
	}
	switch {
	case c.StartsOn.IsZero():
		p.Add("startsOn", "MISSING", text.M("schedule.date_missing", "Choose the date field that the times follow."))
	case c.StartsOn.Field == "":
		p.Add("startsOn", invalid, text.M("schedule.date_needed", "Times that follow a record start from one of its date fields, not at a fixed time."))
	}
	p = append(p, checkDate("startsOn", c, c.StartsOn, cat)...)
	p = append(p, checkDate("endsOn", c, c.EndsOn, cat)...)
	p = append(p, cat.CheckFilter(c.Collection, c.Condition).Under("condition", invalid)...)
	for _, path := range c.Preload {
		if hops(path) > 4 || !isLink(cat.Record(c.Collection, hops(path)-1), path) {
			p.Add("preload", invalid, text.M("trigger.preload", "%s is not a link, or leads over more than four. Remove it.", path))
		}
	}
	return p
}

func checkFixedTimes(c scheduleConfig) (p field.Problems) {
	for name, m := range map[string]field.Moment{"startsOn": c.StartsOn, "endsOn": c.EndsOn} {
		if m.Field != "" {
			p.Add(name, invalid, text.M("schedule.time_needed", "Only times that follow a record can name one of its date fields."))
		}
	}
	slices.SortFunc(p, func(a, b field.Problem) int { return strings.Compare(b.Field, a.Field) })
	if c.StartsOn.IsZero() && c.Repeat.Cron == "" {
		p.Add("startsOn", "MISSING", text.M("schedule.start_missing", "Enter the first time, or a cron expression."))
	}
	return p
}

// checkDate finds what is wrong with a moment that a date of the record says.
func checkDate(name string, c scheduleConfig, m field.Moment, cat trigger.Catalog) (p field.Problems) {
	if m.Field == "" {
		return nil
	}
	link, last, far := strings.Cut(m.Field, ".")
	shape, known := cat.Record(c.Collection, 1).Prop(link)
	if far {
		if known && shape.Target != "" {
			shape, known = shape.Prop(last)
		} else {
			known = false
		}
	}
	if !known || shape.Kind != field.DateOnly && shape.Kind != field.DateTime {
		p.Add(name, invalid, text.M("schedule.date_field", "%s is not a date field of the record, or of one it links to.", m.Field))
	}
	if _, err := slots.ParseOffset(m.Offset); err != nil {
		p.Add(name, invalid, text.M("schedule.offset", "%s is not a length of time such as -3d, 2h or 1w.", m.Offset))
	}
	if _, ok := slots.ParseClock(m.Clock); !ok {
		p.Add(name, invalid, text.M("schedule.clock", "%s is not a time of day such as 09:00.", m.Clock))
	}
	return p
}

// scheduleContext is the shape of {{ trigger }}.
func scheduleContext(c scheduleConfig, cat trigger.Catalog) field.Shape {
	props := append([]field.Named{
		prop("previousDate", field.DateTime, "Planned time of the last start"),
		prop("slot", field.Integer, "Number of the time"),
		prop("missed", field.Boolean, "Started late, after it was missed"),
	}, commonContext(cat)...)
	if c.on() == "" {
		return field.Object("Trigger", props...)
	}
	depth := linkHops
	for _, path := range c.Preload {
		depth = max(depth, hops(path))
	}
	data := field.Named{Name: "data", Shape: cat.Record(c.Collection, depth)}
	return field.Object("Trigger", append([]field.Named{data, prop("collection", field.Text, "Collection")}, props...)...)
}

// scheduleLine says in one line when executions start.
func scheduleLine(c scheduleConfig, cat trigger.Catalog) string {
	start := ""
	switch at, err := field.ParseTime(c.StartsOn.At, time.UTC); {
	case c.Basis == dateField:
		start = dateWords(c, cat)
	case err == nil && c.Repeat == (field.Repeat{}):
		start = at.Format("2 Jan 2006, 15:04")
	case err == nil:
		start = text.M("schedule.line_from", "from %s", at.Format("2 Jan 2006, 15:04")).String()
	}
	repeat := c.Repeat.Cron
	if c.Repeat.Every != "" {
		repeat = everyWords(c.Repeat.Every)
	}
	parts := []string{repeat, start, c.Timezone}
	if c.Basis == dateField {
		parts = []string{start, repeat, c.Timezone}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// everyWords says a length of time that is stepped by.
func everyWords(every string) string {
	n := strings.TrimRight(every, "smhdwo")
	unit := map[string]string{"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month"}[every[len(n):]]
	if n == "1" {
		return text.M("schedule.every_one", "every %s", unit).String()
	}
	return text.M("schedule.every_many", "every %s %ss", n, unit).String()
}

// dateWords says which date of the record the times follow: "3d before Due on".
func dateWords(c scheduleConfig, cat trigger.Catalog) string {
	if c.StartsOn.Field == "" || c.Collection == "" {
		return ""
	}
	shape, label := cat.Record(c.Collection, 1), c.StartsOn.Field
	var names []string
	for name := range strings.SplitSeq(c.StartsOn.Field, ".") {
		var ok bool
		if shape, ok = shape.Prop(name); !ok || shape.Label == "" {
			names = nil
			break
		}
		names = append(names, shape.Label)
	}
	if len(names) > 0 {
		label = strings.Join(names, " / ")
	}
	switch before, cut := strings.CutPrefix(c.StartsOn.Offset, "-"); {
	case cut:
		return text.M("schedule.before", "%s before %s", before, label).String()
	case c.StartsOn.Offset != "":
		return text.M("schedule.after", "%s after %s", strings.TrimPrefix(c.StartsOn.Offset, "+"), label).String()
	}
	return text.M("schedule.on", "on %s", label).String()
}
