package metrics

import "time"

func (s *Set) watchdog() {
	s.breaches = s.gauge("formrail_invariant_rows", "Rows that the last check found and that must not exist, by query.", "query")
	s.alarms = s.counter("formrail_invariant_alarms_total", "Rows that were found twice in a row, by query.", "query")
	s.repairs = s.counter("formrail_invariant_repairs_total", "Rows that were repaired, by query.", "query")
	checked := s.gauge("formrail_watchdog_last_check_timestamp_seconds", "When the invariants were checked last.")
	s.checked = checked.WithLabelValues()
}

// Checked keeps what a check of the invariants found: rows by query. Queries that
// found nothing are 0.
func (s *Set) Checked(at time.Time, rows map[string]int) {
	if s == nil {
		return
	}
	s.checked.Set(float64(at.Unix()))
	for query, n := range rows {
		s.breaches.WithLabelValues(query).Set(float64(n))
	}
}

// Alarmed counts a row that was found twice in a row.
func (s *Set) Alarmed(query string) {
	if s != nil {
		s.alarms.WithLabelValues(query).Inc()
	}
}

// Repaired counts a row that was repaired.
func (s *Set) Repaired(query string) {
	if s != nil {
		s.repairs.WithLabelValues(query).Inc()
	}
}
