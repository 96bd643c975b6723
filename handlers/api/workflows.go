package api

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
)

// workflowRoutes are the actions on workflows, their drafts and versions.
func (a *api) workflowRoutes() (out []route.Route) {
	view, edit, publish := route.Right("workflow.view"), route.Right("workflow.edit"), route.Right("workflow.publish")
	g := group{api: a, at: "/api/workflows:", body: designBody}
	add := func(lines []route.Route) { out = append(out, lines...) }
	add(g.read("list", view, "workflows:read", a.listWorkflows))
	add(g.read("get/{key}", view, "workflows:read", a.getWorkflow))
	add(g.read("validate/{key}", view, "workflows:read", a.validateWorkflow))
	add(g.read("usage/{key}", view, "workflows:read", a.usageOfWorkflow))
	add(g.read("diff/{key}", view, "workflows:read", a.diffWorkflow))
	add(g.read("export", view, "workflows:read", a.exportWorkflows))
	add(g.read("export/{key}", view, "workflows:read", a.exportWorkflow))
	add(group{api: a, at: "/api/workflows/{key}/nodes:"}.read("list", view, "workflows:read", a.listNodes))
	add(g.change("create", edit, "workflows:write", a.createWorkflow))
	add(g.change("duplicate/{key}", edit, "workflows:write", a.duplicateWorkflow))
	add(g.change("import", edit, "workflows:write", a.importWorkflows))
	add(g.change("update/{key}", route.Own("workflow.edit, or workflow.publish to switch"), "workflows:write", a.updateWorkflow))
	add(g.change("commands/{key}", edit, "workflows:write", a.editDraft))
	add(g.change("undo/{key}", edit, "workflows:write", a.stepDraft(a.Engine.Undo)))
	add(g.change("redo/{key}", edit, "workflows:write", a.stepDraft(a.Engine.Redo)))
	add(g.change("discardDraft/{key}", edit, "workflows:write", a.stepDraft(a.Engine.DiscardDraft)))
	add(g.change("restore/{key}", edit, "workflows:write", a.restoreVersion))
	add(g.change("publish/{key}", publish, "workflows:write", a.publishWorkflow))
	add(g.change("destroy/{key}", publish, "workflows:write", a.destroyWorkflow))
	add(g.read("bin", view, "workflows:read", a.listBin))
	add(g.change("revive/{id}", publish, "workflows:write", a.reviveWorkflow))
	add(g.change("pause/{key}", publish, "workflows:write", a.pauseWorkflow))
	add(g.change("resume/{key}", publish, "workflows:write", a.resumeWorkflow))
	add(g.change("resetCount/{key}", publish, "workflows:write", a.resetCount))
	add(g.heavy("execute/{key}", route.Right("workflow.run"), "workflows:run", a.executeWorkflow))
	return out
}

// workflowValue is a workflow as the API shows it.
func workflowValue(w *models.Workflow) map[string]any {
	return map[string]any{
		"id": w.ID, "key": w.Key, "title": w.Title, "description": w.Description, "type": w.Type, "sync": w.Sync, "enabled": w.Enabled,
		"published": w.LiveVersion != 0, "draftRevision": w.DraftRevision, "draftChanged": w.DraftDirty, "ownerId": numberOf(w.OwnerID),
		"options": w.Options, "createdAt": timeOf(w.CreatedAt), "updatedAt": timeOf(w.UpdatedAt), "createdById": numberOf(w.CreatedByID),
	}
}

func statsValue(s models.WorkflowStats) map[string]any {
	return map[string]any{"total": s.Total, "succeeded": s.Succeeded, "failed": s.Failed, "open": s.Live, "lastAt": timeOf(s.LastAt)}
}

func (a *api) getWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	which, appends := p.Raw("version"), p.List("appends")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx := c.UserContext()
	w, err := models.WorkflowByKey(ctx, a.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return reply.Body{}, err
	}
	stored, number := w.Draft, any("draft")
	version, err := models.ChosenVersion(ctx, a.DB.Read(), w, which)
	if err != nil {
		return reply.Body{}, err
	}
	if version != nil {
		stored, number = version.Definition, version.Number
	}
	definition, err := field.ParseJSON([]byte(stored))
	if err != nil {
		return reply.Body{}, err
	}
	gate, err := models.GateOf(ctx, a.DB.Read(), w.ID)
	if err != nil {
		return reply.Body{}, err
	}
	out := workflowValue(w)
	out["version"], out["definition"], out["kept"], out["paused"] = number, definition, gate.Kept, nil
	if gate.Pause.On() {
		out["paused"] = map[string]any{"at": timeOf(gate.Pause.At), "by": numberOf(gate.Pause.By), "why": gate.Pause.Why}
	}
	return reply.Body{Data: out}, a.appendTo(c, w, out, appends)
}

// appendTo adds what was asked for beside the workflow itself.
func (a *api) appendTo(c *fiber.Ctx, w *models.Workflow, out map[string]any, appends []string) error {
	ctx := c.UserContext()
	if slices.Contains(appends, "nodes") {
		out["nodes"] = nodeRows(out["definition"])
	}
	if slices.Contains(appends, "versions") {
		versions, err := models.Versions(ctx, a.DB.Read(), w.ID)
		if err != nil {
			return err
		}
		out["versions"] = listOf(versions, func(v *models.Version) any { return versionValue(v, w) })
	}
	if slices.Contains(appends, "findings") {
		findings, err := a.Engine.Validate(ctx, access(c), w.Key)
		if err != nil {
			return err
		}
		out["findings"] = listOf(findings, findingValue(ctx))
	}
	if slices.Contains(appends, "stats") {
		stats, err := models.ExecutionStats(ctx, a.DB.Read())
		if err != nil {
			return err
		}
		out["stats"] = statsValue(stats[w.ID])
	}
	return nil
}

func versionValue(v *models.Version, w *models.Workflow) map[string]any {
	elevated := []any{}
	for key := range v.Elevated {
		elevated = append(elevated, key)
	}
	return map[string]any{
		"number": v.Number, "live": v.ID == w.LiveVersion, "hash": v.Hash, "note": v.Note, "authorId": numberOf(v.AuthorID),
		"publishedAt": timeOf(v.PublishedAt), "elevated": elevated,
		"grants": listOf(v.Grants, func(g models.Grant) any { return g }),
	}
}

func findingValue(ctx context.Context) func(engine.Finding) any {
	return func(f engine.Finding) any {
		return map[string]any{"severity": f.Severity, "node": f.Node, "field": f.Field, "code": f.Code, "message": f.Message.In(ctx)}
	}
}

func (a *api) validateWorkflow(c *fiber.Ctx) (reply.Body, error) {
	findings, err := a.Engine.Validate(c.UserContext(), access(c), route.Param(c, "key"))
	return reply.Body{Data: map[string]any{"findings": listOf(findings, findingValue(c.UserContext()))}}, err
}

func (a *api) listNodes(c *fiber.Ctx) (reply.Body, error) {
	w, err := models.WorkflowByKey(c.UserContext(), a.DB.Read(), route.Param(c, "key"))
	if err != nil {
		return reply.Body{}, err
	}
	definition, err := field.ParseJSON([]byte(w.Draft))
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: nodeRows(definition)}, nil
}

// nodeRows lists the nodes of a definition in the order of the document, each with
// the place it stands in.
func nodeRows(definition any) []any {
	rows := []any{}
	var walk func(list any, parent, branch any)
	walk = func(list any, parent, branch any) {
		nodes, _ := list.([]any)
		for i, one := range nodes {
			n, ok := one.(map[string]any)
			if !ok {
				continue
			}
			row := map[string]any{"parent": parent, "branch": branch, "index": i}
			for name, v := range n {
				if name != "branches" {
					row[name] = v
				}
			}
			rows = append(rows, row)
			branches, _ := n["branches"].([]any)
			for _, b := range branches {
				if m, ok := b.(map[string]any); ok {
					walk(m["nodes"], n["key"], m["key"])
				}
			}
		}
	}
	if d, ok := definition.(map[string]any); ok {
		walk(d["nodes"], nil, nil)
	}
	return rows
}

func (a *api) executeWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadParams(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.Execute{Version: p.Raw("version"), Wait: time.Duration(p.Number("wait", 10, 0, 30)) * time.Second}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if in.Input, err = bind.Object(c); err != nil {
		return reply.Body{}, err
	}
	out, err := a.Engine.Execute(c.UserContext(), access(c), route.Param(c, "key"), in)
	if err != nil {
		return reply.Body{}, err
	}
	data := map[string]any{"execution": nil, "reason": textOf(out.Reason)}
	if out.ID != "" {
		data["execution"] = map[string]any{"id": out.ID, "status": string(out.Status)}
	}
	return reply.Body{Data: data}, nil
}

// resetCount makes the limit of a schedule count from now on.
func (a *api) resetCount(c *fiber.Ctx) (reply.Body, error) {
	key := route.Param(c, "key")
	if err := a.Engine.ResetCount(c.UserContext(), access(c), key); err != nil {
		return reply.Body{}, err
	}
	w, err := models.WorkflowByKey(c.UserContext(), a.DB.Read(), key)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: workflowValue(w)}, nil
}
