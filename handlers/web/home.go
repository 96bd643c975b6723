package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/home"
	"formrail/views/urls"
)

// Bounds of the first page.
const (
	homeTasks    = 5
	homeFailures = 5
	homeRequests = 5
	homeMessages = 6
	homeForms    = 2
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
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if p.Watching {
		if err := v.homeFigures(ctx, &p, query.Get("range")); err != nil {
			return err
		}
	}
	p.Summary = homeSummary(ctx, p)
	if reply.Wants(c) {
		return reply.View(c, nil, home.Changed(p))
	}
	if p.Actions, err = v.homeActions(ctx); err != nil {
		return err
	}
	if p.Begin, err = v.homeBegin(ctx); err != nil {
		return err
	}
	if p.Edited, err = v.homeEdited(ctx); err != nil {
		return err
	}
	if p.Pages, err = v.pageItems(ctx); err != nil {
		return err
	}
	if err := v.homeNews(ctx, &p); err != nil {
		return err
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, home.Home(p), nil)
}

func (v *viewer) greeting(ctx context.Context) string {
	switch hour := v.now.Hour(); {
	case hour < 4: // late or early, who knows
		return text.T(ctx, "home.hello", "Hello, %s", firstName(v.user.Nickname))
	case hour >= 18:
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

// homeActions are what the viewer may begin: the forms that tables open, one for each
// of his pages, and a workflow. The last is what most people come for.
func (v *viewer) homeActions(ctx context.Context) ([]home.Action, error) {
	out, err := v.forms(ctx)
	if err != nil {
		return nil, err
	}
	out = out[:min(len(out), homeForms)]
	if v.access.Can("workflow.edit") {
		out = append(out, home.Action{Label: text.T(ctx, "jump.new_workflow", "New workflow"), Icon: "plus", Href: urls.NewWorkflow()})
	}
	if len(out) > 0 {
		out[len(out)-1].Primary = true
	}
	return out, nil
}

// forms are the forms for new records that the viewer may use, one for each of his pages.
func (v *viewer) forms(ctx context.Context) ([]home.Action, error) {
	list, err := v.pages(ctx)
	if err != nil {
		return nil, err
	}
	var out []home.Action
	for _, p := range list {
		for _, table := range v.tables(p) {
			if one, ok := v.begin(ctx, p, table); ok {
				out = append(out, one)
				break
			}
		}
	}
	return out, nil
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
		return home.Action{Label: form.heading(ctx), Icon: v.site.pageIcon(p), Href: urls.Form(p.Key, b.ID, "")}, true
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
