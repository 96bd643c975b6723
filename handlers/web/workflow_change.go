package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// mostChanged is how many workflows one change takes.
const mostChanged = 200

// workflowChange is a change of workflows as it was sent.
type workflowChange struct {
	bind.Form
	action string
	list   []*models.Workflow
}

// readChange reads a change and refuses it to who may not make it.
func (v *viewer) readChange(ctx context.Context, form bind.Form) (workflowChange, error) {
	w := workflowChange{Form: form, action: form.Get(ui.ActionName)}
	right, ok := map[string]string{
		workflows.Enable: "workflow.publish", workflows.Disable: "workflow.publish", workflows.Delete: "workflow.publish", workflows.Categorise: "workflow.edit",
	}[w.action]
	if !ok {
		right = "workflow.view"
	}
	if err := v.access.Require(right); err != nil {
		return w, err
	}
	if err := v.access.Require("workflow.view"); err != nil {
		return w, err
	}
	keys := form["record"]
	if !ok || len(keys) == 0 || len(keys) > mostChanged {
		return w, models.NotFound()
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		one, err := models.WorkflowByKey(ctx, v.site.DB.Read(), key)
		if err != nil {
			return w, err
		}
		w.list = append(w.list, one)
	}
	return w, nil
}

// askChange draws what a change would do to each of the workflows.
func (s *site) askChange(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	query, err := bind.ReadQuery(route.Of(c).Path.Query)
	if err != nil {
		return err
	}
	w, err := v.readChange(c.UserContext(), query)
	if err != nil {
		return err
	}
	p, err := v.planChange(c.UserContext(), w)
	if err != nil {
		return err
	}
	p.Back = listBefore(cameFrom(c))
	return v.drawWorkflows(c, fiber.StatusOK, workflows.ListProps{Change: &p})
}

// listBefore is the list as somebody left it, with its filters; any other address leads
// to the whole list.
func listBefore(from string) string {
	if strings.HasPrefix(from, urls.Workflows()+"?") {
		return from
	}
	return urls.Workflows()
}

// makeChange changes the workflows, or asks again with what is wrong.
func (s *site) makeChange(c *fiber.Ctx) error {
	v, err := s.visit(c)
	if err != nil {
		return err
	}
	form, err := bind.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	w, err := v.readChange(ctx, form)
	if err != nil {
		return err
	}
	p, err := v.planChange(ctx, w)
	if err != nil {
		return err
	}
	p.Back = listBefore(form.Get("back"))
	if p.Type != "" && strings.TrimSpace(form.Get("typed")) != p.Type {
		p.Typed, p.TypedWrong = form.Get("typed"), text.T(ctx, "collections.type_key", "Type %s exactly as it is written here.", p.Type)
		return v.drawWorkflows(c, fiber.StatusUnprocessableEntity, workflows.ListProps{Change: &p})
	}
	done, refused := 0, (*models.Error)(nil)
	for _, one := range w.list {
		if err := v.changeOne(ctx, w, one); err != nil {
			if refused = models.AsError(err); refused.Kind == models.KindInternal {
				return err
			}
			continue
		}
		done++
	}
	if done == 0 && refused != nil {
		p.Problem = refused.Message.In(ctx)
		return v.drawWorkflows(c, reply.StatusOf(refused), workflows.ListProps{Change: &p})
	}
	said := flash{Tone: ui.OK, Title: changed(ctx, w.action, done)}
	if refused != nil {
		said.Tone, said.Text = ui.Warn, text.T(ctx, "workflows.some_refused", "%d stayed as they are: %s", len(w.list)-done, refused.Message.In(ctx))
	}
	if err := s.say(c, said); err != nil {
		return err
	}
	return reply.Redirect(c, p.Back)
}

// changeOne makes the change of one workflow.
func (v *viewer) changeOne(ctx context.Context, w workflowChange, one *models.Workflow) error {
	switch w.action {
	case workflows.Delete:
		return v.site.Engine.RemoveWorkflow(ctx, v.access, one.Key, w.Get("confirm") == "true")
	case workflows.Categorise:
		now, err := v.newCategories(ctx, w, one)
		if err != nil {
			return err
		}
		_, err = v.site.Engine.UpdateWorkflow(ctx, v.access, one.Key, engine.WorkflowChange{Categories: &now})
		return err
	}
	on := w.action == workflows.Enable
	_, err := v.site.Engine.UpdateWorkflow(ctx, v.access, one.Key, engine.WorkflowChange{Enabled: &on})
	return err
}

// newCategories are the categories a workflow has after the change.
func (v *viewer) newCategories(ctx context.Context, w workflowChange, one *models.Workflow) ([]int64, error) {
	var chosen []int64
	for _, s := range w.Form["category"] {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, models.NotFound()
		}
		chosen = append(chosen, id)
	}
	if w.Get("how") == workflows.SetCategories {
		return chosen, nil
	}
	had, err := models.CategoriesOfWorkflows(ctx, v.site.DB.Read())
	if err != nil {
		return nil, err
	}
	if w.Get("how") == workflows.DropCategories {
		return slices.DeleteFunc(had[one.ID], func(id int64) bool { return slices.Contains(chosen, id) }), nil
	}
	return append(had[one.ID], chosen...), nil
}

// changed says what was done.
func changed(ctx context.Context, action string, n int) string {
	switch action {
	case workflows.Enable:
		return text.T(ctx, "workflows.n_enabled", "Switched on: %d", n)
	case workflows.Disable:
		return text.T(ctx, "workflows.n_disabled", "Switched off: %d", n)
	case workflows.Delete:
		return text.T(ctx, "workflows.n_deleted", "Moved to the bin: %d", n)
	}
	return text.T(ctx, "workflows.n_categorised", "Categories changed: %d", n)
}
