// Package workflows draws workflow definitions: the list, one workflow with its
// versions and trigger log, and the definition as an indented tree, which pages of
// executions show with the state of each step.
package workflows

import (
	"formrail/views/layout"
	"formrail/views/ui"
)

// Node is one step of a definition as the tree shows it.
type Node struct {
	Key      string
	Title    string
	Summary  string // one line: "Amount is greater than 500"
	Icon     string
	Kind     string          // trigger, flow, data, human, link, calc
	Href     string          // chooses the step; empty when it cannot be chosen
	Current  bool            // is chosen
	Reached  bool            // an execution came here; only with State
	State    *ui.StatusProps // of an execution; nil in a mere definition
	Duration string
	Tries    int // shown from 2 on
	Branches []Branch
}

// Branch is one way out of a node.
type Branch struct {
	Label string
	Taken bool
	Nodes []Node
}

// TreeProps describes a definition.
type TreeProps struct {
	Label string // read for the tree
	Nodes []Node // the trigger first
}

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
	Last       ui.Moment
}

// ListProps describes the list of workflows.
type ListProps struct {
	Session layout.Session
	Search  string
	Rows    []Row
	Next    string
	Flash   string // problem of a switch that was refused
}

// Version is one version of a workflow.
type Version struct {
	Number     int
	Live       bool
	Note       string
	By         ui.Person
	At         ui.Moment
	Executions string
	Current    bool // is shown
}

// LogEntry is one line of the trigger log.
type LogEntry struct {
	At          ui.Moment
	Workflow    string
	Started     bool
	Reason      string // "condition_false"
	Explanation string // a sentence with the values it saw
	Record      string // "Order #1089"
	ExecutionID string // of the execution that started, or of the earlier one
}

// Finding is one problem of the draft that keeps it from being published.
type Finding struct {
	Node    string
	Message string
	Warning bool
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
	Showing     string // what the tree shows: "Draft", "Version 7"
	Tree        TreeProps
	Versions    []Version
	Log         []LogEntry
	Findings    []Finding
	Bound       []BoundButton
	CanEnable   bool
	CanPublish  bool   // may publish and there is a draft to publish
	DraftBase   string // revision that the publish form sends back
	Note        string // typed note, after an error
	Problem     string // what kept publishing or switching from happening
}
