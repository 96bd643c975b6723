package engine

import (
	"cmp"

	"formrail/engine/tracing"
	"formrail/models"
)

// Keys of what spans say.
const (
	spanWorkflow  = "formrail.workflow"
	spanExecution = "formrail.execution"
	spanNode      = "formrail.node"
	spanType      = "formrail.node_type"
	spanAttempt   = "formrail.attempt"
	spanStatus    = "formrail.status"
)

// beginStart begins the span of a start and makes it what the execution is below.
func (e *Engine) beginStart(exec *models.Execution, workflow string) *tracing.Span {
	span := e.tracer.Begin(exec.Cause.Trace, "start "+exec.TriggerType, tracing.Internal, e.clock.Now())
	span.Text(spanWorkflow, workflow)
	span.Text(spanExecution, exec.ID)
	exec.Cause.Trace = cmp.Or(span.Traceparent(), exec.Cause.Trace)
	return span
}

// beginStretch begins the span of a stretch.
func (s *stretch) beginStretch() {
	if s.e.tracer == nil {
		return
	}
	s.span = s.e.tracer.Begin(s.exec.Cause.Trace, "stretch "+s.version.Key, tracing.Internal, s.e.clock.Now())
	s.span.Text(spanWorkflow, s.version.Key)
	s.span.Text(spanExecution, s.exec.ID)
}

// endStretch ends it.
func (s *stretch) endStretch(err error) {
	s.span.Text(spanStatus, string(s.exec.Status))
	if err != nil {
		s.span.Fail("not committed")
	}
	s.span.End(s.e.clock.Now())
}

// trace is the traceparent of what the stretch causes: its own, or the one that the
// execution was started with.
func (s *stretch) trace() string { return cmp.Or(s.span.Traceparent(), s.exec.Cause.Trace) }

// spanSteps hands over spans of the steps that have just been committed as ended. They
// lie below the stretch that ended them, and begin when the step did.
func (s *stretch) spanSteps(steps []*models.Step) {
	if s.e.tracer == nil {
		return
	}
	parent := s.span.Traceparent()
	for _, step := range steps {
		if step.Status.StepOpen() {
			continue
		}
		span := s.e.tracer.Begin(parent, "step "+step.Type, tracing.Internal, step.StartedAt.Time())
		span.Text(spanNode, step.Node)
		span.Text(spanType, step.Type)
		span.Text(spanStatus, string(step.Status))
		span.Number(spanAttempt, step.Attempt)
		if step.Status == models.Failed {
			span.Fail(string(step.Status))
		}
		span.End(step.EndedAt.Time())
	}
}

// beginAttempt begins the span of one attempt that leaves the process.
func (s *stretch) beginAttempt(cur cursor) *tracing.Span {
	if s.e.tracer == nil {
		return nil
	}
	span := s.e.tracer.Begin(s.trace(), "attempt "+cur.node.typ.Key, tracing.Client, s.e.clock.Now())
	span.Text(spanNode, cur.step.Node)
	span.Text(spanType, cur.step.Type)
	span.Number(spanAttempt, cur.step.Attempt)
	return span
}
