// Package metrics counts what the product does, for systems that watch it. A [Set] is
// made where the product is wired and handed on; the methods of a nil set do nothing,
// so that whatever counts need not ask whether anybody watches. Names and labels hold
// keys, codes and numbers, never values of records.
package metrics

import (
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Set is all that is counted in one process. It is safe for concurrent use.
type Set struct {
	registry *prometheus.Registry

	batch     prometheus.Histogram // functions in one physical commit
	commit    *prometheus.HistogramVec
	slow      *prometheus.CounterVec
	requests  *prometheus.CounterVec
	answering *prometheus.HistogramVec

	started   *prometheus.CounterVec
	ended     *prometheus.CounterVec
	stretch   prometheus.Histogram
	takenOver prometheus.Counter
	scripts   *prometheus.CounterVec
	scripting prometheus.Histogram
	calls     *prometheus.CounterVec
	calling   prometheus.Histogram

	breaches *prometheus.GaugeVec
	alarms   *prometheus.CounterVec
	repairs  *prometheus.CounterVec
	checked  prometheus.Gauge

	mu        sync.Mutex
	workflows map[string]bool // that have a label of their own
}

// New makes a set for a version of the product.
func New(version string) *Set {
	s := &Set{registry: prometheus.NewRegistry(), workflows: map[string]bool{}}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "formrail_build_info", Help: "Version of the running program; always 1."}, []string{"version", "go"})
	info.WithLabelValues(version, runtime.Version()).Set(1)
	s.registry.MustRegister(info)
	s.database()
	s.web()
	s.engine()
	s.outside()
	s.watchdog()
	return s
}

// Gatherer gives everything for a page that is read by machines.
func (s *Set) Gatherer() prometheus.Gatherer { return s.registry }

func (s *Set) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.registry.MustRegister(c)
	return c
}

func (s *Set) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	s.registry.MustRegister(g)
	return g
}

func (s *Set) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	s.registry.MustRegister(h)
	return h
}

// plain is a histogram without labels.
func (s *Set) plain(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	s.registry.MustRegister(h)
	return h
}

// short are bounds in seconds of what takes from a tenth of a millisecond to seconds.
func short() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
}

// long are bounds in seconds of what takes from milliseconds to minutes.
func long() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
}
