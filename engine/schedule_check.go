package engine

import (
	"time"

	"formrail/models/field"
	"formrail/models/text"
)

// times finds what is wrong with when a workflow that follows the clock would start,
// as seen now.
func (k *checker) times(now time.Time) {
	c := k.c
	if !c.Trigger.Timed() || c.misread {
		return
	}
	t := c.Trigger.Times(c.Settings)
	if !t.Cron.IsZero() && t.Cron.Never(now, t.In(time.UTC)) {
		k.add("error", field.Problem{
			Field: "trigger.repeat", Code: "CRON_NEVER", Message: text.M("schedule.never", "%s has no time in the next five years.", t.Cron.String()),
		})
		return
	}
	if s, ok := t.Schedule(time.UTC, nil); !t.Dated && ok && s.Next(now).IsZero() {
		k.add("warning", field.Problem{
			Field: "trigger.startsOn", Code: "PAST", Message: text.M("schedule.past", "All times are past: nothing will ever start."),
		})
	}
	if t.Zone == "" {
		k.add("warning", field.Problem{
			Field: "trigger.timezone", Code: "NO_TIME_ZONE", Message: text.M("schedule.no_zone", "No time zone is chosen; that of the installation counts."),
		})
	}
}
