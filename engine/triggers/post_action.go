package triggers

import (
	"context"
	"slices"
	"strings"

	"formrail/engine/trigger"
	"formrail/models/field"
	"formrail/models/text"
)

type postActionConfig struct {
	Collection string   `json:"collection"`
	Mode       string   `json:"mode"`
	Actions    []string `json:"actions"`
	Condition  any      `json:"condition"`
	Preload    []string `json:"preload"`
	Bulk       string   `json:"bulk"`
	StartByAPI bool     `json:"startByApi"`
	Origins    []string `json:"origins"`
	Order      int      `json:"order"`
	Rollback   bool     `json:"rollbackOnFailure"`
}

// postAction starts after a person or a call has created, changed or deleted a
// record. It never starts from what workflows and tasks write.
var postAction = trigger.Define(trigger.Spec[postActionConfig]{
	Key: "post_action", Icon: "mouse-pointer-click", Title: "Post-action event",
	Summary: "Starts when a button is pressed or a record is saved",
	Help: "The record is saved before the workflow starts, whatever the workflow does then.\n\n" +
		"*A bound button is pressed* (local mode) starts from the forms and buttons you bind this workflow to. " +
		"*Any form saves this collection* (global mode) starts from every form and from calls to the API; there is nothing to bind.",
	Config:  postActionForm(),
	Check:   checkPostAction,
	Context: postActionContext,
	Line: func(c postActionConfig, cat trigger.Catalog) string {
		if c.Collection == "" {
			return ""
		}
		title := c.Collection
		if s := cat.Record(c.Collection, 0); s.Label != "" {
			title = s.Label
		}
		if c.Mode == "global" {
			return title + " · " + text.M("trigger.global", "global mode").String()
		}
		return title + " · " + text.M("trigger.local", "local mode").String()
	},
	Sync: trigger.EitherMode,
	Listens: func(c postActionConfig) trigger.Listens {
		return trigger.Listens{
			Collection: c.Collection, Global: c.Mode == "global", Actions: c.Actions,
			Preload: c.Preload, ByAPI: c.StartByAPI, Order: c.Order, AsList: c.Bulk == "list", Atomic: c.Rollback,
		}
	},
	Match: matchPostAction,
})

func postActionForm() []field.Field {
	return []field.Field{
		{Name: "collection", Kind: field.Collection, Label: "Collection", Required: true},
		{
			Name: "mode", Kind: field.Select, Label: "Starts when", Default: "local",
			Options: []field.Option{
				{Value: "local", Label: "A bound button is pressed", Badge: "Local", Note: "Only forms and row buttons you bind this workflow to"},
				{Value: "global", Label: "Any form saves this collection", Badge: "Global", Note: "Every form, and calls to the API. Nothing to bind"},
			},
		},
		{
			Name: "actions", Kind: field.Set, Label: "After", Required: true, When: &field.When{Field: "mode", Values: []string{"global"}},
			Options: field.Choices("create", "Creating a record", "update", "Changing a record", "destroy", "Deleting a record"),
		},
		{Name: "condition", Kind: field.Filter, Label: "Only when", Help: "Compared with the saved record; after deleting with its last values."},
		{Name: "preload", Kind: field.Paths, Label: "Load linked data", Help: "For steps that read fields of linked records. Approvals find people by themselves."},
		{
			Name: "bulk", Rare: true, Kind: field.Select, Label: "Several records at once", Default: "each",
			Options: field.Choices("each", "One execution for each record", "list", "One execution with all records"),
		},
		{Name: "startByApi", Rare: true, Kind: field.Boolean, Label: "Start by API", Default: true, Help: "Calls may name this workflow in `triggerWorkflows`."},
		{
			Name: "origins", Rare: true, Kind: field.Set, Label: "Records saved by", Default: []any{"form", "api", "public"},
			Options: field.Choices("form", "Forms and buttons", "api", "Calls to the API", "public", "Public forms", "import", "Imports"),
		},
		{Name: "order", Rare: true, Kind: field.Integer, Label: "Order among workflows in global mode", Default: 0, Help: "Lower numbers start first."},
		{
			Name: "rollbackOnFailure", Rare: true, Kind: field.Boolean, Label: "Save nothing when it fails", Default: false,
			Help: "For workflows that answer at once: the steps run inside the save, and a failure undoes all of it.",
		},
	}
}

func checkPostAction(c postActionConfig, cat trigger.Catalog) (p field.Problems) {
	if c.Mode == "global" && c.Actions != nil && len(c.Actions) == 0 {
		p.Add("actions", "MISSING", text.M("trigger.actions", "Choose at least one action that starts the workflow."))
	}
	if c.Collection == "" { // reported when the settings were decoded
		return p
	}
	if !cat.HasCollection(c.Collection) {
		p.Add("collection", "DEFINITION_INVALID", text.M("trigger.collection", "There is no collection %s. Choose another one.", c.Collection))
		return p
	}
	p = append(p, cat.CheckFilter(c.Collection, c.Condition).Under("condition", "DEFINITION_INVALID")...)
	for _, path := range c.Preload {
		if hops(path) > 4 || !isLink(cat.Record(c.Collection, hops(path)-1), path) {
			p.Add("preload", "DEFINITION_INVALID", text.M("trigger.preload", "%s is not a link, or leads over more than four. Remove it.", path))
		}
	}
	return p
}

// isLink reports whether a path leads through the links of a record to a link.
func isLink(s field.Shape, path string) bool {
	for name := range strings.SplitSeq(path, ".") {
		var ok bool
		if s, ok = s.Prop(name); !ok || s.Target == "" {
			return false
		}
	}
	return true
}

func hops(path string) int { return strings.Count(path, ".") + 1 }

func matchPostAction(ctx context.Context, c postActionConfig, change trigger.Change) (trigger.Decision, error) {
	switch {
	case c.Mode != "global" && !change.Named:
		return trigger.Not("not_named", text.M("trigger.not_named", "The request did not press a bound button and did not name the workflow.").String()), nil
	case c.Mode == "global" && !slices.Contains(c.Actions, change.Action):
		return trigger.Not("action_excluded", text.M("trigger.action_excluded", "The workflow does not start after %s.", change.Action).String()), nil
	case !slices.Contains(c.Origins, change.Source):
		return trigger.Not("origin_excluded", text.M("trigger.origin_excluded", "The workflow does not start from the origin %s.", change.Source).String()), nil
	case c.Condition == nil:
		return trigger.Start(), nil
	}
	ok, sentence, err := change.Matches(ctx, c.Condition)
	if err != nil {
		return trigger.Decision{}, err
	}
	if !ok {
		return trigger.Not("condition_false", sentence), nil
	}
	return trigger.Start(), nil
}

// linkHops is how far variables follow links that are not listed for loading.
const linkHops = 2

// postActionContext is the shape of {{ trigger }}.
func postActionContext(c postActionConfig, cat trigger.Catalog) field.Shape {
	depth := linkHops
	for _, path := range c.Preload {
		depth = max(depth, hops(path))
	}
	data := cat.Record(c.Collection, depth)
	data.List = c.Bulk == "list"
	own := []field.Named{
		{Name: "data", Shape: data},
		prop("count", field.Integer, "Number of records"),
		{Name: "batch", Shape: field.Object("Part of a large write", prop("index", field.Integer, "Part"), prop("count", field.Integer, "Parts"))},
		prop("action", field.Text, "Action"),
		prop("collection", field.Text, "Collection"),
		{Name: "params", Shape: field.Object("Request", field.Named{Name: "values", Shape: submitted(cat.Record(c.Collection, 0))})},
	}
	return field.Object("Trigger", append(own, commonContext(cat)...)...)
}

// submitted is the shape of the values a request sent: any of the record's fields.
func submitted(record field.Shape) field.Shape {
	record.Label, record.Open = "Submitted values", true
	return record
}
