package metrics

import (
	"strconv"
	"time"
)

func (s *Set) web() {
	s.requests = s.counter("formrail_http_requests_total", "Requests that were answered, by the line of the route table; other addresses have none.", "method", "route", "status")
	s.answering = s.histogram("formrail_http_request_seconds", "Time from the end of the headers to the answer. Event streams are left out.", []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30}, "route")
}

// Answered counts one request under the pattern of its route; empty for an address that
// has no route. Event streams have no end worth measuring and give a negative time.
func (s *Set) Answered(method, route string, status int, took time.Duration) {
	if s == nil {
		return
	}
	if route == "" {
		method, route = "any", "none" // strangers choose addresses and methods
	}
	s.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if took >= 0 {
		s.answering.WithLabelValues(route).Observe(took.Seconds())
	}
}
