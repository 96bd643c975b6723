// Package workflows draws the list of workflows, and what stands around the definition
// of one: versions, switch, trigger log. The definition itself is drawn by the editor.
package workflows

import (
	"formrail/views/layout"
	"formrail/views/ui"
)

// Row is one workflow in the list.
type Row struct {
	Key        string
	Title      string
	Icon       string // of the trigger
	Kind       string // of the trigger's tile
	Trigger    string // "Post-action event"
	Sync       bool
	Enabled    bool
	CanEnable  bool   // the reader may switch it
	Version    int    // live version; 0 when never published
	Draft      bool   // there are changes that are not live
	Problem    string // why the live version would not run; empty when it would
	Paused     string // why its starts are kept; empty when they are not
	Executions string
	Days       []float64 // executions of each of the last days, oldest first
	Success    string    // share over 30 days; empty when none has ended
	Last       ui.Moment
	Menu       []ui.MenuItem
	CanCopy    bool // the menu has the form that duplicates it
}

// Binned is one workflow in the bin.
type Binned struct {
	ID      string
	Key     string
	Title   string
	Icon    string
	Deleted ui.Moment
	Gone    ui.Moment // when it can no longer be brought back
}

// Column is the head of a column that sorts.
type Column struct {
	Href string
	Sort ui.Direction
}

// ListProps describes the list of workflows.
type ListProps struct {
	Session  layout.Session
	Search   string
	Hidden   []ui.Choice // filters that a search keeps: name and value
	Here     string      // address of the list without the search
	Tabs     []ui.Tab    // categories
	Filters  []ui.FilterProps
	Marks    []ui.ChipProps // filters that are only on or off
	Filtered bool           // something narrows the list
	Columns  map[string]Column
	Rows     []Row
	Pager    ui.PagerProps
	Problem  string // why something could not be done
	New      *NewProps
	Change   *ChangeProps
	CanMake  bool // may make workflows and categories
	CanSend  bool // may switch and delete them
	InBin    bool // the list shows what was deleted
	Bin      []Binned
}

// Version is one version of a workflow.
type Version struct {
	Number     int
	Live       bool
	Note       string
	By         ui.Person
	At         ui.Moment
	Executions string // "3 executions"
}

// LogEntry is one line of the trigger log.
type LogEntry struct {
	At          ui.Moment
	Subject     string // "Order #1089" in the log of a workflow, the workflow in that of a record
	SubjectHref string // empty when the reader may not go there
	Started     bool
	Reason      string // "condition_false"
	Explanation string // a sentence with the values it saw
	ExecutionID string // of the execution that started, or of the earlier one
}

// BoundButton is a button that starts the workflow.
type BoundButton struct {
	Label   string // of the button
	Place   string // page and block
	Data    string // what it sends, when that is not the record itself
	Href    string // where it is designed, or the page; empty when the reader sees neither
	Skipped string // why it starts nothing; empty when it does
}

// ShowProps describes one workflow.
type ShowProps struct {
	Session     layout.Session
	Key         string
	Title       string
	Description string
	Trigger     string
	Sync        bool
	Enabled     bool
	Versions    []Version
	Log         []LogEntry
	Bound       []BoundButton
	CanEnable   bool
	Problem     string // what kept switching from happening
	Limits      string // "At most 5 at a time"; empty = none
	Paused      *PausedProps
	CanPause    bool // the reader may pause it
	CanSet      bool // the reader may change its settings
}

// inputMode is the keyboard that a phone shows for an input.
func inputMode(numeric bool) string {
	if numeric {
		return "numeric"
	}
	return "text"
}
