package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// askSettings draws what holds for all versions of a workflow.
func (s *site) askSettings(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	w, err := models.WorkflowByKey(c.UserContext(), s.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	return v.drawSettings(c, w, workflows.SettingsProps{Values: optionValues(w.Options)}, fiber.StatusOK)
}

func (v *viewer) drawSettings(c *fiber.Ctx, w *models.Workflow, p workflows.SettingsProps, status int) error {
	p.Key, p.Title, p.Sync = w.Key, w.Title, w.Sync
	var err error
	if p.Session, err = v.frame(c.UserContext()); err != nil {
		return err
	}
	return reply.Status(c, status, workflows.Settings(p), nil)
}

// optionValues are the settings as the form shows them.
func optionValues(o models.WorkflowOptions) map[string]string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	out := map[string]string{
		workflows.SetConcurrency: number(o.Concurrency), workflows.SetOrderKey: o.OrderKey, workflows.SetReentry: number(o.ReentryLimit), workflows.SetTimeout: o.Timeout,
	}
	if o.PauseForPeople {
		out[workflows.SetPauses] = "true"
	}
	if o.Rate != nil {
		out[workflows.SetRateCount], out[workflows.SetRatePer] = number(o.Rate.Count), o.Rate.Per
	}
	if o.Debounce != nil {
		out[workflows.SetWait], out[workflows.SetWaitKey], out[workflows.SetAtMost] = o.Debounce.Wait, o.Debounce.Key, o.Debounce.AtMost
	}
	return out
}

// changeSettings saves the settings, or draws them with what is wrong.
func (s *site) changeSettings(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	w, err := models.WorkflowByKey(ctx, s.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return err
	}
	options, problems := readSettings(ctx, form, w.Options)
	p := workflows.SettingsProps{Values: optionValues(options), Problems: problems}
	for name := range form {
		p.Values[name] = form.Get(name)
	}
	if len(problems) > 0 {
		return v.drawSettings(c, w, p, fiber.StatusUnprocessableEntity)
	}
	if _, err := s.Engine.UpdateWorkflow(ctx, v.access, w.Key, engine.WorkflowChange{Options: &options}); err != nil {
		refused := models.AsError(err)
		if refused.Kind != models.KindInvalid {
			return err
		}
		p.Problems = problemsOf(ctx, refused, "options.")
		if len(p.Problems) == 0 {
			p.Problem = refused.Message.In(ctx)
		}
		return v.drawSettings(c, w, p, fiber.StatusUnprocessableEntity)
	}
	if err := s.say(c, flash{Title: text.T(ctx, "workflows.settings_saved", "The settings of “%s” are saved", w.Title)}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowVersions(w.Key))
}

// problemsOf are the findings of a refusal by the names of their inputs.
func problemsOf(ctx context.Context, e *models.Error, prefix string) map[string]string {
	out := map[string]string{}
	for _, f := range e.Fields {
		out[strings.TrimPrefix(f.Field, prefix)] = f.Message.In(ctx)
	}
	return out
}

// readSettings reads the form over what the options are; what has no input stays.
func readSettings(ctx context.Context, form bind.Form, o models.WorkflowOptions) (models.WorkflowOptions, map[string]string) {
	problems := map[string]string{}
	number := func(name string) int {
		said := strings.TrimSpace(form.Get(name))
		if said == "" {
			return 0
		}
		n, err := strconv.Atoi(said)
		if err != nil || n < 1 {
			problems[name] = text.T(ctx, "limits.whole", "Give a whole number above 0, or leave it empty.")
		}
		return n
	}
	said := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	o.Concurrency, o.OrderKey, o.ReentryLimit, o.Timeout = number(workflows.SetConcurrency), said(workflows.SetOrderKey), number(workflows.SetReentry), said(workflows.SetTimeout)
	o.PauseForPeople = said(workflows.SetPauses) != ""
	o.Rate, o.Debounce = nil, nil
	if count, per := number(workflows.SetRateCount), said(workflows.SetRatePer); count != 0 || per != "" {
		o.Rate = &models.Rate{Count: count, Per: per}
	}
	d := models.Debounce{Wait: said(workflows.SetWait), Key: said(workflows.SetWaitKey), AtMost: said(workflows.SetAtMost)}
	if d != (models.Debounce{}) {
		o.Debounce = &d
	}
	return o, problems
}

// pauseWorkflow keeps the starts of a workflow.
func (s *site) pauseWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	if err := s.Engine.Pause(ctx, v.access, key); err != nil {
		return err
	}
	if err := s.say(c, flash{Title: text.T(ctx, "pause.now", "Paused: starts are kept until you resume")}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowVersions(key))
}

// resumeWorkflow ends the pause of a workflow.
func (s *site) resumeWorkflow(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	if err := s.Engine.Resume(ctx, v.access, key, engine.Kept(form.Get("kept"))); err != nil {
		return v.refuseWorkflow(c, shownWorkflow{}, models.AsError(err))
	}
	said := text.T(ctx, "pause.resumed", "Resumed: what was kept starts")
	if form.Get("kept") == string(engine.DropKept) {
		said = text.T(ctx, "pause.dropped", "Resumed: what was kept is cancelled")
	}
	if err := s.say(c, flash{Title: said}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.WorkflowVersions(key))
}

// pauseOf draws the pause of a workflow; nil when its starts go.
func (v *viewer) pauseOf(ctx context.Context, w *models.Workflow) (*workflows.PausedProps, error) {
	g, err := models.GateOf(ctx, v.site.DB.Read(), w.ID)
	if err != nil {
		return nil, err
	}
	all, err := models.PausedAll(ctx, v.site.DB.Read())
	if err != nil || !g.Pause.On() && !all.On() {
		return nil, err
	}
	p := &workflows.PausedProps{Key: w.Key, Decide: v.access.Can("workflow.publish"), CSRF: v.csrf, All: !g.Pause.On()}
	pause := g.Pause
	if p.All {
		pause = all
	}
	if p.Title, err = v.pausedSince(ctx, pause); err != nil {
		return nil, err
	}
	p.Text = text.T(ctx, "pause.kept_count", "Kept until then: %d.", g.Kept)
	if storm, ok := engine.StormOf(pause); ok {
		p.Title = text.T(ctx, "storm.title", "Paused after %d executions in %d s", storm.Count, storm.Seconds)
		p.Text = text.T(ctx, "storm.text", "It started itself again and again. Last chain: %s. Kept until you decide: %d.", v.site.Engine.StormChain(ctx, storm), g.Kept)
		if v.access.Can("execution.view") {
			p.Chain = urls.Execution(storm.From)
		}
	}
	return p, nil
}

// pausedSince says since when and by whom something is paused.
func (v *viewer) pausedSince(ctx context.Context, p models.Pause) (string, error) {
	at := v.since(p.At).When(ctx)
	if p.By == 0 {
		return text.T(ctx, "pause.since", "Paused since %s", at), nil
	}
	by, err := v.names.person(ctx, p.By)
	return text.T(ctx, "pause.since_by", "Paused by %s, %s", by.Name, at), err
}

// pausedWorkflows says of workflows that are paused by themselves since when they are.
func (v *viewer) pausedWorkflows(ctx context.Context) (map[int64]string, error) {
	gates, err := models.Gates(ctx, v.site.DB.Read())
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, g := range gates {
		if !g.Pause.On() {
			continue
		}
		if out[g.WorkflowID], err = v.pausedSince(ctx, g.Pause); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// showLimits draws what bounds all workflows.
func (s *site) showLimits(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	v.flash = s.heard(c)
	l, err := s.Engine.ReadLimits(c.UserContext())
	if err != nil {
		return err
	}
	return v.drawLimits(c, workflows.EverythingProps{Values: map[string]string{
		"queueRoom": strconv.Itoa(l.QueueRoom), "stormTen": strconv.Itoa(l.StormTen), "stormMinute": strconv.Itoa(l.StormMinute),
	}}, fiber.StatusOK)
}

func (v *viewer) drawLimits(c *fiber.Ctx, p workflows.EverythingProps, status int) error {
	ctx := c.UserContext()
	all, err := models.PausedAll(ctx, v.site.DB.Read())
	if err != nil {
		return err
	}
	if p.On = all.On(); p.On {
		if p.Said, err = v.pausedSince(ctx, all); err != nil {
			return err
		}
	}
	p.Decide = v.access.Can("workflow.publish")
	if p.Session, err = v.frame(ctx); err != nil {
		return err
	}
	return reply.Status(c, status, workflows.Limits(p), nil)
}

// changeLimits saves what bounds all workflows.
func (s *site) changeLimits(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p := workflows.EverythingProps{Values: map[string]string{}, Problems: map[string]string{}}
	var l engine.Limits
	for name, into := range map[string]*int{"queueRoom": &l.QueueRoom, "stormTen": &l.StormTen, "stormMinute": &l.StormMinute} {
		p.Values[name] = strings.TrimSpace(form.Get(name))
		n, err := strconv.Atoi(p.Values[name])
		if p.Values[name] != "" && (err != nil || n < 1) {
			p.Problems[name] = text.T(ctx, "limits.whole", "Give a whole number above 0, or leave it empty.")
		}
		*into = n
	}
	if len(p.Problems) == 0 {
		err := s.Engine.SetLimits(ctx, v.access, l)
		if err == nil {
			if err := s.say(c, flash{Title: text.T(ctx, "limits.saved", "The limits are saved")}); err != nil {
				return err
			}
			return reply.Redirect(c, urls.Limits())
		}
		refused := models.AsError(err)
		if refused.Kind != models.KindInvalid {
			return err
		}
		p.Problems = problemsOf(ctx, refused, "")
	}
	return v.drawLimits(c, p, fiber.StatusUnprocessableEntity)
}

// pauseEverything keeps the starts of all workflows, or ends that.
func (s *site) pauseEverything(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx, on := c.UserContext(), form.Get("on") == "true"
	if err := s.Engine.PauseAll(ctx, v.access, on); err != nil {
		return err
	}
	said := text.T(ctx, "pause.all_resumed", "Everything goes on")
	if on {
		said = text.T(ctx, "pause.all_paused", "Everything is paused")
	}
	if err := s.say(c, flash{Title: said}); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Limits())
}
