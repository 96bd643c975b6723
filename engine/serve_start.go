package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/engine/trigger"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Incoming is a request that has proved who it is.
type Incoming struct {
	inbound.Request
	Proof    inbound.Proof
	Person   *models.Access         // who is known by a token; nil for nobody
	Idem     *models.IdempotencyKey // nil for none
	ReplayOf string                 // request in the log that is sent again
	Wait     time.Duration          // how long the caller waits for the end
	Begun    time.Time
}

// maxContext is the size of what a workflow starts with.
const maxContext = 10 << 20

// Take reads a request and starts the workflow, unless its condition says no or it came
// before. It gives the answer once the execution is durable, and for workflows that
// answer at once when they have.
func (e *Engine) Take(ctx context.Context, s *Served, in Incoming) (Reply, error) {
	t := &taking{e: e, s: s, in: in, origin: models.Origin{Kind: "external"}}
	request := models.RequestOf(ctx)
	t.origin.RequestID, t.origin.Trace = request.ID, request.Trace
	if in.Person != nil {
		t.origin.Kind = "api"
	}
	if in.ReplayOf != "" {
		t.origin.Kind = "replay"
	}
	if in.ReplayOf == "" && e.takeSample(s.l.workflow.ID) {
		return t.sampled()
	}
	reply, err := t.take(ctx)
	e.requests.add(t.entry(reply, err))
	return reply, err
}

// taking is one request on its way.
type taking struct {
	e       *Engine
	s       *Served
	in      Incoming
	origin  models.Origin
	reading inbound.Reading
	started string // execution
	reason  string // why there is none
}

func (t *taking) take(ctx context.Context) (Reply, error) {
	var err error
	if t.reading, err = t.s.door.Read(t.in.Request); err != nil {
		return Reply{}, t.refused(err)
	}
	if !t.s.l.workflow.Sync && t.e.full(t.s.l.workflow.ID, 0) {
		t.reason = "queue_full"
		return Reply{}, models.Unavailable("OVERLOADED", text.M("serve.full", "Too much waits to be done. Try again in a moment."), time.Second)
	}
	t.reading.Trigger["user"], err = t.user(ctx)
	if err != nil {
		return Reply{}, err
	}
	decision, err := t.condition(ctx)
	if err != nil {
		return Reply{}, err
	}
	if !decision.Start {
		return t.notStarted(ctx, decision)
	}
	key, err := t.idemKey(ctx)
	if err != nil {
		return Reply{}, err
	}
	if len(t.in.Body) > 1<<20 && len(encode(t.reading.Trigger)) > maxContext {
		return Reply{}, models.NewError(models.KindTooLarge, "BODY_TOO_LARGE", text.M("serve.context", "What the request holds is larger than 10 MiB."))
	}
	return t.begin(ctx, key)
}

// refused turns what was wrong with the content of a request into its answer.
func (t *taking) refused(err error) error {
	out := unreadable(err)
	if out != err { //nolint:errorlint // it was turned into an answer
		t.reason = "payload_invalid"
	}
	return out
}

// unreadable turns what is wrong with the content of a request into its answer. Other
// errors stay.
func unreadable(err error) error {
	var p *inbound.Problem
	var many inbound.Problems
	switch {
	case errors.As(err, &many):
		out := make([]models.FieldError, len(many))
		for i, one := range many {
			out[i] = models.FieldError{Field: one.Field, Code: one.Code, Message: one.Message}
		}
		return models.InvalidFields(out)
	case errors.As(err, &p) && p.Code == inbound.Unsupported:
		return models.NewError(models.KindUnsupported, p.Code, p.Message)
	case errors.As(err, &p):
		return models.Invalid(p.Code, p.Message)
	}
	return err
}

func (t *taking) user(ctx context.Context) (any, error) {
	if t.in.Person == nil {
		return nil, nil
	}
	return t.e.userValue(ctx, t.in.Person.Principal.UserID)
}

// input is what the expressions of the settings see.
func (t *taking) input(id string) expr.Input {
	now := t.e.now()
	data := maps.Clone(t.reading.Trigger)
	data["date"] = now
	return expr.Input{Now: now, Zone: time.UTC, Vars: expr.MapVars{"trigger": data, "system": t.s.system(t.e, id, now)}}
}

func (s *Served) system(e *Engine, id string, now time.Time) map[string]any {
	out := map[string]any{
		"now": now, "workflow": map[string]any{"key": s.Key, "title": s.Title}, "baseUrl": e.baseURL(), "execution": map[string]any{"id": nil},
	}
	if id != "" {
		out["execution"] = map[string]any{"id": id}
	}
	return out
}

// condition decides whether the workflow wants the request. One that cannot be evaluated
// is never true.
func (t *taking) condition(ctx context.Context) (trigger.Decision, error) {
	if t.s.condition == nil {
		return trigger.Start(), nil
	}
	yes, why, _, err := t.s.condition.Eval(ctx, t.input(""))
	switch {
	case err != nil && ctx.Err() != nil:
		return trigger.Decision{}, fmt.Errorf("condition of %s: %w", t.s.Key, err)
	case err != nil:
		return trigger.Not("invalid_definition", err.Error()), nil
	case yes:
		return trigger.Start(), nil
	}
	return trigger.Not("condition_false", why.Sentence), nil
}

// notStarted writes why and gives the same answer as if it had started.
func (t *taking) notStarted(ctx context.Context, d trigger.Decision) (Reply, error) {
	t.reason = d.Reason
	err := t.e.db.Write(ctx, "engine.serve_not", func(tx *models.Tx) error {
		_, err := t.e.notBegun(ctx, tx, t.beginning(""), d)
		return err
	})
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("log request to %s: %w", t.s.Key, err)
	case t.s.l.workflow.Sync || t.s.door.Contract:
		return dataReply(t.s.success(), nil, nil), nil
	}
	return t.s.configured(ctx, t.input(""))
}

func (t *taking) beginning(key string) beginning {
	b := beginning{
		listener: t.s.l, trigger: t.reading.Trigger, idemKey: key, principal: models.Webhook(t.s.l.workflow.ID), origin: t.origin,
	}
	if t.in.Person != nil {
		b.principal = t.in.Person.Principal
		b.cause = models.CauseOf(b.principal)
	}
	return b
}

// idemKey is what a request is known by; empty when it can only be new.
func (t *taking) idemKey(ctx context.Context) (string, error) {
	if t.in.ReplayOf != "" {
		return "", nil
	}
	if t.in.Idem != nil {
		return bounded("idem:" + t.in.Idem.Principal + ":" + t.in.Idem.Key), nil
	}
	if t.s.dedupe != nil {
		v, _, err := t.s.dedupe.Run(ctx, t.input(""))
		if err != nil && ctx.Err() != nil {
			return "", fmt.Errorf("key of request to %s: %w", t.s.Key, err)
		}
		if s := strings.TrimSpace(keyText(v)); err == nil && s != "" {
			return bounded("dedupe:" + s), nil
		}
	}
	switch p := t.in.Proof; {
	case p.Signature == "":
		return "", nil
	case p.ID != "" && strings.Contains(t.s.signature.Content, "{id}"):
		return bounded("delivery:" + p.ID), nil
	case t.s.signature.BodyID != "":
		body, _ := t.reading.Trigger["body"].(map[string]any)
		if id := keyText(body[t.s.signature.BodyID]); id != "" {
			return bounded("delivery:" + id), nil
		}
	}
	return "signature:" + t.in.Proof.Signature, nil
}

// keyText is a value as a key; what has members is none.
func keyText(v any) string {
	switch v := v.(type) {
	case nil, map[string]any, []any:
		return ""
	case time.Time:
		return field.FormatTime(v)
	default:
		return fmt.Sprint(v)
	}
}

// bounded is a key, or its digest when it is long.
func bounded(key string) string {
	if len(key) <= 200 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return key[:20] + hex.EncodeToString(sum[:])
}

// begin starts the execution and answers.
func (t *taking) begin(ctx context.Context, key string) (Reply, error) {
	var out models.TriggerOutcome
	err := t.e.db.Write(ctx, "engine.serve", func(tx *models.Tx) (err error) {
		if out, err = t.e.begin(ctx, tx, t.beginning(key)); err != nil || t.in.Idem == nil || out.ExecutionID == "" {
			return err
		}
		return tx.SaveAnswer(ctx, *t.in.Idem, out.ExecutionID)
	})
	if err != nil {
		return Reply{}, fmt.Errorf("start %s: %w", t.s.Key, err)
	}
	t.started, t.reason = out.ExecutionID, out.Reason
	switch {
	case out.Reason == "duplicate_key":
		reply, err := t.e.Again(ctx, t.s, out.ExecutionID)
		return reply, err
	case out.Reason == "recursion_guard":
		return Reply{}, models.Conflict("RECURSION_GUARD", text.M("serve.guard", "This workflow may not start itself again."))
	case slices.Contains([]string{"queue_full", "rate_limited", "paused", "storm_guard"}, out.Reason):
		return Reply{}, overloaded()
	case !out.Started && out.Reason != "debounced":
		return Reply{}, models.NotFound()
	case out.Sync:
		exec, answer, err := t.e.runHere(ctx, out.ExecutionID)
		switch {
		case err != nil:
			return Reply{Execution: out.ExecutionID}, err
		case answer != "":
			reply, err := written(answer)
			reply.Execution = out.ExecutionID
			return reply, err
		}
		return t.e.replyOf(ctx, t.s, exec)
	case t.s.door.Contract:
		return t.e.pending(ctx, t.s, out.ExecutionID, t.in.Wait)
	}
	reply, err := t.s.configured(ctx, t.input(out.ExecutionID))
	reply.Execution = out.ExecutionID
	return reply, err
}
