// Package canvas draws a workflow as a tree from top to bottom: the editor with
// places to add steps, an execution with the path it took. The markup is laid out by
// the style sheet; the lines between a step and its branches, and the minimap, are
// computed here from the widths and heights that the style sheet gives.
package canvas

import (
	"formrail/views/ui"
	"formrail/views/urls"
)

// Step is a node as it is drawn. The trigger is the first one.
type Step struct {
	Key      string
	Title    string
	Summary  string // one line: "Amount is greater than 500"
	Icon     string
	Kind     string // trigger, flow, data, human, link, calc
	Href     string // opens the step; empty when it cannot be opened
	Selected bool
	Picked   bool // one of several that something is done with
	Ends     bool // an End step: a pill that nothing follows
	Branches []Branch
	FoldHref string  // folds the branches away, or draws them again; empty = neither
	Folded   *Hidden // what is folded away; nil when nothing is
	Fork     bool    // another branch can be added

	// Of a draft.
	Problem  string // the first problem; takes the place of the summary
	Skipped  bool   // switched off
	Note     string
	Elevated bool // acts with rights of its own

	// Of an execution.
	State    *ui.StatusProps // nil in a mere definition
	Reached  bool            // an execution came here; only with State
	Duration string
	Tries    int // shown from 2 on
}

// Branch is one way out of a step.
type Branch struct {
	Key   string
	Label string
	Says  string // when it is taken, in words; empty when the label says it
	Taken bool   // the execution went in
	Left  bool   // and came out at its foot
	Ends  string // label of the mark at its foot when it ends the execution there
	Steps []Step

	Passes *Passes // of an execution, when the branch is repeated: which pass is shown
	Answer Answer  // of an execution: what became of its condition; empty when it has none
	Edit   *Edit   // of a draft: what can be done to it; nil = nothing
}

// Passes is the choice of the pass of a loop that is shown. Addresses are empty where
// nothing would change.
type Passes struct {
	Loop   string // key of the loop
	Title  string
	Number int
	Last   int
	Empty  bool // nothing ran in this pass
	Fails  bool // a step failed in it

	FirstHref, PreviousHref, NextHref, LastHref string
	FailedHref                                  string // the next pass in which a step failed

	Execution string             // id
	Seen      urls.ExecutionView // what stays as it is when a number is typed
}

// Hidden counts what is folded away.
type Hidden struct{ Steps, Problems, Failed int }

// Inside counts the steps in branches, and their marks.
func Inside(branches []Branch) Hidden {
	var h Hidden
	for _, b := range branches {
		for _, s := range b.Steps {
			h.Steps++
			if s.Problem != "" {
				h.Problems++
			}
			if s.State != nil && s.State.Tone == ui.Bad {
				h.Failed++
			}
			inner := Inside(s.Branches)
			if s.Folded != nil {
				inner = *s.Folded
			}
			h.Steps, h.Problems, h.Failed = h.Steps+inner.Steps, h.Problems+inner.Problems, h.Failed+inner.Failed
		}
	}
	return h
}

// How a workflow is drawn.
const (
	AsOutline = "outline" // an indented list
	AsCanvas  = "canvas"  // what it is unless the window is very narrow
)

// Answer is what became of the condition of a branch in an execution.
type Answer string

// The answers.
const (
	Met      Answer = "met"
	NotMet   Answer = "not_met"
	Broken   Answer = "broken"    // it could not be evaluated
	NotTried Answer = "not_tried" // another was met before
)

// Edit is what can be done to a branch.
type Edit struct {
	Name   string // what people call it
	Rename string // opens its step, where its label can be changed
	Place  int    // among the branches whose order can be changed
	Places int    // how many of these there are; below 2 it stays where it is
	Delete bool
}

// Place is where a step can be put: before the step at Index of a list.
type Place struct {
	Parent string // key of the step that owns the branch; empty = the trunk
	Branch string
	Index  int
}

// Props describes a canvas.
type Props struct {
	ID      string // kept in the browser: zoom and place belong to it
	Label   string // read for the whole drawing
	Trigger Step
	Steps   []Step
	Ran     bool // draws an execution: short lines, what was not reached is faint

	AddHref func(Place) string  // where adding at a place begins; nil = nothing can be added
	Drop    func(Place) Drop    // while a step is moved: what becomes of it at a place
	Moving  []string            // keys of the steps that are being moved
	Menu    func(Step) string   // id of the menu of a step; nil = none
	Foot    *Foot               // the end of the trunk
	As      string              // AsOutline, AsCanvas; empty when the reader has not chosen
	AsHref  func(string) string // draws it another way; nil = it cannot be

	kept map[string]bool // ids of the parts that the page has, see [Props.Keep]
	from string          // the print of what the page shows
}

// BranchForm is the id of the form that sends what is done to branches. Its buttons
// say it all: "move_branch/step/branch/place".
const BranchForm = "branch-form"

// MoveForm is the id of the form that the places send while a step is moved.
const MoveForm = "move-form"

// Drop says what putting the moved step at a place would do.
type Drop struct {
	Reason string // why it cannot go there; empty when it can
	Breaks int    // references that would point to what has not run yet
	Copy   bool   // a copy goes there, and nothing leaves its place
	Here   bool   // where it stands: nothing would change
	Index  int    // of the place once the step is taken out
}

// Foot is the mark below the last step.
type Foot struct {
	Label string
	Done  bool // the execution came here
}
