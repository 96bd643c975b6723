package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"formrail/engine/trigger"
	"formrail/models"
)

// beginning is one execution that is to start from something else than a change of a
// record: a call, a time, a request, the end of another execution. Whoever fills it has
// checked what its trigger asks for.
type beginning struct {
	listener *listener
	version  *versionInfo   // nil = the live one
	trigger  map[string]any // what {{ trigger.… }} offers; what every trigger has is added
	date     time.Time      // when it happened or was planned; zero = now
	idemKey  string         // starts one execution of the workflow only; empty = none

	principal  models.Principal
	cause      models.Cause // bounds the rights; empty = no person caused it
	lineage    models.Lineage
	origin     models.Origin
	resource   resource
	parent     string // execution that waits for it, and its step
	parentStep string
	always     bool // the switch does not matter
	background bool // nobody runs it on a request, whatever its mode
}

// resource is the record or other thing that an execution is about.
type resource struct{ typ, id string }

// begin decides in this order whether the execution may start: the workflow is usable,
// the chain is not too long, the key is new. It inserts the execution with its first
// wake-up, or does not, and writes the line of the trigger log; all in tx.
func (e *Engine) begin(ctx context.Context, tx *models.Tx, b beginning) (models.TriggerOutcome, error) {
	if reason := e.unusable(b.listener, nil); reason != "" && !(b.always && reason == "disabled") {
		return e.notBegun(ctx, tx, b, trigger.Not(reason, ""))
	}
	w := b.listener.workflow
	sentence, err := e.guard(ctx, tx, w, b.lineage)
	if err != nil {
		return models.TriggerOutcome{}, err
	}
	if sentence != "" {
		return e.notBegun(ctx, tx, b, trigger.Not("recursion_guard", sentence))
	}
	force, why, err := e.paused(ctx, tx, b.listener, b.lineage, b.background)
	if err != nil {
		return models.TriggerOutcome{}, err
	}
	if why.Reason != "" {
		return e.notBegun(ctx, tx, b, why)
	}
	if b.idemKey != "" {
		known, err := e.executionByKey(ctx, tx, b.listener, b.idemKey)
		if err != nil {
			return models.TriggerOutcome{}, err
		}
		if known != "" {
			out, err := e.notBegun(ctx, tx, b, trigger.Not("duplicate_key", known))
			out.ExecutionID = known
			return out, err
		}
	}
	exec, err := e.beginning(ctx, tx, b)
	if err != nil {
		return models.TriggerOutcome{}, err
	}
	said, err := e.admit(ctx, tx, b.listener, exec, force)
	if err != nil {
		return models.TriggerOutcome{}, err
	}
	if said.refused.Reason != "" {
		out, err := e.notBegun(ctx, tx, b, said.refused)
		out.ExecutionID = said.joined
		return out, err
	}
	e.keepFor(tx, exec)
	if err := e.insert(ctx, tx, exec, models.TriggerEntry{Explanation: e.heldSentence(b.listener, exec)}); err != nil {
		return models.TriggerOutcome{}, err
	}
	return models.TriggerOutcome{WorkflowID: w.ID, Key: w.Key, Started: true, ExecutionID: exec.ID, Sync: exec.Sync}, nil
}

// notBegun writes why a workflow does not start.
func (e *Engine) notBegun(ctx context.Context, tx *models.Tx, b beginning, d trigger.Decision) (models.TriggerOutcome, error) {
	out := models.TriggerOutcome{Reason: d.Reason, Explanation: d.Explanation}
	if b.listener != nil {
		out.WorkflowID, out.Key = b.listener.workflow.ID, b.listener.workflow.Key
	}
	return out, models.LogTrigger(ctx, tx, b.refused(d))
}

// refused is the line of the trigger log that says why there is no execution.
func (b beginning) refused(d trigger.Decision) models.TriggerEntry {
	entry := models.TriggerEntry{
		Reason: d.Reason, Explanation: d.Explanation, ResourceType: b.resource.typ, ResourceID: b.resource.id,
		UserID: b.principal.UserID, RequestID: b.origin.RequestID, Chain: b.lineage.Chain,
	}
	if b.listener != nil {
		w := b.listener.workflow
		entry.WorkflowID, entry.WorkflowKey, entry.VersionID = w.ID, w.Key, w.LiveVersion
	}
	return entry
}

// beginning builds the row of the execution.
func (e *Engine) beginning(ctx context.Context, tx *models.Tx, b beginning) (*models.Execution, error) {
	w, v := b.listener.workflow, b.version
	if v == nil {
		v = b.listener.version
	}
	user, err := e.userValue(ctx, b.principal.UserID)
	if err != nil {
		return nil, err
	}
	now := tx.Now()
	if b.date.IsZero() {
		b.date = now
	}
	data := map[string]any{
		"user": user, "role": orNil(b.principal.Role), "principal": b.principal.String(), "date": b.date, "firedAt": now, "origin": b.origin.Value(),
	}
	maps.Copy(data, b.trigger)
	cause := b.cause
	cause.Trace = b.origin.Trace
	return &models.Execution{
		ID: models.NewID(), WorkflowID: w.ID, VersionID: v.Version.ID, Hash: v.Version.Hash, Mode: "live", Sync: w.Sync && !b.background, TriggerType: w.Type,
		Trigger: encode(data), ResourceType: b.resource.typ, ResourceID: b.resource.id, IdemKey: b.idemKey,
		Principal: b.principal.String(), UserID: b.principal.UserID, Cause: cause, RequestID: b.origin.RequestID,
		ParentID: b.parent, ParentStepID: b.parentStep,
		Depth: b.lineage.Depth + 1, RootID: b.lineage.RootID, Chain: slices.Concat(b.lineage.Chain, []int64{w.ID}), ExpiresAt: expiry(w, now), Pauses: w.Options.PauseForPeople,
	}, nil
}

// unusable says why a workflow cannot be asked. fits says whether its trigger type is of
// the right kind; nil for any.
func (e *Engine) unusable(l *listener, fits func(*trigger.Type) bool) string {
	switch {
	case l == nil:
		return "unknown_key"
	case fits != nil && !e.registry.triggerIs(l.workflow.Type, fits):
		return "wrong_type"
	case !l.workflow.Enabled:
		return "disabled"
	case l.broken != nil:
		return "invalid_definition"
	case l.version == nil:
		return "no_live_version"
	}
	return ""
}
