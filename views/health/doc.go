// Package health draws what waits for the server, and what its watchdog has found.
package health

import (
	"formrail/views/layout"
	"formrail/views/ui"
)

// QueueID and WatchdogID are the ids of what live updates replace.
const (
	QueueID    = "queue"
	WatchdogID = "watchdog"
)

// QueueProps is the page of the queue.
type QueueProps struct {
	Session   layout.Session
	Figures   []Figure
	Workflows []Waiting
}

// Figure is one number with what it means.
type Figure struct {
	Label string
	Value string
	Note  string
}

// Waiting is a workflow whose executions wait for a worker, or are being worked on.
type Waiting struct {
	Title  string
	Href   string
	Count  string
	Oldest string // how long the oldest has waited
	Limit  string // what holds it back, in one sentence; empty for nothing
}

// WatchdogProps is the page of the watchdog.
type WatchdogProps struct {
	Session layout.Session
	Checked ui.Moment // zero before the first check
	Late    bool      // the last check is longer ago than it may be
	Figures []Figure
	Alarms  []Alarm
}

// Open counts the alarms that are still there.
func (p WatchdogProps) Open() int {
	n := 0
	for _, a := range p.Alarms {
		if a.Open {
			n++
		}
	}
	return n
}

// Alarm is something that must not be and was found twice in a row.
type Alarm struct {
	Check  string // Q1
	Says   string
	Found  string // ids
	Href   string // of the execution; empty without one
	Since  ui.Moment
	Open   bool
	Repair string // what became of it
}
