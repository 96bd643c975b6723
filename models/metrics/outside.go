package metrics

import "time"

func (s *Set) outside() {
	s.scripts = s.counter("formrail_script_runs_total", "Scripts that were run, by how they ended: ok, or the code of the failure.", "result")
	s.scripting = s.plain("formrail_script_seconds", "Time of one script, waiting for a free child included.", short())
	s.calls = s.counter("formrail_outbound_calls_total", "Calls to other systems, by class of their status or the code of their failure.", "result")
	s.calling = s.plain("formrail_outbound_seconds", "Time of one call to another system, redirects included.", long())
}

// Scripted counts one script; result is "ok" or the code of its failure.
func (s *Set) Scripted(result string, took time.Duration) {
	if s == nil {
		return
	}
	s.scripts.WithLabelValues(result).Inc()
	s.scripting.Observe(took.Seconds())
}

// Called counts one call to another system; result is a class such as "2xx" or the code
// of its failure.
func (s *Set) Called(result string, took time.Duration) {
	if s == nil {
		return
	}
	s.calls.WithLabelValues(result).Inc()
	s.calling.Observe(took.Seconds())
}
