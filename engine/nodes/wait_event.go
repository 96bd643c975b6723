package nodes

import (
	"context"
	"fmt"
	"slices"
	"time"

	"formrail/engine/form"
	"formrail/engine/inbound"
	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type waitEventConfig struct {
	Kind       string         `json:"kind"`
	Event      string         `json:"event"`
	Filter     map[string]any `json:"filter"`
	Since      string         `json:"since"`
	Fields     []form.Input   `json:"fields"`
	Times      int            `json:"times"`
	Deadline   string         `json:"deadline"`
	OnDeadline string         `json:"onDeadline"`

	Auth   inbound.ProofSettings  `json:"auth"`
	Answer inbound.AnswerSettings `json:"answer"`
}

// maxWait is how long a step may wait for an event or a call.
const maxWait = 366 * 24 * time.Hour

// waitEvent waits for something to happen elsewhere.
var waitEvent = node.Define(node.Spec[waitEventConfig]{
	Key: "wait_event", Group: node.Flow, Icon: "radio", Title: "Wait for event",
	Summary:  "Wait until something happens, or another system calls back",
	Synonyms: []string{"callback", "webhook", "listen", "resume", "signal"}, Asks: "kind",
	Help: "**An event** is something that happens in this app, such as a record that changes. The filter compares properties of the event with patterns: " +
		"`resource.type` is the collection, `resource.id` the record, `*` stands for anything. What this execution does itself does not count.\n\n" +
		"**A call** comes from another system. Its address is in `system.callbacks` from the start of the execution, so an earlier step can send it. " +
		"A call that comes before this step is reached is kept. Nothing but a `POST` resumes.",
	Config: slices.Concat([]field.Field{{
		Name: "kind", Kind: field.Select, Label: "Wait for", Default: "event",
		Options: field.Choices("event", "An event", "callback", "A call from outside"),
	}}, eventInputs(only("kind", "event"), "resource.ResourceUpdated"), []field.Field{
		{
			Name: "since", Kind: field.Select, Label: "Counts from", Default: "execution", When: only("kind", "event"),
			Options: field.Choices("execution", "The start of the execution", "wait", "The moment this step is reached"),
		},
		withWhen(form.Setting("fields", "Fields of the call", "What the body must hold. Without an entry anything is taken."), only("kind", "callback")),
		{
			Name: "times", Kind: field.Integer, Label: "How many calls", Default: int64(1), Min: field.Bound("1"), Max: field.Bound("100"), When: only("kind", "callback"),
		},
		{Name: "deadline", Kind: field.Duration, Label: "Wait at most", Default: "7d", Help: "Up to one year."},
		{
			Name: "onDeadline", Kind: field.Select, Label: "Then", Default: "fail",
			Options: field.Choices("fail", "Fail", "continue", "Go on", "branch", "Take a branch"),
		},
		{
			Name: "auth", Kind: field.Group, Label: "Protection", Default: map[string]any{}, When: only("kind", "callback"), Items: inbound.ProofItems(),
			Help: "The address is a secret by itself. What is filled in here must hold as well.",
		},
		{
			Name: "answer", Kind: field.Group, Label: "Answer", Default: map[string]any{}, When: only("kind", "callback"), Items: inbound.AnswerItems(""),
			Help: "Given at once to who calls. Without a body and headers, a word of thanks as JSON.",
		},
	}),
	Effect:  node.Local,
	Waits:   true,
	Expects: func(waitEventConfig) bool { return true },
	Calls: func(c waitEventConfig) node.Calls {
		if c.Kind != "callback" {
			return node.Calls{}
		}
		return node.Calls{Times: max(c.Times, 1), Fields: form.Fields(c.Fields), Door: c.door()}
	},
	Grants: func(c waitEventConfig, _ node.Catalog) []node.Grant {
		if c.Kind == "callback" {
			return nil
		}
		return c.awaited().grants()
	},
	Branches: func(c waitEventConfig) []node.Branch {
		if c.OnDeadline != "branch" {
			return nil
		}
		return []node.Branch{{Key: "deadline", Title: text.M("node.too_late", "Too late").String()}}
	},
	Check: func(c waitEventConfig, cat node.Catalog) (p field.Problems) {
		if _, err := c.span(); err != nil {
			p.Add("deadline", invalid, text.M("node.wait_deadline", "Enter a time such as 2h or 7d, up to one year."))
		}
		if c.Kind == "callback" {
			p = append(append(p, c.Auth.Check("auth")...), c.Answer.Check("answer")...)
		} else {
			p = append(p, c.awaited().check("filter", cat)...)
		}
		return append(p, form.Check("fields", c.Fields, func(name string) bool { _, ok := cat.Collection(name); return ok })...)
	},
	Outputs: func(c waitEventConfig, _ node.Catalog) field.Shape {
		body := field.Any("Body")
		if len(c.Fields) > 0 {
			body = form.Shape("Body", c.Fields)
		}
		return field.Object("Result", field.Named{Name: "received", Shape: field.Shape{Kind: field.Boolean, Label: "It happened"}},
			field.Named{Name: "event", Shape: field.Any("Event")}, field.Named{Name: "body", Shape: body},
			field.Named{Name: "calls", Shape: field.Shape{Label: "Calls", List: true, Open: true}}, field.Named{Name: "at", Shape: field.Shape{Kind: field.DateTime, Label: "When"}})
	},
	Line: func(c waitEventConfig, _ node.Catalog) string {
		if c.Kind == "callback" {
			return text.M("node.wait_call", "A call from outside, at most %s", c.Deadline).String()
		}
		return text.M("node.wait_for_event", "%s, at most %s", c.Event, c.Deadline).String()
	},
	Run: func(ctx context.Context, call node.Call, c waitEventConfig) (node.Result, error) {
		span, err := c.span()
		if err != nil {
			return node.Result{}, node.Broken("INVALID_CONFIG", text.M("node.wait_deadline", "Enter a time such as 2h or 7d, up to one year."))
		}
		until := span.AddTo(call.Now, time.UTC)
		state := map[string]any{"until": until}
		if c.Kind == "callback" {
			return c.count(ctx, call, until, state)
		}
		await := node.AwaitEvent{Event: c.Event, Filter: c.Filter}
		if c.Since != "wait" {
			await.Since = call.Node.Began
		}
		envelope, err := call.Events.Await(ctx, await)
		if err != nil {
			return node.Result{}, err
		}
		if envelope != nil {
			return received(envelope, nil, nil, call.Now), nil
		}
		return node.Wait(until, state), nil
	},
	Resume: func(ctx context.Context, call node.Call, c waitEventConfig, signal node.Signal) (node.Result, error) {
		v, err := field.ParseJSON(call.State)
		if err != nil {
			return node.Result{}, fmt.Errorf("read state of wait: %w", err)
		}
		m, _ := v.(map[string]any)
		until, err := instant(m["until"], time.UTC)
		if err != nil {
			return node.Result{}, fmt.Errorf("read state of wait: %w", err)
		}
		if brought, ok := signal.Data.(map[string]any); ok && c.Kind != "callback" {
			envelope, _ := brought["event"].(map[string]any)
			open, err := call.Events.Open(ctx, envelope)
			return received(open, nil, nil, call.Now), err
		}
		if c.Kind == "callback" && call.Now.Before(until) {
			return c.count(ctx, call, until, m)
		}
		if call.Now.Before(until) { // never early
			return node.Wait(until, m), nil
		}
		return c.late(call.Now)
	},
	Examples: []node.Example[waitEventConfig]{
		{
			Title:  "Until somebody sets the order to paid",
			Config: map[string]any{"filter": map[string]any{"resource.type": "orders", "resource.id": "{{ trigger.data.id }}", "resource.status": "paid"}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want:   node.Want{Waits: true},
		},
		{
			Title:  "Until another system has answered twice",
			Config: map[string]any{"kind": "callback", "times": int64(2), "deadline": "2d", "onDeadline": "branch"},
			Want:   node.Want{Waits: true},
		},
		{
			Title:  "A filter that names nothing",
			Config: map[string]any{"filter": map[string]any{"resource.type": "orders", "resource.id": "{{ trigger.data }}"}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42)}}},
			Want:   node.Want{Code: "INVALID_CONFIG"},
		},
	},
})

func (c waitEventConfig) awaited() awaited { return awaited{c.Event, c.Filter} }

// withWhen shows a setting only while another one says so.
func withWhen(f field.Field, when *field.When) field.Field {
	f.When = when
	return f
}

// door says who may call and what is answered.
func (c waitEventConfig) door() inbound.Door {
	var answer inbound.Answer
	if c.Answer.Body != "" || len(c.Answer.Headers) > 0 || c.Answer.Status > 200 {
		answer = c.Answer.Answer()
	}
	return c.Auth.Door(inbound.Door{Answer: answer})
}

// span is how long the step waits.
func (c waitEventConfig) span() (field.Span, error) {
	span, err := field.ParseDuration(c.Deadline)
	if err == nil && (span.IsZero() || span.Approximate() > maxWait) {
		err = field.ErrNotDuration
	}
	return span, err
}

// count goes on once enough calls have come.
func (c waitEventConfig) count(ctx context.Context, call node.Call, until time.Time, state map[string]any) (node.Result, error) {
	calls, err := call.Events.Calls(ctx, max(c.Times, 1), until)
	if err != nil {
		return node.Result{}, err
	}
	if len(calls) < max(c.Times, 1) {
		return node.Wait(until, state), nil
	}
	list := make([]any, len(calls))
	for i, one := range calls {
		list[i] = map[string]any{"at": one.At, "body": one.Body}
	}
	return received(nil, calls[len(calls)-1].Body, list, call.Now), nil
}

// received is the result once it has happened.
func received(event, body any, calls []any, at time.Time) node.Result {
	if calls == nil {
		calls = []any{}
	}
	return node.Done(map[string]any{"received": true, "event": event, "body": body, "calls": calls, "at": at})
}

// late is the result when nothing happened in time.
func (c waitEventConfig) late(now time.Time) (node.Result, error) {
	out := map[string]any{"received": false, "event": nil, "body": nil, "calls": []any{}, "at": now}
	switch c.OnDeadline {
	case "continue":
		return node.Done(out), nil
	case "branch":
		return node.To("deadline", out), nil
	}
	return node.Result{}, node.Refuse("DEADLINE", text.M("node.wait_late", "Nothing happened within %s.", c.Deadline))
}
