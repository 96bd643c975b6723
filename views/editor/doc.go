// Package editor draws the workflow editor: the canvas with its bar, the panel of one
// step, the palette of step types, the picker of variables and the questions that are
// asked before something is lost. A change is answered with the parts that differ;
// without scripts the same addresses give whole pages.
package editor

import (
	"github.com/a-h/templ"

	"formrail/views/canvas"
	"formrail/views/layout"
	"formrail/views/settings"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

// Ids of the parts that a change replaces.
const (
	noticesID  = "editor-notices"
	versionID  = "editor-version"
	stateID    = "editor-state"
	historyID  = "editor-history"
	problemsID = "editor-problems"
	listID     = "problem-list"
	publishID  = "editor-publish"
	peopleID   = "editor-people"
	lockID     = "editor-lock"
	panelID    = "panel"
	headingID  = "panel-heading"
	savedID    = "panel-saved"
	questionID = "question"
	paletteID  = "palette"
	picksID    = "editor-picks"
)

// Props describes the editor with one workflow.
type Props struct {
	Session  layout.Session
	Key      string
	Title    string
	Version  string // what is drawn: "Version 8 · Draft"
	Versions []Version
	State    string // "Saved", "Read only"
	Relation string // to what is live: "Same as version 7"
	Revision string // of the draft, sent back with each change
	Undo     string // label of the edit that undo takes back; empty = none
	Redo     string
	Problems []Problem
	Enabled  bool

	CanEdit    bool // the draft is drawn and the reader may change it
	CanRename  bool // the title of the workflow
	CanEnable  bool
	CanPublish bool

	Canvas   canvas.Props
	Drawn    string // tells, when it comes back with a request, what the page shows
	Stage    bool   // the canvas differs from that
	Map      bool   // and its minimap
	Panel    *Panel
	Palette  *Palette
	Picks    *Picks // while steps are selected
	Question *Question
	Publish  *Publish
	Edits    *Edits // the edits of the draft, when they are asked for
	Banner   *Banner
	Refusal  string // why something was not done

	People []Present
	Lock   *Lock // another person edits, or asks this one to hand over

	Step   string // key of the step that is open or being moved
	Moving string // title of the step that is being moved; empty = none

	Pasting  string // what is being pasted: "Notify finance", "3 steps"; empty = nothing
	Fragment string // the steps as text
}

// Edits are the edits of the draft, newest first. With a target they are those that going
// back to it would undo.
type Edits struct {
	List   []Edit
	To     string // id of the target; empty = all edits are listed
	Target *Edit
}

// Edit is one edit of the draft.
type Edit struct {
	Label  string // "Changed “Recipient” of “Notify”"
	By     ui.Person
	At     ui.Moment
	Undone bool // it can be repeated
	Now    bool // the draft is as it was after it

	Published bool // it was the last one of the version that was published then

	Href string // asks whether to go back to it; empty when that cannot be
}

// Version is one line of the version menu.
type Version struct {
	Label   string
	Note    string // "Live since 12 Nov · 412 executions"
	Href    string
	Live    bool
	Draft   bool
	Current bool
}

// Problem is one finding about the draft.
type Problem struct {
	Step    string // title
	Message string
	Href    string // opens the step
	Warning bool
}

// Banner says that an old version is drawn.
type Banner struct {
	Text    string
	Restore bool // may be made the draft again
	Number  int
}

// Present is somebody who has the editor open.
type Present struct {
	Person ui.Person
	Name   string // with what he does: "Priya Nair edits"
	Step   string // key of the step he has open; empty = none
}

// Lock says who may edit. Either the reader is kept from it, or somebody asks him.
type Lock struct {
	Text    string
	Asked   bool // the reader has asked for it
	Holds   bool // the reader edits and is asked to hand over
	CanTake bool
	Sure    string // what is asked before the reader takes over
}

// Panel describes one step, or the trigger, beside the canvas.
type Panel struct {
	Step     string // key
	Title    string // as it is shown
	Own      string // as it was given; empty = that of the type
	Note     string // "Condition · k3f9"
	Effect   string // "Changes data: exactly once"
	Icon     string
	Kind     string
	Help     string
	Trigger  bool
	Settings []settings.Input
	Names    []VariableName // of what the settings refer to
	Policy   *Policy
	Remark   string // the note on the canvas
	Skipped  bool
	Branches []Branch // that are only renamed here
	Outputs  []Output
	Bound    *Bound   // of a trigger that buttons start
	Call     *Call    // of a trigger that calls start
	Problems []string // that are about no single setting
	Saved    string   // "Saved just now"
	CanEdit  bool

	MoreBranches bool // another branch can be added

	Endpoint *Endpoint // of a trigger that takes requests
	Next     *Next     // of a trigger that follows the clock
}

// Next are the times at which a trigger starts next.
type Next struct {
	Zone   string
	Times  []string
	Note   string // instead of times, or beside them
	Filled int    // records that are planned, of Fill; 0 = all are
	Fill   int
	Reset  bool // the count of executions can be reset
}

// VariableName says what a variable in a setting is called.
type VariableName struct {
	Path    string // as it is written between braces
	Label   string // "Trigger / Applicant / Nickname"
	Icon    string
	Problem string // why it holds nothing; empty when it does
}

// Policy is what happens when a step fails.
type Policy struct {
	OnError string
	Timeout string
	Problem string // what is wrong with the time limit
}

// Branch is a branch whose label can be changed.
type Branch struct{ Key, Label, Title string }

// Bound are the buttons that start the workflow. They stand after one of the settings.
type Bound struct {
	After   string // name of the setting
	Buttons []workflows.BoundButton
	None    string // what is said in place of no buttons
	Pages   string // where pages are designed; empty when the reader designs none
}

// Call is how a call to the API starts the workflow. It stands after one of the settings.
type Call struct {
	After  string // name of the setting
	Source string
}

// Output is something that later steps may use.
type Output struct{ Name, Type, Written string }

// Picks are the steps that something can be done with together.
type Picks struct {
	Count    int
	Steps    string // their keys: "a,b"
	Together bool   // they follow each other: they can be moved and duplicated
	Skipped  bool   // all of them are switched off

	CopyHref, MoveHref string // where the places for them are shown
}

// Palette describes the step types that can be added at a place.
type Palette struct {
	Place  canvas.Place
	Groups []Group
	Asks   *Asks // more is asked about the chosen type
}

// Group is a section of the palette.
type Group struct {
	Title string
	Types []Type
}

// Type is one step type. Reason says why it cannot be added here.
type Type struct {
	Key, Title, Summary, Icon, Kind string
	Words                           string // what a search finds it by, besides its title
	Reason                          string
	Asks                            bool // is asked about before it is added
}

// Asks is what has to be known before a type is added.
type Asks struct {
	Type    Type
	Setting string // name of the setting; empty = none
	Label   string
	Choices []ui.Choice
	Chosen  string
	Rest    []ui.Choice // branches into which the following steps can go
	Steps   int         // how many follow
}

// Question is asked before something is lost. Its form repeats the command.
type Question struct {
	Title   string
	Note    string
	Items   []string // what is affected
	Sent    [][2]string
	Choices []Answer
}

// Answer is one way to go on.
type Answer struct {
	Label, Name, Value string
	Bad                bool
	Main               bool
}

// Publish describes the dialog that makes the draft live.
type Publish struct {
	Number   int
	Changes  []string
	Errors   []Problem
	Warnings []Problem
	Elevate  []ui.Choice // steps that may do more than who starts the workflow
	Chosen   []string
	Note     string
	Enable   bool // the workflow is off: offers to switch it on
	Open     bool
	Problem  string
}

// home is the editor without a step, of what is drawn.
func (p Props) home() string {
	if p.Banner != nil {
		return urls.WorkflowVersion(p.Key, p.Banner.Number)
	}
	return urls.Workflow(p.Key)
}

// topic is what the live updates of the draft are called; none for an old version.
func (p Props) topic() string {
	if p.Banner != nil {
		return ""
	}
	return "workflow:" + p.Key
}

func (p Props) post() string { return urls.WorkflowCommands(p.Key) }

// send are the attributes of a form whose answer replaces parts of the page.
func send(action string) templ.Attributes {
	return templ.Attributes{"method": "post", "action": action, "hx-post": action, "hx-swap": "none", "hx-sync": "#editor:queue all"}
}

// rare are the settings that most leave as they are.
func (p *Panel) rare() []settings.Input {
	var out []settings.Input
	for _, in := range p.Settings {
		if in.Field.Rare {
			out = append(out, in)
		}
	}
	return out
}
