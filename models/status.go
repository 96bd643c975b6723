package models

import "strings"

// Status is the state of an execution, step, task or wake-up: the same string in
// Go, SQL and JSON.
type Status string

// States of an execution.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Waiting   Status = "waiting"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
	Rejected  Status = "rejected"
	Cancelled Status = "cancelled"
	TimedOut  Status = "timed_out"
)

// Further states of a step; it shares Running, Waiting and Failed.
const (
	Planned Status = "planned"
	Done    Status = "done"
	Skipped Status = "skipped"
	Unknown Status = "unknown"
)

// States of a task; it shares Rejected and Cancelled.
const (
	TaskOpen  Status = "open"
	Approved  Status = "approved"
	Returned  Status = "returned"
	Delegated Status = "delegated"
	Submitted Status = "submitted"
	Withdrawn Status = "withdrawn"
	Expired   Status = "expired"
)

// States of a wake-up; it shares Done.
const (
	Ready  Status = "ready"
	Leased Status = "leased"
)

// Further states of callbacks and schedule slots.
const (
	Used  Status = "used"
	Void  Status = "void"
	Due   Status = "due"
	Fired Status = "fired"
)

// liveExecution and openStep are the conditions of the partial indexes on executions that
// have not ended and on steps that are not finished. A query finds such an index only by
// these very words. They are alternatives, not lists: for a list of more than two SQLite
// builds a table whenever it writes a row, which is a third of what writing a step costs.
const (
	liveExecution = "(status = 'queued' OR status = 'running' OR status = 'waiting')"
	openStep      = "(status = 'planned' OR status = 'running' OR status = 'waiting' OR status = 'unknown')"
)

// of says a condition on the status about the rows of one alias.
func of(alias, condition string) string {
	return strings.ReplaceAll(condition, "status", alias+".status")
}

// none stands for "the row does not exist yet" in the tables below.
const none Status = ""

// Arrows are the allowed changes of state of one kind of row. A change that is
// not listed never happens: each one is a conditional update that names From.
type Arrows map[Status][]Status

// ExecutionArrows are the changes of an execution. Final states have none.
func ExecutionArrows() Arrows {
	live := []Status{Running, Waiting, Succeeded, Failed, Rejected, Cancelled, TimedOut}
	return Arrows{none: {Queued}, Queued: live, Running: live, Waiting: live}
}

// StepArrows are the changes of a step.
func StepArrows() Arrows {
	return Arrows{
		none:    {Done, Failed, Skipped, Planned, Running, Waiting},
		Planned: {Running, Waiting, Done, Failed, Skipped},
		Running: {Waiting, Unknown, Done, Failed, Skipped, Running},
		Waiting: {Running, Waiting, Done, Failed, Skipped},
		Unknown: {Running, Waiting, Done, Failed},
	}
}

// TaskArrows are the changes of a task.
func TaskArrows() Arrows {
	return Arrows{none: {TaskOpen}, TaskOpen: {Approved, Rejected, Returned, Delegated, Submitted, Withdrawn, Expired, Cancelled}}
}

// WakeupArrows are the changes of a wake-up.
func WakeupArrows() Arrows {
	return Arrows{none: {Ready, Leased}, Ready: {Leased, Done}, Leased: {Ready, Done}}
}

// CallbackArrows are the changes of an expected answer from outside.
func CallbackArrows() Arrows { return Arrows{none: {TaskOpen}, TaskOpen: {Used, Expired, Void}} }

// SlotArrows are the changes of a slot of a schedule.
func SlotArrows() Arrows { return Arrows{none: {Due, Skipped}, Due: {Fired, Skipped}} }

// Allows reports whether a row may go from one state to another.
func (a Arrows) Allows(from, to Status) bool {
	for _, s := range a[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Live reports whether an execution may still move.
func (s Status) Live() bool { return s == Queued || s == Running || s == Waiting }

// Final reports whether an execution has ended.
func (s Status) Final() bool {
	switch s {
	case Succeeded, Failed, Rejected, Cancelled, TimedOut:
		return true
	default:
		return false
	}
}

// StepOpen reports whether a step is not finished.
func (s Status) StepOpen() bool { return s == Planned || s == Running || s == Waiting || s == Unknown }
