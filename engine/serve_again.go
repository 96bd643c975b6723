package engine

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"formrail/engine/inbound"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// SendAgain takes a request from the log once more, as if it had come now: with a new
// key, so it starts again, and with the origin replay. It needs the rights workflow.run
// and, because it reads what was sent, execution.payload.
func (e *Engine) SendAgain(ctx context.Context, access models.Access, key, id string) (Reply, error) {
	if err := errors.Join(access.Require("workflow.run"), access.Require("execution.payload")); err != nil {
		return Reply{}, err
	}
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return Reply{}, err
	}
	logged, err := models.RequestByID(ctx, e.db.Read(), w.ID, id)
	if err != nil {
		return Reply{}, err
	}
	if logged.Cut {
		return Reply{}, models.Conflict("REQUEST_INCOMPLETE", text.M("serve.cut", "Not all of this request was kept, so it cannot be sent again."))
	}
	ix, err := e.listeners(ctx)
	if err != nil {
		return Reply{}, fmt.Errorf("read trigger index: %w", err)
	}
	l := ix.byKey[w.Key]
	if reason := e.unusable(l, nil); reason != "" {
		return Reply{}, models.Invalid("WORKFLOW_NOT_STARTABLE", text.M("serve.not_startable", "Publish the workflow and switch it on first."))
	}
	s, err := e.ready(ctx, l)
	if err != nil {
		return Reply{}, err
	}
	return e.Take(ctx, s, Incoming{Request: requestIn(logged), ReplayOf: logged.ID, Begun: e.clock.Now()})
}

// requestIn is a request as the log kept it.
func requestIn(logged models.LoggedRequest) inbound.Request {
	r := inbound.Request{Method: logged.Method, Address: logged.Address, Query: logged.Query, Body: []byte(logged.Body)}
	for name, v := range logged.Headers {
		if value, ok := v.(string); ok {
			r.Headers = append(r.Headers, inbound.Header{Name: name, Value: value})
		}
	}
	slices.SortFunc(r.Headers, func(a, b inbound.Header) int { return strings.Compare(a.Name, b.Name) })
	return r
}

// LastSample gives rows for the values of the latest request of a workflow that could be
// read. It needs the right execution.payload.
func (e *Engine) LastSample(ctx context.Context, access models.Access, w *models.Workflow) (inbound.Sample, error) {
	if err := access.Require("execution.payload"); err != nil {
		return inbound.Sample{}, err
	}
	list, err := e.Requests(ctx, access, w, "", 20)
	if err != nil {
		return inbound.Sample{}, err
	}
	for _, one := range list {
		body := inbound.Body{Type: one.ContentType, Bytes: []byte(one.Body)}
		v, badBody := body.Read()
		query, badQuery := inbound.ReadQuery(one.Query)
		if one.Cut || badBody != nil || badQuery != nil {
			continue
		}
		if out := (inbound.Sample{Query: inbound.RowsOf(query), Body: inbound.RowsOf(v)}); len(out.Query)+len(out.Body) > 0 {
			return out, nil
		}
	}
	return inbound.Sample{}, models.Invalid("NO_SAMPLE", text.M("serve.no_sample", "No request with values has come yet. Send one, or paste a sample."))
}

// request builds the execution from the form of a trigger that takes requests: method,
// headers, query and body.
func (m *manual) request(ctx context.Context) (*models.Execution, error) {
	r := inbound.Request{Method: "POST", Address: models.RequestOf(ctx).Address}
	if s, ok := m.in.Input["method"].(string); ok && s != "" {
		r.Method = strings.ToUpper(s)
	}
	headers, _ := m.in.Input["headers"].(map[string]any)
	for name, v := range headers {
		r.Headers = append(r.Headers, inbound.Header{Name: name, Value: fmt.Sprint(v)})
	}
	query, _ := m.in.Input["query"].(map[string]any)
	values := url.Values{}
	for name, v := range query {
		values.Set(name, fmt.Sprint(v))
	}
	r.Query = values.Encode()
	switch body := m.in.Input["body"].(type) {
	case nil:
	case string:
		r.Body = []byte(body)
		if r.Headers.Get("Content-Type") == "" {
			r.Headers = append(r.Headers, inbound.Header{Name: "Content-Type", Value: "text/plain"})
		}
	default:
		b, err := field.MarshalJSON(body)
		if err != nil {
			return nil, fmt.Errorf("read body: %w", err)
		}
		r.Body = b
		if r.Headers.Get("Content-Type") == "" {
			r.Headers = append(r.Headers, inbound.Header{Name: "Content-Type", Value: "application/json"})
		}
	}
	reading, err := m.v.Trigger.Serve(m.v.Settings).Read(r)
	if err != nil {
		return nil, (&taking{}).refused(err)
	}
	return m.execution(ctx, reading.Trigger, resource{})
}
