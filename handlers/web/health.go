package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/health"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Bounds of the pages about the health of the server.
const (
	queueRows    = 50
	alarmRows    = 100
	watchOverdue = 3 * models.WatchdogPause // the last check may be that old
)

// health are the pages for those who run the installation.
func (s *site) health() []route.Route {
	operate := route.Right("execution.operate")
	return []route.Route{page("/queue", operate, s.showQueue), page("/watchdog", operate, s.showWatchdog)}
}

// showQueue draws what waits for a worker.
func (s *site) showQueue(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := health.QueueProps{}
	if p.Figures, err = v.queueFigures(ctx); err != nil {
		return err
	}
	if p.Workflows, err = v.queueWorkflows(ctx); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, health.QueueState(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, health.Queue(p), nil)
}

// queueFigures say how much is due, how long the oldest of it has waited, how much is
// being worked on, and what comes next by itself.
func (v *viewer) queueFigures(ctx context.Context) ([]health.Figure, error) {
	q := v.site.DB.Read()
	lanes, err := models.DueLanes(ctx, q, v.now)
	if err != nil {
		return nil, err
	}
	live, err := models.LiveExecutions(ctx, q)
	if err != nil {
		return nil, err
	}
	next, err := models.NextTimer(ctx, q, v.now)
	if err != nil {
		return nil, err
	}
	var out []health.Figure
	for lane, label := range []string{text.T(ctx, "queue.people", "People wait on a page"), text.T(ctx, "queue.background", "In the background")} {
		f := health.Figure{Label: label, Value: "0", Note: text.T(ctx, "queue.none", "Nothing is due")}
		for _, l := range lanes {
			if l.Lane == lane {
				f.Value, f.Note = strconv.FormatInt(l.Count, 10), text.T(ctx, "queue.oldest_waits", "The oldest waits for %s", v.age(l.Oldest))
			}
		}
		out = append(out, f)
	}
	waits := health.Figure{
		Label: text.T(ctx, "queue.waits", "Waiting executions"), Value: strconv.FormatInt(live[models.Waiting], 10),
		Note: text.T(ctx, "queue.no_timer", "For people or for an answer"),
	}
	if next != 0 {
		waits.Note = text.T(ctx, "queue.next", "The next goes on by itself %s", ui.At(next.Time(), v.now).Due(ctx))
	}
	return append(out, health.Figure{
		Label: text.T(ctx, "queue.running", "Being worked on"), Value: strconv.Itoa(v.site.Engine.QueueStats().Running),
		Note: text.T(ctx, "queue.here", "By this server"),
	}, waits), nil
}

// age says how long ago an instant was.
func (v *viewer) age(since models.Millis) string {
	return ui.Duration(max(v.now.Sub(since.Time()), 0).Truncate(time.Millisecond))
}

// queueWorkflows lists the workflows whose executions are due.
func (v *viewer) queueWorkflows(ctx context.Context) ([]health.Waiting, error) {
	list, err := models.DueWorkflows(ctx, v.site.DB.Read(), v.now, queueRows)
	if err != nil {
		return nil, err
	}
	var out []health.Waiting
	for _, d := range list {
		w, err := models.WorkflowByID(ctx, v.site.DB.Read(), d.WorkflowID)
		if models.IsKind(err, models.KindNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		row := health.Waiting{Title: w.Title, Href: urls.ExecutionsOf(w.Key), Count: strconv.FormatInt(d.Executions, 10), Oldest: v.age(d.Oldest)}
		switch n := w.Options.Concurrency; {
		case n == 1:
			row.Limit = text.T(ctx, "queue.limit_one", "One at a time")
		case n > 1:
			row.Limit = text.T(ctx, "queue.limit", "At most %d at a time", n)
		}
		out = append(out, row)
	}
	return out, nil
}

// showWatchdog draws what the checks of every minute have found.
func (s *site) showWatchdog(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := health.WatchdogProps{}
	if err := v.watchdog(ctx, &p); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, health.WatchdogState(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, health.Watchdog(p), nil)
}

func (v *viewer) watchdog(ctx context.Context, p *health.WatchdogProps) error {
	checked, err := v.site.DB.LastWatch(ctx)
	if err != nil {
		return err
	}
	last := health.Figure{Label: text.T(ctx, "watchdog.last", "Last check"), Value: text.T(ctx, "watchdog.no_check", "None yet"), Note: text.T(ctx, "watchdog.every", "Every minute")}
	if checked != 0 {
		p.Checked, p.Late = ui.At(checked.Time(), v.now), v.now.Sub(checked.Time()) > watchOverdue
		last.Value = p.Checked.When(ctx)
	}
	list, err := models.Alarms(ctx, v.site.DB.Read(), alarmRows)
	if err != nil {
		return err
	}
	stuck := 0
	for _, f := range list {
		a := health.Alarm{Check: f.Check, Says: f.Says, Found: f.Found, Since: ui.At(f.FirstAt.Time(), v.now), Open: f.Cleared == 0}
		a.Repair = repairOf(ctx, f)
		if f.Check == "Q1" {
			id, _, _ := strings.Cut(f.Found, ",")
			a.Href = urls.Execution(id)
			if a.Open {
				stuck++
			}
		}
		p.Alarms = append(p.Alarms, a)
	}
	p.Figures = []health.Figure{
		last,
		{Label: text.T(ctx, "watchdog.stuck", "Executions without a reason to go on"), Value: strconv.Itoa(stuck), Note: text.T(ctx, "watchdog.must", "Must be 0")},
		{
			Label: text.T(ctx, "watchdog.taken", "Taken over"), Value: strconv.FormatInt(v.site.Engine.TakenOver(), 10),
			Note: text.T(ctx, "watchdog.taken_note", "Work whose server was gone, since this one started"),
		},
	}
	return nil
}

// repairOf says what became of a finding.
func repairOf(ctx context.Context, f models.Finding) string {
	switch {
	case f.Cleared != 0 && f.Repaired != 0:
		return text.T(ctx, "watchdog.repaired", "Put right")
	case f.Cleared != 0:
		return text.T(ctx, "watchdog.gone", "Gone by itself")
	case f.Repaired != 0:
		return text.T(ctx, "watchdog.trying", "Being put right")
	}
	return text.T(ctx, "watchdog.needs", "Needs somebody")
}
