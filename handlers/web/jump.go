package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/jump"
	"formrail/views/layout"
	"formrail/views/urls"
)

// Bounds of a jump: of each kind it finds, and of what it lists without words.
const (
	jumpHits  = 5
	jumpNear  = 3
	jumpWords = 200 // characters that are searched for
)

// jump searches for what the viewer may go to. Each kind is asked for with his rights:
// what he may not see is not found.
func (s *site) jump(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := jump.Props{Search: strings.TrimSpace(query.Get("search"))}
	if words := []rune(p.Search); len(words) > jumpWords {
		p.Search = string(words[:jumpWords])
	}
	if p.Search == "" {
		p.Groups, err = v.near(ctx)
	} else {
		err = v.jumpTo(ctx, &p)
	}
	if err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, jump.Results(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, jump.Page(p), nil)
}

// finder lists what some words name; at most [jumpHits] of its kind.
type finder func(ctx context.Context, words string) ([]jump.Hit, error)

// jumpTo finds what the words name, and offers what can be made.
func (v *viewer) jumpTo(ctx context.Context, p *jump.Props) error {
	var hits []jump.Hit
	for _, find := range []finder{v.jumpWorkflows, v.jumpCollections, v.jumpPlaces, v.jumpRecords, v.jumpTasks, v.jumpExecutions} {
		some, err := find(ctx, p.Search)
		if err != nil {
			return err
		}
		hits = append(hits, some...)
	}
	makes, err := v.makes(ctx)
	if err != nil {
		return err
	}
	some := named(makes, p.Search)
	p.None = len(hits)+len(some) == 0
	for _, h := range makes { // those that are named come first
		if len(some) < jumpNear && !slices.Contains(some, h) {
			some = append(some, h)
		}
	}
	p.Groups = groups(jump.Group{Hits: hits}, jump.Group{Hits: some})
	return nil
}

// near is what is offered without words: what the viewer last had to do with, where he
// can go, and what he can make.
func (v *viewer) near(ctx context.Context) ([]jump.Group, error) {
	recent, err := v.recent(ctx)
	if err != nil {
		return nil, err
	}
	places, err := v.places(ctx)
	if err != nil {
		return nil, err
	}
	makes, err := v.makes(ctx)
	if err != nil {
		return nil, err
	}
	return groups(
		jump.Group{Title: text.T(ctx, "jump.recent", "Recent"), Hits: recent},
		jump.Group{Title: text.T(ctx, "jump.go", "Go to"), Hits: places},
		jump.Group{Title: text.T(ctx, "jump.make", "New"), Hits: makes},
	), nil
}

// groups leaves out those without hits.
func groups(all ...jump.Group) []jump.Group {
	var out []jump.Group
	for _, g := range all {
		if len(g.Hits) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func named(all []jump.Hit, words string) []jump.Hit {
	var out []jump.Hit
	for _, h := range all {
		if found(words, h.Label) {
			out = append(out, h)
		}
	}
	return out
}

// recent are the tasks that were opened last for the viewer, and the workflows that were
// changed last.
func (v *viewer) recent(ctx context.Context) ([]jump.Hit, error) {
	out, err := v.taskHits(ctx, models.TaskList{UserID: v.user.ID, Tab: "todo", Limit: jumpNear})
	if err != nil || !v.access.Can("workflow.view") {
		return out, err
	}
	list, err := models.WorkflowsEdited(ctx, v.site.DB.Read(), jumpNear)
	return append(out, v.workflowHits(ctx, list)...), err
}

// places are the entries of the viewer's sidebar.
func (v *viewer) places(ctx context.Context) ([]jump.Hit, error) {
	nav, err := v.navGroups(ctx)
	if err != nil {
		return nil, err
	}
	first := layout.NavGroup{Items: []layout.NavItem{
		{Label: text.T(ctx, "layout.home", "Home"), Href: urls.Home(), Icon: "house"},
		{Label: text.T(ctx, "layout.tasks", "Tasks"), Href: urls.Tasks(""), Icon: "inbox"},
	}}
	var out []jump.Hit
	for i, g := range append([]layout.NavGroup{first}, nav...) {
		for _, item := range g.Items {
			hit := jump.Hit{Label: item.Label, Icon: item.Icon, Href: item.Href}
			if i == len(nav) {
				hit.Kind = text.T(ctx, "jump.page", "Page")
			}
			out = append(out, hit)
		}
		if g.All.Href != "" {
			out = append(out, jump.Hit{Label: g.All.Label, Icon: g.All.Icon, Href: g.All.Href})
		}
	}
	return append(out, jump.Hit{Label: text.T(ctx, "layout.profile", "Profile"), Icon: "settings", Href: urls.Profile()}), nil
}

func (v *viewer) jumpPlaces(ctx context.Context, words string) ([]jump.Hit, error) {
	all, err := v.places(ctx)
	if err != nil {
		return nil, err
	}
	some := named(all, words)
	return some[:min(len(some), jumpHits)], nil
}

// makes is what the viewer can make.
func (v *viewer) makes(ctx context.Context) ([]jump.Hit, error) {
	var out []jump.Hit
	if v.access.Can("workflow.edit") {
		out = append(out, jump.Hit{Label: text.T(ctx, "jump.new_workflow", "New workflow"), Icon: "plus", Href: urls.NewWorkflow()})
	}
	if v.access.Can("collection.design") {
		out = append(out, jump.Hit{Label: text.T(ctx, "jump.new_collection", "New collection"), Icon: "plus", Href: urls.NewCollection()})
	}
	if v.access.Can("page.design") {
		out = append(out, jump.Hit{Label: text.T(ctx, "design.new_page", "New page"), Icon: "plus", Href: urls.NewPage()})
	}
	forms, err := v.forms(ctx)
	for _, f := range forms {
		out = append(out, jump.Hit{Label: f.Label, Icon: f.Icon, Href: f.Href})
	}
	return out, err
}

func (v *viewer) jumpWorkflows(ctx context.Context, words string) ([]jump.Hit, error) {
	if !v.access.Can("workflow.view") {
		return nil, nil
	}
	list, err := models.WorkflowsNamed(ctx, v.site.DB.Read(), words, jumpHits)
	return v.workflowHits(ctx, list), err
}

func (v *viewer) workflowHits(ctx context.Context, list []*models.Workflow) []jump.Hit {
	var out []jump.Hit
	for _, w := range list {
		out = append(out, jump.Hit{Label: w.Title, Note: w.Key, Kind: text.T(ctx, "jump.workflow", "Workflow"), Icon: "workflow", Href: urls.Workflow(w.Key)})
	}
	return out
}

func (v *viewer) jumpCollections(ctx context.Context, words string) ([]jump.Hit, error) {
	if !v.access.Can("collection.design") {
		return nil, nil
	}
	var out []jump.Hit
	for _, on := range v.cat.Collections() {
		if !on.System && len(out) < jumpHits && found(words, on.Title, on.TitlePlural, on.Name) {
			out = append(out, jump.Hit{Label: on.Title, Note: on.Name, Kind: text.T(ctx, "jump.collection", "Collection"), Icon: "database", Href: urls.Collection(on.Name)})
		}
	}
	return out, nil
}

// jumpRecords finds records by their titles, or by collection and number, among those
// that the viewer's pages show.
func (v *viewer) jumpRecords(ctx context.Context, words string) ([]jump.Hit, error) {
	var out []jump.Hit
	for _, on := range v.cat.Collections() {
		if on.System || len(out) >= jumpHits {
			continue
		}
		p, b, err := v.recordPlace(ctx, on)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		list, err := v.recordsCalled(ctx, on, b, words)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			id := records.IDText(r[models.IDField])
			out = append(out, jump.Hit{Label: records.TitleOf(on, r), Note: "#" + id, Kind: on.Title, Icon: v.site.pageIcon(p), Href: urls.Record(p.Key, b.ID, id)})
		}
	}
	return out[:min(len(out), jumpHits)], nil
}

// recordsCalled reads the newest records of a block that words name.
func (v *viewer) recordsCalled(ctx context.Context, on *models.Collection, b *models.Block, words string) ([]records.Record, error) {
	q := records.Query{Access: v.access, Collection: on.Name, Filter: b.Filter, Stored: true}
	if name, id, ok := cutLast(words); ok && isCalled(on, name) {
		r, err := v.site.Records.Get(ctx, q, id)
		if err == nil {
			return []records.Record{r}, nil
		}
		if !models.IsKind(err, models.KindNotFound) && !models.IsKind(err, models.KindInvalid) {
			return nil, err
		}
	}
	q.Search, q.Sort, q.PageSize = words, []string{"-id"}, jumpHits
	page, err := v.site.Records.List(ctx, q)
	if models.IsKind(err, models.KindForbidden) || models.IsKind(err, models.KindInvalid) {
		return nil, nil // he may not read the titles, or the words are too few
	}
	return page.Records, err
}

// jumpTasks finds what the viewer is asked to decide, and what he was asked.
func (v *viewer) jumpTasks(ctx context.Context, words string) ([]jump.Hit, error) {
	open, err := v.taskHits(ctx, models.TaskList{UserID: v.user.ID, Tab: "todo", Search: words, Limit: jumpHits})
	if err != nil || len(open) == jumpHits {
		return open, err
	}
	done, err := v.taskHits(ctx, models.TaskList{UserID: v.user.ID, Tab: "done", Search: words, Limit: jumpHits - len(open)})
	return append(open, done...), err
}

func (v *viewer) taskHits(ctx context.Context, l models.TaskList) ([]jump.Hit, error) {
	list, err := models.TasksFor(ctx, v.site.DB.Read(), l)
	var out []jump.Hit
	for _, t := range list {
		out = append(out, jump.Hit{Label: t.Title, Kind: text.T(ctx, "jump.task", "Task"), Icon: "user-check", Href: urls.Task(t.ID)})
	}
	return out, err
}

// jumpExecutions finds the execution with a number: any for those who watch executions,
// one's own for everybody else.
func (v *viewer) jumpExecutions(ctx context.Context, words string) ([]jump.Hit, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(words, "#"), 10, 64)
	if err != nil || n <= 0 {
		return nil, nil //nolint:nilerr // the words are no number
	}
	f := models.ExecutionFilter{Number: n, Limit: 1}
	if !v.access.Can("execution.view") {
		f.UserID = v.user.ID
	}
	list, err := models.Executions(ctx, v.site.DB.Read(), f)
	var out []jump.Hit
	for _, x := range list {
		out = append(out, jump.Hit{
			Label: x.WorkflowTitle, Note: "#" + strconv.FormatInt(x.Number, 10), Kind: text.T(ctx, "jump.execution", "Execution"), Icon: "activity", Href: urls.Execution(x.ID),
		})
	}
	return out, err
}
