// Package form declares typed inputs that a designer makes: what a called workflow takes
// and gives, and what an answer from outside must bring.
package form

import (
	"fmt"
	"slices"

	"formrail/models/field"
	"formrail/models/text"
)

// Input is one typed input.
type Input struct {
	Name     string         `json:"name"`
	Label    string         `json:"label"`
	Type     string         `json:"type"`
	Required bool           `json:"required"`
	Default  any            `json:"default"`
	Options  []string       `json:"options"`
	Target   string         `json:"target"`
	Min      *field.Decimal `json:"min"`
	Max      *field.Decimal `json:"max"`
	Pattern  string         `json:"pattern"`
	Help     string         `json:"help"`
}

// types are the types an input may have, with the kinds they mean. Json takes
// anything.
func types() ([]field.Option, map[string]field.Kind) {
	return field.Choices("text", "Text", "long_text", "Long text", "integer", "Whole number", "decimal", "Number", "boolean", "Yes or no",
			"date", "Date", "datetime", "Date and time", "select", "Choice", "user", "Person", "record", "Record", "json", "Anything (JSON)"),
		map[string]field.Kind{
			"text": field.Text, "long_text": field.LongText, "integer": field.Integer, "decimal": field.Number, "boolean": field.Boolean,
			"date": field.DateOnly, "datetime": field.DateTime, "select": field.Select, "user": field.User, "record": field.ManyToOne, "json": field.JSON,
		}
}

// Setting is the setting that lists typed inputs.
func Setting(name, label, help string) field.Field {
	choices, _ := types()
	of := func(types ...string) *field.When { return &field.When{Field: "type", Values: types} }
	return field.Field{Name: name, Kind: field.List, Label: label, Help: help, Items: []field.Field{
		{Name: "name", Kind: field.Text, Label: "Name", Required: true, Pattern: "[a-zA-Z][a-zA-Z0-9_]{0,62}", Placeholder: "amount", Help: "Letters, digits and underscores."},
		{Name: "label", Kind: field.Text, Label: "Label", MaxLength: 100},
		{Name: "type", Kind: field.Select, Label: "Type", Default: "text", Options: choices},
		{Name: "target", Kind: field.Collection, Label: "Collection", Required: true, When: of("record")},
		{Name: "options", Kind: field.Texts, Label: "Options", Required: true, When: of("select"), Help: "One to a line."},
		{Name: "min", Kind: field.Number, Label: "At least", When: of("integer", "decimal")},
		{Name: "max", Kind: field.Number, Label: "At most", When: of("integer", "decimal")},
		{Name: "pattern", Kind: field.Text, Label: "Pattern", When: of("text"), Help: "A regular expression that the whole text must match."},
		{Name: "default", Kind: field.Value, Label: "Default"},
		{Name: "help", Kind: field.Text, Label: "Hint", MaxLength: 500},
		{Name: "required", Kind: field.Boolean, Label: "Required", Default: false},
	}}
}

// Field is the input as a form asks for it.
func (f Input) Field() field.Field {
	_, kinds := types()
	out := field.Field{
		Name: f.Name, Kind: kinds[f.Type], Label: f.Label, Required: f.Required, Default: f.Default, Target: f.Target,
		Min: f.Min, Max: f.Max, Pattern: f.Pattern, Help: f.Help,
	}
	if out.Label == "" {
		out.Label = f.Name
	}
	if f.Type == "decimal" {
		out.Scale = 6
	}
	for _, o := range f.Options {
		out.Options = append(out.Options, field.Option{Value: o, Label: o})
	}
	return out
}

// Fields are the inputs as a form asks for them.
func Fields(list []Input) []field.Field {
	out := make([]field.Field, len(list))
	for i, f := range list {
		out[i] = f.Field()
	}
	return out
}

// Shape is what the values of the inputs look like.
func Shape(label string, list []Input) field.Shape {
	s := field.Shape{Label: label}
	for _, f := range list {
		d := f.Field()
		one := field.Shape{Kind: d.Kind, Label: d.Label}
		switch d.Kind {
		case field.JSON:
			one = field.Any(d.Label)
		case field.User, field.ManyToOne:
			one = field.Object(d.Label, field.Named{Name: "id", Shape: field.Shape{Kind: field.Integer, Label: "ID"}})
		}
		s.Fields = append(s.Fields, field.Named{Name: f.Name, Shape: one})
	}
	return s
}

// Check finds what is wrong with a list of inputs; knows says which collections there are.
func Check(setting string, list []Input, knows func(collection string) bool) (p field.Problems) {
	seen := map[string]bool{}
	for i, f := range list {
		at := func(name string) string { return fmt.Sprintf("%s.%d.%s", setting, i, name) }
		if seen[f.Name] {
			p.Add(at("name"), "DEFINITION_INVALID", text.M("trigger.input_twice", "Another input is called %s, too.", f.Name))
		}
		seen[f.Name] = true
		if f.Type == "record" && f.Target != "" && !knows(f.Target) {
			p.Add(at("target"), "DEFINITION_INVALID", text.M("trigger.collection", "There is no collection %s. Choose another one.", f.Target))
		}
		if f.Pattern != "" && !field.ValidPattern(f.Pattern) {
			p.Add(at("pattern"), "DEFINITION_INVALID", text.M("trigger.input_pattern", "The pattern cannot be read."))
		}
		if f.Type == "select" && len(slices.Compact(slices.Sorted(slices.Values(f.Options)))) != len(f.Options) {
			p.Add(at("options"), "DEFINITION_INVALID", text.M("trigger.input_options", "Each option may be there once."))
		}
		if d := f.Field(); f.Default != nil && d.Kind.Record() {
			if _, wrong := d.Parse(f.Default, field.ParseContext{}); len(wrong) > 0 {
				p.Add(at("default"), "DEFINITION_INVALID", wrong[0].Message)
			}
		}
	}
	return p
}
