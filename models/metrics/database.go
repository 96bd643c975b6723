package metrics

import "time"

func (s *Set) database() {
	s.batch = s.plain("formrail_write_batch_size", "Functions that shared one physical commit.", []float64{1, 2, 4, 8, 16, 32, 64, 128})
	s.commit = s.histogram("formrail_write_commit_seconds", "Time from the begin of a physical transaction to its synced commit, or its failure.", short(), "result")
	s.slow = s.counter("formrail_slow_writes_total", "Functions in the writer that took longer than 50 ms, by their name.", "write")
}

// Committed counts one physical transaction of a number of functions.
func (s *Set) Committed(functions int, took time.Duration, err error) {
	if s == nil {
		return
	}
	s.batch.Observe(float64(functions))
	s.commit.WithLabelValues(resultOf(err)).Observe(took.Seconds())
}

// SlowWrite counts a function that held up the writer.
func (s *Set) SlowWrite(name string) {
	if s != nil {
		s.slow.WithLabelValues(name).Inc()
	}
}

func resultOf(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}
