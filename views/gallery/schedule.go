package gallery

import (
	"formrail/models/field"
	"formrail/views/editor"
	"formrail/views/settings"
	"formrail/views/ui"
)

// scheduleEditor is the editor with a trigger that follows the clock.
func scheduleEditor() editor.Props {
	p := editorProps()
	p.Canvas.Trigger.Title, p.Canvas.Trigger.Summary, p.Canvas.Trigger.Icon, p.Canvas.Trigger.Selected = "Schedule", "3d before Due on · every week", "calendar-clock", true
	ways := []ui.Choice{{Value: "field", Label: "Date of the record"}, {Value: "at", Label: "Fixed time"}}
	dates := []ui.Choice{{Value: "dueOn", Label: "Due on"}, {Value: "project.endsOn", Label: "Project / Ends on"}}
	p.Panel = &editor.Panel{
		Step: "trigger", Title: "Schedule", Note: "Starts the workflow", Icon: "calendar-clock", Kind: "trigger", Trigger: true, CanEdit: true,
		Help: "Every planned time starts once.",
		Settings: []settings.Input{
			{
				Field: field.Field{Name: "startsOn", Kind: field.MomentKind, Label: "First time"},
				Timed: &settings.Timed{As: "field", Ways: ways, Field: "dueOn", Fields: dates, Sign: "-", Amount: "3", Unit: "d", WithClock: true, Clock: "09:00"},
			},
			{
				Field: field.Field{Name: "repeat", Kind: field.RepeatKind, Label: "Repeat"}, Problem: "Days of the week are 0 to 6 or SUN to SAT. Sunday is 0.",
				Timed: &settings.Timed{As: "cron", Ways: []ui.Choice{{Value: "none", Label: "Never"}, {Value: "every", Label: "Every"}, {Value: "cron", Label: "By cron"}}, Cron: "0 0 9 * * 7"},
			},
			{
				Field: field.Field{Name: "endsOn", Kind: field.MomentKind, Label: "Last time", Help: "Never ends without one."},
				Timed: &settings.Timed{As: "at", AtLocal: true, At: "2027-01-01T09:00"},
			},
			{
				Field: field.Field{Name: "timezone", Kind: field.TimeZone, Label: "Time zone"}, Text: "Europe/Berlin",
				Choices: []ui.Choice{{Value: "Europe/Berlin", Label: "Europe/Berlin"}, {Value: "UTC", Label: "UTC"}}, Blank: "That of the installation: UTC",
			},
		},
		Next: &editor.Next{Zone: "Europe/Berlin", Times: []string{"Fri 27 Nov 2026, 09:00:00 · Reimbursement #4", "Fri 4 Dec 2026, 09:00:00 · Reimbursement #4"}, Filled: 300, Fill: 1200, Reset: true},
	}
	return p
}
