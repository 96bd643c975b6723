package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// flowsCap starts other workflows inside the stretch's transaction.
type flowsCap struct{ *local }

// Start starts one execution of another workflow, with the rights of the calling step as
// its bound. Attempts of one step start one execution each.
func (f flowsCap) Start(ctx context.Context, in node.CallWorkflow) (string, error) {
	l, v, err := f.callee(ctx, in)
	if err != nil {
		return "", err
	}
	form, _ := v.Trigger.Form(v.Settings)
	if len(form.Only) > 0 && !slices.Contains(form.Only, f.s.version.Key) {
		return "", notStarted(text.M("subflow.not_allowed", "%s may not be called by this workflow.", l.workflow.Title))
	}
	if f.s.exec.Sync && !l.workflow.Sync {
		return "", notStarted(text.M("subflow.not_sync", "%s runs in the background; a workflow that answers at once cannot wait for it.", l.workflow.Title))
	}
	input, err := f.input(ctx, form.Input, in.Input)
	if err != nil {
		return "", err
	}
	step := f.step
	b := beginning{
		listener: l, version: v, always: true, background: !f.s.exec.Sync, idemKey: fmt.Sprintf("%s:%d", CallKey(step), step.Attempt),
		principal: f.s.access.Principal, cause: f.s.causeFor(step.Node), lineage: f.lineage(),
		origin:   models.Origin{Kind: "workflow", RequestID: f.s.exec.RequestID, Trace: f.s.trace(), Execution: f.s.exec.ID, Node: step.Node},
		resource: resource{f.s.exec.ResourceType, f.s.exec.ResourceID}, parent: f.s.exec.ID, parentStep: step.ID,
		trigger: map[string]any{
			"event": "called", "input": input, "user": f.s.trigger["user"], "role": f.s.trigger["role"],
			"parent": map[string]any{"execution": f.s.exec.ID, "workflow": f.s.version.Key, "node": step.Node},
		},
	}
	out, err := f.s.e.begin(ctx, f.tx, b)
	if err != nil {
		return "", err
	}
	if !out.Started {
		f.st.refused = append(f.st.refused, b.refused(trigger.Not(out.Reason, out.Explanation)))
		why := cmp.Or(strings.TrimSuffix(out.Explanation, "."), out.Reason)
		return "", notStarted(text.M("subflow.refused", "%s did not start: %s.", l.workflow.Title, why)).With(map[string]any{"code": out.Reason})
	}
	if out.Sync {
		f.st.called = append(f.st.called, out.ExecutionID)
	}
	f.st.reasons++
	return out.ExecutionID, nil
}

// callee finds the workflow and the version that is called.
func (f flowsCap) callee(ctx context.Context, in node.CallWorkflow) (*listener, *versionInfo, error) {
	ix, err := f.s.e.listeners(ctx)
	if err != nil {
		return nil, nil, err
	}
	l := ix.byKey[in.Workflow]
	if reason := f.s.e.unusable(l, (*trigger.Type).Called); reason != "" && reason != "disabled" {
		return nil, nil, notStarted(text.M("subflow.unusable", "The workflow %s cannot be called: %s.", in.Workflow, reason)).With(map[string]any{"code": reason})
	}
	if in.Version == "" || in.Version == "live" {
		return l, l.version, nil
	}
	n, err := strconv.ParseInt(in.Version, 10, 64)
	if err != nil {
		return nil, nil, fmt.Errorf("version %s: %w", in.Version, err)
	}
	v, err := models.VersionByNumber(ctx, f.tx, l.workflow.ID, n)
	if models.IsKind(err, models.KindNotFound) {
		return nil, nil, notStarted(text.M("subflow.no_version", "%s has no version %s.", l.workflow.Title, in.Version))
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.s.e.version(ctx, v.ID)
	return l, info, err
}

// input checks what is given against the form of the called workflow. Records and
// people are given by their ids and must be visible to the calling step.
func (f flowsCap) input(ctx context.Context, form []field.Field, given map[string]any) (map[string]any, error) {
	values, problems := field.ParseForm(form, given, field.ParseContext{RoundExcess: true})
	for _, one := range form {
		id, ok := values[one.Name].(int64)
		if !ok || one.Kind != field.User && one.Kind != field.ManyToOne {
			continue
		}
		values[one.Name] = map[string]any{"id": id}
		target := one.Target
		if one.Kind == field.User {
			target = models.UsersCollection
		}
		found, err := recordsCap(f).Query(ctx, node.QueryRecords{
			Collection: target, Filter: map[string]any{"id": map[string]any{"$eq": id}}, Page: 1, Size: 1, Fields: []string{"id"},
		})
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			problems.Add(one.Name, "NOT_FOUND", text.M("subflow.no_record", "%s: there is no record %d.", one.Label, id))
		}
	}
	if len(problems) == 0 {
		return values, nil
	}
	details := make([]any, len(problems))
	for i, p := range problems {
		details[i] = map[string]any{"field": p.Field, "code": p.Code, "message": p.Message.String()}
	}
	return nil, node.Broken("VALIDATION_FAILED", problems[0].Message).With(details)
}

// notStarted says that the called workflow could not start.
func notStarted(m text.Message) *node.Failure { return node.Broken("CHILD_FAILED", m) }

// Ended says how an execution ended that the step started.
func (f flowsCap) Ended(ctx context.Context, id string) (node.CallEnded, bool, error) {
	child, err := models.ExecutionByID(ctx, f.tx, id)
	if err != nil {
		return node.CallEnded{}, false, err
	}
	if child.ParentStepID != f.step.ID || !child.Status.Final() {
		return node.CallEnded{}, false, nil
	}
	how := node.CallEnded{Outcome: string(child.Status)}
	if how.Output, err = parseAny(child.Output); err != nil {
		return how, true, fmt.Errorf("read output of %s: %w", id, err)
	}
	how.Refused = child.Status == models.Rejected || child.Status == models.Failed && (child.Reason == string(node.Refused) || child.Reason == "end_node")
	if child.Error != "" {
		failure, err := parseObject(child.Error)
		if err != nil {
			return how, true, fmt.Errorf("read failure of %s: %w", id, err)
		}
		how.Code, _ = failure["code"].(string)
		how.Message, _ = failure["message"].(string)
	}
	if len(child.Messages) > 0 && how.Message == "" {
		how.Message = child.Messages[len(child.Messages)-1]
	}
	failed, err := models.FailedStep(ctx, f.tx, id)
	if failed != nil {
		how.Node = failed.Title
	}
	return how, true, err
}

// endChild cancels one execution and what it started; one that has ended stays as it is.
func (e *Engine) endChild(ctx context.Context, tx *models.Tx, id, reason string) error {
	err := e.endIn(ctx, tx, id, ending{status: models.Cancelled, reason: reason})
	if models.IsCode(err, "EXECUTION_ENDED") {
		return nil
	}
	return err
}

// endCalled cancels what steps started that no longer wait for it.
func (s *stretch) endCalled(ctx context.Context, tx *models.Tx, steps []string, reason string) error {
	for _, step := range steps {
		children, err := models.ChildrenOfStep(ctx, tx, step)
		if err != nil {
			return err
		}
		for _, id := range children {
			if err := s.e.endChild(ctx, tx, id, reason); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellParent wakes the step that waits for an execution which has ended, in the
// transaction of its end.
func (e *Engine) tellParent(ctx context.Context, tx *models.Tx, child *models.Execution) error {
	if child.ParentStepID == "" {
		return nil
	}
	waits, err := models.StepWaits(ctx, tx, child.ParentStepID)
	if err != nil || !waits {
		return err
	}
	parent := int64(0)
	if n := len(child.Chain); n > 1 {
		parent = child.Chain[n-2]
	}
	return models.InsertWakeup(ctx, tx, &models.Wakeup{
		ExecutionID: child.ParentID, WorkflowID: parent, StepID: child.ParentStepID, Reason: models.WakeChild, Lane: laneOf(child), DueAt: models.At(tx.Now()),
	})
}

// runCalled runs the executions that a synchronous one has just started and waits for.
// It reports whether there were any.
func (s *stretch) runCalled(ctx context.Context) bool {
	called := s.state.called
	s.state.called = nil
	for _, id := range called {
		if _, err := s.e.runInline(ctx, id); err != nil {
			s.e.log.Debug("called workflow did not end well", "execution", id, "error", err) // the step hears of it
		}
	}
	return len(called) > 0
}

// fitOutput makes an execution fail whose output is not what its workflow promises to
// who calls it.
func (s *stretch) fitOutput(st *state) {
	form, ok := s.version.Trigger.Form(s.version.Settings)
	if !ok || form.Output == nil || st.outcome() != models.Succeeded {
		return
	}
	written := s.exec.Output
	if st.output != nil {
		written = *st.output
	}
	given, err := parseAny(written)
	object, isObject := given.(map[string]any)
	if err != nil || !isObject {
		s.end(st, models.Failed, string(node.Fault), failureJSON(node.Broken("OUTPUT_MISMATCH", text.M("subflow.no_output", "The workflow promises an output with properties and gave none."))))
		return
	}
	if _, problems := field.ParseForm(form.Output, object, field.ParseContext{RoundExcess: true}); len(problems) > 0 {
		s.end(st, models.Failed, string(node.Fault), failureJSON(node.Broken("OUTPUT_MISMATCH",
			text.M("subflow.output", "The output does not fit what the workflow promises: %s", problems[0].Message.String())).With(map[string]any{"field": problems[0].Field})))
	}
}

// Calls lists the workflows that a definition calls, by key: of each the steps that do.
func (c *Compiled) Calls() map[string][]string {
	out := map[string][]string{}
	for _, n := range c.Nodes {
		for _, f := range n.typ.Config {
			if f.Kind != field.Workflow {
				continue
			}
			if key, ok := n.part.Config[f.Name].(string); ok && key != "" {
				out[key] = append(out[key], n.part.Key)
			}
		}
	}
	return out
}

// Caller is a workflow that calls another one.
type Caller struct {
	Workflow *models.Workflow
	Steps    []string // keys of the steps that call
	Live     bool     // its live version does; else only its draft
}

// Callers lists the workflows whose live version or draft calls one, by title.
func (e *Engine) Callers(ctx context.Context, key string) ([]Caller, error) {
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, err
	}
	var out []Caller
	for _, l := range ix.byKey {
		one := Caller{Workflow: l.workflow}
		if l.version != nil {
			one.Steps = l.version.Calls()[key]
			one.Live = len(one.Steps) > 0
		}
		if draft, err := ReadDefinition(l.workflow.Draft); err == nil && l.workflow.DraftDirty {
			c, _ := e.registry.compile(draft, "")
			for _, step := range c.Calls()[key] {
				if !slices.Contains(one.Steps, step) {
					one.Steps = append(one.Steps, step)
				}
			}
		}
		if len(one.Steps) > 0 {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b Caller) int {
		return strings.Compare(strings.ToLower(a.Workflow.Title), strings.ToLower(b.Workflow.Title))
	})
	return out, nil
}

// Callable lists the workflows that a workflow may call, by title.
func (e *Engine) Callable(ctx context.Context, caller string) ([]node.WorkflowInfo, error) {
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, err
	}
	var out []node.WorkflowInfo
	for key := range ix.byKey {
		if info, _ := e.workflowInfo(ctx, key); info.Callable && info.AllowsCaller(caller) {
			out = append(out, info)
		}
	}
	slices.SortFunc(out, func(a, b node.WorkflowInfo) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), strings.Compare(a.Key, b.Key))
	})
	return out, nil
}

// workflowInfo describes a workflow to those that call it.
func (e *Engine) workflowInfo(ctx context.Context, key string) (node.WorkflowInfo, bool) {
	ix, err := e.listeners(ctx)
	if err != nil || ix.byKey[key] == nil {
		return node.WorkflowInfo{}, false
	}
	l := ix.byKey[key]
	info := node.WorkflowInfo{Key: key, Title: l.workflow.Title, Sync: l.workflow.Sync, Output: field.Any("Output")}
	if l.version == nil || l.broken != nil {
		return info, true
	}
	info.Live = true
	form, callable := l.version.Trigger.Form(l.version.Settings)
	info.Callable, info.Input, info.Only = callable, form.Input, form.Only
	if form.Output != nil {
		info.Output = field.Shape{Label: "Output"}
		for _, f := range form.Output {
			info.Output.Fields = append(info.Output.Fields, field.Named{Name: f.Name, Shape: field.Shape{Kind: f.Kind, Label: f.Label}})
		}
	}
	return info, true
}
