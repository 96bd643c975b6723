package engine

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/records"
	"formrail/models/text"
)

// Execute is a manual execution: a person starts a workflow with chosen input.
type Execute struct {
	Version string         // live (default), draft, or a version number
	Input   map[string]any // what the trigger's form asks for: action and record or filterByTk; input
	Wait    time.Duration  // how long to wait for the end, at most 30 s
}

// Executed is what became of a manual execution. An empty ID means that nothing
// was started, for Reason.
type Executed struct {
	ID     string
	Status models.Status
	Reason string
}

// maxWait is how long an answer may wait for the end of an execution.
const maxWait = 30 * time.Second

// Execute starts a workflow by hand, also a disabled one, with real effects.
// Acting as another person never gives more rights than the starter has.
func (e *Engine) Execute(ctx context.Context, access models.Access, key string, in Execute) (Executed, error) {
	if err := access.Require("workflow.run"); err != nil {
		return Executed{}, err
	}
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return Executed{}, err
	}
	v, err := e.versionToRun(ctx, access, w, in.Version)
	if err != nil {
		return Executed{}, err
	}
	m := &manual{e: e, access: access, w: w, v: v, in: in}
	exec, err := m.prepare(ctx)
	if err != nil {
		return Executed{}, err
	}
	var not trigger.Decision
	err = e.db.Write(ctx, "engine.execute", func(tx *models.Tx) (err error) {
		if not, err = m.refused(ctx, tx, exec); err != nil || not.Reason != "" {
			return err
		}
		again := *exec
		if err := e.admitAgain(ctx, tx, &again); err != nil {
			return err
		}
		e.keepFor(tx, &again)
		return e.insert(ctx, tx, &again, models.TriggerEntry{Explanation: "started by hand"})
	})
	if err != nil {
		return Executed{}, fmt.Errorf("execute workflow %s: %w", key, err)
	}
	if not.Reason != "" {
		return Executed{Reason: not.Reason}, nil
	}
	return e.await(ctx, exec.ID, min(in.Wait, maxWait))
}

// versionToRun finds the version; a draft is pinned as an immutable snapshot that
// never becomes live.
func (e *Engine) versionToRun(ctx context.Context, access models.Access, w *models.Workflow, which string) (*versionInfo, error) {
	switch which {
	case "", "live":
		if w.LiveVersion == 0 {
			return nil, models.Invalid("NO_LIVE_VERSION", text.M("execute.no_live", "The workflow has no live version. Publish it, or execute the draft."))
		}
		return e.version(ctx, w.LiveVersion)
	case "draft":
		return nil, models.Invalid("BAD_PARAMETER", text.M("execute.draft", "Executing a draft is not available in this release. Publish it first."))
	}
	n, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return nil, models.Invalid("BAD_PARAMETER", text.M("execute.version", "The version is live, draft or a number."))
	}
	v, err := models.VersionByNumber(ctx, e.db.Read(), w.ID, n)
	if err != nil {
		return nil, err
	}
	return e.version(ctx, v.ID)
}

// manual is one manual execution being prepared.
type manual struct {
	e      *Engine
	access models.Access
	w      *models.Workflow
	v      *versionInfo
	in     Execute
}

// prepare builds the execution from the form that the trigger has for people.
func (m *manual) prepare(ctx context.Context) (*models.Execution, error) {
	if form, ok := m.v.Trigger.Form(m.v.Settings); ok {
		return m.called(ctx, form)
	}
	if m.v.Trigger.Timed() {
		return m.planned(ctx)
	}
	if m.v.Trigger.Serves() {
		return m.request(ctx)
	}
	return m.record(ctx)
}

// called builds the execution of a workflow that takes typed input.
func (m *manual) called(ctx context.Context, form trigger.Form) (*models.Execution, error) {
	given, _ := m.in.Input["input"].(map[string]any)
	values, problems := field.ParseForm(form.Input, given, field.ParseContext{})
	for _, f := range form.Input {
		id, ok := values[f.Name].(int64)
		if !ok || f.Kind != field.User && f.Kind != field.ManyToOne {
			continue
		}
		target := f.Target
		if f.Kind == field.User {
			target = models.UsersCollection
		}
		if _, err := m.e.records.Get(ctx, records.Query{Access: m.access, Collection: target}, records.IDText(id)); err != nil {
			problems.Add(f.Name, "NOT_FOUND", text.M("subflow.no_record", "%s: there is no record %d.", f.Label, id))
		}
		values[f.Name] = map[string]any{"id": id}
	}
	if len(problems) > 0 {
		fields := make([]models.FieldError, len(problems))
		for i, p := range problems {
			fields[i] = models.FieldError{Field: "input." + p.Field, Code: "VALIDATION_FAILED", Message: p.Message}
		}
		return nil, models.InvalidFields(fields)
	}
	return m.execution(ctx, map[string]any{"event": "called", "input": values, "parent": nil}, resource{})
}

// record builds the execution from the form of a post-action trigger: the record, the
// action, and the person it shall look like.
func (m *manual) record(ctx context.Context) (*models.Execution, error) {
	collection := m.v.Listens.Collection
	tk := records.IDText(m.in.Input["filterByTk"])
	if r, ok := m.in.Input["record"].(map[string]any); ok && tk == "" {
		tk = records.IDText(r["id"])
	}
	if tk == "" {
		return nil, models.InvalidFields([]models.FieldError{{Field: "filterByTk", Code: "VALIDATION_FAILED", Message: text.M("execute.record", "Choose the record to start with.")}})
	}
	action, _ := m.in.Input["action"].(string)
	if action == "" {
		action = "create"
	}
	record, err := m.e.records.Get(ctx, records.Query{Access: m.access, Collection: collection}, tk)
	if err != nil {
		return nil, err
	}
	return m.execution(ctx, map[string]any{
		"event": action, "action": action, "collection": collection, "data": record, "params": map[string]any{"values": map[string]any{}},
	}, resource{collection, tk})
}

// execution builds the row of an execution that a person starts.
func (m *manual) execution(ctx context.Context, own map[string]any, about resource) (*models.Execution, error) {
	p := m.access.Principal
	user, err := m.e.userValue(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	now, cause := m.e.now(), models.CauseOf(p)
	cause.Trace = models.RequestOf(ctx).Trace
	trig := map[string]any{
		"user": user, "role": orNil(p.Role), "principal": p.String(), "date": now, "firedAt": now,
		"origin": map[string]any{"kind": "api", "requestId": nil, "nested": nil, "execution": nil, "node": nil},
	}
	maps.Copy(trig, own)
	return &models.Execution{
		ID: models.NewID(), WorkflowID: m.w.ID, VersionID: m.v.Version.ID, Hash: m.v.Version.Hash, Mode: "live", TriggerType: m.w.Type,
		ResourceType: about.typ, ResourceID: about.id, Principal: p.String(), UserID: p.UserID, Cause: cause, Depth: 1,
		Chain: []int64{m.w.ID}, Trigger: encode(trig), ExpiresAt: expiry(m.w, now), Pauses: m.w.Options.PauseForPeople,
	}, nil
}

// Settled waits until an execution has ended or waits for something, at most for a time,
// and gives its status then.
func (e *Engine) Settled(ctx context.Context, id string, wait time.Duration) (models.Status, error) {
	out, err := e.await(ctx, id, min(wait, maxWait))
	return out.Status, err
}

// await waits until an execution has ended or waits, or the time is over.
func (e *Engine) await(ctx context.Context, id string, wait time.Duration) (Executed, error) {
	sub := e.live.Subscribe("exec:" + id)
	defer sub.Close()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		exec, err := models.ExecutionByID(ctx, e.db.Read(), id)
		if err != nil {
			return Executed{}, err
		}
		if exec.Status.Final() || exec.Status == models.Waiting || wait <= 0 {
			return Executed{ID: id, Status: exec.Status}, nil
		}
		select {
		case <-sub.Wake():
			sub.Take()
		case <-timer.C:
			wait = 0
		case <-ctx.Done():
			return Executed{ID: id, Status: exec.Status}, nil
		}
	}
}
