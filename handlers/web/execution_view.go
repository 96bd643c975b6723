package web

import (
	"context"
	"strconv"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/ui"
	"formrail/views/urls"
)

// executionRow draws an execution in a list.
func (v *viewer) executionRow(ctx context.Context, x models.ExecutionRow) (executions.Row, error) {
	row := executions.Row{
		ID: x.ID, Number: "#" + strconv.FormatInt(x.Number, 10), Status: shownStatus(x.Status, x.Reason), Workflow: x.WorkflowTitle,
		Version: int(x.VersionNumber), Started: v.since(x.CreatedAt), Duration: took(x.StartedAt, x.EndedAt, v.now), Operates: v.access.Can("execution.operate"),
		Live: x.Status.Live(), Key: models.NewID(),
	}
	row.Menu = v.executionMenu(ctx, x)
	record := ""
	if on, ok := v.cat.Collection(x.ResourceType); ok && x.ResourceID != "" {
		record = subtitle(on, x.ResourceID)
	}
	row.Detail = joined(x.UserName, record)
	if x.RerunNumber != 0 {
		row.Detail = joined(text.T(ctx, "executions.rerun_of", "Re-run of #%d", x.RerunNumber), row.Detail)
	}
	if x.Status == models.Failed || x.Status == models.TimedOut {
		whole, err := models.ExecutionByID(ctx, v.site.DB.Read(), x.ID)
		if err != nil {
			return row, err
		}
		values, err := v.seesValues(ctx, whole)
		if err != nil {
			return row, err
		}
		row.Detail = joined(reasonSentence(ctx, whole, values), row.Detail)
	}
	if x.Status == models.Cancelled {
		whole, err := models.ExecutionByID(ctx, v.site.DB.Read(), x.ID)
		if err != nil {
			return row, err
		}
		who, at, err := v.endedBy(ctx, whole)
		if err != nil {
			return row, err
		}
		if who != nil {
			row.Detail = joined(text.T(ctx, "executions.cancelled_by", "Cancelled by %s, %s", who.Name, at.Short(ctx)), row.Detail)
		}
	}
	if x.Gated {
		why, err := v.site.Engine.WhyHeld(ctx, &models.Execution{ID: x.ID, WorkflowID: x.WorkflowID, Status: x.Status, Gated: true})
		if err != nil {
			return row, err
		}
		row.Detail = joined(why, row.Detail)
	}
	if x.Status == models.Waiting {
		where, err := v.waitingAt(ctx, x.ID)
		if err != nil {
			return row, err
		}
		row.Detail = joined(where, row.Detail)
	}
	return row, nil
}

// executionMenu is what can be done with an execution from the list.
func (v *viewer) executionMenu(ctx context.Context, x models.ExecutionRow) []ui.MenuItem {
	out := []ui.MenuItem{{Label: text.T(ctx, "execution.open", "Open"), Icon: "eye", Href: urls.Execution(x.ID)}}
	switch {
	case !v.access.Can("execution.operate"):
	case x.Status.Live():
		out = append(out, ui.MenuItem{Label: text.T(ctx, "execution.cancel", "Cancel"), Icon: "square", Form: executions.ActForm(x.ID)})
	default:
		out = append(out, ui.MenuItem{Label: text.T(ctx, "execution.rerun", "Re-run"), Icon: "rotate-cw", Form: executions.ActForm(x.ID)})
	}
	if v.access.Can("workflow.view") && !strings.Contains(x.WorkflowKey, models.BinnedMark) {
		out = append(out, ui.MenuItem{Label: text.T(ctx, "execution.open_workflow", "Open workflow"), Icon: "workflow", Href: urls.Workflow(x.WorkflowKey)})
	}
	return out
}

// waitingAt names the steps an execution waits in.
func (v *viewer) waitingAt(ctx context.Context, id string) (string, error) {
	steps, err := models.OpenSteps(ctx, v.site.DB.Read(), id)
	if err != nil {
		return "", err
	}
	var names []string
	for _, s := range steps {
		if s.Status == models.Waiting {
			names = append(names, s.Title)
		}
	}
	return strings.Join(names, ", "), nil
}

// executionFacts are what the page of one execution is made of.
type executionFacts struct {
	*models.Execution
	version  *models.Version
	workflow *models.Workflow
	def      definition
	steps    []*models.Step          // on the canvas those of the chosen passes
	at       map[string]*models.Step // on the canvas, by node
	passes   passes                  // that were chosen
	folds    []string                // steps whose branches are folded away
	outline  string                  // whether the canvas is a list: [canvas.AsOutline]
	chosen   string                  // step in the panel; on the canvas its node
	values   bool                    // the viewer may see all of its values
	whole    bool                    // large values of the chosen step are wanted
}

// maySeeExecution refuses an execution to everybody but holders of the right and
// who started it, as if it did not exist.
func (v *viewer) maySeeExecution(x *models.Execution) error {
	if v.access.Can("execution.view") || x.UserID != 0 && x.UserID == v.user.ID {
		return nil
	}
	return models.NotFound()
}

// executionFacts reads what is shown of an execution: of its steps those on the canvas, or
// those that the tabs list.
func (v *viewer) executionFacts(ctx context.Context, show shownExecution) (*executionFacts, error) {
	q := v.site.DB.Read()
	x, err := models.ExecutionByID(ctx, q, show.id)
	if models.IsKind(err, models.KindNotFound) {
		err = models.Removed(ctx, q, show.id, v.user.ID, v.access.Can("execution.view"))
	}
	if err != nil {
		return nil, err
	}
	if err := v.maySeeExecution(x); err != nil {
		return nil, err
	}
	f := &executionFacts{Execution: x}
	if f.version, f.workflow, err = v.site.versionOf(ctx, x.VersionID); err != nil {
		return nil, err
	}
	if f.def, err = v.site.definition(ctx, f.version.Definition, f.workflow.Title); err != nil {
		return nil, err
	}
	if f.values, err = v.seesValues(ctx, x); err != nil {
		return nil, err
	}
	f.choose(show)
	if show.tab == "" {
		if err := v.chosenSteps(ctx, f); err != nil {
			return nil, err
		}
		return f, v.loadValues(ctx, f)
	}
	f.steps, err = models.StepsOf(ctx, q, x.ID)
	return f, err
}

// executionDetail draws one execution.
func (v *viewer) executionDetail(ctx context.Context, f *executionFacts) (executions.DetailProps, error) {
	x := f.Execution
	p := executions.DetailProps{
		ID: x.ID, Number: "#" + strconv.FormatInt(x.Number, 10), Status: shownStatus(x.Status, x.Reason), Reason: reasonSentence(ctx, x, f.values),
		Workflow: f.workflow.Title, Version: int(f.version.Number), Started: v.since(x.CreatedAt), Duration: took(x.CreatedAt, x.EndedAt, v.now), Chosen: -1,
		Operates: v.access.Can("execution.operate"),
		Key:      models.NewID(),
	}
	var err error
	if f.at == nil && x.StepCount > models.MaxSteps {
		all, err := models.CountSteps(ctx, v.site.DB.Read(), x.ID)
		if err != nil {
			return p, err
		}
		p.Left = all - int64(len(f.steps))
	}
	if p.EndedBy, p.Ended, err = v.endedBy(ctx, x); err != nil {
		return p, err
	}
	if v.access.Can("workflow.view") && f.workflow.DeletedAt == 0 {
		p.WorkflowKey = f.workflow.Key
	}
	held, err := v.site.Engine.WhyHeld(ctx, x)
	if err != nil {
		return p, err
	}
	p.Reason = strings.TrimSpace(held + " " + p.Reason)
	if len(x.Messages) > 0 {
		p.Reason = strings.TrimSpace(p.Reason + " " + strings.Join(x.Messages, " "))
	}
	if err := v.started(ctx, f, &p); err != nil {
		return p, err
	}
	if err := v.steps(ctx, f, &p); err != nil {
		return p, err
	}
	if f.at == nil {
		return p, nil
	}
	p.Seen = f.seen("")
	p.Path, err = v.path(ctx, f, p.Steps)
	return p, err
}

// started says what started the execution and by whom.
func (v *viewer) started(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	x := f.Execution
	p.Trigger = f.def.triggerFace().title
	if on, ok := v.cat.Collection(x.ResourceType); ok && x.ResourceID != "" {
		p.Trigger = subtitle(on, x.ResourceID)
		var err error
		if p.TriggerHref, err = v.recordHref(ctx, on, x.ResourceID); err != nil {
			return err
		}
	}
	if x.UserID != 0 {
		who, err := v.names.person(ctx, x.UserID)
		if err != nil {
			return err
		}
		p.By = &who
	} else {
		p.ByOther = text.T(ctx, "execution.by_system", "The system")
		if said := v.plannedFor(ctx, x); said != "" {
			p.ByOther = said
		}
	}
	var err error
	if p.CalledBy, err = v.calledBy(ctx, x); err != nil || x.RerunOf == "" {
		return err
	}
	old, err := models.ExecutionByID(ctx, v.site.DB.Read(), x.RerunOf)
	if err != nil {
		return err
	}
	p.RerunOf, p.RerunNumber = old.ID, "#"+strconv.FormatInt(old.Number, 10)
	return nil
}

// steps draws the trigger and what was stored of every step.
func (v *viewer) steps(ctx context.Context, f *executionFacts, p *executions.DetailProps) error {
	first, err := v.triggerStep(ctx, f)
	if err != nil {
		return err
	}
	p.Steps = append(p.Steps, first)
	for _, s := range f.steps {
		one, err := v.step(ctx, f, s)
		if err != nil {
			return err
		}
		p.Steps = append(p.Steps, one)
	}
	if f.at != nil {
		return v.chooseStep(ctx, f, p)
	}
	return nil
}

// counts are the numbers beside the tabs.
func counts(n models.ExecutionCounts) executions.Counts {
	shown := func(n int64) string { return ui.Number(strconv.FormatInt(n, 10), 0) }
	return executions.Counts{All: shown(n.All), Running: shown(n.Running), Waiting: shown(n.Waiting), Failed: shown(n.Failed), Succeeded: shown(n.Succeeded), Stopped: shown(n.Stopped)}
}
