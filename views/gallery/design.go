package gallery

import (
	"formrail/models/field"
	"formrail/views/design"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
)

// designPage is a page with a form that is being designed.
func designPage() design.PageProps {
	f := expense()
	form := pages.FormProps{Sections: []pages.Section{{Fields: []fields.Props{{Field: f["project"]}, {Field: f["amount"]}}}}}
	return design.PageProps{
		Session: session(), Key: "reimbursements", Title: "Reimbursements", Base: "12", State: "Changes to publish", Live: true, Dirty: true,
		Undo: "Changed “New reimbursement”", Findings: []design.Finding{{Message: "Amount check is disabled. Enable it first to bind it.", Warning: true}},
		Popups: []design.BlockProps{{ID: "f3q8", Kind: "Form", Title: "Reimbursement", Heading: "New reimbursement", Preview: pages.FormPreview(form), Buttons: []design.ButtonProps{
			{ID: "s5t4", Label: "Submit", Primary: true, Bindable: true, Bound: []string{"Reimbursement approval"}, Warning: true, After: "Close"}, {ID: "d4", Label: "Save draft", Bindable: true},
		}}},
	}
}

func bindProps() design.BindProps {
	sources := []ui.Choice{{Value: "", Label: "Entire form: Reimbursement"}, {Value: "applicant", Label: "Applicant: User"}}
	return design.BindProps{
		CSRF: "token", Address: urls.DesignBindings("reimbursements", "s5t4"), Close: urls.Design("reimbursements"), Base: "12", Button: "Submit",
		Rows: []design.BindRow{
			{Sources: sources, Workflows: []design.Workflow{{Key: "reimb_approval", Title: "Reimbursement approval"}}, Workflow: "reimb_approval"},
			{Sources: sources, Source: "applicant", Problem: "Choose a workflow, or remove this row.", Workflows: []design.Workflow{
				{Key: "user_cost_centre", Title: "Update cost centre"}, {Key: "user_limit", Title: "Check applicant’s limit", Sync: true}, {Key: "user_welcome", Title: "Welcome colleague", Off: true},
			}},
		},
		New:    urls.NewWorkflow(),
		Global: []design.Workflow{{Key: "reimb_log", Title: "Note every reimbursement"}},
	}
}

func blockPanel() design.PanelProps {
	row := func(id, name, title string) []fields.Props {
		return []fields.Props{
			{ID: "design-field-" + id, Value: name, Options: []ui.Choice{{Value: "projectName", Label: "Project name"}, {Value: "amount", Label: "Amount"}}, Field: field.Field{Name: "field", Kind: field.Select, Label: "Field"}},
			{ID: "design-fieldTitle-" + id, Value: title, Field: field.Field{Name: "fieldTitle", Kind: field.Text, Label: "Own title"}},
		}
	}
	return design.PanelProps{
		CSRF: "token", Title: "Settings of Table: Reimbursement", Address: urls.DesignBlock("reimbursements", "b7k2"), Close: urls.Design("reimbursements"),
		Base: "12", Submit: "Save", Problems: []ui.Problem{{Message: "Reimbursement has no field salary."}},
		Parts: []design.Part{
			{Inputs: []fields.Props{{ID: "design-title", Field: field.Field{Name: "title", Kind: field.Text, Label: "Title", Help: "Empty takes that of the collection."}}}},
			{Title: "Columns", Rows: &design.RowsProps{Name: "fields", Move: true, Add: "Add field", Rows: [][]fields.Props{row("0", "projectName", ""), row("1", "amount", "Sum")}}},
			{Title: "After success", Checks: []ui.CheckProps{{ID: "design-close", Name: "close", Value: "true", Label: "Close the drawer or dialog", Checked: true}}},
		},
	}
}

func designSamples() []Sample {
	bound, panel, offer := designPage(), designPage(), designPage()
	bound.Panel, panel.Panel = design.Bind(bindProps()), design.Panel(blockPanel())
	offer.Panel = design.Panel(design.PanelProps{Title: "Add action to Form: Reimbursement", Close: urls.Design("reimbursements"), Links: []design.Link{{Label: "Save", Icon: "check", Href: "?type=save"}, {Label: "Open", Icon: "link", Href: "?type=link"}}})
	return []Sample{
		{Name: "page-pages", Page: true, Component: design.List(design.ListProps{Session: session(), Rows: []design.ListRow{
			{Key: "reimbursements", Title: "Reimbursements", Icon: "receipt", Audience: "Member", Published: true, Dirty: true, Blocks: 5},
			{Key: "travel", Title: "Travel requests", Icon: "plane", Published: true, Blocks: 2},
			{Key: "vendors", Title: "Vendors", Icon: "building-2"},
		}})},
		{Name: "page-pages-empty", Page: true, Component: design.List(design.ListProps{Session: session()})},
		{Name: "page-design", Page: true, Component: design.Page(designPage())},
		{Name: "page-design-empty", Page: true, Component: design.Page(design.PageProps{Session: session(), Key: "new", Title: "New", State: "Never published"})},
		{Name: "page-design-bind", Page: true, Component: design.Page(bound)},
		{Name: "page-design-block", Page: true, Component: design.Page(panel)},
		{Name: "page-design-action", Page: true, Component: design.Page(offer)},
	}
}
