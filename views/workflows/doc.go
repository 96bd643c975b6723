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
	CanEnable  bool // the reader may switch it
	Version    int  // live version; 0 when never published
	Draft      bool // there are changes that are not live
	Executions string
	Success    string // share over all time; empty before the first has ended
	Last       ui.Moment
}

// ListProps describes the list of workflows.
type ListProps struct {
	Session layout.Session
	Search  string
	Rows    []Row
	Next    string
	Flash   string // problem of a switch that was refused
	New     *NewProps
	CanMake bool // may make workflows
}

// Version is one version of a workflow.
type Version struct {
	Number     int
	Live       bool
	Note       string
	By         ui.Person
	At         ui.Moment
	Executions string
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
}
