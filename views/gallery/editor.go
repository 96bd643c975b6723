package gallery

import (
	"time"

	"formrail/models/field"
	"formrail/views/canvas"
	"formrail/views/editor"
	"formrail/views/settings"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

func editorSamples() []Sample {
	opened := editorProps()
	opened.Panel = conditionPanel()
	opened.Canvas.Steps[0].Selected = true
	started := editorProps()
	started.Panel = triggerPanel()
	picking := editorProps()
	picking.Canvas.Steps[0].Picked = true
	picking.Picks = &editor.Picks{Count: 1, Steps: "amount", Together: true, CopyHref: urls.WorkflowCopy("reimb_approval", "amount"), MoveHref: urls.WorkflowMove("reimb_approval", "amount")}
	moving := editorProps()
	moving.Moving, moving.Step = "Create finance record", "finance"
	moving.Canvas.Moving, moving.Canvas.Drop = []string{"finance"}, func(at canvas.Place) canvas.Drop {
		switch at.Parent {
		case "review":
			return canvas.Drop{Breaks: 1}
		case "amount":
			return canvas.Drop{}
		}
		return canvas.Drop{Here: true}
	}
	adding := editorProps()
	adding.Palette = palette()
	edited := editorProps()
	edited.Edits = &editor.Edits{List: []editor.Edit{
		{Label: "Deleted “Notify”", By: mara(), At: ago(time.Minute), Undone: true},
		{Label: "Changed “Yes when” of “Amount over 500?”", By: mara(), At: ago(time.Minute), Now: true},
		{Label: "Added “Manager’s review”", By: jun(), At: ago(time.Hour), Href: urls.WorkflowEditsTo("reimb_approval", "e1")},
	}}
	published := editorProps()
	published.Publish = &editor.Publish{
		Number: 8, Changes: []string{"Changed “Yes when” of “Amount over 500?”: 400 → 500", "Added “Tell the applicant” in “Rejected”"},
		Warnings: []editor.Problem{{Step: "Notify finance team", Message: "Nobody may be found.", Href: urls.WorkflowOpen("reimb_approval", "notify")}},
		Elevate:  []ui.Choice{{Value: "finance", Label: "Create finance record"}}, Chosen: []string{"finance"},
	}
	old := editorProps()
	old.CanEdit, old.CanPublish, old.Problems, old.State, old.Relation = false, false, nil, "Read only", ""
	old.Version, old.Banner = "Version 6", &editor.Banner{Text: "Version 6 · Limit raised", Restore: true, Number: 6}
	old.Canvas.AddHref, old.Canvas.Menu = nil, nil
	asked := editorProps()
	asked.Question = &editor.Question{
		Title: "Delete “Amount over 500?”?", Note: "These references would lose what they name:", Items: []string{"“Notify finance team” uses “Manager’s review”."},
		Choices: []editor.Answer{{Label: "Keep the steps of “Yes”", Name: "keepBranch", Value: "yes"}, {Label: "Delete all 4 steps", Name: "sure", Value: "1", Bad: true}},
	}
	served := editorProps()
	served.Panel = &editor.Panel{Step: "trigger", Title: "Webhook", Note: "Starts the workflow", Icon: "webhook", Kind: "trigger", Trigger: true, CanEdit: true, Endpoint: &editor.Endpoint{
		Address: "https://flows.example.com/hooks/shop_orders/0kq2", Off: true, Renew: true, Curl: "curl -X POST 'https://flows.example.com/hooks/shop_orders/0kq2'",
		Schema: `{"openapi":"3.1.0"}`, Sample: "hello", Problem: "No values were found.", Waits: true,
	}}
	return []Sample{
		{Name: "page-editor-endpoint", Page: true, Component: editor.Page(served)},
		{Name: "page-editor", Page: true, Component: editor.Page(editorProps())},
		{Name: "page-editor-step", Page: true, Component: editor.Page(opened)},
		{Name: "page-editor-trigger", Page: true, Component: editor.Page(started)},
		{Name: "page-editor-branches", Page: true, Component: editor.Page(branchesEditor())},
		{Name: "page-editor-schedule", Page: true, Component: editor.Page(scheduleEditor())},
		{Name: "page-editor-selecting", Page: true, Component: editor.Page(picking)},
		{Name: "page-editor-moving", Page: true, Component: editor.Page(moving)},
		{Name: "page-editor-add", Page: true, Component: editor.Page(adding)},
		{Name: "page-editor-edits", Page: true, Component: editor.Page(edited)},
		{Name: "page-editor-publish", Page: true, Component: editor.Page(published)},
		{Name: "page-editor-old", Page: true, Component: editor.Page(old)},
		{Name: "page-editor-question", Page: true, Component: editor.Page(asked)},
		{Name: "editor-previews", Component: editor.Previews([]editor.Preview{
			{At: "set.when", Question: true, Yes: true, Value: "1,240 is greater than 500", Source: "With the values of execution #48231"},
			{At: "set.values.amount", Value: "1240", Type: "decimal", Source: "With the values of execution #48231", Warnings: []string{"trigger.data.tax is missing."}},
			{At: "set.title", Problem: "Cannot be computed: A variable is opened but not closed."},
		})},
		{Name: "page-variables", Page: true, Component: editor.VariablesPage(variables())},
		{Name: "page-workflow-new", Page: true, Component: workflows.List(workflows.ListProps{Session: session(), Rows: workflowRows(), CanMake: true, New: &workflows.NewProps{
			Triggers: []workflows.TriggerCard{{Key: "post_action", Title: "Post-action event", Summary: "After someone submits or saves a form", Icon: "mouse-pointer-click"}},
			Type:     "post_action", Problems: map[string]string{"title": "A title has 1 to 120 characters."},
		}})},
	}
}

func editorProps() editor.Props {
	p := editor.Props{
		Session: session(), Key: "reimb_approval", Title: "Reimbursement approval", Version: "Version 8 · Draft", State: "Saved", Relation: "Changed since version 7",
		Revision: "12", Undo: "Changed “Yes when”", Enabled: true, CanEdit: true, CanRename: true, CanEnable: true, CanPublish: true,
		Versions: []editor.Version{
			{Label: "Version 8", Note: "Being edited", Href: urls.Workflow("reimb_approval"), Draft: true, Current: true},
			{Label: "Version 7", Note: "12 Nov · 412 executions", Href: urls.WorkflowVersion("reimb_approval", 7), Live: true},
		},
		Problems: []editor.Problem{{Step: "Notify finance team", Message: "Recipients is missing.", Href: urls.WorkflowOpen("reimb_approval", "notify")}},
	}
	p.Canvas = canvas.Props{
		ID: "reimb_approval", Label: "Workflow canvas", Foot: &canvas.Foot{Label: "End"},
		AddHref: func(at canvas.Place) string {
			return urls.WorkflowAdd("reimb_approval", at.Parent, at.Branch, at.Index, "")
		},
		Menu: func(canvas.Step) string { return "node-menu" },
	}
	p.Canvas.Trigger, p.Canvas.Steps = definition()
	p.Canvas.Trigger.Href = urls.WorkflowOpen("reimb_approval", "trigger")
	link(p.Canvas.Steps)
	last := &p.Canvas.Steps[len(p.Canvas.Steps)-1]
	last.Problem, last.Note = "Recipients is missing.", "Ask finance which address to use."
	p.Canvas.Steps[1].Skipped = true
	return p
}

// link lets every step be opened.
func link(steps []canvas.Step) {
	for i := range steps {
		steps[i].Href = urls.WorkflowOpen("reimb_approval", steps[i].Key)
		for _, b := range steps[i].Branches {
			link(b.Steps)
		}
	}
}

// triggerPanel has the buttons that start the workflow, links below links, and a warning.
func triggerPanel() *editor.Panel {
	mode := field.Field{Name: "mode", Kind: field.Select, Label: "Starts when", Options: []field.Option{
		{Value: "local", Label: "A bound button is pressed", Badge: "Local", Note: "Only forms and row buttons you bind this workflow to"},
		{Value: "global", Label: "Any form saves this collection", Badge: "Global", Note: "Every form, and calls to the API. Nothing to bind"},
	}}
	return &editor.Panel{
		Step: "trigger", Title: "Post-action event", Note: "Starts the workflow", Icon: "mouse-pointer-click", Kind: "trigger", Trigger: true, CanEdit: true,
		Settings: []settings.Input{
			{Field: mode, Text: "local", Warning: "Nothing is bound on the page “Travel requests” yet."},
			{
				Field:   field.Field{Name: "preload", Kind: field.Paths, Label: "Load linked data", Help: "Pick what later steps need. Fewer links start faster."},
				Choices: []ui.Choice{{Value: "applicant", Label: "Applicant"}, {Value: "applicant.manager", Label: "Manager", Note: "Applicant / Manager"}}, Chosen: []string{"applicant"},
			},
			{Field: field.Field{Name: "startByApi", Kind: field.Boolean, Label: "Start by API", Help: "Calls may name this workflow in `triggerWorkflows`."}, Checked: true},
		},
		Bound: &editor.Bound{After: "mode", Buttons: []workflows.BoundButton{
			{Label: "Submit", Place: "Reimbursements / New reimbursement", Href: urls.DesignPanel("reimbursements", "bind", "send")},
			{Label: "Send again", Place: "Reimbursements / row button", Data: "Applicant: User", Skipped: "The workflow is switched off."},
		}},
		Call: &editor.Call{After: "startByApi", Source: "POST /api/reimbursements:create\n  ?triggerWorkflows=reimb_approval"},
	}
}

func conditionPanel() *editor.Panel {
	compare := []ui.Choice{{Value: "gt", Label: "is greater than"}, {Value: "empty", Label: "is empty"}}
	rule := &settings.Rule{At: "set.when", CanWrite: true, Parts: []settings.Part{
		{At: "set.when.0", Left: "{{ trigger.data.amount }}", Op: "gt", Ops: compare, Right: "500"},
		{At: "set.when.1", Left: "{{ trigger.data.status }}", Op: "empty", Ops: compare, Unary: true},
	}}
	people := []settings.Row{
		{At: "set.who.0", Kind: "managers", Kinds: []ui.Choice{{Value: "managers", Label: "Manager of"}, {Value: "roles", Label: "Everyone with the role"}}, Choices: []ui.Choice{{Value: "applicant", Label: "The applicant"}}, Value: "applicant"},
		{At: "set.who.1", Kind: "roles", Kinds: []ui.Choice{{Value: "roles", Label: "Everyone with the role"}}, Many: true, Choices: []ui.Choice{{Value: "finance", Label: "Finance"}}, Chosen: []string{"finance"}},
	}
	return &editor.Panel{
		Step: "amount", Title: "Amount over 500?", Own: "Amount over 500?", Note: "Condition · amount", Icon: "split", Kind: "flow", CanEdit: true, Saved: "Saved just now",
		Help: "Each answer has a branch.", Names: []editor.VariableName{{Path: "trigger.data.amount", Label: "Trigger / Amount", Icon: "hash"}, {Path: "nodes.gone.total", Label: "nodes.gone.total", Icon: "braces", Problem: "This step cannot read it."}}, Effect: "Changes nothing", Policy: &editor.Policy{OnError: "fail"},
		Branches: []editor.Branch{{Key: "yes", Title: "Yes"}, {Key: "no", Title: "No", Label: "Not now"}},
		Outputs:  []editor.Output{{Name: "Answer", Type: "boolean", Written: "{{ nodes.amount }}"}},
		Settings: []settings.Input{
			{Field: field.Field{Name: "mode", Kind: field.Select, Label: "How it goes on", Required: true, Options: field.Choices("continue", "Continue when yes", "branch", "Yes and No")}, Text: "branch"},
			{Field: field.Field{Name: "when", Kind: field.Condition, Label: "Yes when"}, Rule: rule},
			{
				Field: field.Field{Name: "values", Kind: field.Values, Label: "Values"}, Problem: "Amount must be a number.", More: []ui.Choice{{Value: "note", Label: "Note"}},
				Rows: []settings.Row{{At: "set.values.status", Label: "Status", Value: "approved"}},
			},
			{Field: field.Field{Name: "who", Kind: field.People, Label: "Who decides"}, Rows: people},
			{Field: field.Field{Name: "inputs", Kind: field.Inputs, Label: "Inputs"}, Rows: []settings.Row{{At: "set.inputs.0", Name: "amount", Value: "{{ trigger.data.amount }}"}}},
			{Field: field.Field{Name: "preload", Kind: field.Paths, Label: "Load linked data"}, Choices: []ui.Choice{{Value: "applicant", Label: "Applicant"}}, Chosen: []string{"applicant"}},
			{Field: field.Field{Name: "code", Kind: field.Code, Label: "Script"}, Text: "return inputs.amount"},
		},
	}
}

func palette() *editor.Palette {
	return &editor.Palette{Place: canvas.Place{Index: 1}, Groups: []editor.Group{
		{Title: "Flow", Types: []editor.Type{{Key: "condition", Title: "Condition", Icon: "split", Kind: "flow", Words: "condition if", Asks: true}, {Key: "end", Title: "End", Icon: "flag", Kind: "flow", Words: "end"}}},
		{Title: "People", Types: []editor.Type{{Key: "approval", Title: "Approval", Icon: "user-check", Kind: "human", Words: "approval", Reason: "Waits for people or time; this workflow answers at once"}}},
	}}
}

func variables() editor.VariablesProps {
	return editor.VariablesProps{Session: session(), Key: "reimb_approval", First: "Numbers first", Sample: "1", Samples: []ui.Choice{{Value: "1", Label: "execution #48231, 20 min ago"}, {Value: "2", Label: "execution #48230, Yesterday 23:00"}}, Roots: []editor.Variable{
		{Path: "trigger", Name: "Post-action event", Icon: "mouse-pointer-click", Type: "object", Below: []editor.Variable{
			{Path: "trigger.data", Name: "Reimbursement", Icon: "braces", Type: "record", Below: []editor.Variable{
				{Path: "trigger.data.amount", Name: "Amount", Label: "Trigger / Amount", Icon: "hash", Type: "decimal", Sample: "1240"},
				{Path: "trigger.data.project", Name: "Project name", Label: "Trigger / Project name", Icon: "type", Type: "text", Reason: "Holds another kind of value (text) than this field takes"},
				{Path: "trigger.data.lines", Name: "Lines", Label: "Trigger / Lines", Icon: "list", Type: "list", Reason: "Holds several values; this field takes one", Barred: true},
			}},
		}},
		{Path: "system", Name: "System", Icon: "settings-2", Type: "object"},
	}}
}
