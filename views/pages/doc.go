// Package pages draws what designers put together: pages of blocks, forms, records.
// What a block shows is decided by the handler; fields and actions the reader has no
// right for are not in the props.
package pages

import (
	"github.com/a-h/templ"

	"formrail/views/executions"
	"formrail/views/fields"
	"formrail/views/layout"
	"formrail/views/ui"
	"formrail/views/workflows"
)

// PageProps describes a page of blocks.
type PageProps struct {
	Session layout.Session
	Key     string
	Title   string
	Rows    []Row
	Design  bool   // the reader may design it
	Bare    bool   // no block stands on it
	Live    string // topics of what is on it, with commas
}

// Row is one row of columns; their widths add up to 12.
type Row struct {
	Columns []Column
}

// Column holds blocks below each other: TableBlock, FormBlock, DetailsBlock.
type Column struct {
	Width  int // 1 to 12
	Blocks []templ.Component
}

// Action is a button that leads somewhere.
type Action struct {
	ID      string
	Label   string
	Icon    string
	Href    string
	Over    Over // opens over the page; empty leads to another page
	Primary bool
	Bad     bool // takes something away
}

// TableProps describes a table block.
type TableProps struct {
	CSRF       string
	ID         string // of the block
	Title      string // read for the block
	Address    string // where search, sorting and paging lead: the page itself
	Here       string // the table as it stands, to ask for it again
	Topic      string // what tells that a record has changed; empty = nothing does
	Search     string
	Find       bool           // offers a search
	Filter     *FilterProps   // nil without one
	Chips      []ui.ChipProps // conditions that hold; each leads to the table without it
	Sorts      []ui.MenuItem  // orders to choose from
	ColumnList *ColumnsProps  // nil without a choice
	Sizes      *SizesProps
	Refresh    string      // word for asking for it again; empty offers nothing
	Problem    string      // why the conditions of the reader were left out
	Keep       []ui.Choice // names and values that a search takes along
	Columns    []TableColumn
	Rows       []TableRow
	Add        []Action // "Add new" buttons
	Bulk       []BulkAction
	BulkTo     string // where bulk actions post
	Pager      ui.PagerProps
	Empty      string // what belongs here, when nothing does yet
}

// FilterProps describes the conditions a reader sets above a table.
type FilterProps struct {
	ID        string
	Label     string
	Address   string // where it leads
	Clear     string // the same without conditions
	Fields    []FilterField
	Ops       []ui.Choice   // of a line whose field is not chosen yet
	Groups    []FilterGroup // the first is the outer one
	MaxGroups int
	Active    int
	Keep      []ui.Choice // names and values that are sent along
}

// FilterField is a field that a reader may compare.
type FilterField struct {
	Name    string
	Label   string
	Ops     []ui.Choice
	Type    string      // of the input of a value: text, number, date; none without one
	Options []ui.Choice // values to choose from; nil for an input
}

// Said is a value as the reader knows it.
func (f FilterField) Said(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// FilterGroup holds conditions that belong together.
type FilterGroup struct {
	Number int  // 0 for the outer one
	Any    bool // one of them is enough
	Rows   []FilterRow
}

// FilterRow is one condition.
type FilterRow struct{ Field, Op, Value string }

// ColumnsProps describes the columns a reader may choose from, in their order.
type ColumnsProps struct {
	ID      string
	Address string
	Keep    []ui.Choice
	Columns []ColumnChoice
}

// ColumnChoice is one column.
type ColumnChoice struct {
	Name  string
	Label string
	Shown bool
}

// SizesProps describes how many records a page may have.
type SizesProps struct {
	ID      string
	Address string
	Keep    []ui.Choice
	Size    string // chosen by the reader; empty as usual
	Choices []ui.Choice
}

// TableColumn is the head of one column.
type TableColumn struct {
	Name  string
	Label string // with the unit: fields.HeadLabel
	Class string // fields.HeadClass
	Href  string // sorts by it; empty when it cannot be sorted
	Sort  ui.Direction
}

// TableRow is one record.
type TableRow struct {
	ID      string
	Number  string // shown in front: "1089"
	Title   string // names the record for buttons that are read
	Href    string // opens it
	Over    Over   // where it opens
	Cells   []fields.Shown
	Actions []Action      // in the menu at the end: Edit, Delete
	Updates []UpdateProps // in the menu: buttons that set values
}

// BulkAction is a button for all selected records; it posts its id and the records.
type BulkAction struct {
	ID    string
	Label string
	Icon  string
}

// FormProps describes a form that creates or edits a record.
type FormProps struct {
	CSRF     string
	ID       string // of the block
	Address  string // where it posts
	Key      string // idempotency key of this rendering
	Version  string // of the record as shown; empty for a new one
	Sections []Section
	Problems []ui.Problem    // why it was not saved, with links to the inputs
	Notices  []ui.AlertProps // what synchronous workflows or a conflict have to say
	Actions  []Submit
	Starts   string // "Starts Order approval"; empty says nothing
	Cancel   string // address to go back to; empty without
	Large    bool   // controls of 40 px, for people who only submit
	Over     Over   // stands over a page; empty in one
}

// Section is a titled group of inputs.
type Section struct {
	Title  string // empty for the only one
	Note   string
	Fields []fields.Props
}

// Submit is one button of a form. Its id is sent as ui.ActionName.
type Submit struct {
	ID      string
	Label   string
	Address string // where the form posts when it is pressed; empty for that of the form
	Primary bool
	Bad     bool   // takes something away
	Confirm string // question before it is sent; empty asks nothing
}

// FormPageProps describes a form on a page of its own.
type FormPageProps struct {
	Session   layout.Session
	Solo      bool   // without sidebar
	Title     string // "New order"
	Lead      string // one or two sentences above the form
	PageTitle string // of the page it belongs to
	PageHref  string
	Form      FormProps
}

// RecordProps describes one record.
type RecordProps struct {
	Session    layout.Session
	PageTitle  string
	PageHref   string
	Title      string
	Subtitle   string // "Order #1087"
	Notices    []ui.AlertProps
	Values     []fields.Shown
	Activity   []ui.TimelineItem
	Executions []executions.Row     // nil when the reader may not see them
	Log        []workflows.LogEntry // why something did or did not start; nil as above
	Over       Over                 // is shown over a page; empty on a page of its own
	Here       string               // its address
	EditHref   string               // empty when the reader may not edit
	EditOver   Over                 // where editing opens
	Updates    []UpdateProps        // buttons that set values
	Delete     *DeleteProps         // nil when the reader may not delete
}

// UpdateProps describes a button that sets values of a record.
type UpdateProps struct {
	ID      string
	Label   string
	Confirm string // question before it happens; empty asks nothing
	Address string // where it posts
	Key     string // idempotency key
	Version string // of the record as shown
}

// DeleteProps describes the deletion of a record.
type DeleteProps struct {
	Address     string // where the confirmed deletion posts
	AskHref     string // shows the question in the page, for browsers without scripts
	Asking      bool   // the question is shown in the page
	Consequence string // "It moves to the trash. Two executions keep running."
	Key         string // idempotency key
}

// SubmittedProps describes what follows a submission.
type SubmittedProps struct {
	Session    layout.Session
	Solo       bool
	PageTitle  string // with PageHref: the crumb; not used when Solo
	PageHref   string
	Title      string // "Submitted"
	Over       Over   // is shown over a page; empty on a page of its own
	Sentence   string // what happens now
	Self       string // its address
	Notices    []ui.AlertProps
	Steps      []ui.TimelineItem
	RecordHref string
	AgainHref  string
}
