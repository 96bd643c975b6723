package engine

import (
	"context"

	"formrail/models"
	"formrail/models/text"
)

// LiveProblem says what keeps the live version of a workflow from running, such as a
// field that is gone. It is empty when nothing does, and for one that was never
// published. Scripts are not read.
func (e *Engine) LiveProblem(ctx context.Context, w *models.Workflow) (problem text.Message, broken bool, err error) {
	if w.LiveVersion == 0 {
		return text.Message{}, false, nil
	}
	d, err := e.DefinitionOf(ctx, w, "live")
	if err != nil {
		return text.Message{}, false, err
	}
	_, findings, err := e.Check(ctx, d, w.Sync)
	if err != nil {
		return text.Message{}, false, err
	}
	if found := Errors(findings); len(found) > 0 {
		return found[0].Message, true, nil
	}
	return text.Message{}, false, nil
}
