// Package people draws the page on which colleagues are added and changed.
package people

import (
	"formrail/views/layout"
	"formrail/views/ui"
)

// Status is whether somebody may come in.
type Status string

// The statuses of people.
const (
	Active      Status = "active"
	Invited     Status = "invited"
	Deactivated Status = "deactivated"
)

// Row is one person in the list.
type Row struct {
	Person    ui.Person
	Email     string
	Manager   string   // name; empty for none
	Roles     []string // titles
	Status    Status
	Seen      ui.Moment // zero: never
	CanManage bool      // the reader may give a link, deactivate and activate
	Self      bool      // the reader himself
}

// ListProps describes the list of people, and what stands above it.
type ListProps struct {
	Session layout.Session
	Search  string
	Rows    []Row
	Pager   ui.PagerProps
	Problem string  // why something could not be done
	Dialog  *Dialog // the form of a person; nil for none
	Link    *Link   // a new link; nil for none
}

// Text is what was typed into an input and what is wrong with it.
type Text struct{ Value, Problem string }

// Dialog is the form of a new person, or of one that is changed.
type Dialog struct {
	Title   string
	Note    string
	Address string // takes the form
	Submit  string
	Version string // that was shown; empty for a new person
	Problem string // about the whole form

	Name, Email   Text
	EmailFixed    bool // the reader may not change it
	Manager       Text
	Managers      []ManagerChoice
	Roles         []RoleChoice // empty when the reader may give none
	RolesProblem  string
	EveryoneTitle string // title of the role that everybody has
}

// ManagerChoice is somebody who can be chosen as manager.
type ManagerChoice struct{ ID, Name, Email string }

// RoleChoice is a role that can be given.
type RoleChoice struct {
	Name    string
	Title   string
	Note    string
	Checked bool
	Fixed   bool // it holds more than the reader may give or take
}

// Link is a one-time link to hand over. It is shown this once.
type Link struct {
	Name    string // whom it lets in
	Address string
}
