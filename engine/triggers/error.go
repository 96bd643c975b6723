package triggers

import (
	"slices"
	"strings"
	"time"

	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type errorConfig struct {
	Workflows  string   `json:"workflows"`
	Keys       []string `json:"keys"`
	Categories []string `json:"categories"`
	Statuses   []string `json:"statuses"`
	Kinds      []string `json:"kinds"`
	GroupFor   string   `json:"groupFor"`
}

// failed starts after an execution of another workflow has failed.
var failed = trigger.Define(trigger.Spec[errorConfig]{
	Key: "error", Icon: "triangle-alert", Title: "Error",
	Summary: "Starts when an execution of a workflow fails",
	Help: "It gets what failed and where, not the data: who follows the link sees what he may see. " +
		"What fails inside an error workflow never starts another one.\n\n" +
		"Failures of the same step with the same code start it once in the time below; `trigger.count` says how many there were since it last started.",
	Config: []field.Field{
		{
			Name: "workflows", Kind: field.Select, Label: "Of", Default: "all",
			Options: field.Choices("all", "All workflows", "keys", "Some workflows", "categories", "Some categories"),
		},
		{Name: "keys", Kind: field.Texts, Label: "Keys of the workflows", Required: true, When: &field.When{Field: "workflows", Values: []string{"keys"}}, Help: "One to a line."},
		{Name: "categories", Kind: field.Texts, Label: "Categories", Required: true, When: &field.When{Field: "workflows", Values: []string{"categories"}}, Help: "Their names, one to a line."},
		{
			Name: "statuses", Kind: field.Set, Label: "When an execution", Default: []any{"failed", "timed_out"},
			Options: field.Choices("failed", "Failed", "timed_out", "Took too long", "rejected", "Was rejected by a person", "cancelled", "Was cancelled"),
		},
		{
			Name: "kinds", Kind: field.Set, Label: "Because", Default: []any{"fault", "timeout"},
			Options: field.Choices("fault", "Something broke", "timeout", "Something took too long", "refused", "A rule said no"),
		},
		{Name: "groupFor", Kind: field.Duration, Label: "Once in", Default: "10m", Help: "Failures that look alike start it once in this time. `0s` starts it each time."},
	},
	Sync: trigger.AlwaysAsync,
	Check: func(c errorConfig, _ trigger.Catalog) (p field.Problems) {
		if _, err := c.window(); err != nil {
			p.Add("groupFor", invalid, text.M("trigger.group_for", "Enter a time such as 10m or 1h."))
		}
		if len(c.Statuses) == 0 {
			p.Add("statuses", "MISSING", text.M("trigger.error_statuses", "Choose at least one way of ending."))
		}
		return p
	},
	Context: func(_ errorConfig, cat trigger.Catalog) field.Shape {
		own := []field.Named{
			{Name: "execution", Shape: field.Object("Execution", prop("id", field.Text, "ID"), prop("number", field.Integer, "Number"), prop("url", field.Text, "Link"),
				prop("status", field.Text, "Status"), prop("startedAt", field.DateTime, "Began"), prop("endedAt", field.DateTime, "Ended"))},
			{Name: "workflow", Shape: field.Object("Workflow", prop("key", field.Text, "Key"), prop("title", field.Text, "Title"), prop("version", field.Integer, "Version"))},
			{Name: "node", Shape: field.Object("Step", prop("key", field.Text, "Key"), prop("title", field.Text, "Title"), prop("type", field.Text, "Type"), prop("path", field.Text, "Place in loops"))},
			{Name: "error", Shape: field.Object("Error", prop("kind", field.Text, "Kind"), prop("code", field.Text, "Code"), prop("message", field.Text, "Message"))},
			prop("signature", field.Text, "Signature"), prop("count", field.Integer, "How many"),
		}
		return field.Object("Trigger", append(own, commonContext(cat)...)...)
	},
	Line: func(c errorConfig, _ trigger.Catalog) string {
		switch c.Workflows {
		case "keys":
			return strings.Join(c.Keys, ", ")
		case "categories":
			return strings.Join(c.Categories, ", ")
		}
		return text.M("trigger.error_all", "all workflows").String()
	},
	Ended: func(c errorConfig, of trigger.Ended) trigger.Hearing {
		window, err := c.window()
		if err != nil { // checked before it was published
			window = 0
		}
		hears := slices.Contains(c.Statuses, of.Status) && (of.Kind == "" || slices.Contains(c.Kinds, of.Kind))
		switch c.Workflows {
		case "keys":
			hears = hears && slices.Contains(c.Keys, of.Workflow)
		case "categories":
			hears = hears && slices.ContainsFunc(of.Categories, func(have string) bool {
				return slices.ContainsFunc(c.Categories, func(want string) bool { return strings.EqualFold(have, want) })
			})
		}
		return trigger.Hearing{Hears: hears, Window: window}
	},
})

// window is the time in which failures that look alike start the workflow once.
func (c errorConfig) window() (time.Duration, error) {
	span, err := field.ParseDuration(c.GroupFor)
	return span.Approximate(), err
}
