// Package fields draws one input, or one value, per kind of field. Collections,
// tasks and settings share it: a kind looks and behaves the same everywhere.
package fields

import (
	"context"
	"strconv"
	"strings"
	"time"

	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/ui"
)

// Choice is one option of a select, a link or a person.
type Choice = ui.Choice

// Props describes one input of a form.
type Props struct {
	Field    field.Field
	Value    string   // as typed, or canonical: "1240.5", "2026-11-18", "2026-11-18T09:42"
	Checked  bool     // boolean only
	Options  []Choice // select, user, manyToOne; a select without them uses its own
	Problem  string   // what is wrong and what to do
	ID       string   // of the input; "field-" and its name when empty
	ReadOnly bool
	Full     bool   // takes the whole line of a form
	Search   string // link, person: address that finds more options by their words
}

func (p Props) id() string {
	if p.ID == "" {
		return "field-" + p.Field.Name
	}
	return p.ID
}

// InputID is the id of the input, where links of an error summary lead.
func (p Props) InputID() string { return p.id() }

func (p Props) frame() ui.FieldProps {
	return ui.FieldProps{
		ID: p.id(), Label: p.Field.Label, Hint: p.Field.Help, Problem: p.Problem,
		Required: p.Field.Required, Full: p.Full || p.Field.Kind == field.LongText,
	}
}

func (p Props) control() ui.Control {
	return ui.Control{
		ID: p.id(), Name: p.Field.Name, Value: p.Value, Placeholder: p.Field.Placeholder, Required: p.Field.Required,
		ReadOnly: p.ReadOnly, Invalid: p.Problem != "", DescribedBy: p.frame().DescribedBy(),
	}
}

// choices are the given options, or those of the field that are still offered.
// An archived option is kept while the record has it.
func (p Props) choices() []Choice {
	if p.Options != nil {
		return p.Options
	}
	out := make([]Choice, 0, len(p.Field.Options))
	for _, o := range p.Field.Options {
		if !o.Archived || o.Value == p.Value {
			out = append(out, Choice{Value: o.Value, Label: o.Label})
		}
	}
	return out
}

// bounds are the limits a browser can check by itself. The server checks them again.
func (p Props) bounds() map[string]any {
	attrs := map[string]any{}
	if p.Field.MaxLength > 0 {
		attrs["maxlength"] = strconv.Itoa(p.Field.MaxLength)
	}
	if p.Field.MinLength > 0 {
		attrs["minlength"] = strconv.Itoa(p.Field.MinLength)
	}
	return attrs
}

func (p Props) dates() map[string]any {
	attrs := map[string]any{}
	if p.Field.MinDate != "" {
		attrs["min"] = p.Field.MinDate
	}
	if p.Field.MaxDate != "" {
		attrs["max"] = p.Field.MaxDate
	}
	return attrs
}

// Shown describes one value to read.
type Shown struct {
	Field   field.Field
	Value   string    // canonical text; empty when there is none
	Label   string    // what a link or a person is called
	Href    string    // where a link leads; empty when it leads nowhere
	At      ui.Moment // datetime only
	InTable bool      // the unit stands in the head of the column
}

func (s Shown) option() field.Option {
	for _, o := range s.Field.Options {
		if o.Value == s.Value {
			return o
		}
	}
	return field.Option{Value: s.Value, Label: s.Value}
}

// number says an integer or decimal with grouped digits, and its currency outside
// of tables.
func (s Shown) number() string {
	if s.Field.Currency != "" && !s.InTable {
		return ui.Money(s.Value, s.Field.Currency)
	}
	return ui.Number(s.Value, s.Field.Scale)
}

// day says a calendar day, "18 Nov 2026"; anything else is returned as it is.
func (s Shown) day() string {
	t, err := time.Parse(time.DateOnly, s.Value)
	if err != nil {
		return s.Value
	}
	return t.Format("2 Jan 2006")
}

// HeadLabel is the label of a column: with the currency, "Amount, €".
func HeadLabel(f field.Field) string {
	if f.Currency == "" {
		return f.Label
	}
	return f.Label + ", " + ui.CurrencySign(f.Currency)
}

// HeadClass aligns a column of the kind: numbers stand on the right.
func HeadClass(f field.Field) string {
	switch f.Kind {
	case field.Integer, field.Number:
		return "r"
	case field.Select, field.Boolean:
		return "fit"
	}
	return ""
}

// CellClass is HeadClass for the cells, with digits of equal width.
func CellClass(f field.Field) string {
	switch f.Kind {
	case field.Integer, field.Number:
		return "r num"
	case field.DateOnly, field.DateTime:
		return "num nowrap"
	}
	return HeadClass(f)
}

// Plain says a value as text, for the small line under a name.
func Plain(ctx context.Context, s Shown) string {
	switch {
	case !s.At.IsZero():
		return s.At.When(ctx)
	case s.Value == "":
		return ""
	}
	switch s.Field.Kind {
	case field.Integer, field.Number:
		return s.number()
	case field.DateOnly:
		return s.day()
	case field.Select:
		return s.option().Label
	case field.User, field.ManyToOne:
		return s.Label
	case field.Boolean:
		return yesNo(ctx, s.Value)
	}
	return oneLine(s.Value)
}

func yesNo(ctx context.Context, value string) string {
	if value == "true" {
		return text.T(ctx, "fields.yes", "Yes")
	}
	return text.T(ctx, "fields.no", "No")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
