package gallery

import (
	"time"

	"formrail/views/health"
	"formrail/views/home"
	"formrail/views/layout"
	"formrail/views/urls"
)

func healthSamples() []Sample {
	held := homeProps()
	held.Session.Held = &layout.Held{Since: ago(40 * time.Minute), Waiting: 3, MayRelease: true}
	queue := health.QueueProps{Session: operator(), Figures: queueFigures()}
	none := queue
	queue.Workflows = []health.Waiting{
		{Title: "Nightly import", Href: urls.ExecutionsOf("nightly_import"), Count: "1,204", Oldest: "4 m", Limit: "At most 5 at a time"},
		{Title: "Reimbursement approval", Href: urls.ExecutionsOf("reimb_approval"), Count: "2", Oldest: "12 ms"},
	}
	return []Sample{
		{Name: "page-held", Page: true, Component: home.Home(held)},
		{Name: "page-queue", Page: true, Component: health.Queue(queue)},
		{Name: "page-queue-empty", Page: true, Component: health.Queue(none)},
		{Name: "page-watchdog", Page: true, Component: health.Watchdog(watchdogProps())},
		{Name: "page-watchdog-good", Page: true, Component: health.Watchdog(health.WatchdogProps{Session: operator(), Checked: ago(20 * time.Second), Figures: watchdogFigures("0")})},
	}
}

func operator() layout.Session {
	s := session()
	s.Nav.Groups = append(s.Nav.Groups, layout.NavGroup{Title: "Operate", Items: []layout.NavItem{
		{Label: "Queue", Href: urls.Queue(), Icon: "layers"}, {Label: "Watchdog", Href: urls.Watchdog(), Icon: "shield-check"},
	}})
	return s
}

func queueFigures() []health.Figure {
	return []health.Figure{
		{Label: "People wait on a page", Value: "0", Note: "Nothing is due"},
		{Label: "In the background", Value: "1206", Note: "The oldest waits for 4 m"},
		{Label: "Being worked on", Value: "64", Note: "By this server"},
		{Label: "Waiting executions", Value: "318", Note: "The next goes on by itself in 2 min"},
	}
}

func watchdogFigures(stuck string) []health.Figure {
	return []health.Figure{
		{Label: "Last check", Value: "20 s ago", Note: "Every minute"},
		{Label: "Executions without a reason to go on", Value: stuck, Note: "Must be 0"},
		{Label: "Taken over", Value: "7", Note: "Work whose server was gone, since this one started"},
	}
}

func watchdogProps() health.WatchdogProps {
	return health.WatchdogProps{Session: operator(), Checked: ago(20 * time.Second), Figures: watchdogFigures("1"), Alarms: []health.Alarm{
		{Check: "Q1", Says: "a live execution without any reason to move on", Found: "06h1a60tzdwph5q3x4rmgzfc60, waiting", Href: urls.Execution("06h1a60tzdwph5q3x4rmgzfc60"), Since: ago(3 * time.Minute), Open: true, Repair: "Needs somebody"},
		{Check: "Q7", Says: "a wake-up that nobody took for a minute", Found: "4711, 06h1a60tzdwph5q3x4rmgzfc61", Since: on(11, 20, 8, 12), Repair: "Put right"},
	}}
}
