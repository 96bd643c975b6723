package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"formrail/engine/node"
	"formrail/engine/trigger"
	"formrail/models"
)

// afterEnd tells those who wait for the end of an execution or start from it, in the
// transaction of that end.
func (e *Engine) afterEnd(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	if err := e.countEnd(ctx, tx, exec); err != nil {
		return err
	}
	if err := e.tellParent(ctx, tx, exec); err != nil {
		return err
	}
	if err := e.leave(ctx, tx, exec); err != nil {
		return err
	}
	if exec.Status == models.Succeeded {
		return nil
	}
	return e.startErrorWorkflows(ctx, tx, exec)
}

// countEnd counts the end once it is committed.
func (e *Engine) countEnd(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	v, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return err
	}
	key, status := v.Key, string(exec.Status)
	tx.AfterCommit(func() { e.metrics.Ended(key, status) })
	return nil
}

// startErrorWorkflows starts the workflows that hear of a failure. What fails inside an
// error workflow starts none.
func (e *Engine) startErrorWorkflows(ctx context.Context, tx *models.Tx, exec *models.Execution) error {
	ix, err := e.listeners(ctx)
	if err != nil {
		return err
	}
	of := ix.byID[exec.WorkflowID]
	if of == nil || of.workflow.Options.ErrorWorkflow == "" && len(ix.ends) == 0 {
		return nil
	}
	for _, id := range exec.Chain {
		if l := ix.byID[id]; l != nil && e.registry.triggerIs(l.workflow.Type, (*trigger.Type).HearsEnds) {
			return nil
		}
	}
	f, err := e.failureOf(ctx, tx, exec, of)
	if err != nil {
		return err
	}
	for _, l := range ix.ends {
		hearing := l.version.Trigger.Ended(l.version.Settings, f.ended)
		if !hearing.Hears && l.workflow.Key != of.workflow.Options.ErrorWorkflow {
			continue
		}
		if err := e.startErrorWorkflow(ctx, tx, l, f, hearing); err != nil {
			return err
		}
	}
	return nil
}

// failure is a failed execution as error workflows hear of it.
type failure struct {
	exec      *models.Execution
	ended     trigger.Ended
	signature string
	context   map[string]any
}

// failureOf describes a failed execution without its data.
func (e *Engine) failureOf(ctx context.Context, tx *models.Tx, exec *models.Execution, of *listener) (*failure, error) {
	v, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return nil, err
	}
	step, err := models.FailedStep(ctx, tx, exec.ID)
	if err != nil {
		return nil, err
	}
	if exec.Number == 0 { // just inserted: the database has numbered it
		stored, err := models.ExecutionByID(ctx, tx, exec.ID)
		if err != nil {
			return nil, err
		}
		exec.Number = stored.Number
	}
	f := &failure{exec: exec, ended: trigger.Ended{Workflow: of.workflow.Key, Status: string(exec.Status), Kind: kindOfEnd(exec)}}
	if f.ended.Categories, err = models.CategoryNames(ctx, tx, exec.WorkflowID); err != nil {
		return nil, err
	}
	said := map[string]any{"kind": f.ended.Kind, "code": exec.Reason, "message": ""}
	if exec.Error != "" {
		stored, err := parseObject(exec.Error)
		if err != nil {
			return nil, fmt.Errorf("read failure of %s: %w", exec.ID, err)
		}
		said["code"], said["message"] = stored["code"], stored["message"]
	}
	f.context = map[string]any{
		"event": string(exec.Status), "error": said, "node": nil,
		"execution": map[string]any{
			"id": exec.ID, "number": exec.Number, "url": e.baseURL() + "/executions/" + exec.ID, "status": string(exec.Status),
			"startedAt": exec.StartedAt.Time(), "endedAt": exec.EndedAt.Time(),
		},
		"workflow": map[string]any{"key": v.Key, "title": of.workflow.Title, "version": v.Number},
	}
	at := ""
	if step != nil && exec.Status != models.Cancelled && exec.Status != models.TimedOut {
		at = step.Node
		f.context["node"] = map[string]any{"key": step.Node, "title": step.Title, "type": step.Type, "path": step.Path}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{v.Key, at, fmt.Sprint(said["code"]), f.ended.Status}, "\x00")))
	f.signature = hex.EncodeToString(sum[:8])
	f.context["signature"] = f.signature
	return f, nil
}

// kindOfEnd is the kind of failure that ended an execution; empty when none did.
func kindOfEnd(exec *models.Execution) string {
	switch {
	case exec.Status == models.TimedOut:
		return string(node.Timeout)
	case exec.Status != models.Failed:
		return ""
	case slices.Contains([]string{string(node.Refused), string(node.Fault), string(node.Timeout)}, exec.Reason):
		return exec.Reason
	case exec.Reason == "end_node":
		return string(node.Refused)
	}
	return string(node.Fault)
}

// startErrorWorkflow starts one error workflow, or counts the failure with its like.
func (e *Engine) startErrorWorkflow(ctx context.Context, tx *models.Tx, l *listener, f *failure, hearing trigger.Hearing) error {
	b := beginning{
		listener: l, idemKey: "error:" + f.exec.ID, principal: models.System(), date: f.exec.EndedAt.Time(),
		lineage: models.Lineage{ExecutionID: f.exec.ID, RootID: f.exec.RootID, Depth: f.exec.Depth, Chain: f.exec.Chain},
		origin:  models.Origin{Kind: "system", RequestID: f.exec.RequestID, Trace: f.exec.Cause.Trace, Execution: f.exec.ID},
	}
	group := models.ErrorGroup{}
	if hearing.Window > 0 {
		var (
			joined bool
			err    error
		)
		if group, joined, err = models.JoinErrorGroup(ctx, tx, l.workflow.ID, f.signature, hearing.Window); err != nil {
			return err
		}
		if joined {
			_, err := e.notBegun(ctx, tx, b, trigger.Not("duplicate_key", group.ExecutionID))
			return err
		}
	}
	b.trigger = map[string]any{"count": group.Since + 1}
	for name, v := range f.context {
		b.trigger[name] = v
	}
	out, err := e.begin(ctx, tx, b)
	if err != nil || !out.Started || hearing.Window == 0 {
		return err
	}
	return models.StartErrorGroup(ctx, tx, group, out.ExecutionID)
}
