package web

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// pageOfWorkflows is how many rows the list of workflows shows at once.
const pageOfWorkflows = 20

// listWorkflows draws the workflows that match the filters.
func (s *site) listWorkflows(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawWorkflows(c, fiber.StatusOK, workflows.ListProps{})
}

// drawWorkflows draws the list that the address describes, with what p adds to it.
func (v *viewer) drawWorkflows(c *fiber.Ctx, status int, p workflows.ListProps) error {
	ctx := c.UserContext()
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	if p.New != nil || p.Change != nil {
		query = bind.Form{} // the address says what is asked
	}
	list := readListing(query)
	p.Session.CSRF, p.CanMake, p.CanSend = v.csrf, v.access.Can("workflow.edit"), v.access.Can("workflow.publish")
	if err := v.workflowList(ctx, list, &p); err != nil {
		return err
	}
	if reply.Wants(c) && p.New == nil && p.Change == nil {
		return reply.Status(c, status, nil, workflows.Changed(p))
	}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, workflows.List(p), nil)
}

// workflowList reads the rows of p, and what stands around them.
func (v *viewer) workflowList(ctx context.Context, l workflowListing, p *workflows.ListProps) error {
	all, err := v.listedWorkflows(ctx)
	if err != nil {
		return err
	}
	binned, err := models.BinnedWorkflows(ctx, v.site.DB.Read(), v.now)
	if err != nil {
		return err
	}
	if p.Tabs, err = v.categoryTabs(ctx, l, all, len(binned)); err != nil {
		return err
	}
	p.Search, p.Hidden, p.Here, p.Filtered = l.Get("search"), l.kept(), l.at("search", ""), l.narrowed()
	p.Filters, p.Marks, p.Columns = l.filters(ctx, v.site.types), l.marks(ctx), l.columns()
	if p.InBin = l.Get(byCategory) == urls.Bin; p.InBin {
		p.Bin = v.bin(binned)
		return nil
	}
	var shown []*listedWorkflow
	for _, w := range all {
		if w.inCategory(l.Get(byCategory)) && l.matches(w) {
			shown = append(shown, w)
		}
	}
	l.order(shown, v.site.types.triggerTitle)
	from, to := pageBounds(l.Get("page"), len(shown))
	p.Pager = l.pager(ctx, from, to, len(shown))
	for _, w := range shown[from:to] {
		p.Rows = append(p.Rows, v.workflowRow(ctx, w))
	}
	return nil
}

// pageBounds are the rows of a page; what is no page is the first one.
func pageBounds(page string, count int) (from, to int) {
	n, err := strconv.Atoi(page)
	if err != nil || n < 1 || n > count {
		n = 1
	}
	if from = (n - 1) * pageOfWorkflows; from >= count {
		from = 0
	}
	return from, min(from+pageOfWorkflows, count)
}

func (l workflowListing) pager(ctx context.Context, from, to, count int) ui.PagerProps {
	p := ui.PagerProps{Summary: text.T(ctx, "workflows.range", "%d–%d of %d", from+1, to, count)}
	page := from/pageOfWorkflows + 1
	if page > 1 {
		p.Previous = l.at("page", strconv.Itoa(page-1))
	}
	if to < count {
		p.Next = l.at("page", strconv.Itoa(page+1))
	}
	return p
}

// listedWorkflows reads all workflows with their numbers.
func (v *viewer) listedWorkflows(ctx context.Context) ([]*listedWorkflow, error) {
	q := v.site.DB.Read()
	all, err := models.Workflows(ctx, q)
	if err != nil {
		return nil, err
	}
	stats, err := models.ExecutionStats(ctx, q)
	if err != nil {
		return nil, err
	}
	recent, err := models.RecentExecutions(ctx, q, v.now)
	if err != nil {
		return nil, err
	}
	categories, err := models.CategoriesOfWorkflows(ctx, q)
	if err != nil {
		return nil, err
	}
	paused, err := v.pausedWorkflows(ctx)
	if err != nil {
		return nil, err
	}
	var out []*listedWorkflow
	for _, w := range all {
		one := &listedWorkflow{Workflow: w, categories: categories[w.ID], stats: stats[w.ID], recent: recent[w.ID], paused: paused[w.ID]}
		if err := v.describe(ctx, one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// describe adds the live version of a workflow and what is wrong with it.
func (v *viewer) describe(ctx context.Context, w *listedWorkflow) error {
	if w.LiveVersion == 0 {
		return nil
	}
	live, err := models.VersionByID(ctx, v.site.DB.Read(), w.LiveVersion)
	if err != nil {
		return err
	}
	problem, broken, err := v.site.Engine.LiveProblem(ctx, w.Workflow)
	if broken {
		w.problem = problem.In(ctx)
	}
	w.version = live.Number
	return err
}

// categoryTabs are the tabs over the list: all, each category, what has none, the bin.
func (v *viewer) categoryTabs(ctx context.Context, l workflowListing, all []*listedWorkflow, binned int) ([]ui.Tab, error) {
	list, err := models.Categories(ctx, v.site.DB.Read())
	if err != nil {
		return nil, err
	}
	tab := func(value, label string, dot ui.Tone) ui.Tab {
		count := 0
		for _, w := range all {
			if w.inCategory(value) {
				count++
			}
		}
		return ui.Tab{Label: label, Href: l.at(byCategory, value), Count: strconv.Itoa(count), Current: l.Get(byCategory) == value, Dot: dot}
	}
	out := []ui.Tab{tab("", text.T(ctx, "workflows.all", "All"), "")}
	for _, c := range list {
		out = append(out, tab(strconv.FormatInt(c.ID, 10), c.Title, categoryDot(c)))
	}
	if len(list) > 0 {
		out = append(out, tab(uncategorised, text.T(ctx, "workflows.uncategorised", "Uncategorised"), ""))
	}
	if binned > 0 || l.Get(byCategory) == urls.Bin {
		bin := tab(urls.Bin, text.T(ctx, "workflows.bin", "Bin"), "")
		bin.Count = strconv.Itoa(binned)
		out = append(out, bin)
	}
	return out, nil
}

// categoryDot is the colour before the name of a category; none without one.
func categoryDot(c models.Category) ui.Tone {
	if c.Colour == "" {
		return ""
	}
	if tone := fields.ColourTone(c.Colour); tone != "" {
		return tone
	}
	return ui.Idle
}

// workflowRow draws a workflow in the list.
func (v *viewer) workflowRow(ctx context.Context, w *listedWorkflow) workflows.Row {
	row := workflows.Row{
		Key: w.Key, Title: w.Title, Icon: v.site.types.triggerIcon(w.Type), Kind: "trigger", Trigger: v.site.types.triggerTitle(w.Type),
		Sync: w.Sync, Enabled: w.Enabled, CanEnable: v.access.Can("workflow.publish"), Version: int(w.version), Draft: w.DraftDirty, Problem: w.problem, Paused: w.paused,
		Executions: ui.Number(strconv.FormatInt(w.stats.Total, 10), 0), Days: points(w.recent.Days[:]), Last: v.since(w.stats.LastAt),
		CanCopy: v.access.Can("workflow.edit"),
	}
	if w.success() >= 0 {
		row.Success = share(int(w.recent.Succeeded), int(w.recent.Succeeded+w.recent.Failed))
	}
	row.Menu = v.workflowMenu(ctx, w)
	return row
}

// workflowMenu is what can be done with a workflow from the list.
func (v *viewer) workflowMenu(ctx context.Context, w *listedWorkflow) []ui.MenuItem {
	out := []ui.MenuItem{{Label: text.T(ctx, "workflows.open", "Open"), Icon: "eye", Href: urls.Workflow(w.Key)}}
	edit, publish := v.access.Can("workflow.edit"), v.access.Can("workflow.publish")
	if edit {
		out[0] = ui.MenuItem{Label: text.T(ctx, "workflows.edit", "Edit"), Icon: "pencil", Href: urls.Workflow(w.Key)}
	}
	if typ := v.site.types.triggers[w.Type]; typ != nil && typ.Serves() && v.access.Can("execution.view") {
		out = append(out, ui.MenuItem{Label: text.T(ctx, "requests.title", "Requests"), Icon: "webhook", Href: urls.WorkflowRequests(w.Key)})
	}
	out = append(out, ui.MenuItem{Label: text.T(ctx, "workflows.versions_log", "Versions and trigger log"), Icon: "history", Href: urls.WorkflowVersions(w.Key)})
	if v.access.Can("execution.view") {
		out = append(out, ui.MenuItem{Label: text.T(ctx, "workflows.executions", "Executions"), Icon: "activity", Href: urls.ExecutionsOf(w.Key)})
	}
	if edit {
		out = append(out, ui.MenuItem{Label: text.T(ctx, "workflows.duplicate", "Duplicate"), Icon: "copy", Form: workflows.CopyForm(w.Key)},
			ui.MenuItem{Label: text.T(ctx, "workflows.categorise", "Move to category"), Icon: "folder-input", Href: urls.WorkflowChange(workflows.Categorise, w.Key)})
	}
	if publish {
		out = append(out, ui.MenuItem{Separator: true},
			ui.MenuItem{Label: text.T(ctx, "workflows.delete", "Delete"), Icon: "trash-2", Bad: true, Href: urls.WorkflowChange(workflows.Delete, w.Key)})
	}
	return out
}

// bin draws what was deleted.
func (v *viewer) bin(list []*models.Workflow) (out []workflows.Binned) {
	for _, w := range list {
		out = append(out, workflows.Binned{
			ID: strconv.FormatInt(w.ID, 10), Key: w.OwnKey(), Title: w.Title, Icon: v.site.types.triggerIcon(w.Type),
			Deleted: v.since(w.DeletedAt), Gone: v.since(w.DeletedAt + models.Millis(models.BinTime.Milliseconds())),
		})
	}
	return out
}

// restoreWorkflow brings a workflow back from the bin.
func (s *site) restoreWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(route.Param(c, "id"), 10, 64)
	if err != nil {
		return models.NotFound()
	}
	ctx := c.UserContext()
	w, err := s.Engine.RestoreWorkflow(ctx, v.access, id)
	if err != nil {
		return err
	}
	said := flash{
		Tone: ui.OK, Title: text.T(ctx, "workflows.restored", "“%s” is back", w.Title), Text: text.T(ctx, "workflows.restored_off", "It is switched off."),
		Label: text.T(ctx, "workflows.open", "Open"), Href: urls.Workflow(w.Key),
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowsIn(urls.Bin))
}

// points are counts as a curve is drawn from them.
func points(counts []int64) []float64 {
	out := make([]float64, len(counts))
	for i, n := range counts {
		out[i] = float64(n)
	}
	return out
}
