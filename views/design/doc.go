// Package design draws pages while they are designed: the list of pages, a page in
// design mode, its settings in drawers, and the dialog that binds workflows to a
// button. Everything works by links and forms; drawers and dialogs stand open in the
// page where there are no scripts.
package design

import (
	"github.com/a-h/templ"

	"formrail/views/fields"
	"formrail/views/layout"
	"formrail/views/ui"
)

// ListProps describes the list of pages for designers.
type ListProps struct {
	Session layout.Session
	Rows    []ListRow
	New     *PanelProps // the form of a new page; nil while it is closed
}

// ListRow is one page in the list.
type ListRow struct {
	Key       string
	Title     string
	Icon      string
	Audience  string // titles of roles; empty for everybody
	Published bool   // others can open it
	Dirty     bool   // changes that others do not see yet
	Blocks    int
}

// PageProps describes a page in design mode.
type PageProps struct {
	Session  layout.Session
	Key      string
	Title    string
	Base     string // revision of the draft as shown
	State    string // in words: how the draft stands to what others see
	Live     bool   // others can open the page
	Dirty    bool
	Undo     string // label of what undo reverts; empty when there is nothing
	Redo     string
	Findings []Finding
	Rows     []Row
	Popups   []BlockProps // what buttons open
	Panel    templ.Component
}

// Finding is something that is wrong with the page.
type Finding struct {
	Message string
	Warning bool
	Label   string // of the way to mend it
	Href    string // empty when there is none
}

// Row is one row of columns; their widths add up to 12.
type Row struct{ Columns []Column }

// Column holds blocks below each other.
type Column struct {
	Width  int // 1 to 12
	Blocks []BlockProps
}

// BlockProps describes one block in its frame.
type BlockProps struct {
	ID      string
	Kind    string // "Form"
	Title   string // of the collection
	Heading string // what it is called on the page
	Preview templ.Component
	Buttons []ButtonProps
}

// ButtonProps describes one button of a block with its menu.
type ButtonProps struct {
	ID       string
	Label    string
	Primary  bool
	Bad      bool
	Bindable bool
	Bound    []string // titles of the workflows it starts, in their order
	Warning  bool     // a binding is skipped
	After    string   // what follows a press, in a word
	Sends    bool     // it sends a form
	Writes   bool     // pressing it changes records
	Asks     bool     // a question comes first
}

// PanelProps describes a drawer with settings. Its form replaces itself while rows
// are added, moved and removed; saving leads back to the page.
type PanelProps struct {
	CSRF     string
	Title    string
	Note     string
	Address  string // where it posts
	Close    string // the page without it
	Base     string // revision that was shown
	Submit   string // "Save"
	Links    []Link // choices instead of settings
	Problems []ui.Problem
	Parts    []Part
}

// Link is a choice that leads to its settings.
type Link struct {
	Label string
	Icon  string
	Href  string
}

// Part is a titled group of settings.
type Part struct {
	Title  string
	Note   string
	Inputs []fields.Props
	Checks []ui.CheckProps
	Rows   *RowsProps
	Hidden []Hidden
}

// Hidden is a value that is sent along.
type Hidden struct{ Name, Value string }

// RowsProps describes a list that is edited row by row.
type RowsProps struct {
	Name string // of the list, sent by its buttons
	Rows [][]fields.Props
	Move bool   // rows have an order
	Add  string // label of the button for another row
}

// BindProps describes the dialog that binds workflows to a button.
type BindProps struct {
	CSRF     string
	Address  string
	Close    string
	Base     string
	Button   string // "Submit"
	Deletes  bool   // pressing it deletes the record
	Rows     []BindRow
	Full     bool // no more rows can be added
	Global   []Workflow
	New      string // where a workflow is made; empty when the reader may not
	Problems []ui.Problem
}

// BindRow is one binding.
type BindRow struct {
	Sources   []ui.Choice // data to send
	Source    string
	Workflows []Workflow
	Workflow  string
	Problem   string
}

// Workflow is one choice.
type Workflow struct {
	Key   string
	Title string
	Sync  bool
	Off   bool // disabled; shown, but not to be chosen
}

// ids of what posts and is replaced.
const (
	editFormID  = "design-edit"
	panelID     = "design-panel"
	panelFormID = "design-form"
	bindID      = "bind"
	bindFormID  = "bind-form"
)

// DoName is sent by the buttons of rows: the list, what to do, and the row.
const DoName = "_do"

// BaseName is sent with every edit: the revision that was shown.
const BaseName = "_base"

// BlockAnchor is the id of a block's frame, where an edit of it leads back to.
func BlockAnchor(id string) string { return "design-block-" + id }
