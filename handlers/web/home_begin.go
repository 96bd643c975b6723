package web

import (
	"context"
	"slices"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/home"
	"formrail/views/urls"
)

// begun is how far an installation is set up.
type begun struct {
	people, collection, workflow, page bool
	bind                               string // the design of a page whose buttons can be bound
}

// homeBegin lists the way to a first process for those who can go all of it. It is empty
// once a button starts a workflow, or anything was ever started.
func (v *viewer) homeBegin(ctx context.Context) ([]home.Step, error) {
	for _, right := range []string{"collection.design", "workflow.edit", "page.design"} {
		if !v.access.Can(right) {
			return nil, nil
		}
	}
	if runs, err := v.runs(ctx); err != nil || runs {
		return nil, err
	}
	b, err := v.begun(ctx)
	if err != nil {
		return nil, err
	}
	steps := []home.Step{
		{
			Title: text.T(ctx, "begin.collection", "Make a collection"), Text: text.T(ctx, "begin.collection_text", "What people fill in: its fields, and who may see and change them."),
			Label: text.T(ctx, "jump.new_collection", "New collection"), Href: urls.NewCollection(), Done: b.collection,
		},
		{
			Title: text.T(ctx, "begin.workflow", "Draw a workflow"), Text: text.T(ctx, "begin.workflow_text", "What happens with it: who decides, and what changes then. Publish it when it has no problems."),
			Label: text.T(ctx, "jump.new_workflow", "New workflow"), Href: urls.NewWorkflow(), Done: b.workflow,
		},
		{
			Title: text.T(ctx, "begin.page", "Design a page with a form"), Text: text.T(ctx, "begin.page_text", "Where people meet it: add a form of the collection to a page."),
			Label: text.T(ctx, "design.new_page", "New page"), Href: urls.NewPage(), Done: b.page,
		},
		{
			Title: text.T(ctx, "begin.bind", "Bind the workflow to the button"), Text: text.T(ctx, "begin.bind_text", "Press Submit in the page designer, choose Bind workflow, then publish the page."),
			Label: text.T(ctx, "begin.open_page", "Open page"), Href: b.bind,
		},
	}
	if v.access.Can("user.manage") {
		people := home.Step{
			Title: text.T(ctx, "begin.people", "Add the people"), Text: text.T(ctx, "begin.people_text", "Those who ask and those who decide. Give each who asks a manager."),
			Label: text.T(ctx, "begin.add_people", "Add people"), Href: urls.People(), Done: b.people,
		}
		steps = slices.Insert(steps, 0, people)
	}
	next := slices.IndexFunc(steps, func(s home.Step) bool { return !s.Done })
	steps[next].Next = true
	return steps, nil
}

// begun looks at what there is.
func (v *viewer) begun(ctx context.Context) (begun, error) {
	b := begun{collection: slices.ContainsFunc(v.cat.Collections(), func(c *models.Collection) bool { return !c.System })}
	q := v.site.DB.Read()
	people, err := models.CountUsers(ctx, q, models.UserQuery{})
	if err != nil {
		return b, err
	}
	b.people = people > 1
	workflows, err := models.Workflows(ctx, q)
	if err != nil {
		return b, err
	}
	b.workflow = slices.ContainsFunc(workflows, func(w *models.Workflow) bool { return w.LiveVersion != 0 })
	drafts, err := models.PageDrafts(ctx, q)
	if err != nil {
		return b, err
	}
	for _, d := range drafts {
		p, err := d.Page()
		if err != nil {
			return b, err
		}
		for _, block := range p.Blocks() {
			if block.Type.IsForm() {
				b.page, b.bind = true, urls.Design(p.Key)
			}
		}
	}
	return b, nil
}

// runs reports whether a button starts a workflow, or anything was ever started.
func (v *viewer) runs(ctx context.Context) (bool, error) {
	pages, err := v.site.DB.Pages(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range pages {
		for _, block := range p.Blocks() {
			if slices.ContainsFunc(block.Actions, func(a *models.PageAction) bool { return len(a.Started()) > 0 }) {
				return true, nil
			}
		}
	}
	list, err := models.Executions(ctx, v.site.DB.Read(), models.ExecutionFilter{Limit: 1})
	return len(list) > 0, err
}
