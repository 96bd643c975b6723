package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"formrail/engine/expr"
	"formrail/engine/inbound"
	"formrail/engine/node"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// callbackKeyName names the secret that addresses of steps are derived from.
const callbackKeyName = "callback_key"

// address is the step that a call is for. Its token is derived from it, so that an
// earlier step can send it before the step itself was reached.
type address struct{ execution, node, path string }

// callbackToken is the token of an address: 128 bits that only the server can derive,
// behind what they stand for.
func (e *Engine) callbackToken(a address) string {
	what := strings.Join([]string{a.execution, a.node, a.path}, "|")
	mac := hmac.New(sha256.New, []byte(e.callbackKey))
	mac.Write([]byte(what))
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(what)) + "." + enc.EncodeToString(mac.Sum(nil)[:16])
}

// readCallbackToken gives the address of a token; false for one that the server did not
// make.
func (e *Engine) readCallbackToken(token string) (address, bool) {
	said, _, _ := strings.Cut(token, ".")
	what, err := base64.RawURLEncoding.DecodeString(said)
	parts := strings.SplitN(string(what), "|", 3)
	if err != nil || len(parts) != 3 {
		return address{}, false
	}
	a := address{parts[0], parts[1], parts[2]}
	return a, hmac.Equal([]byte(e.callbackToken(a)), []byte(token))
}

// callbacks are the addresses that a step may give to others, by the keys of the steps
// that will wait for calls: as far as it is certain which pass will.
func (s *stretch) callbacks(at spot) map[string]any {
	var out map[string]any
	for _, n := range s.version.Nodes {
		if n.typ.Calls(n.settings).Times == 0 {
			continue
		}
		path, ok := s.version.placeOf(n, at.path)
		if !ok {
			continue
		}
		if out == nil {
			out = map[string]any{}
		}
		out[n.part.Key] = map[string]any{"url": s.e.baseURL() + "/api/callback:resume/" + s.e.callbackToken(address{s.exec.ID, n.part.Key, path})}
	}
	return out
}

// placeOf is the place that a node has for somebody who stands at a path: within the
// passes that are around both. It is unknown when a loop is around the node alone.
func (c *Compiled) placeOf(n *compiledNode, path string) (string, bool) {
	around := map[string]bool{}
	loops := 0
	for p := n.parent; p != nil; p = p.parent {
		around[p.part.Key] = true
		if p.typ.Loops() {
			loops++
		}
	}
	for path != "" {
		outer, key, _ := PassOf(path)
		if around[key] {
			break
		}
		path = outer
	}
	for at := path; at != ""; {
		outer, key, _ := PassOf(at)
		if of := c.byKey[key]; of != nil && of.typ.Loops() {
			loops--
		}
		at = outer
	}
	return path, loops == 0
}

// addresses describes the addresses that a node may give to others; nil stands for the end
// of the workflow.
func (c *Compiled) addresses(at *compiledNode) field.Shape {
	var out field.Shape
	for _, n := range c.Nodes {
		if n.typ.Calls(n.settings).Times > 0 && c.knowsPlace(n, at) {
			url := field.Object(n.title, field.Named{Name: "url", Shape: field.Shape{Kind: field.Text, Label: n.title}})
			out.Fields = append(out.Fields, field.Named{Name: n.part.Key, Shape: url})
		}
	}
	return out
}

// knowsPlace reports whether who stands at a node is inside all loops around another one.
func (c *Compiled) knowsPlace(n, at *compiledNode) bool {
	for p := n.parent; p != nil; p = p.parent {
		if p.typ.Loops() && (at == nil || !at.inside(p)) {
			return false
		}
	}
	return true
}

// CalledBack is a call to the address of a step.
type CalledBack struct {
	inbound.Request
	Token     string
	RequestID string
}

// CallBack takes a call to the address of a step, also of one that was not reached yet,
// and resumes the step when that was the last call it waits for. Nothing is written before
// the caller has proved what the step asks for. Unknown addresses are NotFound; one that has
// all its calls is a Conflict CALLBACK_USED, one whose execution or deadline is over is Gone
// CALLBACK_EXPIRED. A signed call that comes again counts once.
func (e *Engine) CallBack(ctx context.Context, in CalledBack) (Reply, error) {
	a, ok := e.readCallbackToken(in.Token)
	if !ok {
		return Reply{}, models.NotFound()
	}
	exec, wants, err := e.awaitedCall(ctx, e.db.Read(), a)
	if err != nil {
		return Reply{}, err
	}
	proof, err := e.proveCall(ctx, exec, wants.Door, in.Request)
	if err != nil {
		return Reply{}, err
	}
	sent, err := inbound.Body{Type: in.Headers.Get("Content-Type"), Bytes: in.Body}.Read()
	if err != nil {
		return Reply{}, unreadable(err)
	}
	call := &models.Call{ExecutionID: a.execution, Node: a.node, Path: a.path, RequestID: in.RequestID}
	if proof.Signature != "" {
		digest := sha256.Sum256([]byte(proof.Signature))
		call.Proof = hex.EncodeToString(digest[:])
	}
	replayed := false
	err = e.db.Write(ctx, "engine.callback", func(tx *models.Tx) (err error) {
		replayed, err = e.keepCall(ctx, tx, call, sent)
		return err
	})
	if err != nil {
		return Reply{}, err
	}
	reply, err := e.answerCall(ctx, exec, wants.Door.Answer)
	reply.Replayed = replayed
	return reply, err
}

// awaitedCall finds the execution that an address is for, and what its step waits for.
func (e *Engine) awaitedCall(ctx context.Context, q models.Querier, a address) (*models.Execution, node.Calls, error) {
	exec, err := models.ExecutionByID(ctx, q, a.execution)
	if err != nil {
		return nil, node.Calls{}, err
	}
	v, err := e.version(ctx, exec.VersionID)
	if err != nil {
		return nil, node.Calls{}, err
	}
	n := v.byKey[a.node]
	if n == nil || n.typ.Calls(n.settings).Times == 0 {
		return nil, node.Calls{}, models.NotFound()
	}
	return exec, n.typ.Calls(n.settings), nil
}

// proveCall checks who calls: all that the step asks for must hold.
func (e *Engine) proveCall(ctx context.Context, exec *models.Execution, door inbound.Door, r inbound.Request) (inbound.Proof, error) {
	away := func(reason string, refused *models.Error) error {
		w, err := models.WorkflowByID(ctx, e.db.Read(), exec.WorkflowID)
		if err != nil {
			return err
		}
		e.requests.count(w, reason, e.clock.Now())
		return refused
	}
	if err := door.Networks.Check(r.Address); err != nil {
		return inbound.Proof{}, away("ip_denied", models.Forbidden(inbound.AddressRefused, messageOf(err)))
	}
	p, err := e.proving(ctx, exec.WorkflowID, door)
	if err != nil {
		return inbound.Proof{}, err
	}
	proof, reason, refused := p.prove(r, e.clock.Now())
	if refused != nil {
		return inbound.Proof{}, away(reason, refused)
	}
	return proof, nil
}

// keepCall stores a call, and wakes the step that waits for it. again says that the same
// signed call had come before.
func (e *Engine) keepCall(ctx context.Context, tx *models.Tx, call *models.Call, sent any) (again bool, err error) {
	a := address{call.ExecutionID, call.Node, call.Path}
	exec, wants, err := e.awaitedCall(ctx, tx, a)
	if err != nil {
		return false, err
	}
	calls, err := models.CallsOf(ctx, tx, a.execution, a.node, a.path)
	if err != nil {
		return false, err
	}
	if call.Proof != "" && slices.ContainsFunc(calls, func(c models.Call) bool { return c.Proof == call.Proof }) {
		return true, nil
	}
	step, err := models.StepAt(ctx, tx, a.execution, a.node, a.path)
	if err != nil {
		return false, err
	}
	over := !exec.Status.Live() || step != nil && !step.Status.StepOpen()
	switch {
	case over && (step == nil || step.Status != models.Done):
		return false, models.NewError(models.KindGone, "CALLBACK_EXPIRED", text.M("callback.expired", "Nobody waits for this call any more."))
	case over, len(calls) >= wants.Times:
		return false, models.Conflict("CALLBACK_USED", text.M("callback.used", "This address has been called as often as was expected."))
	}
	body, err := fittingBody(wants, sent)
	if err != nil {
		return false, err
	}
	call.Body = encode(body)
	if err := models.InsertCall(ctx, tx, call); err != nil {
		return false, err
	}
	if step == nil || step.Status != models.Waiting {
		return false, nil // kept until the step is reached
	}
	return false, models.InsertWakeup(ctx, tx, &models.Wakeup{
		ExecutionID: a.execution, WorkflowID: exec.WorkflowID, StepID: step.ID, Reason: models.WakeCallback, Lane: 1, DueAt: models.At(tx.Now()),
		Signal: signalJSON(node.Signal{Reason: models.WakeCallback}),
	})
}

// answerCall is what a caller hears.
func (e *Engine) answerCall(ctx context.Context, exec *models.Execution, answer inbound.Answer) (Reply, error) {
	if answer.Status == 0 {
		return dataReply(200, map[string]any{"received": true}, nil), nil
	}
	body, err := expr.CompileTemplate(answer.Body)
	if err != nil {
		return Reply{}, fmt.Errorf("answer to a call: %w", err)
	}
	trigger, err := parseObject(exec.Trigger)
	if err != nil {
		return Reply{}, fmt.Errorf("read trigger data of %s: %w", exec.ID, err)
	}
	now := e.now()
	system := map[string]any{"now": now, "baseUrl": e.baseURL(), "execution": map[string]any{"id": exec.ID}}
	return configured(ctx, answer, body, expr.Input{Now: now, Zone: time.UTC, Vars: expr.MapVars{"trigger": trigger, "system": system}})
}

// fittingBody is the body of a call as its step declares it.
func fittingBody(wants node.Calls, body any) (any, error) {
	if len(wants.Fields) == 0 {
		return body, nil
	}
	given, ok := body.(map[string]any)
	if !ok && body != nil {
		return nil, models.Invalid("BAD_BODY", text.M("callback.object", "The body must be an object."))
	}
	known := map[string]any{} // what is not declared is left out
	for _, f := range wants.Fields {
		if v, sent := given[f.Name]; sent {
			known[f.Name] = v
		}
	}
	values, problems := field.ParseForm(wants.Fields, known, field.ParseContext{RoundExcess: true})
	if len(problems) == 0 {
		return values, nil
	}
	fields := make([]models.FieldError, len(problems))
	for i, p := range problems {
		fields[i] = models.FieldError{Field: p.Field, Code: "VALIDATION_FAILED", Message: p.Message}
	}
	return nil, models.InvalidFields(fields)
}

// loadCallbackKey reads the secret of the addresses.
func (e *Engine) loadCallbackKey(ctx context.Context) (err error) {
	if e.callbackKey, err = e.db.InstallationKey(ctx, callbackKeyName); err != nil {
		return fmt.Errorf("read key of callbacks: %w", err)
	}
	return nil
}
