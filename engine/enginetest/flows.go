package enginetest

import (
	"context"
	"fmt"

	"formrail/engine/node"
	"formrail/models/field"
	"formrail/models/text"
)

// Flows starts workflows that go on until the test ends them.
type Flows struct {
	Started []node.CallWorkflow
	How     *node.CallEnded // nil = they go on
}

// Start checks the input against the sample catalogue.
func (f *Flows) Start(_ context.Context, c node.CallWorkflow) (string, error) {
	w, ok := Sample().Workflow(c.Workflow)
	if !ok {
		return "", node.Broken("CHILD_FAILED", text.M("test.no_workflow", "There is no workflow %s.", c.Workflow))
	}
	if _, problems := field.ParseForm(w.Input, c.Input, field.ParseContext{}); len(problems) > 0 {
		return "", node.Broken("VALIDATION_FAILED", problems[0].Message)
	}
	f.Started = append(f.Started, c)
	return fmt.Sprintf("call-%d", len(f.Started)), nil
}

// Ended says what the test said.
func (f *Flows) Ended(context.Context, string) (node.CallEnded, bool, error) {
	if f.How == nil {
		return node.CallEnded{}, false, nil
	}
	return *f.How, true, nil
}
