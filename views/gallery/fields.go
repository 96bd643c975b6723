package gallery

import (
	"github.com/a-h/templ"

	"formrail/models/field"
	"formrail/views/fields"
)

func statusOptions() []field.Option {
	return []field.Option{
		{Value: "in_review", Label: "In review", Colour: "amber"},
		{Value: "approved", Label: "Approved", Colour: "green"},
		{Value: "processed", Label: "Processed", Colour: "blue"},
		{Value: "old", Label: "Old", Archived: true},
	}
}

// expense is the collection of the example that runs through all samples.
func expense() map[string]field.Field {
	return map[string]field.Field{
		"project":   {Name: "projectName", Kind: field.Text, Label: "Project name", Required: true, MaxLength: 200},
		"applicant": {Name: "applicant", Kind: field.User, Label: "Applicant", Required: true},
		"amount":    {Name: "amount", Kind: field.Number, Label: "Amount", Help: "Over €500 goes to your manager first.", Required: true, Currency: "EUR", Scale: 2},
		"status":    {Name: "status", Kind: field.Select, Label: "Status", Options: statusOptions()},
		"items":     {Name: "items", Kind: field.Integer, Label: "Line items"},
		"created":   {Name: "createdAt", Kind: field.DateTime, Label: "Created"},
		"event":     {Name: "eventDate", Kind: field.DateOnly, Label: "Date of event", MaxDate: "2026-11-22"},
		"centre":    {Name: "costCentre", Kind: field.ManyToOne, Label: "Cost centre", Target: "cost_centres"},
		"notes":     {Name: "notes", Kind: field.LongText, Label: "Notes"},
		"client":    {Name: "withClient", Kind: field.Boolean, Label: "A client took part", Help: "Then name the client in the notes."},
	}
}

func applicants() []fields.Choice {
	return []fields.Choice{{Value: "44", Label: "Jun Tanaka"}, {Value: "17", Label: "Ines Carvalho"}, {Value: "23", Label: "Elif Demir"}}
}

func centres() []fields.Choice {
	return []fields.Choice{{Value: "3", Label: "Design"}, {Value: "4", Label: "Research"}}
}

func fieldSamples() []Sample {
	f := expense()
	inputs := []fields.Props{
		{Field: f["project"], Value: "Team offsite catering"},
		{Field: f["applicant"], Value: "44", Options: applicants()},
		{Field: f["amount"], Value: "-20", Problem: "Enter an amount of at least 0.01"},
		{Field: f["status"], Value: "approved", ReadOnly: true},
		{Field: f["items"], Value: "3"},
		{Field: f["created"], Value: "2026-11-22T09:59"},
		{Field: f["event"], Value: "2026-11-18"},
		{Field: f["centre"], Options: centres()},
		{Field: f["notes"], Value: "Lunch\nfor 16"},
		{Field: f["client"], Checked: true, Problem: "Name the client in the notes, or clear this box"},
	}
	shown := []fields.Shown{
		{Field: f["project"], Value: "Lisbon client visit"},
		{Field: f["applicant"], Value: "17", Label: "Ines Carvalho"},
		{Field: f["amount"], Value: "1240"},
		{Field: f["amount"], Value: "1240", InTable: true},
		{Field: f["status"], Value: "approved"},
		{Field: f["items"], Value: "5"},
		{Field: f["created"], At: on(11, 20, 9, 42)},
		{Field: f["created"], At: on(11, 20, 9, 42), InTable: true},
		{Field: f["event"], Value: "2026-11-18"},
		{Field: f["centre"], Value: "3", Label: "Design", Href: "/pages/centres"},
		{Field: f["notes"], Value: "Lunch\nfor 16"},
		{Field: f["client"], Value: "false"},
		{Field: f["notes"]},
	}
	var in, out []templ.Component
	for _, p := range inputs {
		in = append(in, fields.Input(p))
	}
	for _, s := range shown {
		out = append(out, fields.Display(s))
	}
	return []Sample{{Name: "fields-input", Component: templ.Join(in...)}, {Name: "fields-display", Component: templ.Join(out...)}}
}
