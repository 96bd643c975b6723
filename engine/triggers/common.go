package triggers

import (
	"formrail/engine/trigger"
	"formrail/models/field"
)

// Codes of findings that several trigger types give.
const invalid = "DEFINITION_INVALID"

// commonContext is what every trigger offers beside its own.
func commonContext(cat trigger.Catalog) []field.Named {
	person := cat.Record("users", 0)
	person.Label = "Person"
	if len(person.Fields) == 0 {
		person.Open = true
	}
	return []field.Named{
		{Name: "user", Shape: person},
		prop("event", field.Text, "Event"),
		prop("date", field.DateTime, "Date"),
		prop("firedAt", field.DateTime, "Started at"),
		prop("role", field.Text, "Role"),
		prop("roleName", field.Text, "Role"),
		prop("principal", field.Text, "Acting as"),
		{Name: "origin", Shape: field.Object("Origin", prop("kind", field.Text, "Kind"), prop("requestId", field.Text, "Request"),
			field.Named{Name: "nested", Shape: field.Any("Saved inside")}, prop("execution", field.Text, "Execution"), prop("node", field.Text, "Step"))},
	}
}

// prop is one property of a shape.
func prop(name string, kind field.Kind, label string) field.Named {
	return field.Named{Name: name, Shape: field.Shape{Kind: kind, Label: label}}
}
