// Package settings draws the inputs of steps and triggers: one component for each
// kind that only settings have, such as conditions, filters and sources of people.
// Everything a button here adds or removes is a form that the server draws again, so
// a setting can be built without scripts.
package settings

import (
	"context"
	"strings"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/fields"
	"formrail/views/ui"
)

// Prefix begins the names of what a settings form sends, so that a setting can have
// any name.
const Prefix = "set."

// DoName is the name of the buttons that add and remove rows; their value says where
// and what: "when.add", "when.0.remove".
const DoName = "do"

// Input is one setting with what it holds.
type Input struct {
	Field   field.Field
	Problem string
	Warning string // worth knowing, but nothing has to be done
	Hidden  bool   // depends on another setting that says otherwise
	Own     bool   // it is not what it is by default
	Text    string
	Checked bool
	Bare    bool // an expression: variables stand in it without braces
	Chosen  []string
	Choices []ui.Choice
	Rule    *Rule       // conditions and filters
	Cases   []Case      // branches with their conditions
	Rows    []Row       // values, inputs, sources of people
	Entries []Entry     // of a list; the one of a group
	More    []ui.Choice // what another row can be about
	Timed   *Timed      // of a moment or a repetition
	Blank   string      // what no choice means
}

// Timed is a moment or a repetition in parts.
type Timed struct {
	As      string      // which of the parts count
	Ways    []ui.Choice // to say it; nil = only one
	At      string      // a fixed time …
	AtLocal bool        // … without offset
	Field   string      // date field of a record
	Fields  []ui.Choice
	Sign    string // before or after it
	Amount  string
	Unit    string

	WithClock bool   // the date has no time
	Clock     string // time of day
	Cron      string
}

// Rule is a group of comparisons.
type Rule struct {
	At         string // its place in the form: "set.when", "set.when.1"
	Any        bool   // one is enough; else all must hold
	Parts      []Part
	Written    bool   // as an expression
	Expression string // when it is written so
	CanWrite   bool   // may be written as an expression
	Raw        string // JSON of what rows cannot show
}

// Part is a comparison, or a group of them.
type Part struct {
	At      string // its place in the form: "set.when.0"
	Group   *Rule
	Left    string
	Lefts   []ui.Choice // what can be compared; nil = any variable
	Op      string
	Ops     []ui.Choice
	Right   string
	Rights  []ui.Offer // values that are offered
	Fits    string     // kind of what stands on the right; empty = any
	Unary   bool       // nothing stands on the right
	Problem string
	Warning string
}

// Case is one branch with its condition.
type Case struct {
	At      string // its place in the form: "set.cases.0"
	Key     string
	Title   string
	Number  int // from 1, in the order in which they are tried
	Rule    *Rule
	Open    bool // unfolded
	Problem string
	Warning string
}

// Entry is one object with inputs of its own.
type Entry struct {
	At     string // its place in the form: "set.input.0"
	Number int    // from 1
	Inputs []Input
}

// Row is one line of a list.
type Row struct {
	At      string // its place in the form: "set.values.amount"
	Name    string // of an input of a script; fixed for values
	Label   string
	Value   string
	Kind    string      // of a source of people
	Kinds   []ui.Choice // kinds a source may have
	Choices []ui.Choice // people that are offered
	Offers  []ui.Offer  // values that are offered
	Fits    string      // kind of the value; empty = any
	Chosen  []string
	Many    bool   // several of the choices can be taken
	Free    bool   // a variable or a text can be entered
	Raw     string // JSON of what the form does not know
	Problem string
}

// ID is the id of an input with that name.
func ID(name string) string { return "in-" + name }

// PreviewID is the id of the place that shows what stands at a place of the form.
func PreviewID(at string) string { return "preview-" + strings.TrimPrefix(at, Prefix) }

func (in Input) name() string { return Prefix + in.Field.Name }

func (in Input) id() string { return ID(in.name()) }

func (in Input) frame() ui.FieldProps {
	return ui.FieldProps{ID: in.id(), Label: in.Field.Label, Hint: in.Field.Help, Required: in.Field.Required}
}

func (in Input) control() ui.Control {
	return ui.Control{
		ID: in.id(), Name: in.name(), Value: in.Text, Placeholder: in.Field.Placeholder, Invalid: in.Problem != "", DescribedBy: strings.TrimSpace(in.frame().DescribedBy() + " " + ProblemID(in.name())),
	}
}

// secretControl is the input of a secret: what is kept is not in it.
func (in Input) secretControl(ctx context.Context) ui.Control {
	c := in.control()
	if c.Value = ""; in.Checked {
		c.Placeholder = text.T(ctx, "settings.secret_kept", "Kept. Enter a new one to replace it.")
	}
	return c
}

// ProblemID is the id of the place that says what is wrong at a place of the form.
func ProblemID(at string) string { return "problem-" + strings.TrimPrefix(at, Prefix) }

// control is an input of a row; part follows the row's place in its name.
func (r Row) control(part, value string) ui.Control {
	return ui.Control{ID: ID(r.At + part), Name: r.At + part, Value: value, Invalid: r.Problem != "", DescribedBy: ProblemID(r.At)}
}

// control is an input of a comparison; part follows its place in the name.
func (p Part) control(part, value string) ui.Control {
	return ui.Control{ID: ID(p.At + part), Name: p.At + part, Value: value, Invalid: p.Problem != "", DescribedBy: ProblemID(p.At)}
}

// plain is the input of a kind that records have too.
func (in Input) plain() fields.Props {
	f := in.Field
	f.Name = in.name()
	f.Required = false // what is missing is a problem of the draft, not of the form
	return fields.Props{Field: f, Value: in.Text, Checked: in.Checked, Options: in.Choices, ID: in.id()}
}
