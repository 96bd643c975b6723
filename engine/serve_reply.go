package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Reply is the answer to a request.
type Reply struct {
	Status    int
	Type      string // of the body; empty without one
	Headers   []inbound.Header
	Body      []byte
	Execution string // that was started, or had been; empty for none
	Replayed  bool   // it is the answer of an earlier request
}

const jsonType = "application/json; charset=utf-8"

// dataReply is a value in the envelope of the API.
func dataReply(status int, data any, messages []string) Reply {
	out := map[string]any{"data": data}
	if len(messages) > 0 {
		list := make([]any, len(messages))
		for i, m := range messages {
			list[i] = map[string]any{"message": m}
		}
		out["messages"] = list
	}
	return Reply{Status: status, Type: jsonType, Body: []byte(encode(out))}
}

func (s *Served) success() int {
	if s.door.Success == 0 {
		return 200
	}
	return s.door.Success
}

// configured is the answer that the settings give before anything has run.
func (s *Served) configured(ctx context.Context, in expr.Input) (Reply, error) {
	return configured(ctx, s.door.Answer, s.body, in)
}

// configured is an answer whose body is a template.
func configured(ctx context.Context, answer inbound.Answer, template *expr.Template, in expr.Input) (Reply, error) {
	body, _, err := template.Render(ctx, in)
	if err != nil {
		return Reply{}, fmt.Errorf("render answer: %w", err)
	}
	out := Reply{Status: answer.Status, Type: "text/plain; charset=utf-8", Body: []byte(body)}
	for _, h := range answer.Headers {
		if strings.EqualFold(h.Name, "Content-Type") {
			out.Type = h.Value
			continue
		}
		out.Headers = append(out.Headers, h)
	}
	return out, nil
}

// replyOf is the answer that an execution gave: of its Response step, else by how it
// ended. It is the same whenever it is asked for.
func (e *Engine) replyOf(ctx context.Context, s *Served, exec *models.Execution) (Reply, error) {
	if s.l.version.answers() {
		stored, err := models.StepOutput(ctx, e.db.Read(), exec.ID, responseType)
		if err != nil {
			return Reply{}, err
		}
		if stored != "" {
			reply, err := written(stored)
			reply.Execution = exec.ID
			return reply, err
		}
	}
	if !exec.Status.Final() {
		return Reply{Execution: exec.ID}, requestFault("WORKFLOW_NOT_STARTED", exec.ID)
	}
	messages, err := e.answer(exec)
	if err != nil {
		if known := models.AsError(err); known.Kind == models.KindInternal {
			err = requestFault(known.Code, exec.ID)
		}
		return Reply{Execution: exec.ID}, err
	}
	data, err := e.outputOf(ctx, exec)
	if err != nil {
		return Reply{}, err
	}
	status := s.success()
	if exec.Reason == "end_node" || exec.Reason == "condition" {
		status = 200
	}
	reply := dataReply(status, data, messages)
	reply.Execution = exec.ID
	return reply, nil
}

// written reads the answer that a Response step left.
func written(stored string) (Reply, error) {
	m, err := parseObject(stored)
	if err != nil {
		return Reply{}, fmt.Errorf("read answer of an execution: %w", err)
	}
	var out Reply
	if status, ok := m["status"].(int64); ok {
		out.Status = int(status)
	}
	headers, _ := m["headers"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value, _ := headers[name].(string)
		out.Headers = append(out.Headers, inbound.Header{Name: name, Value: value})
	}
	body, has := m["body"]
	if !has {
		return out, nil
	}
	out.Type, _ = m["type"].(string)
	if s, isText := body.(string); isText && !strings.HasPrefix(out.Type, "application/json") {
		out.Body = []byte(s)
		return out, nil
	}
	out.Body, err = field.MarshalJSON(body)
	return out, err
}

// outputOf is the output of an execution, else that of its last step.
func (e *Engine) outputOf(ctx context.Context, exec *models.Execution) (any, error) {
	stored := exec.Output
	if stored == "" {
		var err error
		if stored, err = models.LastOutput(ctx, e.db.Read(), exec.ID); err != nil {
			return nil, err
		}
	}
	return parseAny(stored)
}

// requestFault says that a workflow broke, without its internals.
func requestFault(code, id string) error {
	m := text.M("serve.failed", "A workflow started by this action failed. Contact your administrator.")
	if code == "WORKFLOW_TIMED_OUT" {
		m = text.M("serve.timed_out", "A workflow started by this action took too long. Contact your administrator.")
	}
	return models.NewError(models.KindInternal, code, m).With("executionId", id).Because(fmt.Errorf("execution %s: %s", id, code))
}

// pending answers for a workflow that runs in the background: with its outcome when it
// ends while the caller waits.
func (e *Engine) pending(ctx context.Context, s *Served, id string, wait time.Duration) (Reply, error) {
	status := models.Queued
	if wait > 0 {
		done, err := e.awaitEnd(ctx, id, min(wait, maxServedWait))
		if err != nil {
			return Reply{}, err
		}
		if done.Status.Final() {
			return e.outcome(ctx, done)
		}
		status = done.Status
	}
	reply := dataReply(202, map[string]any{"execution": map[string]any{"id": id, "status": string(status)}}, nil)
	reply.Headers = []inbound.Header{{Name: "Location", Value: StatusPath(s.Key, id)}}
	reply.Execution = id
	return reply, nil
}

// maxServedWait is how long a caller may wait for the end of what runs in the background.
const maxServedWait = 25 * time.Second

// StatusPath is where the outcome of an execution is asked for.
func StatusPath(key, id string) string { return "/api/http:status/" + key + "/" + id }

func (e *Engine) outcome(ctx context.Context, exec *models.Execution) (Reply, error) {
	data, err := e.outputOf(ctx, exec)
	if err != nil || !exec.Status.Final() {
		data = nil
	}
	reply := dataReply(200, map[string]any{"id": exec.ID, "status": string(exec.Status), "output": data}, nil)
	reply.Execution = exec.ID
	return reply, err
}

// awaitEnd waits until an execution has ended, or the time is over.
func (e *Engine) awaitEnd(ctx context.Context, id string, wait time.Duration) (*models.Execution, error) {
	sub := e.live.Subscribe("exec:" + id)
	defer sub.Close()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		exec, err := models.ExecutionByID(ctx, e.db.Read(), id)
		if err != nil || exec.Status.Final() || wait <= 0 {
			return exec, err
		}
		select {
		case <-sub.Wake():
			sub.Take()
		case <-timer.C:
			wait = 0
		case <-ctx.Done():
			return exec, nil
		}
	}
}

// statusAge is how long the outcome of an execution can be asked for.
const statusAge = 7 * 24 * time.Hour

// StatusOf tells who started an execution of a served workflow how it stands.
func (e *Engine) StatusOf(ctx context.Context, s *Served, id string, person *models.Access) (Reply, error) {
	exec, err := models.ExecutionByID(ctx, e.db.Read(), id)
	if err != nil {
		return Reply{}, err
	}
	foreign := person != nil && exec.UserID != person.Principal.UserID
	if exec.WorkflowID != s.l.workflow.ID || foreign || e.now().Sub(exec.CreatedAt.Time()) > statusAge {
		return Reply{}, models.NotFound()
	}
	return e.outcome(ctx, exec)
}

// Again gives the answer of an earlier request once more: made from what was saved, so
// it does not matter whether the first one ever arrived.
func (e *Engine) Again(ctx context.Context, s *Served, id string) (reply Reply, err error) {
	defer func() { reply.Replayed, reply.Execution = true, id }()
	exec, err := models.ExecutionByID(ctx, e.db.Read(), id)
	if err != nil {
		return Reply{}, err
	}
	switch {
	case s.l.workflow.Sync:
		if exec, err = e.awaitAnswer(ctx, s, exec); err != nil {
			return Reply{}, err
		}
		return e.replyOf(ctx, s, exec)
	case s.door.Contract:
		return e.pending(ctx, s, id, 0)
	}
	first, err := parseObject(exec.Trigger)
	if err != nil {
		return Reply{}, fmt.Errorf("read trigger data of %s: %w", id, err)
	}
	now := e.now()
	return s.configured(ctx, expr.Input{Now: now, Zone: time.UTC, Vars: expr.MapVars{"trigger": first, "system": s.system(e, id, now)}})
}

// awaitAnswer waits until the first request has its answer.
func (e *Engine) awaitAnswer(ctx context.Context, s *Served, exec *models.Execution) (*models.Execution, error) {
	until := time.NewTimer(syncWait)
	defer until.Stop()
	sub := e.live.Subscribe("exec:" + exec.ID)
	defer sub.Close()
	for {
		fresh, err := models.ExecutionByID(ctx, e.db.Read(), exec.ID)
		if err != nil || fresh.Status.Final() || !fresh.Sync {
			return fresh, err
		}
		select {
		case <-sub.Wake():
			sub.Take()
		case <-until.C:
			busy := models.Conflict("IDEMPOTENCY_IN_PROGRESS", text.M("serve.busy", "The first of these requests is still being worked on. Try again in a moment."))
			busy.RetryAfter = time.Second
			return nil, busy
		case <-ctx.Done():
			return nil, errors.Join(errors.New("wait for an answer"), ctx.Err())
		}
	}
}
