package web

import (
	"context"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
)

// plannedFor says for which time an execution was planned that the clock started, and
// how late it was when that is worth a word; empty for others.
func (v *viewer) plannedFor(ctx context.Context, x *models.Execution) string {
	read, err := field.ParseJSON([]byte(x.Trigger))
	if err != nil {
		return ""
	}
	m, _ := read.(map[string]any)
	planned, ok := instantIn(m["date"])
	fired, fine := instantIn(m["firedAt"])
	if m["event"] != "timer" || !ok || !fine {
		return ""
	}
	at := planned.In(v.now.Location()).Format("2 Jan 2006, 15:04:05")
	if m["missed"] == true {
		return text.T(ctx, "execution.by_schedule_late", "The schedule, for %s, started %s late", at, ui.Duration(fired.Sub(planned)))
	}
	return text.T(ctx, "execution.by_schedule", "The schedule, for %s", at)
}

// instantIn reads an instant as a trigger keeps it.
func instantIn(v any) (time.Time, bool) {
	s, _ := v.(string)
	t, err := field.ParseTime(s, time.UTC)
	return t, err == nil
}
