package engine

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Imported is what a workflow file did, or would do.
type Imported struct {
	Workflow    *models.Workflow // nil while nothing was written
	New         bool             // there was no workflow with its key
	Differences []Difference     // from the workflow that was there
	Findings    []Finding
}

// Changes reports whether the file changes anything.
func (i Imported) Changes() bool { return i.New || len(i.Differences) > 0 }

// PlanImport says what importing a file would do, and refuses what
// [Engine.Import] would refuse.
func (e *Engine) PlanImport(ctx context.Context, access models.Access, f File) (Imported, error) {
	if err := access.Require("workflow.edit"); err != nil {
		return Imported{}, err
	}
	return e.planImport(ctx, e.db.Read(), f)
}

// Import takes a workflow from a file: a new one is created, disabled; of another
// its draft becomes that of the file, as one edit that can be undone. Nothing is
// published or switched.
func (e *Engine) Import(ctx context.Context, access models.Access, f File) (Imported, error) {
	plan, err := e.PlanImport(ctx, access, f)
	if err != nil {
		return Imported{}, err
	}
	draft, _, err := f.Definition.JSON()
	if err != nil {
		return Imported{}, err
	}
	if plan.New {
		plan.Workflow, err = e.insertWorkflow(ctx, access, f.workflow(), draft)
		return plan, err
	}
	_, err = e.edit(ctx, access, f.Key, false, func(tx *models.Tx, ed *edit) error {
		// The workflow may have changed since the plan was made.
		if plan, err = e.planImport(ctx, tx, f); err != nil {
			return err
		}
		plan.Workflow = ed.w
		if !plan.Changes() {
			return nil
		}
		if err := keepLimits(ctx, tx, &models.Workflow{ID: ed.w.ID, Options: f.Options}, ed.w.Options); err != nil {
			return err
		}
		ed.w.Title, ed.w.Description, ed.w.Options = f.Title, f.Description, f.Options
		return ed.replace(ctx, tx, draft, text.M("draft.imported", "Imported from a file").String())
	})
	if err == nil {
		e.versions.Delete(plan.Workflow.LiveVersion) // carries the title
	}
	return plan, err
}

func (f File) workflow() NewWorkflow {
	return NewWorkflow{
		Key: f.Key, Title: f.Title, Description: f.Description, Type: f.Definition.Trigger.Type, Sync: f.Sync, Options: f.Options,
	}
}

func (e *Engine) planImport(ctx context.Context, q models.Querier, f File) (plan Imported, err error) {
	in := f.workflow()
	if err := in.check(); err != nil {
		return Imported{}, err
	}
	w, err := models.WorkflowByKey(ctx, q, f.Key)
	switch {
	case models.IsKind(err, models.KindNotFound):
		plan.New = true
	case err != nil:
		return Imported{}, err
	case w.Sync != f.Sync || w.Type != f.Definition.Trigger.Type:
		return Imported{}, models.InvalidFields([]models.FieldError{{
			Field: "key", Code: "IMMUTABLE_FIELD",
			Message: text.M("file.fixed", "Type and sync of the workflow %s cannot change. Give the file another key.", f.Key),
		}})
	}
	var draft *Definition
	if !plan.New {
		if draft, err = ReadDefinition(w.Draft); err != nil {
			return Imported{}, fmt.Errorf("read draft of %s: %w", w.Key, err)
		}
	}
	e.registry.keepSecrets(f.Definition, draft)
	r, err := e.acceptable(ctx, f.Definition.Tree(), f.Sync, &Compiled{})
	if r != nil {
		plan.Findings = r.Findings
	}
	if err != nil || plan.New {
		return plan, err
	}
	plan.Differences, err = e.DiffFile(w, f)
	return plan, err
}

// DiffFile lists the ways in which a file differs from a workflow and its draft.
func (e *Engine) DiffFile(w *models.Workflow, f File) ([]Difference, error) {
	draft, err := ReadDefinition(w.Draft)
	if err != nil {
		return nil, fmt.Errorf("read draft of %s: %w", w.Key, err)
	}
	d := &differ{registry: e.registry}
	whole := setting{title: text.M("diff.workflow", "Workflow").String()}
	before, after := FileOf(w, draft).outside(), f.outside()
	for _, name := range names(before, after) {
		whole.field, whole.label = name, name
		d.member(whole, before, after, name)
	}
	return append(d.found, e.Diff(draft, f.Definition)...), nil
}

// outside is what a file holds beside its definition.
func (f File) outside() map[string]any {
	out := map[string]any{"title": f.Title, "description": f.Description, "sync": f.Sync}
	for name, v := range map[string]any{
		"options.reentryLimit": int64(f.Options.ReentryLimit), "options.timeout": f.Options.Timeout,
		"options.pauseForPeople": f.Options.PauseForPeople, "options.concurrency": int64(f.Options.Concurrency),
		"options.orderKey": f.Options.OrderKey, "options.errorWorkflow": f.Options.ErrorWorkflow,
	} {
		if !field.Equal(v, int64(0)) && v != "" && v != false {
			out[name] = v
		}
	}
	if r := f.Options.Rate; r != nil {
		out["options.rate"] = map[string]any{"count": int64(r.Count), "per": r.Per}
	}
	if d := f.Options.Debounce; d != nil {
		out["options.debounce"] = map[string]any{"wait": d.Wait, "key": d.Key, "atMost": d.AtMost}
	}
	return out
}
