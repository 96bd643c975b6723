package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

func (a *api) duplicateWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.Duplicate{Title: p.Raw("title"), Key: p.Raw("key"), Version: p.Raw("version"), Type: p.Raw("type")}
	if p.Has("sync") {
		sync := p.Flag("sync", false)
		in.Sync = &sync
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	made, findings, err := a.Engine.DuplicateWorkflow(c.UserContext(), access(c), route.Param(c, "key"), in)
	if err != nil {
		return reply.Body{}, err
	}
	out := workflowValue(made)
	out["findings"] = listOf(findings, findingValue(c.UserContext()))
	return reply.Body{Data: out}, nil
}

// usageOfWorkflow lists what starts a workflow by name: the buttons of pages, and steps
// of other workflows.
func (a *api) usageOfWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	w, err := models.WorkflowByKey(ctx, a.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return reply.Body{}, err
	}
	bound, err := a.DB.BoundTo(ctx, w.Key)
	if err != nil {
		return reply.Body{}, err
	}
	callers, err := a.Engine.Callers(ctx, w.Key)
	if err != nil {
		return reply.Body{}, err
	}
	out := listOf(bound, func(b models.BoundButton) any {
		return map[string]any{
			"kind": "button", "page": b.Page.Key, "pageTitle": b.Page.Title, "block": b.Block.ID, "collection": b.Block.Collection,
			"action": b.Action.ID, "type": string(b.Action.Type), "title": textOf(b.Action.Title), "path": b.Path,
		}
	})
	return reply.Body{Data: append(out, listOf(callers, func(c engine.Caller) any {
		return map[string]any{"kind": "subflow", "workflow": c.Workflow.Key, "title": c.Workflow.Title, "nodes": c.Steps, "live": c.Live}
	})...)}, nil
}

// diffWorkflow compares two definitions: what is live with the draft, unless the
// request names others.
func (a *api) diffWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	from, to := p.Raw("from"), p.Raw("to")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if from == "" {
		from = "live"
	}
	ctx := c.UserContext()
	found, err := a.Engine.DiffVersions(ctx, access(c), route.Param(c, "key"), from, to)
	return reply.Body{Data: listOf(found, differenceValue(ctx)), Meta: map[string]any{"count": len(found)}}, err
}

func differenceValue(ctx context.Context) func(engine.Difference) any {
	return func(d engine.Difference) any {
		return map[string]any{
			"kind": d.Kind, "node": textOf(d.Node), "title": d.Title, "field": textOf(d.Field), "label": textOf(d.Label),
			"was": d.Was, "now": d.Now, "sentence": d.Sentence.In(ctx),
		}
	}
}

// maxExchanged is how many workflows one request takes out or brings in.
const maxExchanged = 100

// exportWorkflow gives a workflow as the content of a file.
func (a *api) exportWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	which := p.Raw("version")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	tree, err := a.fileOf(c.UserContext(), route.Param(c, "key"), which)
	return reply.Body{Data: tree}, err
}

// exportWorkflows gives the drafts of several workflows, each as the content of a
// file.
func (a *api) exportWorkflows(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	keys, which := p.List("keys"), p.Raw("version")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if len(keys) == 0 || len(keys) > maxExchanged {
		return reply.Body{}, badParameter("keys", text.M("workflow.keys", "Name 1 to %d workflows.", maxExchanged))
	}
	out := make([]any, len(keys))
	for i, key := range keys {
		if out[i], err = a.fileOf(c.UserContext(), key, which); err != nil {
			return reply.Body{}, err
		}
	}
	return reply.Body{Data: out}, nil
}

func (a *api) fileOf(ctx context.Context, key, which string) (map[string]any, error) {
	w, err := models.WorkflowByKey(ctx, a.DB.Read(), key)
	if err != nil {
		return nil, err
	}
	d, err := a.Engine.DefinitionOf(ctx, w, which)
	if err != nil {
		return nil, err
	}
	return engine.FileOf(w, d).Tree()
}
