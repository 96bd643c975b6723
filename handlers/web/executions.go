package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/ui"
	"formrail/views/urls"
)

// pageOfExecutions is how many rows the list of executions shows at once.
const pageOfExecutions = 30

// listExecutions draws the executions that match the filters: all of them for those
// who watch executions, one's own for everybody else.
func (s *site) listExecutions(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := executions.ListProps{
		Status: query.Get("status"), Time: query.Get("time"), By: query.Get("by"), Workflow: query.Get("workflow"), Version: query.Get("version"), Search: strings.TrimSpace(query.Get("search")),
		Cursor: executionNumber(query.Get("cursor")), Seen: executionNumber(query.Get("seen")), Operates: v.access.Can("execution.operate"),
	}
	if err := v.executionList(ctx, &p); err != nil {
		return err
	}
	if reply.Wants(c) {
		return reply.View(c, nil, executions.Changed(p))
	}
	v.flash = s.heard(c)
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.View(c, executions.List(p), nil)
}

// executionNumber reads the number of an execution; 0 when it is none.
func executionNumber(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// executionList reads the rows of p, and what stands around them.
func (v *viewer) executionList(ctx context.Context, p *executions.ListProps) error {
	filter, err := v.executionFilter(ctx, p)
	if err != nil {
		return err
	}
	counted, err := models.CountExecutions(ctx, v.site.DB.Read(), filter)
	if err != nil {
		return err
	}
	filter.Limit, p.Counts = pageOfExecutions+1, counts(counted)
	narrow(&filter, p.Status)
	if err := v.bars(ctx, p, filter); err != nil {
		return err
	}
	if filter.Before = p.Cursor; p.Seen > 0 {
		filter.Before = p.Seen + 1
		if err := v.countNew(ctx, p, filter); err != nil {
			return err
		}
	}
	list, err := models.Executions(ctx, v.site.DB.Read(), filter)
	if err != nil {
		return err
	}
	if len(list) > pageOfExecutions {
		list = list[:pageOfExecutions]
		p.NextCursor = list[pageOfExecutions-1].Number
	}
	if p.Cursor == 0 && len(list) > 0 {
		p.Summary = text.T(ctx, "executions.range", "1–%d of %s", len(list), p.Counts.Of(p.Status))
	}
	if len(list) > 0 && p.Cursor == 0 && p.Seen == 0 {
		p.Seen = list[0].Number
	}
	for _, x := range list {
		row, err := v.executionRow(ctx, x)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	return nil
}

// barOf is how long each bar of a time is. Those of whole hours are counted already.
func barOf(length time.Duration) time.Duration {
	switch {
	case length <= time.Hour:
		return time.Minute
	case length <= 24*time.Hour:
		return time.Hour
	case length <= 7*24*time.Hour:
		return 4 * time.Hour
	}
	return 12 * time.Hour
}

// bars counts executions over the time that was chosen, if one was.
func (v *viewer) bars(ctx context.Context, p *executions.ListProps, filter models.ExecutionFilter) error {
	if filter.From == 0 {
		return nil
	}
	list, err := models.ExecutionBars(ctx, v.site.DB.Read(), filter, v.now, barOf(executions.Times()[p.Time]))
	for _, b := range list {
		p.Bars = append(p.Bars, ui.Bar{Good: int(b.All - b.Failed), Bad: int(b.Failed)})
	}
	return err
}

// countNew counts the executions that started since the list was first drawn.
func (v *viewer) countNew(ctx context.Context, p *executions.ListProps, filter models.ExecutionFilter) error {
	filter.Before, filter.After = 0, p.Seen
	counted, err := models.CountExecutions(ctx, v.site.DB.Read(), filter)
	p.New = int(counted.All)
	return err
}

// showExecution draws one execution with its path and, beside it, the chosen step.
func (s *site) showExecution(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawExecution(c, shownExecution{
		id: route.Param(c, "id"), step: query.Get("step"), path: query.Get("path"), loop: query.Get("loop"), pass: query.Get("pass"),
		folds: query.Get("folds"), outline: s.outlineOf(c, query), tab: executions.TabOf(query.Get("tab")), scale: query.Get("scale"), settings: query.Get("view") == "settings", whole: query.Get("values") == "all", status: fiber.StatusOK,
	})
}

// shownExecution says what of an execution is drawn.
type shownExecution struct {
	id, step, tab, scale string

	path       string // passes of loops, on the canvas
	folds      string // steps whose branches are folded away there
	outline    string // whether it is a list
	loop, pass string // another pass of one of them, as it was typed
	settings   bool   // of the step, instead of how it went
	whole      bool   // large values of the step, too

	status  int
	problem string // why something could not be done with it
	reason  string // that was typed for it
}

func (v *viewer) drawExecution(c *fiber.Ctx, show shownExecution) error {
	ctx := c.UserContext()
	f, err := v.executionFacts(ctx, show)
	if err != nil {
		return err
	}
	p, err := v.executionDetail(ctx, f)
	if err != nil {
		return err
	}
	p.Problem, p.CancelReason = show.problem, show.reason
	if p.Chosen >= 0 && v.access.Can("workflow.view") {
		chosen := &p.Steps[p.Chosen]
		if chosen.Settings, err = f.settingsOf(chosen.Key); err != nil {
			return err
		}
		chosen.ShowSettings = show.settings && chosen.Settings != ""
	}
	if err := v.tab(ctx, f, show, &p); err != nil {
		return err
	}
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, show.status, executions.Detail(p), executions.Body(p))
}

// cancelExecution ends an execution that still runs.
func (s *site) cancelExecution(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, id := c.UserContext(), route.Param(c, "id")
	reason := strings.TrimSpace(form.Get("reason"))
	if err := s.Engine.Cancel(ctx, v.access, id, reason); err != nil {
		return v.refuseExecution(c, shownExecution{id: id, reason: reason}, models.AsError(err))
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "execution.now_cancelled", "Execution cancelled")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Execution(id))
}

// skipWait lets a step that waits for time go on now.
func (s *site) skipWait(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, id := c.UserContext(), route.Param(c, "id")
	if err := s.Engine.SkipWait(ctx, v.access, id, form.Get("step")); err != nil {
		return v.refuseExecution(c, shownExecution{id: id}, models.AsError(err))
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "execution.now_skipped", "The step goes on now")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Execution(id))
}

// rerunExecution starts a new execution with the input of one that has ended.
func (s *site) rerunExecution(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, id := c.UserContext(), route.Param(c, "id")
	again, err := s.Engine.Rerun(ctx, v.access, id, form.Get(ui.KeyName))
	if err != nil {
		return v.refuseExecution(c, shownExecution{id: id}, models.AsError(err))
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "execution.now_rerun", "Started again with the same input")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Execution(again))
}

// retryExecution goes on from the step that failed, or from a chosen one.
func (s *site) retryExecution(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, id := c.UserContext(), route.Param(c, "id")
	again, err := s.Engine.Retry(ctx, v.access, id, form.Get("from"), form.Get(ui.KeyName))
	if err != nil {
		return v.refuseExecution(c, shownExecution{id: id}, models.AsError(err))
	}
	if err := s.say(c, flash{Tone: ui.OK, Title: text.T(ctx, "execution.now_retried", "Goes on from there, as a new execution")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Execution(again))
}

// refuseExecution draws the execution with what kept something from being done.
func (v *viewer) refuseExecution(c *fiber.Ctx, show shownExecution, e *models.Error) error {
	if e.Kind != models.KindInvalid && e.Kind != models.KindConflict {
		return e
	}
	show.status, show.problem = reply.StatusOf(e), e.Message.In(c.UserContext())
	return v.drawExecution(c, show)
}
