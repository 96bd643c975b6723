package nodes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

type subflowConfig struct {
	Workflow string         `json:"workflow"`
	Version  string         `json:"version"`
	Input    map[string]any `json:"input"`
	Wait     bool           `json:"wait"`
	Timeout  string         `json:"timeout"`
}

// subflow calls another workflow and, unless told otherwise, waits for its end.
var subflow = node.Define(node.Spec[subflowConfig]{
	Key: "subflow", Group: node.Flow, Icon: "workflow", Title: "Call workflow",
	Summary:  "Run another workflow and use what it gives",
	Synonyms: []string{"subworkflow", "sub-workflow", "call", "function", "reuse", "child"},
	Help: "Starts a workflow of the type *Sub-workflow call* with the input it declares. What it gives is the output of this step.\n\n" +
		"When the called workflow is stopped by a rule or rejected by a person, this step fails with `CHILD_REFUSED`; when it breaks, with `CHILD_FAILED`. " +
		"It may do no more than this workflow may. When this workflow is cancelled, so is the called one.",
	Config: []field.Field{
		{Name: "workflow", Kind: field.Workflow, Label: "Workflow", Required: true},
		{Name: "input", Kind: field.Values, Of: "workflow", Label: "Input"},
		{Name: "wait", Kind: field.Boolean, Label: "Wait for its end", Default: true},
		{Name: "timeout", Kind: field.Duration, Label: "Wait at most", Placeholder: "2h", When: only("wait", "true"), Help: "After that the called workflow is cancelled and this step fails. No limit without one."},
		{Name: "version", Kind: field.Text, Label: "Version", Default: "live", Pattern: "live|[1-9][0-9]{0,8}", Help: "`live`, or the number of a version."},
	},
	Effect:  node.Local,
	Waits:   true,
	Expects: func(subflowConfig) bool { return true },
	AtOnce: func(c subflowConfig, cat node.Catalog) bool {
		w, ok := cat.Workflow(c.Workflow)
		return ok && w.Sync && c.Wait
	},
	Apart: func(c subflowConfig) bool { return !c.Wait },
	Check: checkSubflow,
	Outputs: func(c subflowConfig, cat node.Catalog) field.Shape {
		if !c.Wait {
			return field.Object("Call", field.Named{Name: "execution", Shape: field.Shape{Kind: field.Text, Label: "Execution"}})
		}
		if w, ok := cat.Workflow(c.Workflow); ok {
			return w.Output
		}
		return field.Any("Output")
	},
	Line: func(c subflowConfig, cat node.Catalog) string {
		title := c.Workflow
		if w, ok := cat.Workflow(c.Workflow); ok {
			title = w.Title
		}
		if title != "" && !c.Wait {
			return text.M("node.subflow_apart", "%s, without waiting", title).String()
		}
		return title
	},
	Run:    callWorkflow,
	Resume: resumeCall,
	Examples: []node.Example[subflowConfig]{
		{
			Title:  "Wait for what it gives",
			Config: map[string]any{"workflow": "convert", "input": map[string]any{"amount": "{{ trigger.data.amount }}"}},
			Vars:   map[string]any{"trigger": map[string]any{"data": map[string]any{"amount": int64(3)}}},
			Want:   node.Want{Waits: true},
		},
		{
			Title:  "Start it and go on",
			Config: map[string]any{"workflow": "convert", "input": map[string]any{"amount": int64(5)}, "wait": false},
			Want:   node.Want{Output: map[string]any{"execution": "call-1"}},
		},
		{
			Title:  "The input does not fit",
			Config: map[string]any{"workflow": "convert", "input": map[string]any{"amount": "many"}},
			Want:   node.Want{Code: "VALIDATION_FAILED"},
		},
	},
})

func checkSubflow(c subflowConfig, cat node.Catalog) (p field.Problems) {
	if c.Timeout != "" {
		if span, err := field.ParseDuration(c.Timeout); err != nil || span.IsZero() {
			p.Add("timeout", invalid, text.M("node.subflow_timeout", "Enter a time such as 30m, 2h or 3d."))
		}
	}
	if c.Workflow == "" { // reported when the settings were decoded
		return p
	}
	w, ok := cat.Workflow(c.Workflow)
	switch {
	case !ok:
		p.Add("workflow", invalid, text.M("node.subflow_unknown", "There is no workflow %s. Choose another one.", c.Workflow))
		return p
	case !w.Live:
		p.Add("workflow", invalid, text.M("node.subflow_not_live", "%s was never published. Publish it first.", w.Title))
		return p
	case !w.Callable:
		p.Add("workflow", invalid, text.M("node.subflow_not_callable", "%s cannot be called: its trigger takes no input.", w.Title))
		return p
	}
	known := map[string]bool{}
	for _, f := range w.Input {
		known[f.Name] = true
		v, given := c.Input[f.Name]
		switch {
		case f.Required && f.Default == nil && (!given || v == nil || v == ""):
			p.Add("input."+f.Name, "MISSING", text.M("setting.missing", "%s is missing.", f.Label))
		case given && f.Kind.Record() && !field.HasTemplate(v):
			if _, wrong := f.Parse(v, field.ParseContext{}); len(wrong) > 0 {
				p.Add("input."+f.Name, invalid, wrong[0].Message)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Input)) {
		if !known[name] {
			p.Add("input."+name, invalid, text.M("node.subflow_input", "%s takes no input %s.", w.Title, name))
		}
	}
	return p
}

// callState is what the step keeps while it waits.
type callState struct {
	Execution string `json:"execution"`
	Until     int64  `json:"until"` // milliseconds; 0 = no limit
}

func callWorkflow(ctx context.Context, call node.Call, c subflowConfig) (node.Result, error) {
	id, err := call.Flows.Start(ctx, node.CallWorkflow{Workflow: c.Workflow, Version: c.Version, Input: c.Input, Waits: c.Wait})
	if err != nil {
		return node.Result{}, err
	}
	if !c.Wait {
		return node.Done(map[string]any{"execution": id}), nil
	}
	kept := callState{Execution: id}
	var until time.Time
	if span, err := field.ParseDuration(c.Timeout); err == nil && !span.IsZero() {
		until = span.AddTo(call.Now, time.UTC)
		kept.Until = until.UnixMilli()
	}
	return node.Wait(until, kept.value()), nil
}

func (k callState) value() map[string]any {
	return map[string]any{"execution": k.Execution, "until": k.Until}
}

func resumeCall(ctx context.Context, call node.Call, c subflowConfig, _ node.Signal) (node.Result, error) {
	v, err := field.ParseJSON(call.State)
	if err != nil {
		return node.Result{}, fmt.Errorf("read state of call: %w", err)
	}
	m, _ := v.(map[string]any)
	kept := callState{}
	kept.Execution, _ = m["execution"].(string)
	kept.Until, _ = m["until"].(int64)
	how, ended, err := call.Flows.Ended(ctx, kept.Execution)
	switch {
	case err != nil:
		return node.Result{}, err
	case ended:
		return endOfCall(kept.Execution, how)
	case kept.Until == 0 || call.Now.UnixMilli() < kept.Until:
		return node.Wait(time.Time{}, kept.value()), nil // the timer is still there
	}
	return node.Result{}, (&node.Failure{
		Kind: node.Timeout, Code: "TIMEOUT", Message: text.M("node.subflow_late", "The called workflow took longer than %s and was cancelled.", c.Timeout),
	}).With(map[string]any{"execution": kept.Execution})
}

// endOfCall turns the end of the called execution into that of the step.
func endOfCall(id string, how node.CallEnded) (node.Result, error) {
	if how.Outcome == string(node.Succeeded) {
		return node.Done(how.Output), nil
	}
	details := map[string]any{"execution": id, "status": how.Outcome, "code": how.Code, "node": how.Node, "message": how.Message}
	if how.Refused {
		return node.Result{}, node.Refuse("CHILD_REFUSED", text.M("node.subflow_refused", "The called workflow was stopped: %s", reasonOf(how))).With(details)
	}
	return node.Result{}, node.Broken("CHILD_FAILED", text.M("node.subflow_failed", "The called workflow did not succeed: %s", reasonOf(how))).With(details)
}

func reasonOf(how node.CallEnded) string {
	if how.Message != "" {
		return how.Message
	}
	return how.Outcome
}
