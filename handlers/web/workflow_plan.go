package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/workflows"
)

// planChange says what a change would do to each of its workflows.
func (v *viewer) planChange(ctx context.Context, w workflowChange) (workflows.ChangeProps, error) {
	p := workflows.ChangeProps{Action: w.action}
	for _, one := range w.list {
		line, used, err := v.planOne(ctx, w.action, one)
		if err != nil {
			return p, err
		}
		p.Lines, p.Makes, p.InUse = append(p.Lines, line), p.Makes || !line.Refused, p.InUse || used
	}
	p.Title, p.Note, p.Button = changeWords(ctx, w)
	switch {
	case w.action == workflows.Categorise:
		return p, v.offerCategories(ctx, w, &p)
	case w.action == workflows.Delete && len(w.list) == 1:
		p.Type = w.list[0].Key
	}
	return p, nil
}

// changeWords are the heading of the question, a sentence about it, and the button.
func changeWords(ctx context.Context, w workflowChange) (title, note, button string) {
	one := len(w.list) == 1
	name := w.list[0].Title
	switch w.action {
	case workflows.Enable:
		title, button = text.T(ctx, "workflows.ask_enable", "Switch on %d workflows?", len(w.list)), text.T(ctx, "workflows.do_enable", "Switch on")
		if one {
			title = text.T(ctx, "workflows.ask_enable_one", "Switch on “%s”?", name)
		}
	case workflows.Disable:
		title, button = text.T(ctx, "workflows.ask_disable", "Switch off %d workflows?", len(w.list)), text.T(ctx, "workflows.do_disable", "Switch off")
		if one {
			title = text.T(ctx, "workflows.ask_disable_one", "Switch off “%s”?", name)
		}
		note = text.T(ctx, "workflows.disable_note", "Nothing starts any more. Open executions and tasks go on.")
	case workflows.Delete:
		title, button = text.T(ctx, "workflows.ask_delete", "Delete %d workflows?", len(w.list)), text.T(ctx, "workflows.do_delete", "Move to the bin")
		if one {
			title = text.T(ctx, "workflows.ask_delete_one", "Delete “%s”?", name)
		}
		note = text.T(ctx, "workflows.delete_note", "It stays in the bin for 30 days and can be brought back. Open executions finish, and history stays.")
	default:
		title, button = text.T(ctx, "workflows.ask_categories", "Categories of %d workflows", len(w.list)), text.T(ctx, "workflows.do_categories", "Save categories")
		if one {
			title = text.T(ctx, "workflows.ask_categories_one", "Categories of “%s”", name)
		}
	}
	return title, note, button
}

// planOne says what becomes of one workflow, and whether something uses it.
func (v *viewer) planOne(ctx context.Context, action string, w *models.Workflow) (line workflows.ChangeLine, used bool, err error) {
	line = workflows.ChangeLine{Key: w.Key, Title: w.Title}
	switch action {
	case workflows.Enable:
		err = v.planEnable(ctx, w, &line)
	case workflows.Disable:
		line.Note = text.T(ctx, "workflows.will_stop", "Will be switched off")
		if !w.Enabled {
			line.Note, line.Refused = text.T(ctx, "workflows.off_already", "Is switched off already"), true
		}
	case workflows.Delete:
		return v.planDelete(ctx, w, line)
	default:
		line.Note = w.Key
	}
	return line, false, err
}

func (v *viewer) planEnable(ctx context.Context, w *models.Workflow, line *workflows.ChangeLine) error {
	problem, broken, err := v.site.Engine.LiveProblem(ctx, w)
	line.Note, line.Refused = text.T(ctx, "workflows.will_start", "Will be switched on"), true
	switch {
	case w.Enabled:
		line.Note = text.T(ctx, "workflows.on_already", "Is switched on already")
	case w.LiveVersion == 0:
		line.Note = text.T(ctx, "workflows.not_published", "Was never published")
	case broken:
		line.Note = problem.In(ctx)
	default:
		line.Refused = false
	}
	return err
}

// planDelete lists what uses a workflow and how many of its executions are open.
func (v *viewer) planDelete(ctx context.Context, w *models.Workflow, line workflows.ChangeLine) (workflows.ChangeLine, bool, error) {
	bound, err := v.boundButtons(ctx, w.Key)
	if err != nil {
		return line, false, err
	}
	open, err := models.CountExecutions(ctx, v.site.DB.Read(), models.ExecutionFilter{WorkflowID: w.ID, Statuses: []models.Status{models.Queued, models.Running, models.Waiting}})
	if err != nil {
		return line, false, err
	}
	var uses []string
	for _, b := range bound {
		place := b.Place
		if b.Href == "" {
			place = text.T(ctx, "collections.hidden_page", "A page that you may not see")
		}
		uses = append(uses, b.Label+" ("+place+")")
	}
	callers, err := v.site.Engine.Callers(ctx, w.Key)
	if err != nil {
		return line, false, err
	}
	for _, c := range callers {
		uses = append(uses, text.T(ctx, "workflows.called_by", "workflow %s", c.Workflow.Title))
	}
	if len(uses) > 0 {
		line.Note = text.T(ctx, "workflows.used_by", "Used by %s.", strings.Join(uses, ", "))
	} else {
		line.Note = text.T(ctx, "workflows.used_by_none", "No button starts it.")
	}
	if open.All > 0 {
		line.Note += " " + text.T(ctx, "workflows.open_finish", "Open executions that finish: %d.", open.All)
	}
	return line, len(bound) > 0, nil
}

// offerCategories adds the categories to choose from; those of a single workflow are
// ticked.
func (v *viewer) offerCategories(ctx context.Context, w workflowChange, p *workflows.ChangeProps) error {
	list, err := models.Categories(ctx, v.site.DB.Read())
	if err != nil {
		return err
	}
	had, err := models.CategoriesOfWorkflows(ctx, v.site.DB.Read())
	if err != nil {
		return err
	}
	p.Choose, p.How = len(w.list) > 1, workflows.AddCategories
	for _, c := range list {
		id := strconv.FormatInt(c.ID, 10)
		p.Categories = append(p.Categories, ui.CheckProps{
			ID: "category-" + id, Name: "category", Value: id, Label: c.Title, Checked: len(w.list) == 1 && slices.Contains(had[w.list[0].ID], c.ID),
		})
	}
	return nil
}
