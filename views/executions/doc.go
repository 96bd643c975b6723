// Package executions draws what workflows did: the list, and one execution with its
// path through the definition and every step.
package executions

import (
	"context"
	"time"

	"formrail/models/text"
	"formrail/views/canvas"
	"formrail/views/layout"
	"formrail/views/ui"
	"formrail/views/urls"
)

// Row is one execution in the list.
type Row struct {
	ID       string
	Number   string // "#48211"
	Status   string
	Workflow string
	Detail   string // record, current step or error in a few words
	Version  int
	Started  ui.Moment
	Duration string
	Live     bool // it has not ended
	Operates bool // the reader may cancel it or run it again
	Key      string
	Menu     []ui.MenuItem
}

// Counts are the numbers beside the tabs, already formatted; empty ones are not shown.
type Counts struct {
	All, Running, Waiting, Failed, Succeeded, Stopped string
}

// Of is the number beside a tab.
func (c Counts) Of(tab string) string {
	switch tab {
	case "running":
		return c.Running
	case "waiting":
		return c.Waiting
	case "failed":
		return c.Failed
	case "succeeded":
		return c.Succeeded
	case "stopped":
		return c.Stopped
	}
	return c.All
}

// ListProps describes the list of executions.
type ListProps struct {
	Session    layout.Session
	Operates   bool   // the reader may cancel executions and run them again
	Status     string // tab: "", running, waiting, failed, succeeded, stopped
	Workflow   string // key of the chosen workflow
	Version    string // number of the chosen version of it
	Time       string // how far back: one of Times
	By         string // number of the person who started it; NoPerson
	Search     string
	Workflows  []ui.Choice
	Versions   []ui.Choice // of the chosen workflow
	People     []ui.Choice // who may have started something
	Bars       []ui.Bar    // executions over the chosen time
	Counts     Counts
	Rows       []Row
	Summary    string // "1–30 of 1,284"; only the first page knows
	Cursor     int64  // number that the rows follow; 0 on the first page
	NextCursor int64  // of the following page; 0 at the end
	Seen       int64  // number of the first row when the list was opened; 0 on other pages
	New        int    // executions that started since
}

// Attempt is one try of a step.
type Attempt struct {
	Number  int
	Started ui.Moment
	Result  string // in a few words
	Error   string // what went wrong; empty when nothing did
	Tone    ui.Tone
	Took    string
}

// Step is one step with what went in and came out.
type Step struct {
	Key          string // unique in the execution: a repeated step has its loop path added
	Node         string // key of its node
	Number       int    // its place in the order in which steps began; 0 when it did not
	Title        string
	Type         string // "Approval"
	Icon         string
	Kind         string
	Path         string // place in loops: "Line items 3 of 8"; empty outside
	Status       string
	Duration     string
	Started      ui.Moment
	Span         *Span // when it ran; nil when it did not
	Tries        int
	Explanation  string // why it went this way
	Settings     string // JSON of its settings in the version; empty when the reader may not see workflows
	ShowSettings bool   // instead of how it went
	Hidden       string // why its values are not shown; empty when they are
	Decisions    []Decision
	ErrorTitle   string // what happened
	ErrorText    string // more about it
	Input        string // JSON; empty when there is none
	Output       string
	InputRest    *Rest // of a long input, of which Input may be the beginning; nil when it is short
	OutputRest   *Rest
	Attempts     []Attempt
	Again        bool            // another execution can go on from here
	Called       []Relative      // executions that it started
	Carried      *Relative       // the execution that it was carried over from
	Waiting      []ui.Person     // people who are asked
	WaitingText  string          // "Due today, 18:00"
	Skips        bool            // it waits for a time that a person may skip
	Resolve      string          // where the reader says what became of it; empty when that is not asked, or not of him
	Passes       []canvas.Passes // of the loops around it, the outermost first
}

// Rest is where the rest of a long value is.
type Rest struct {
	Size string // "48 KiB"
	All  string // address that shows all of it here; empty when it is shown, or too long for that
	File string // address of the file
}

// Relative is another execution of the same chain.
type Relative struct {
	ID     string
	Title  string // "#48232 Convert"
	Status string
}

// Decision is what a person did about a step.
type Decision struct {
	Person  ui.Person
	What    string // "approved"
	At      ui.Moment
	Comment string // empty when there is none, or the reader may not see it
}

// DetailProps describes one execution.
type DetailProps struct {
	Session      layout.Session
	ID           string
	Number       string
	Status       string
	Reason       string // why it ended so: "Cancelled by Priya: duplicate"
	Workflow     string
	WorkflowKey  string // empty when the reader may not see it
	Trigger      string // "Order #1089"
	TriggerHref  string
	By           *ui.Person
	ByOther      string     // who started it when it was no person
	EndedBy      *ui.Person // who cancelled it, if somebody did
	Ended        ui.Moment  // when that was
	Version      int
	Started      ui.Moment
	Duration     string
	Took         time.Duration // the same, for the timeline
	Tab          string        // Timeline, Changes, Variables, Log; empty for the canvas
	Scale        string        // of the timeline: WorkScale; empty for the real time
	Path         canvas.Props
	Seen         urls.ExecutionView // of the canvas, without the step
	Steps        []Step
	Left         int64      // steps between the first and the last ones that are not shown
	Chosen       int        // index of the step in the panel; −1 when none
	Changes      []Change   // with the tab of that name
	Variables    []Variable // likewise
	Log          []LogLine  // likewise
	Operates     bool       // the reader may cancel it or run it again
	Key          string     // idempotency key of this rendering
	RerunOf      string     // id of the execution this one repeats
	RerunNumber  string
	CalledBy     *Relative // the execution whose step called this one
	CancelReason string
	Problem      string // what kept an action from happening
}

// TabOf reads the name of a tab; one that there is not is the canvas.
func TabOf(name string) string {
	switch name {
	case Timeline, Changes, Variables, Log:
		return name
	}
	return ""
}

// Final reports whether the execution has ended.
func (p DetailProps) Final() bool {
	switch p.Status {
	case "queued", "running", "waiting":
		return false
	}
	return true
}

// Broken reports whether it ended because a step did.
func (p DetailProps) Broken() bool { return p.Status == "failed" || p.Status == "timed_out" }

// Look says status as icon, word and tone. It knows the states of executions.
func Look(ctx context.Context, status string) ui.StatusProps {
	switch status {
	case "queued":
		return ui.StatusProps{Label: text.T(ctx, "execution.queued", "Queued"), Tone: ui.Idle, Icon: "clock"}
	case "running":
		return ui.StatusProps{Label: text.T(ctx, "execution.running", "Running"), Tone: ui.Info, Icon: "loader-circle"}
	case "waiting":
		return ui.StatusProps{Label: text.T(ctx, "execution.waiting", "Waiting"), Tone: ui.Warn, Icon: "circle-pause"}
	case "succeeded":
		return ui.StatusProps{Label: text.T(ctx, "execution.succeeded", "Succeeded"), Tone: ui.OK, Icon: "circle-check"}
	case "failed":
		return ui.StatusProps{Label: text.T(ctx, "execution.failed", "Failed"), Tone: ui.Bad, Icon: "circle-x"}
	case "stopped":
		return ui.StatusProps{Label: text.T(ctx, "execution.stopped", "Stopped"), Tone: ui.Idle, Icon: "circle-dashed"}
	case "rejected":
		return ui.StatusProps{Label: text.T(ctx, "execution.rejected", "Rejected"), Tone: ui.Bad, Icon: "x"}
	case "cancelled":
		return ui.StatusProps{Label: text.T(ctx, "execution.cancelled", "Cancelled"), Tone: ui.Idle, Icon: "circle-dashed"}
	case "timed_out":
		return ui.StatusProps{Label: text.T(ctx, "execution.timed_out", "Timed out"), Tone: ui.Warn, Icon: "timer"}
	}
	return ui.StatusProps{Label: status, Tone: ui.Idle, Icon: "circle-dot"}
}

// StepLook is Look for the states of steps; "" is a step that was not reached.
func StepLook(ctx context.Context, status string) ui.StatusProps {
	switch status {
	case "":
		return ui.StatusProps{Label: text.T(ctx, "step.not_reached", "Not reached"), Tone: ui.Idle, Icon: "circle-dashed"}
	case "planned":
		return ui.StatusProps{Label: text.T(ctx, "step.planned", "Planned"), Tone: ui.Idle, Icon: "circle-dashed"}
	case "done":
		return ui.StatusProps{Label: text.T(ctx, "step.done", "Done"), Tone: ui.OK, Icon: "circle-check"}
	case "skipped":
		return ui.StatusProps{Label: text.T(ctx, "step.skipped", "Skipped"), Tone: ui.Idle, Icon: "skip-forward"}
	case "unknown":
		return ui.StatusProps{Label: text.T(ctx, "step.unknown", "Outcome unknown"), Tone: ui.Warn, Icon: "triangle-alert"}
	}
	return Look(ctx, status)
}
