package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// State is what is read when somebody looks.
type State struct {
	Lanes   []Lane           // what waits for a worker
	Running int              // workers that are busy
	Timers  int              // known to be due later
	Live    map[string]int64 // executions that have not ended, by status
	Bytes   map[string]int64 // of the database and of the log beside it
	Held    bool             // came out of a backup and was not released
}

// Lane is what waits in one lane of the queue.
type Lane struct {
	Name   string
	Depth  int64
	Oldest time.Duration // age of what waits longest
}

// stateTime is how long reading the state may take.
const stateTime = 5 * time.Second

// OnLook registers how the state is read. It may be called once.
func (s *Set) OnLook(read func(ctx context.Context) (State, error)) {
	s.registry.MustRegister(&looking{read: read, about: map[string]*prometheus.Desc{
		"depth":   prometheus.NewDesc("formrail_queue_depth", "Wake-ups that are due and not finished, those being worked on included, by lane.", []string{"lane"}, nil),
		"oldest":  prometheus.NewDesc("formrail_queue_oldest_seconds", "Age of the wake-up that has been due longest, by lane.", []string{"lane"}, nil),
		"running": prometheus.NewDesc("formrail_workers_busy", "Workers of this process that move an execution now.", nil, nil),
		"timers":  prometheus.NewDesc("formrail_queue_timers", "Wake-ups within the next hour that this process knows of.", nil, nil),
		"live":    prometheus.NewDesc("formrail_executions_live", "Executions that have not ended, by status.", []string{"status"}, nil),
		"bytes":   prometheus.NewDesc("formrail_database_bytes", "Size of the database, and of the write-ahead log beside it.", []string{"part"}, nil),
		"held":    prometheus.NewDesc("formrail_held", "1 while the installation came out of a backup and was not released.", nil, nil),
	}})
}

// looking reads the state whenever somebody looks.
type looking struct {
	read  func(ctx context.Context) (State, error)
	about map[string]*prometheus.Desc
}

// Describe lists what there is.
func (l *looking) Describe(to chan<- *prometheus.Desc) {
	for _, d := range l.about {
		to <- d
	}
}

// Collect reads the state. What cannot be read is left out, and the page says so.
func (l *looking) Collect(to chan<- prometheus.Metric) {
	ctx, done := context.WithTimeout(context.Background(), stateTime)
	defer done()
	state, err := l.read(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(l.about["depth"], err)
		return
	}
	say := func(name string, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(l.about[name], prometheus.GaugeValue, v, labels...)
	}
	for _, lane := range state.Lanes {
		say("depth", float64(lane.Depth), lane.Name)
		say("oldest", lane.Oldest.Seconds(), lane.Name)
	}
	say("running", float64(state.Running))
	say("timers", float64(state.Timers))
	for status, n := range state.Live {
		say("live", float64(n), status)
	}
	for part, n := range state.Bytes {
		say("bytes", float64(n), part)
	}
	held := 0.0
	if state.Held {
		held = 1
	}
	say("held", held)
}
