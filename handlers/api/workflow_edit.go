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

// options reads the settings of a workflow outside its versions; nil when they were
// not sent.
func options(p *bind.Params) (*models.WorkflowOptions, error) {
	sent := p.Object("options")
	if err := p.Err(); err != nil || sent == nil {
		return nil, err
	}
	o := bind.ParamsOf(sent)
	out := &models.WorkflowOptions{
		ReentryLimit: o.Number("reentryLimit", 0, 0, 20), Timeout: o.Raw("timeout"), PauseForPeople: o.Flag("pauseForPeople", false),
		Concurrency: o.Number("concurrency", 0, 0, 10_000), OrderKey: o.Raw("orderKey"), ErrorWorkflow: o.Raw("errorWorkflow"),
	}
	if sent := o.Object("rate"); sent != nil {
		r := bind.ParamsOf(sent)
		out.Rate = &models.Rate{Count: r.Number("count", 0, 1, 10_000), Per: r.Raw("per")}
		if err := r.Only(); err != nil {
			return nil, err
		}
	}
	if sent := o.Object("debounce"); sent != nil {
		d := bind.ParamsOf(sent)
		out.Debounce = &models.Debounce{Wait: d.Raw("wait"), Key: d.Raw("key"), AtMost: d.Raw("atMost")}
		if err := d.Only(); err != nil {
			return nil, err
		}
	}
	if o.Has("retention") {
		r, err := retention(o)
		if err != nil {
			return nil, err
		}
		out.Retention = &r
	}
	return out, o.Only()
}

// retention reads for how many days executions stay, by outcome.
func retention(p *bind.Params) (models.Retention, error) {
	var r models.Retention
	sent := p.Object("retention")
	if err := p.Err(); err != nil || sent == nil {
		return r, err
	}
	return retentionIn(bind.ParamsOf(sent))
}

func retentionIn(in *bind.Params) (models.Retention, error) {
	number := func(name string, most int) *int {
		if !in.Has(name) {
			return nil
		}
		n := in.Number(name, 0, 0, most)
		return &n
	}
	r := models.Retention{
		Succeeded: number("succeeded", models.MostDays), Stopped: number("stopped", models.MostDays), Failed: number("failed", models.MostDays), Last: number("last", models.MostKept),
	}
	return r, in.Only()
}

// pauseWorkflow keeps the starts of a workflow.
func (a *api) pauseWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.Pause(c.UserContext(), access(c), route.Param(c, "key")); err != nil {
		return reply.Body{}, err
	}
	return done()
}

// resumeWorkflow ends the pause and says what becomes of what was kept: all, newest of each
// record, or drop.
func (a *api) resumeWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	kept := engine.Kept(p.Raw("kept"))
	if !p.Has("kept") {
		kept = engine.StartAll
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.Resume(c.UserContext(), access(c), route.Param(c, "key"), kept); err != nil {
		return reply.Body{}, err
	}
	return done()
}

func (a *api) createWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.NewWorkflow{
		Key: p.Raw("key"), Title: p.Raw("title"), Description: p.Raw("description"), Type: p.Raw("type"), Sync: p.Flag("sync", false),
		Config: p.JSON("config"), Nodes: p.JSON("nodes"),
	}
	categories, err := categoryIDs(p, "categoryIds")
	if err != nil {
		return reply.Body{}, err
	}
	if categories != nil {
		in.Categories = *categories
	}
	set, err := options(p)
	if err != nil {
		return reply.Body{}, err
	}
	if set != nil {
		in.Options = *set
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	made, findings, err := a.Engine.CreateWorkflow(c.UserContext(), access(c), in)
	if err != nil {
		return reply.Body{}, err
	}
	out := workflowValue(made)
	out["findings"] = listOf(findings, findingValue(c.UserContext()))
	return reply.Body{Data: out}, nil
}

// updateWorkflow changes what stands outside the versions; config changes the
// trigger of the draft.
func (a *api) updateWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.WorkflowChange{Title: p.Optional("title"), Description: p.Optional("description")}
	if p.Has("enabled") {
		on := p.Flag("enabled", false)
		in.Enabled = &on
	}
	if in.Categories, err = categoryIDs(p, "categories"); err != nil {
		return reply.Body{}, err
	}
	if in.Options, err = options(p); err != nil {
		return reply.Body{}, err
	}
	config := p.Object("config")
	for _, fixed := range []string{"type", "sync", "key"} {
		if p.Has(fixed) {
			return reply.Body{}, immutable(fixed)
		}
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	if len(config) > 0 {
		batch := engine.CommandBatch{}
		for name, v := range config {
			batch.Commands = append(batch.Commands, engine.Command{Name: "set_trigger", Args: map[string]any{"field": name, "value": v}})
		}
		if _, err := a.Engine.Commands(ctx, access(c), key, batch); err != nil {
			return reply.Body{}, err
		}
	}
	w, err := a.Engine.UpdateWorkflow(ctx, access(c), key, in)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: workflowValue(w)}, nil
}

func immutable(name string) *models.Error {
	return models.InvalidFields([]models.FieldError{{
		Field: name, Code: "IMMUTABLE_FIELD",
		Message: text.M("workflow.immutable", "%s cannot be changed. Create another workflow instead.", name),
	}})
}

func (a *api) editDraft(c *fiber.Ctx) (reply.Body, error) {
	batch, err := readCommands(c)
	if err != nil {
		return reply.Body{}, err
	}
	state, err := a.Engine.Commands(c.UserContext(), access(c), route.Param(c, "key"), batch)
	return draftReply(c, state, err)
}

// readCommands reads the edits of a draft, of a workflow or of a page.
func readCommands(c *fiber.Ctx) (engine.CommandBatch, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return engine.CommandBatch{}, err
	}
	batch := engine.CommandBatch{ID: p.Raw("id"), Base: p.ID("base")}
	list, ok := p.JSON("commands").([]any)
	if err := p.Only(); err != nil {
		return engine.CommandBatch{}, err
	}
	if !ok {
		return engine.CommandBatch{}, badCommands()
	}
	for _, one := range list {
		m, ok := one.(map[string]any)
		name, isText := m["command"].(string)
		args, isObject := m["args"].(map[string]any)
		if !ok || !isText || m["args"] != nil && !isObject {
			return engine.CommandBatch{}, badCommands()
		}
		batch.Commands = append(batch.Commands, engine.Command{Name: name, Args: args})
	}
	return batch, nil
}

func badCommands() *models.Error {
	return models.InvalidFields([]models.FieldError{{
		Field: "commands", Code: "BAD_PARAMETER",
		Message: text.M("draft.commands_form", "commands is a list of objects with command and args."),
	}})
}

// draftReply says how a draft stands after an edit.
func draftReply(c *fiber.Ctx, s engine.DraftState, err error) (reply.Body, error) {
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: map[string]any{
		"revision": s.Revision, "changed": texts(s.Changed), "findings": listOf(s.Findings, findingValue(c.UserContext())),
		"undo": textOf(s.Undo), "redo": textOf(s.Redo),
	}}, nil
}

// stepDraft is an edit without arguments.
func (a *api) stepDraft(step func(context.Context, models.Access, string) (engine.DraftState, error)) action {
	return func(c *fiber.Ctx) (reply.Body, error) {
		state, err := step(c.UserContext(), access(c), route.Param(c, "key"))
		return draftReply(c, state, err)
	}
}

func (a *api) restoreVersion(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	number := p.ID("version")
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	state, err := a.Engine.RestoreVersion(c.UserContext(), access(c), route.Param(c, "key"), number)
	return draftReply(c, state, err)
}

func (a *api) publishWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadBody(c)
	if err != nil {
		return reply.Body{}, err
	}
	in := engine.Publish{Note: p.Raw("note"), Base: p.ID("base")}
	p.Flag("acceptWarnings", true) // warnings never stop a publisher
	if elevate := p.List("elevate"); p.Has("elevate") {
		in.None = len(elevate) == 0 || len(elevate) == 1 && elevate[0] == "none"
		if !in.None && !(len(elevate) == 1 && elevate[0] == "proposed") {
			in.Elevate = elevate
		}
	}
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if route.CallerOf(c).Principal.Kind == models.TokenPrincipal { // Security: a token never lets a step do more than who starts it
		if in.Elevate != nil {
			return reply.Body{}, models.Forbidden("SCOPE_MISSING", text.M("token.elevate", "A token cannot approve steps that do more than the person who starts them. Publish as a person."))
		}
		in.None = true
	}
	ctx, key := c.UserContext(), route.Param(c, "key")
	out, err := a.Engine.Publish(ctx, access(c), key, in)
	if err != nil {
		return reply.Body{}, err
	}
	w, err := models.WorkflowByKey(ctx, a.DB.Read(), key)
	if err != nil {
		return reply.Body{}, err
	}
	return reply.Body{Data: map[string]any{
		"version": versionValue(out.Version, w), "elevated": texts(out.Elevated), "findings": listOf(out.Findings, findingValue(ctx)),
	}}, nil
}

func (a *api) destroyWorkflow(c *fiber.Ctx) (reply.Body, error) {
	p, err := bind.ReadAll(c)
	if err != nil {
		return reply.Body{}, err
	}
	confirmed := p.Flag("confirm", false)
	if err := p.Only(); err != nil {
		return reply.Body{}, err
	}
	if err := a.Engine.RemoveWorkflow(c.UserContext(), access(c), route.Param(c, "key"), confirmed); err != nil {
		return reply.Body{}, err
	}
	return done()
}
