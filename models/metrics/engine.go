package metrics

import "time"

func (s *Set) engine() {
	s.started = s.counter("formrail_executions_started_total", "Executions that were started, by the type of their trigger.", "trigger")
	s.ended = s.counter("formrail_executions_total", "Executions that ended, by workflow and outcome. The first 200 workflows have a label of their own.", "workflow", "status")
	s.stretch = s.plain("formrail_stretch_seconds", "What a worker does between taking an execution and giving it back, outside calls included.", short())
	takenOver := s.counter("formrail_leases_taken_over_total", "Wake-ups that were made ready again because their holder was gone.")
	s.takenOver = takenOver.WithLabelValues()
}

// Started counts an execution that was started and committed.
func (s *Set) Started(trigger string) {
	if s != nil {
		s.started.WithLabelValues(trigger).Inc()
	}
}

// Ended counts an execution that ended.
func (s *Set) Ended(workflow, status string) {
	if s != nil {
		s.ended.WithLabelValues(s.label(workflow), status).Inc()
	}
}

// maxWorkflows bounds the labels: every one costs memory here and in whatever reads it.
const maxWorkflows = 200

// label is the label of a workflow: its key, or "other" once there are too many.
func (s *Set) label(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.workflows[key] {
		return key
	}
	if len(s.workflows) >= maxWorkflows {
		return "other"
	}
	s.workflows[key] = true
	return key
}

// Stretched counts one stretch.
func (s *Set) Stretched(took time.Duration) {
	if s != nil {
		s.stretch.Observe(took.Seconds())
	}
}

// TookOver counts wake-ups whose holder was gone.
func (s *Set) TookOver(n int64) {
	if s != nil && n > 0 {
		s.takenOver.Add(float64(n))
	}
}
