package web

import (
	"context"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/home"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Bounds of the first page.
const (
	homeTasks    = 5
	homeFailures = 5
	homeRequests = 5
	homeMessages = 6
	homeDays     = 7
	homeCounted  = 2_000 // executions that its figures look at, at most
)

// showHome draws what waits for the viewer, and what went wrong for those who watch.
func (s *site) showHome(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := home.HomeProps{Today: v.now.Format("Monday 2 January"), Greeting: v.greeting(ctx), Watching: v.access.Can("execution.view")}
	if err := v.homeTasks(ctx, &p); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, home.TaskCard(p))
	}
	if p.Actions, err = v.homeActions(ctx); err != nil {
		return err
	}
	if p.Watching {
		if err := v.homeFigures(ctx, &p); err != nil {
			return err
		}
	}
	if err := v.homeNews(ctx, &p); err != nil {
		return err
	}
	p.Summary = homeSummary(ctx, p)
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, home.Home(p), nil)
}

func (v *viewer) greeting(ctx context.Context) string {
	switch hour := v.now.Hour(); {
	case hour < 5 || hour >= 18:
		return text.T(ctx, "home.evening", "Good evening, %s", firstName(v.user.Nickname))
	case hour < 12:
		return text.T(ctx, "home.morning", "Good morning, %s", firstName(v.user.Nickname))
	}
	return text.T(ctx, "home.afternoon", "Good afternoon, %s", firstName(v.user.Nickname))
}

func firstName(name string) string {
	for i, r := range name {
		if r == ' ' && i > 0 {
			return name[:i]
		}
	}
	return name
}

func (v *viewer) homeTasks(ctx context.Context, p *home.HomeProps) error {
	q := v.site.DB.Read()
	open, err := models.CountTasks(ctx, q, v.user.ID)
	if err != nil {
		return err
	}
	p.Open = int(open)
	list, err := models.TasksFor(ctx, q, models.TaskList{UserID: v.user.ID, Tab: "todo", Limit: homeTasks})
	if err != nil {
		return err
	}
	for _, t := range list {
		row, err := v.taskRow(ctx, t)
		if err != nil {
			return err
		}
		p.Tasks = append(p.Tasks, row)
	}
	return nil
}

// homeActions are the forms that the viewer may begin: those that tables open, one for
// each of his pages.
func (v *viewer) homeActions(ctx context.Context) ([]home.Action, error) {
	list, err := v.pages(ctx)
	if err != nil {
		return nil, err
	}
	var out []home.Action
	for _, p := range list {
		for _, table := range v.tables(p) {
			if one, ok := v.begin(ctx, p, table); ok {
				one.Primary = len(out) == 0
				out = append(out, one)
				break
			}
		}
	}
	return out[:min(len(out), 3)], nil
}

// begin is the first form that a table opens for a new record.
func (v *viewer) begin(ctx context.Context, p *models.Page, table *models.Block) (home.Action, bool) {
	for _, a := range table.Actions {
		b, ok := p.Block(a.Block)
		if a.Type != models.AddNewAction || !ok {
			continue
		}
		on, ok := v.cat.Collection(b.Collection)
		if !ok || !v.access.MayTouch(on.Name, models.Create) {
			continue
		}
		form := formView{viewer: v, page: p, block: b, on: on}
		return home.Action{Label: form.heading(ctx), Icon: "plus", Href: urls.Form(p.Key, b.ID, "")}, true
	}
	return home.Action{}, false
}

// homeNews adds what the viewer asked others to decide and what he was told.
func (v *viewer) homeNews(ctx context.Context, p *home.HomeProps) error {
	asked, err := v.applications(ctx)
	if err != nil {
		return err
	}
	if p.Requests, err = v.applicationRows(ctx, asked.all[:min(len(asked.all), homeRequests)], ""); err != nil {
		return err
	}
	told, err := models.Notifications(ctx, v.site.DB.Read(), v.user.ID, homeMessages)
	if err != nil {
		return err
	}
	for _, n := range told {
		m := home.Message{Title: n.Title, Text: n.Body, When: v.since(n.CreatedAt), Warn: n.Level == "warning", Read: n.ReadAt != 0}
		if localPath(n.Link) {
			m.Href = n.Link
		}
		p.Messages = append(p.Messages, m)
	}
	return nil
}

// readMessages marks everything that the viewer was told read.
func (s *site) readMessages(c *fiber.Ctx) error {
	ctx, caller := c.UserContext(), route.CallerOf(c)
	err := s.DB.Write(ctx, "page.messages", func(tx *models.Tx) error { return models.ReadNotifications(ctx, tx, caller.UserID(), "") })
	if err != nil {
		return err
	}
	return reply.Redirect(c, urls.Home())
}

// homeFigures counts the executions of the last days and lists what failed.
func (v *viewer) homeFigures(ctx context.Context, p *home.HomeProps) error {
	q := v.site.DB.Read()
	recent, err := models.Executions(ctx, q, models.ExecutionFilter{Limit: homeCounted})
	if err != nil {
		return err
	}
	counts, err := models.CountExecutions(ctx, q, models.ExecutionFilter{Statuses: []models.Status{models.Waiting}})
	if err != nil {
		return err
	}
	p.Stats = v.stats(ctx, recent, counts[models.Waiting])
	failed, err := models.Executions(ctx, q, models.ExecutionFilter{Statuses: []models.Status{models.Failed, models.TimedOut}, Limit: homeFailures})
	if err != nil {
		return err
	}
	for _, row := range failed {
		x, err := models.ExecutionByID(ctx, q, row.ID)
		if err != nil {
			return err
		}
		values, err := v.seesValues(ctx, x.VersionID, x.ResourceType)
		if err != nil {
			return err
		}
		p.Failures = append(p.Failures, home.Failure{
			ID: x.ID, Workflow: row.WorkflowTitle, Sentence: reasonSentence(ctx, x, values), When: v.since(row.EndedAt), Number: "#" + strconv.FormatInt(row.Number, 10),
		})
	}
	return nil
}

// stats are the key figures of the last days.
func (v *viewer) stats(ctx context.Context, recent []models.ExecutionRow, waiting int64) []home.Stat {
	since := models.At(v.now.Add(-homeDays * 24 * time.Hour))
	total, succeeded, failed := 0, 0, 0
	var spans []time.Duration
	for _, x := range recent {
		if x.CreatedAt < since {
			continue
		}
		total++
		switch x.Status {
		case models.Succeeded:
			succeeded++
			spans = append(spans, x.EndedAt.Time().Sub(x.StartedAt.Time()))
		case models.Failed, models.TimedOut:
			failed++
		default:
		}
	}
	count := ui.Number(strconv.Itoa(total), 0)
	if total == homeCounted {
		count += "+"
	}
	return []home.Stat{
		{Label: text.T(ctx, "home.executions", "Executions, 7 days"), Value: count},
		{Label: text.T(ctx, "home.succeeded", "Succeeded"), Value: share(succeeded, succeeded+failed), Note: text.T(ctx, "home.failed_n", "%d failed", failed)},
		{Label: text.T(ctx, "home.median", "Median duration"), Value: median(spans), Note: text.T(ctx, "home.median_note", "Of those that succeeded")},
		{Label: text.T(ctx, "home.waiting", "Waiting"), Value: ui.Number(strconv.FormatInt(waiting, 10), 0), Note: text.T(ctx, "home.waiting_note", "For people or for time")},
	}
}

// homeSummary says in one sentence what waits.
func homeSummary(ctx context.Context, p home.HomeProps) string {
	switch p.Open {
	case 0:
		return text.T(ctx, "home.none_wait", "Nothing waits for you.")
	case 1:
		return text.T(ctx, "home.one_waits", "One task waits for you.")
	}
	return text.T(ctx, "home.some_wait", "%d tasks wait for you.", p.Open)
}
