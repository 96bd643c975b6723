package web

import (
	"context"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/executions"
	"formrail/views/ui"
)

// attempts says how each attempt of a step went; nothing of a step that was tried once.
func (v *viewer) attempts(ctx context.Context, f *executionFacts, s *models.Step) []executions.Attempt {
	out := make([]executions.Attempt, 0, len(s.Attempts))
	for i, a := range s.Attempts {
		one := executions.Attempt{Number: i + 1, Started: v.since(a.StartedAt), Error: failureOf(a.Error).sentence(ctx, f.values)}
		switch {
		case a.EndedAt != 0 && a.Error != "":
			one.Result, one.Tone = text.T(ctx, "execution.attempt_failed", "Failed"), ui.Bad
		case a.EndedAt != 0:
			one.Result, one.Tone = text.T(ctx, "execution.attempt_done", "Done"), ui.OK
		case i == len(s.Attempts)-1 && s.Status.StepOpen():
			one.Result, one.Tone = text.T(ctx, "execution.attempt_open", "Under way"), ui.Info
		default:
			one.Result, one.Tone = text.T(ctx, "execution.attempt_unknown", "Outcome unknown"), ui.Warn
		}
		if a.EndedAt != 0 {
			one.Took = took(a.StartedAt, a.EndedAt, v.now)
		}
		out = append(out, one)
	}
	return out
}

// endedBy says who cancelled an execution and when; nothing when nobody did.
func (v *viewer) endedBy(ctx context.Context, x *models.Execution) (*ui.Person, ui.Moment, error) {
	if x.EndedBy == 0 {
		return nil, ui.Moment{}, nil
	}
	who, err := v.names.person(ctx, x.EndedBy)
	return &who, v.since(x.EndedAt), err
}
