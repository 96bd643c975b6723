package enginetest

import (
	"context"
	"time"

	"formrail/engine/eventfilter"
	"formrail/engine/node"
)

// Events has the past events and calls that a test gives it.
type Events struct {
	Past    []map[string]any
	Got     []node.ReceivedCall
	Awaited []node.AwaitEvent
}

// Await looks through the past.
func (e *Events) Await(_ context.Context, w node.AwaitEvent) (map[string]any, error) {
	filter, problems := eventfilter.New(w.Filter)
	if len(problems) > 0 {
		return nil, node.Broken("INVALID_CONFIG", problems[0].Message)
	}
	e.Awaited = append(e.Awaited, w)
	for _, envelope := range e.Past {
		if filter.Match(envelope) {
			return envelope, nil
		}
	}
	return nil, nil //nolint:nilnil // none is an ordinary answer
}

// Open leaves nothing out.
func (e *Events) Open(_ context.Context, envelope map[string]any) (map[string]any, error) {
	return envelope, nil
}

// Calls gives what the test put there.
func (e *Events) Calls(context.Context, int, time.Time) ([]node.ReceivedCall, error) {
	return e.Got, nil
}
