// Package tasks draws the work that waits for people: the lists and one task with
// what was submitted, what happened so far and the decision.
package tasks

import (
	"strings"

	"formrail/views/fields"
	"formrail/views/layout"
	"formrail/views/ui"
)

// Row is one task or application in a list.
type Row struct {
	ID      string
	Title   string
	Summary string // "Jun Tanaka · €640.00"
	Source  string // workflow and step it belongs to
	Since   ui.Moment
	Due     ui.Moment
	Status  string // open, approved, rejected, …; the word of a closed one is shown
}

// ListProps describes one list of tasks.
type ListProps struct {
	Session   layout.Session
	Tab       string // "" to do, "done", "started"
	Todo      int
	Started   int
	Search    string
	Workflow  string // key; empty = every one
	Due       string // overdue, today, week, none; empty = at any time
	Workflows []ui.Choice
	Rows      []Row
	Before    string // id of the row that the shown ones follow; empty at the begin
	Next      string // address of the following rows; empty at the end
	Open      string // id of the task beside the list
	Seen      string // where the list began to be read: later tasks are counted, not listed
	New       int    // how many came since
}

// DetailProps describes one task beside the list it is in.
type DetailProps struct {
	List ListProps

	ID      string
	Version string // version and content hash as shown, sent back with the decision
	Seen    string
	Key     string // idempotency key of this rendering

	Title        string
	Step         string // "Manager’s review"
	Icon         string // of the step's type; user-check when empty
	Workflow     string
	WorkflowHref string // execution behind the task; empty when the reader may not see it
	RecordLabel  string // "#1089"
	RecordHref   string
	Reason       string // who asks for what, and why it came here
	Amount       string // a part of Reason that is stressed; may be empty
	Applicant    string // who asks; empty for nobody

	AsOf     ui.Moment // when the form was submitted
	Values   []fields.Shown
	Timeline []ui.TimelineItem
	History  []ui.TimelineItem // of the record; nil when the reader may not see it

	Position, Total int    // in the list beside it; 0 when it is not in its first part
	Prev, Next      string // ids of its neighbours there; empty at the ends

	Resolve *ResolveProps // nil = an approval is asked for

	Decide      bool   // the reader may approve and reject
	Question    string // title of the approval dialog: "Approve €640.00?"
	Consequence string // what happens next, in one sentence
	Comment     Comment
	CanComment  bool

	Outcome  *Outcome  // the task is closed
	Conflict *Conflict // somebody else was faster

	swapped bool // took the place of another task in a page that stays
}

// Comment is what the reader typed and what is wrong with it, after an error.
type Comment struct {
	Text    string
	Problem string
	For     string // "approve" or "reject": whose dialog is open again
	Needed  bool   // a rejection needs a comment
}

// Outcome says how a closed task ended.
type Outcome struct {
	Tone  ui.Tone
	Title string // "Approved by Mara Lindqvist"
	Text  string // when, in which version
}

// Conflict names who decided first.
type Conflict struct {
	Winner   string
	Decision string // "approved", "rejected"
	At       ui.Moment
}

// reason parts the sentence around the amount in it.
func (p DetailProps) reason() (before, after string, stressed bool) {
	if p.Amount == "" {
		return p.Reason, "", false
	}
	return strings.Cut(p.Reason, p.Amount)
}

func (p DetailProps) icon() string {
	if p.Icon == "" {
		return "user-check"
	}
	return p.Icon
}

// note is the line under the question of an approval: what is asked, and by whom.
func (p DetailProps) note() string {
	if p.Applicant == "" {
		return p.Title
	}
	return p.Title + ", " + p.Applicant
}
