package api

import (
	"context"
	"strings"

	"formrail/engine"
	"formrail/models"
	"formrail/models/text"
)

// maxNamed is how many workflows one request may name.
const maxNamed = 20

// names reads which workflows the caller names. Whatever cannot be started is left
// to the write, which says why; only what is written wrongly, or forbidden, ends the
// request here.
func (w *writing) names(ctx context.Context) error {
	list := w.params.List("triggerWorkflows")
	strict := w.params.Flag("strictWorkflows", false)
	if len(list) > maxNamed {
		return badNames(text.M("trigger.many", "Name at most %d workflows.", maxNamed))
	}
	seen := map[models.Binding]bool{}
	for _, item := range list {
		key, path, hasPath := strings.Cut(item, "!")
		if !models.ValidWorkflowKey(key) || hasPath && path == "" {
			return badNames(text.M("trigger.name", "%s is not the key of a workflow, alone or with !path behind it.", item))
		}
		if hasPath {
			if err := w.api.Records.CheckPath(ctx, w.op.Collection, path); err != nil {
				return err
			}
		}
		if b := (models.Binding{Key: key, Path: path}); !seen[b] {
			seen[b] = true
			w.op.Bindings = append(w.op.Bindings, b)
		}
	}
	if err := w.api.Engine.CheckBindings(ctx, w.op.Bindings, false); err != nil {
		return err
	}
	if strict {
		return w.allStartable(ctx)
	}
	return nil
}

func badNames(m text.Message) *models.Error {
	return models.Invalid("TRIGGER_WORKFLOWS_INVALID", m)
}

// allStartable refuses the request when one of the named workflows cannot be
// started from it.
func (w *writing) allStartable(ctx context.Context) error {
	var found []models.FieldError
	for _, b := range w.op.Bindings {
		reason, err := w.unstartable(ctx, b)
		if err != nil {
			return err
		}
		if reason != "" {
			found = append(found, models.FieldError{
				Field: "triggerWorkflows", Path: b.Key, Code: "WORKFLOW_NOT_STARTABLE",
				Message: text.M("trigger.not_startable", "The workflow %s cannot be started here: %s.", b.Key, reason),
			})
		}
	}
	if len(found) > 0 {
		return models.InvalidFields(found)
	}
	return nil
}

// unstartable gives the reason why a named workflow cannot be started, as the
// trigger log words it; empty when it can.
func (w *writing) unstartable(ctx context.Context, b models.Binding) (string, error) {
	db := w.api.DB
	flow, err := models.WorkflowByKey(ctx, db.Read(), b.Key)
	switch {
	case models.IsKind(err, models.KindNotFound):
		return "unknown_key", nil
	case err != nil:
		return "", err
	case flow.Type != "post_action":
		return "wrong_type", nil
	case !flow.Enabled:
		return "disabled", nil
	case flow.LiveVersion == 0:
		return "no_live_version", nil
	}
	version, err := models.VersionByID(ctx, db.Read(), flow.LiveVersion)
	if err != nil {
		return "", err
	}
	definition, err := engine.ReadDefinition(version.Definition)
	if err != nil {
		return "", err
	}
	target, err := w.targetOf(ctx, b.Path)
	if err != nil {
		return "", err
	}
	on, _ := definition.Trigger.Config["collection"].(string)
	cat, err := db.Catalog(ctx)
	if err != nil {
		return "", err
	}
	if c, ok := cat.Collection(on); !ok || c.Name != target {
		return "wrong_collection", nil
	}
	return "", nil
}

// targetOf is the collection of the data that a path leads to.
func (w *writing) targetOf(ctx context.Context, path string) (string, error) {
	cat, err := w.api.DB.Catalog(ctx)
	if err != nil {
		return "", err
	}
	on, ok := cat.Collection(w.op.Collection)
	if !ok {
		return "", models.NotFound()
	}
	if path == "" {
		return on.Name, nil
	}
	f := cat.PathEnd(on, path)
	if f == nil || !f.IsLink() {
		return "", models.NotFound()
	}
	return f.LinkTarget(), nil
}

// triggers says what became of the workflows the caller named, and of global ones to
// those who watch executions.
func (w *writing) triggers(outcomes []models.TriggerOutcome) []any {
	watches := w.op.Access.Can("execution.view")
	out := []any{}
	for _, o := range outcomes {
		if !o.Named && !watches {
			continue
		}
		one := map[string]any{"key": o.Key, "result": "started", "executionId": o.ExecutionID}
		if !o.Started {
			one = map[string]any{"key": o.Key, "result": "skipped", "reason": o.Reason}
		}
		out = append(out, one)
	}
	return out
}
