package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// NewWorkflow is a workflow as it is created. Config and Nodes are canonical
// trees as in a definition.
type NewWorkflow struct {
	Key         string // empty = from the title
	Title       string
	Description string
	Type        string // trigger type, or an alias of one
	Sync        bool
	Options     models.WorkflowOptions
	Categories  []int64
	Config      any
	Nodes       any
}

// typeAliases are other names of trigger types that manuals use.
func typeAliases() map[string]string {
	return map[string]string{
		"collection": "collection_event", "schedule": "schedule", "request-interception": "pre_action", "action": "post_action",
		"custom-action": "custom_action", "approval": "approval", "webhook": "webhook",
	}
}

// CreateWorkflow stores a workflow with its draft. Faults of shape are refused,
// one entry each; what is only missing may be added later.
func (e *Engine) CreateWorkflow(ctx context.Context, access models.Access, in NewWorkflow) (*models.Workflow, []Finding, error) {
	if err := access.Require("workflow.edit"); err != nil {
		return nil, nil, err
	}
	if alias, ok := typeAliases()[in.Type]; ok {
		in.Type = alias
	}
	if err := in.check(); err != nil {
		return nil, nil, err
	}
	sealing := &sealing{}
	if config, ok := in.Config.(map[string]any); ok {
		in.Config = sealing.trigger(e.registry, in.Type, config)
	}
	in.Nodes = sealing.nodes(e.registry, in.Nodes)
	tree := map[string]any{"trigger": map[string]any{"type": in.Type, "config": in.Config}, "nodes": in.Nodes}
	r, err := e.acceptable(ctx, tree, in.Sync, &Compiled{})
	if err != nil {
		return nil, nil, err
	}
	draft, _, err := r.JSON()
	if err != nil {
		return nil, nil, err
	}
	made, err := e.insertWorkflow(ctx, access, in, draft, sealing.found...)
	if err != nil {
		return nil, nil, err
	}
	return made, r.Findings, nil
}

// insertWorkflow stores a workflow, disabled, with a draft that was checked and the
// secrets it refers to.
func (e *Engine) insertWorkflow(ctx context.Context, access models.Access, in NewWorkflow, draft string, secrets ...models.NewSealed) (*models.Workflow, error) {
	var made *models.Workflow
	err := e.db.Write(ctx, "workflow.create", func(tx *models.Tx) (err error) {
		made = &models.Workflow{
			Key: in.Key, Title: in.Title, Description: in.Description, Type: in.Type, Sync: in.Sync, Draft: draft, Options: in.Options,
			OwnerID: access.Principal.UserID, CreatedByID: access.Principal.UserID,
		}
		if made.Key == "" && e.registry.triggerIs(in.Type, (*trigger.Type).Serves) {
			made.Key = randomKey()
		}
		if made.Key == "" {
			if made.Key, err = e.freeKey(ctx, tx, in.Title); err != nil {
				return err
			}
		}
		if err := models.InsertWorkflow(ctx, tx, made); err != nil {
			return err
		}
		if err := keepLimits(ctx, tx, made, models.WorkflowOptions{}); err != nil {
			return err
		}
		for _, one := range secrets {
			one.WorkflowID, one.By = made.ID, access.Principal.UserID
			if _, err := models.InsertSecret(ctx, tx, one); err != nil {
				return err
			}
		}
		return models.SetCategories(ctx, tx, made.ID, in.Categories)
	})
	if err != nil {
		return nil, fmt.Errorf("create workflow: %w", err)
	}
	return made, nil
}

func (in *NewWorkflow) check() error {
	in.Title = strings.TrimSpace(in.Title)
	if n := len([]rune(in.Title)); n == 0 || n > 120 {
		return models.InvalidFields([]models.FieldError{{Field: "title", Code: "VALIDATION_FAILED", Message: text.M("workflow.title", "A title has 1 to 120 characters.")}})
	}
	if in.Options.Timeout != "" {
		if _, err := field.ParseDuration(in.Options.Timeout); err != nil {
			return models.InvalidFields([]models.FieldError{{Field: "options.timeout", Code: "VALIDATION_FAILED", Message: text.M("definition.duration", "A duration looks like 90s, 15m or 2h.")}})
		}
	}
	if wrong := checkLimits(in.Options, in.Sync); len(wrong) > 0 {
		return models.InvalidFields(wrong)
	}
	if in.Options.ReentryLimit < 0 || in.Options.ReentryLimit > 20 {
		return models.InvalidFields([]models.FieldError{{Field: "options.reentryLimit", Code: "VALIDATION_FAILED", Message: text.M("workflow.reentry", "A workflow may occur 1 to 20 times in one chain.")}})
	}
	return nil
}

// acceptable reads and checks a definition tree. Findings that a draft may have
// come with the reading; all others are the error, beside the reading when the tree
// has the shape of a definition. Nodes that stand unchanged in what was compiled
// before are not read again.
func (e *Engine) acceptable(ctx context.Context, tree any, sync bool, before *Compiled) (*Reading, error) {
	d, problems := ParseDefinition(tree)
	if len(problems) > 0 {
		k := &checker{}
		k.own("", problems)
		return nil, refusal(k.findings)
	}
	e.registry.normal(d)
	r, err := e.reading(ctx, d, before)
	if err != nil {
		return nil, err
	}
	r.check(sync)
	if faults := faultsIn(r.Findings); len(faults) > 0 {
		return r, refusal(faults)
	}
	return r, nil
}

// faultsIn gives the findings that must not get into a draft.
func faultsIn(findings []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool { return f.Code != "DEFINITION_INVALID" })
}

// freeKey makes a key of a title that no workflow has.
func (e *Engine) freeKey(ctx context.Context, tx *models.Tx, title string) (string, error) {
	return e.unusedKey(ctx, tx, keyOf(title))
}

// unusedKey is a key, or the next one that no workflow has.
func (e *Engine) unusedKey(ctx context.Context, tx *models.Tx, base string) (string, error) {
	for i := 1; ; i++ {
		key := base
		if i > 1 {
			key = fmt.Sprintf("%s_%d", base[:min(len(base), longestKey-6)], i)
		}
		_, err := models.WorkflowByKey(ctx, tx, key)
		if models.IsKind(err, models.KindNotFound) {
			return key, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// keyOf turns a title into the letters a key may have.
func keyOf(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	key := strings.TrimRight(b.String(), "_")
	if len(key) < 2 {
		key = "workflow"
	}
	return key[:min(len(key), 50)]
}

// longestKey is how many letters the key of a workflow may have.
const longestKey = 63

// WorkflowChange are the parts of a workflow that may change at any time; nil
// leaves a part as it is.
type WorkflowChange struct {
	Title       *string
	Description *string
	Enabled     *bool
	Options     *models.WorkflowOptions
	Categories  *[]int64
}

// DefinitionOf reads a definition of a workflow: draft or nothing, live, or the
// number of a version. What does not exist is NotFound.
func (e *Engine) DefinitionOf(ctx context.Context, w *models.Workflow, which string) (*Definition, error) {
	v, err := models.ChosenVersion(ctx, e.db.Read(), w, which)
	switch {
	case err != nil:
		return nil, err
	case v == nil:
		return ReadDefinition(w.Draft)
	}
	return ReadDefinition(v.Definition)
}

// allowed refuses a change to who may not make all of it.
func (in WorkflowChange) allowed(access models.Access) error {
	if in.Enabled != nil {
		if err := access.Require("workflow.publish"); err != nil {
			return err
		}
	}
	if in.Enabled != nil && in.Title == nil && in.Description == nil && in.Options == nil && in.Categories == nil {
		return nil
	}
	return access.Require("workflow.edit")
}

// UpdateWorkflow changes title, description, categories, options and the switch at once,
// outside any version.
func (e *Engine) UpdateWorkflow(ctx context.Context, access models.Access, key string, in WorkflowChange) (*models.Workflow, error) {
	if err := in.allowed(access); err != nil {
		return nil, err
	}
	var w *models.Workflow
	err := e.db.Write(ctx, "workflow.update", func(tx *models.Tx) error {
		var err error
		if w, err = models.WorkflowByKey(ctx, tx, key); err != nil {
			return err
		}
		changed := NewWorkflow{Title: w.Title, Options: w.Options, Sync: w.Sync}
		if in.Title != nil {
			changed.Title = *in.Title
		}
		if in.Options != nil {
			changed.Options = *in.Options
		}
		if err := changed.check(); err != nil {
			return err
		}
		entry := in.audited(access, w)
		if err := keepLimits(ctx, tx, &models.Workflow{ID: w.ID, Options: changed.Options}, w.Options); err != nil {
			return err
		}
		w.Title, w.Options = changed.Title, changed.Options
		if in.Description != nil {
			w.Description = *in.Description
		}
		if len(entry.Changed) > 0 {
			if err := models.Audit(ctx, tx, entry); err != nil {
				return err
			}
		}
		switched := in.Enabled != nil && *in.Enabled != w.Enabled
		if switched {
			if err := e.setEnabled(ctx, w, *in.Enabled); err != nil {
				return err
			}
			if err := e.auditSwitch(ctx, tx, access, w); err != nil {
				return err
			}
		}
		if in.Categories != nil {
			if err := models.SetCategories(ctx, tx, w.ID, *in.Categories); err != nil {
				return err
			}
		}
		if err := models.UpdateWorkflow(ctx, tx, w); err != nil {
			return err
		}
		return e.planEnabled(ctx, tx, w, switched && w.Enabled)
	})
	if err != nil {
		return nil, fmt.Errorf("update workflow %s: %w", key, err)
	}
	e.versions.Delete(w.LiveVersion) // carries the title
	e.live.Publish("workflow:" + key)
	return w, nil
}

// audited says what a change makes of a workflow as it is. What is set outside of versions
// holds at once; switching on and off is told by itself.
func (in WorkflowChange) audited(access models.Access, w *models.Workflow) models.AuditEntry {
	entry := models.AuditEntry{Principal: access.Principal, Action: "workflow.update", ObjectType: "workflow", ObjectID: w.Key, Title: w.Title}
	if in.Title != nil && *in.Title != w.Title {
		entry.Changed, entry.Title = append(entry.Changed, "title"), *in.Title
		entry.Reason = fmt.Sprintf("%q → %q", w.Title, *in.Title)
	}
	if in.Description != nil && *in.Description != w.Description {
		entry.Changed = append(entry.Changed, "description")
	}
	if in.Options != nil && !reflect.DeepEqual(*in.Options, w.Options) {
		entry.Changed = append(entry.Changed, "options")
	}
	if in.Categories != nil {
		entry.Changed = append(entry.Changed, "categories")
	}
	return entry
}

func (e *Engine) auditSwitch(ctx context.Context, tx *models.Tx, access models.Access, w *models.Workflow) error {
	action := "workflow.disable"
	if w.Enabled {
		action = "workflow.enable"
	}
	return models.Audit(ctx, tx, models.AuditEntry{Principal: access.Principal, Action: action, ObjectType: "workflow", ObjectID: w.Key, Title: w.Title})
}

// Validate gives the findings of a workflow's draft.
func (e *Engine) Validate(ctx context.Context, access models.Access, key string) ([]Finding, error) {
	if err := access.Require("workflow.view"); err != nil {
		return nil, err
	}
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return nil, err
	}
	d, err := ReadDefinition(w.Draft)
	if err != nil {
		return nil, err
	}
	return e.CheckAll(ctx, d, w.Sync)
}
