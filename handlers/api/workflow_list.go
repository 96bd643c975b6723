package api

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// uncategorised stands for a category: workflows that carry none.
const uncategorised = "none"

// workflowFilter narrows the list of workflows; empty parts do not narrow.
type workflowFilter struct {
	search, kind, category      string
	enabled, sync, draft, owner string
}

func readWorkflowFilter(p *bind.Params) workflowFilter {
	return workflowFilter{
		search: strings.ToLower(p.Raw("search")), kind: p.Raw("type"), category: p.Raw("category"), enabled: p.One("enabled", "", "true", "false"),
		sync: p.One("sync", "", "true", "false"), draft: p.One("draftChanged", "", "true", "false"), owner: p.Raw("owner"),
	}
}

// matches reports whether a filter lets a workflow with its categories through.
func (f workflowFilter) matches(w *models.Workflow, categories []int64) bool {
	is := func(wanted, value string) bool { return wanted == "" || wanted == value }
	carries := f.category == "" || f.category == uncategorised && len(categories) == 0
	for _, id := range categories {
		carries = carries || f.category == strconv.FormatInt(id, 10)
	}
	return carries && (strings.Contains(strings.ToLower(w.Title), f.search) || strings.Contains(w.Key, f.search)) && is(f.kind, w.Type) &&
		is(f.enabled, strconv.FormatBool(w.Enabled)) && is(f.sync, strconv.FormatBool(w.Sync)) && is(f.draft, strconv.FormatBool(w.DraftDirty)) &&
		is(f.owner, strconv.FormatInt(w.OwnerID, 10))
}

func (a *api) listWorkflows(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	filter := readWorkflowFilter(p)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	all, err := models.Workflows(ctx, a.DB.Read())
	if err != nil {
		return reply.Body{}, err
	}
	stats, err := models.ExecutionStats(ctx, a.DB.Read())
	if err != nil {
		return reply.Body{}, err
	}
	categories, err := models.CategoriesOfWorkflows(ctx, a.DB.Read())
	if err != nil {
		return reply.Body{}, err
	}
	rows := []any{}
	for _, w := range all {
		if filter.matches(w, categories[w.ID]) {
			row := workflowValue(w)
			row["stats"], row["categories"] = statsValue(stats[w.ID]), listOf(categories[w.ID], func(id int64) any { return id })
			rows = append(rows, row)
		}
	}
	return reply.Body{Data: rows, Meta: map[string]any{"count": len(rows)}}, nil
}

// listBin lists the workflows that were deleted and can be brought back.
func (a *api) listBin(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	list, err := models.BinnedWorkflows(c.UserContext(), a.DB.Read(), a.DB.Now())
	return reply.Body{Meta: map[string]any{"count": len(list)}, Data: listOf(list, func(w *models.Workflow) any {
		row := workflowValue(w)
		row["key"], row["deletedAt"] = w.OwnKey(), timeOf(w.DeletedAt)
		return row
	})}, err
}

// reviveWorkflow brings a workflow back from the bin, switched off.
func (a *api) reviveWorkflow(c *fiber.Ctx) (reply.Body, error) {
	id, err := strconv.ParseInt(route.Param(c, "id"), 10, 64)
	if err != nil {
		return reply.Body{}, models.NotFound()
	}
	w, err := a.Engine.RestoreWorkflow(c.UserContext(), access(c), id)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: workflowValue(w)}, nil
}

// categoryIDs reads a list of categories; nil when it was not sent.
func categoryIDs(p *bind.Params, name string) (*[]int64, error) {
	if !p.Has(name) {
		return nil, nil //nolint:nilnil // not sent is not an error
	}
	out := []int64{}
	for _, s := range p.List(name) {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			id = 0 // no category has this number, and the refusal names the field
		}
		out = append(out, id)
	}
	return &out, p.Err()
}
