package web

import (
	"context"
	"slices"
	"strconv"

	"formrail/engine"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

// submission is what a task is about: the application with what was submitted.
type submission struct {
	app      *models.Application // nil when the execution has none
	workflow string              // its title
	on       *models.Collection  // nil when the snapshot is about no collection
	record   records.Record      // what was submitted, in canonical values
	amount   *models.CollectionField
}

// submissionOf reads what an execution asks about.
func (v *viewer) submissionOf(ctx context.Context, executionID string, workflowID int64) (submission, error) {
	var s submission
	w, err := models.WorkflowByID(ctx, v.site.DB.Read(), workflowID)
	if err != nil {
		return s, err
	}
	s.workflow = w.Title
	if s.app, err = models.ApplicationOf(ctx, v.site.DB.Read(), executionID); err != nil || s.app == nil {
		return s, err
	}
	return s, s.read(v.cat)
}

// read brings the snapshot to the canonical values of its collection. Fields that
// are hidden by now are left out.
func (s *submission) read(cat *models.Catalog) error {
	parsed, err := field.ParseJSON([]byte(s.app.Snapshot))
	if err != nil {
		return err
	}
	raw, _ := parsed.(map[string]any)
	on, ok := cat.Collection(s.app.ResourceType)
	if !ok || raw == nil {
		return nil
	}
	s.on, s.record = on, records.Record{models.IDField: raw[models.IDField]}
	for _, f := range on.Fields {
		if f.Hidden || f.Preset {
			continue
		}
		value, there := raw[f.Key()]
		linked, isLink := raw[f.Name].(map[string]any)
		if isLink {
			s.record[f.Name] = linked
			if !there {
				value, there = linked[models.IDField], true
			}
		}
		if !there {
			continue
		}
		kept, _ := f.Parse(value, field.ParseContext{Stored: value})
		s.record[f.Key()] = kept
		if f.Kind == field.Number && f.Currency != "" && s.amount == nil {
			s.amount = f
		}
	}
	return nil
}

// price is the first sum of money of what was submitted; empty without one.
func (s submission) price() string {
	if s.amount == nil {
		return ""
	}
	amount := canonical(s.record[s.amount.Key()])
	if amount == "" {
		return ""
	}
	return ui.Money(amount, s.amount.Currency)
}

// card is the line under the title of a row: who asks, and for how much when the
// reader may see the amount.
func (v *viewer) card(ctx context.Context, s submission) (string, error) {
	if s.app == nil {
		return "", nil
	}
	who, err := v.names.of(ctx, s.app.ApplicantID)
	price := ""
	if s.amount != nil && mayView(v.access, s.on.Name, s.amount) {
		price = s.price()
	}
	return joined(who, price), err
}

// joined puts a dot between two parts that are both there.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " · " + b
}

// taskRow draws a task in a list.
func (v *viewer) taskRow(ctx context.Context, t *models.Task) (tasks.Row, error) {
	s, err := v.submissionOf(ctx, t.ExecutionID, t.WorkflowID)
	if err != nil {
		return tasks.Row{}, err
	}
	row := tasks.Row{ID: t.ID, Title: t.Title, Source: s.workflow, Since: v.since(t.OpenedAt), Due: v.since(t.DueAt), Status: string(t.Status)}
	if t.NodeTitle != "" && t.NodeTitle != s.workflow {
		row.Source = joined(s.workflow, t.NodeTitle)
	}
	row.Summary, err = v.card(ctx, s)
	return row, err
}

// snapshot draws what was submitted, field by field: all of it for who is asked, what
// they may read anyhow for others who take part.
func (v *viewer) snapshot(ctx context.Context, s submission, asked bool) ([]fields.Shown, error) {
	if s.on == nil {
		return nil, nil
	}
	var out []fields.Shown
	for _, f := range s.on.Fields {
		if f.Preset || !asked && !mayView(v.access, s.on.Name, f) {
			continue
		}
		one, ok, err := v.shown(ctx, f, s.record)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, one)
		}
	}
	return out, nil
}

// taskFacts are what the page of one task is made of.
type taskFacts struct {
	task      *models.Task
	step      *models.Step
	submitted submission
	own       bool // the viewer is asked
	resolves  bool // he may say what became of the step, where that is asked
	tasks     []*models.Task
	actions   []models.TaskAction
}

// taskFacts loads a task the viewer may see. Everybody else gets the answer of an
// unknown one.
func (v *viewer) taskFacts(ctx context.Context, id string) (*taskFacts, error) {
	q := v.site.DB.Read()
	t, err := models.TaskByID(ctx, q, id)
	if err != nil {
		return nil, err
	}
	if err := engine.MaySeeTask(ctx, q, v.access, t); err != nil {
		return nil, err
	}
	f := &taskFacts{task: t}
	if f.step, err = models.StepByID(ctx, q, t.StepID); err != nil {
		return nil, err
	}
	if f.submitted, err = v.submissionOf(ctx, t.ExecutionID, t.WorkflowID); err != nil {
		return nil, err
	}
	candidates, err := models.Candidates(ctx, q, t.ID)
	if err != nil {
		return nil, err
	}
	f.own = slices.ContainsFunc(candidates, func(c models.Candidate) bool { return c.UserID == v.user.ID })
	f.resolves = engine.MayResolve(v.access, candidates)
	return f, v.history(ctx, f)
}

// history loads the tasks and decisions of all steps of the execution that asked.
func (v *viewer) history(ctx context.Context, f *taskFacts) error {
	q := v.site.DB.Read()
	steps, err := models.StepsOf(ctx, q, f.task.ExecutionID)
	if err != nil {
		return err
	}
	var ids []string
	for _, s := range steps {
		if s.Type != "approval" && s.ID != f.task.StepID {
			continue
		}
		ids = append(ids, s.ID)
		list, err := models.StepTasks(ctx, q, s.ID)
		if err != nil {
			return err
		}
		f.tasks = append(f.tasks, list...)
	}
	f.actions, err = models.TaskActions(ctx, q, ids...)
	return err
}

// taskDetail draws one task. The list beside it is added by the caller.
func (v *viewer) taskDetail(ctx context.Context, f *taskFacts) (tasks.DetailProps, error) {
	t, s := f.task, f.submitted
	p := tasks.DetailProps{
		ID: t.ID, Version: strconv.FormatInt(t.Version, 10), Seen: t.ContentHash, Key: models.NewID(),
		Title: t.Title, Step: t.NodeTitle, Workflow: s.workflow, AsOf: v.since(t.OpenedAt),
		Decide: f.own && t.Status == models.TaskOpen && t.Kind == "approval",
	}
	if t.Kind == engine.ResolveTask {
		p.Icon = "circle-alert"
		p.Resolve = &tasks.ResolveProps{
			Began: v.since(f.step.StartedAt), Attempt: f.step.Attempt, Key: engine.CallKey(f.step), Open: f.resolves && t.Status == models.TaskOpen,
		}
	}
	p.Comment.Needed = commentNeeded(f.step.Input, "reject")
	if v.access.Can("execution.view") {
		p.WorkflowHref = urls.Execution(t.ExecutionID)
	}
	var err error
	if s.app != nil {
		p.AsOf = v.since(s.app.CreatedAt)
		if s.on != nil && s.app.ResourceID != "" {
			p.RecordLabel = subtitle(s.on, s.app.ResourceID)
			if p.RecordHref, err = v.recordHref(ctx, s.on, s.app.ResourceID); err != nil {
				return p, err
			}
		}
		if p.Applicant, err = v.names.of(ctx, s.app.ApplicantID); err != nil {
			return p, err
		}
		p.Reason, p.Amount = asks(ctx, p.Applicant, s.price()), s.price()
		if p.History, err = v.recordHistory(ctx, s); err != nil {
			return p, err
		}
	}
	p.Question = text.T(ctx, "tasks.question", "Approve “%s”?", t.Title)
	if price := s.price(); price != "" {
		p.Question = text.T(ctx, "tasks.question_amount", "Approve %s?", price)
	}
	if p.Values, err = v.snapshot(ctx, s, f.own); err != nil {
		return p, err
	}
	if p.Timeline, err = v.progress(ctx, f); err != nil {
		return p, err
	}
	if p.Decide {
		if p.Consequence, err = v.consequence(ctx, f); err != nil {
			return p, err
		}
	}
	p.Outcome, err = v.outcome(ctx, f)
	return p, err
}

// recordHistory draws who changed what of the record that was submitted; nothing for
// those who may not read it.
func (v *viewer) recordHistory(ctx context.Context, s submission) ([]ui.TimelineItem, error) {
	if s.on == nil || s.app.ResourceID == "" {
		return nil, nil
	}
	items, err := recordView{viewer: v, on: s.on, id: s.app.ResourceID}.activity(ctx)
	if models.IsKind(err, models.KindNotFound) || models.IsKind(err, models.KindForbidden) {
		return nil, nil
	}
	return items, err
}

// asks says who asks for what; empty when nobody does.
func asks(ctx context.Context, who, price string) string {
	switch {
	case who == "":
		return ""
	case price == "":
		return text.T(ctx, "tasks.asks", "%s asks for your decision.", who)
	}
	return text.T(ctx, "tasks.asks_for", "%s asks for %s.", who, price)
}

// settingsOf reads the stored settings of a step; nil when there are none.
func settingsOf(stored string) map[string]any {
	parsed, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return nil
	}
	conf, _ := parsed.(map[string]any)
	return conf
}

func settingText(stored, name string) string {
	s, _ := settingsOf(stored)[name].(string)
	return s
}

// commentNeeded reports whether the settings of an approval ask for a comment.
func commentNeeded(stored, action string) bool {
	actions, _ := settingsOf(stored)["actions"].(map[string]any)
	setting := actions[action]
	if m, ok := setting.(map[string]any); ok {
		setting = m["comment"]
	}
	return setting == "required"
}
