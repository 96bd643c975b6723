package worldtest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// Outside is the world beyond the process: it sees every call of the node type
// test_call with its key, and answers as it is told.
type Outside struct {
	mu    sync.Mutex
	calls []string
	fails int           // how many of the next calls fail
	hang  chan struct{} // calls wait for it, when set
}

// Fail makes the next n calls fail with a failure that may be retried.
func (o *Outside) Fail(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fails = n
}

// Hang makes calls wait until the returned function is called.
func (o *Outside) Hang() (release func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	hang := make(chan struct{})
	o.hang = hang
	return func() { close(hang) }
}

// Calls lists the keys of all calls in order.
func (o *Outside) Calls() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.calls...)
}

func (o *Outside) call(ctx context.Context, key string) error {
	o.mu.Lock()
	o.calls = append(o.calls, key)
	hang, fail := o.hang, o.fails > 0
	if fail {
		o.fails--
	}
	o.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if fail {
		return &node.Failure{Kind: node.Fault, Code: "NETWORK_ERROR", Message: text.M("test.network", "The other side did not answer."), Retry: true}
	}
	return nil
}

// CallNode is an external node type that calls the outside.
func CallNode(o *Outside) *node.Type {
	type config struct {
		Value any `json:"value"`
	}
	return node.Define(node.Spec[config]{
		Key: "test_call", Group: node.Connect, Icon: "globe", Title: "Call", Summary: "Calls the outside",
		Config: []field.Field{{Name: "value", Kind: field.Value, Label: "Value"}},
		Effect: node.External, Unknown: node.RetryUnknown,
		Run: func(ctx context.Context, call node.Call, c config) (node.Result, error) {
			if err := o.call(ctx, call.Key); err != nil {
				return node.Result{}, err
			}
			return node.Done(map[string]any{"attempt": int64(call.Attempt), "value": c.Value}), nil
		},
	})
}

// WaitNode is a node type that waits for a time in seconds.
func WaitNode() *node.Type {
	type config struct {
		Seconds int `json:"seconds"`
	}
	return node.Define(node.Spec[config]{
		Key: "test_wait", Group: node.Flow, Icon: "clock", Title: "Wait", Summary: "Waits for a while",
		Config: []field.Field{{Name: "seconds", Kind: field.Integer, Label: "Seconds", Default: 1}},
		Waits:  true,
		Run: func(_ context.Context, call node.Call, c config) (node.Result, error) {
			return node.Wait(call.Now.Add(time.Duration(c.Seconds)*time.Second), map[string]any{"since": call.Now}), nil
		},
		Resume: func(_ context.Context, call node.Call, _ config, s node.Signal) (node.Result, error) {
			if len(call.State) == 0 || s.Reason != "timer" {
				return node.Result{}, errors.New("resumed without its state or by something else")
			}
			return node.Done(call.Now), nil
		},
	})
}

// RepeatNode is a container that runs its body several times, one after another,
// and goes on when an iteration fails.
func RepeatNode() *node.Type {
	type config struct {
		Times int `json:"times"`
	}
	type state struct {
		Begun, Failed int
	}
	again := func(c config, s state) (node.Result, error) {
		if s.Begun >= c.Times {
			return node.Done(map[string]any{"begun": int64(s.Begun), "failed": int64(s.Failed)}), nil
		}
		s.Begun++
		return node.Enter(map[string]any{"begun": int64(s.Begun), "failed": int64(s.Failed)}, node.Entry{Branch: "body", Pass: s.Begun}), nil
	}
	return node.Define(node.Spec[config]{
		Key: "test_repeat", Group: node.Flow, Icon: "repeat", Title: "Repeat", Summary: "Runs its body several times",
		Config:   []field.Field{{Name: "times", Kind: field.Integer, Label: "Times", Default: 3}},
		Branches: func(config) []node.Branch { return []node.Branch{{Key: "body", Title: "Body"}} },
		Run:      func(_ context.Context, _ node.Call, c config) (node.Result, error) { return again(c, state{}) },
		Resume: func(_ context.Context, call node.Call, c config, sig node.Signal) (node.Result, error) {
			var s state
			if err := json.Unmarshal(call.State, &s); err != nil {
				return node.Result{}, err
			}
			if sig.Reason == "failed" {
				s.Failed++
			}
			return again(c, s)
		},
	})
}

// BothNode is a container that enters two branches at once and goes on when both
// have ended.
func BothNode() *node.Type {
	type config struct{}
	type state struct{ Ended int }
	return node.Define(node.Spec[config]{
		Key: "test_both", Group: node.Flow, Icon: "split", Title: "Both", Summary: "Runs two branches",
		Config:   []field.Field{},
		Branches: func(config) []node.Branch { return []node.Branch{{Key: "a", Title: "A"}, {Key: "b", Title: "B"}} },
		Run: func(context.Context, node.Call, config) (node.Result, error) {
			return node.Enter(map[string]any{"ended": int64(0)}, node.Entry{Branch: "a", Pass: 1}, node.Entry{Branch: "b", Pass: 1}), nil
		},
		Resume: func(_ context.Context, call node.Call, _ config, sig node.Signal) (node.Result, error) {
			if sig.Failure != nil {
				return node.Result{}, sig.Failure
			}
			var s state
			if err := json.Unmarshal(call.State, &s); err != nil {
				return node.Result{}, err
			}
			if s.Ended++; s.Ended == 2 {
				return node.Done(int64(2)), nil
			}
			return node.Enter(map[string]any{"ended": int64(s.Ended)}), nil
		},
	})
}

// RejectNode is a node type that says no as a person would.
func RejectNode() *node.Type {
	type config struct{}
	return node.Define(node.Spec[config]{
		Key: "test_reject", Group: node.People, Icon: "hand", Title: "Reject", Summary: "Says no",
		Config: []field.Field{},
		Run:    func(context.Context, node.Call, config) (node.Result, error) { return node.Reject("no"), nil },
	})
}
