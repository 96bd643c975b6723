package gallery

import (
	"time"

	"github.com/a-h/templ"

	"formrail/models/field"
	"formrail/views/executions"
	"formrail/views/fields"
	"formrail/views/pages"
	"formrail/views/ui"
	"formrail/views/urls"
	"formrail/views/workflows"
)

func tableProps() pages.TableProps {
	f := expense()
	order := []field.Field{f["project"], f["applicant"], f["amount"], f["status"], f["items"], f["created"]}
	p := pages.TableProps{
		CSRF: "token", ID: "b7k2", Title: "Reimbursements", Address: urls.Page("reimbursements"), Find: true, BulkTo: urls.Page("reimbursements"),
		Add:  []pages.Action{{ID: "a1m9", Label: "Add", Icon: "plus", Href: urls.Form("reimbursements", "f3q8", ""), Primary: true}},
		Bulk: []pages.BulkAction{{ID: "d2", Label: "Delete", Icon: "trash-2"}},
		Here: urls.Page("reimbursements"), Refresh: "Refresh", Chips: []ui.ChipProps{{Label: "Amount is greater than 500", Href: urls.Page("reimbursements"), On: true}},
		Sorts:      []ui.MenuItem{{Label: "Amount, ascending", Href: "?sort=amount"}, {Label: "Amount, descending", Href: "?sort=-amount", Chosen: true}},
		ColumnList: &pages.ColumnsProps{ID: "columns-b7k2", Address: urls.Page("reimbursements"), Columns: []pages.ColumnChoice{{Name: "amount", Label: "Amount", Shown: true}, {Name: "secret", Label: "Note"}}},
		Sizes:      &pages.SizesProps{ID: "size-b7k2", Address: urls.Page("reimbursements"), Choices: []ui.Choice{{Value: "50", Label: "50 per page"}}},
		Pager:      ui.PagerProps{Summary: "1–5 of 1,087", Next: "?cursor=next"},
		Keep:       []ui.Choice{{Value: "field", Label: "amount"}, {Value: "op", Label: "$gt"}, {Value: "value", Label: "500"}},
		Filter: &pages.FilterProps{
			ID: "filter-b7k2", Label: "Filter", Address: urls.Page("reimbursements"), Clear: urls.Page("reimbursements"), Active: 1,
			Fields: []pages.FilterField{
				{Name: "amount", Label: "Amount", Type: "number", Ops: []ui.Choice{{Value: "$eq", Label: "is"}, {Value: "$gt", Label: "is greater than"}}},
				{Name: "status", Label: "Status", Type: "text", Ops: []ui.Choice{{Value: "$ne", Label: "is not"}}, Options: []ui.Choice{{Value: "processed", Label: "Processed"}}},
				{Name: "createdAt", Label: "Created", Type: "date", Ops: []ui.Choice{{Value: "$dateOn", Label: "is on"}}},
			},
			Ops: []ui.Choice{{Value: "$eq", Label: "is"}}, MaxGroups: 5,
			Groups: []pages.FilterGroup{{Rows: []pages.FilterRow{{Field: "amount", Op: "$gt", Value: "500"}}}, {Number: 1, Any: true, Rows: []pages.FilterRow{{Field: "status", Op: "$ne", Value: "processed"}}}},
			Keep:   []ui.Choice{{Value: "sort", Label: "-amount"}},
		},
	}
	for i, col := range order {
		head := pages.TableColumn{Name: col.Name, Label: fields.HeadLabel(col), Class: fields.HeadClass(col)}
		if i == 0 || col.Kind == field.DateTime {
			head.Href, head.Sort = "?sort="+col.Name, ui.Unsorted
		}
		p.Columns = append(p.Columns, head)
	}
	p.Columns[5].Sort = ui.Descending
	for _, r := range []struct {
		id, name      string
		person        ui.Person
		amount, state string
		items         string
		at            ui.Moment
	}{
		{"1089", "Team offsite catering", jun(), "640", "in_review", "3", on(11, 22, 8, 59)},
		{"1087", "Lisbon client visit", ines(), "1240", "approved", "5", on(11, 20, 9, 42)},
		{"1086", "Office plants", elif(), "84.9", "approved", "1", on(11, 20, 8, 0)},
		{"1085", "Design conference", ines(), "860.5", "in_review", "4", on(11, 19, 8, 0)},
		{"1084", "Train to Malmö", tomas(), "112", "processed", "1", on(11, 18, 8, 0)},
	} {
		p.Rows = append(p.Rows, pages.TableRow{
			ID: r.id, Number: r.id, Title: r.name, Href: urls.Record("reimbursements", "b7k2", r.id),
			Cells: []fields.Shown{
				{Field: f["project"], Value: r.name},
				{Field: f["applicant"], Value: r.person.ID, Label: r.person.Name},
				{Field: f["amount"], Value: r.amount},
				{Field: f["status"], Value: r.state},
				{Field: f["items"], Value: r.items},
				{Field: f["created"], At: r.at},
			},
			Actions: []pages.Action{{Label: "Edit", Icon: "pencil", Href: urls.Form("reimbursements", "e1", r.id)}, {Label: "Delete", Icon: "trash-2", Href: urls.Record("reimbursements", "b7k2", r.id) + "?confirm=delete", Bad: true}},
		})
	}
	return p
}

func formProps() pages.FormProps {
	f := expense()
	return pages.FormProps{
		CSRF: "token", ID: "f3q8", Address: urls.Form("reimbursements", "f3q8", ""), Key: "k1", Starts: "Starts Reimbursement approval", Cancel: urls.Page("reimbursements"),
		Actions: []pages.Submit{{ID: "s5t4", Label: "Submit", Primary: true}},
		Sections: []pages.Section{{Fields: []fields.Props{
			{Field: f["project"], Value: "Team offsite catering"},
			{Field: f["applicant"], Value: "44", Options: applicants()},
			{Field: f["amount"], Value: "640.00"},
			{Field: f["centre"], Value: "3", Options: centres()},
			{Field: f["event"], Value: "2026-11-18"},
			{Field: f["client"]},
			{Field: f["notes"]},
		}}},
	}
}

func refusedForm() pages.FormProps {
	p := formProps()
	p.Sections[0].Title, p.Sections[0].Note = "Expense", "What you paid and for whom."
	p.Sections[0].Fields[2].Value, p.Sections[0].Fields[2].Problem = "-20", "Enter an amount of at least 0.01"
	p.Problems = []ui.Problem{{InputID: p.Sections[0].Fields[2].InputID(), Label: "Amount", Message: "Enter an amount of at least 0.01"}}
	p.Notices = []ui.AlertProps{{Tone: ui.Warn, Title: "Stopped by “Amount check before save”", Text: "The budget of Design is used up."}}
	p.Actions = append([]pages.Submit{{ID: "s5t5", Label: "Save"}}, p.Actions...)
	return p
}

func recordProps() pages.RecordProps {
	f := expense()
	return pages.RecordProps{
		Session: session(), PageTitle: "Reimbursements", PageHref: urls.Page("reimbursements"), Title: "Lisbon client visit", Subtitle: "Reimbursement #1087",
		Notices: []ui.AlertProps{{Tone: ui.OK, Title: "Approved by Mara Lindqvist", Text: "20 Nov, 11:56 · Reimbursement approval, version 7"}},
		Values: []fields.Shown{
			{Field: f["project"], Value: "Lisbon client visit"},
			{Field: f["applicant"], Value: "17", Label: "Ines Carvalho"},
			{Field: f["amount"], Value: "1240"},
			{Field: f["status"], Value: "approved"},
			{Field: f["created"], At: on(11, 20, 9, 42)},
			{Field: f["centre"], Value: "4", Label: "Research", Href: "/pages/centres"},
			{Field: f["notes"]},
		},
		Activity: []ui.TimelineItem{
			{Icon: "check", Tone: ui.OK, Who: "Mara Lindqvist", What: "approved", When: on(11, 20, 11, 56)},
			{Icon: "workflow", Who: "Reimbursement approval", What: "started", When: on(11, 20, 9, 42)},
			{Icon: "plus", Who: "Ines Carvalho", What: "submitted the form", When: on(11, 20, 9, 42)},
		},
		Executions: []executions.Row{{ID: "48101", Number: "#48101", Status: "succeeded", Workflow: "Reimbursement approval", Version: 7, Started: on(11, 20, 9, 42), Duration: "2 h 14 m"}},
		Log: []workflows.LogEntry{
			{At: on(11, 20, 9, 42), Subject: "Reimbursement approval", SubjectHref: urls.WorkflowLog("reimb_approval"), Started: true, ExecutionID: "48101"},
			{At: on(11, 20, 9, 42), Subject: "Small expense", Reason: "condition_false", Explanation: "Amount 1,240.00 is not below 50"},
		},
		EditHref: urls.Form("reimbursements", "e1", "1087"), Updates: []pages.UpdateProps{{ID: "paid", Label: "Mark as paid", Address: urls.PageAction("reimbursements", "paid", "b7k2", "1087"), Key: "k3", Version: "2"}},
		Delete: &pages.DeleteProps{
			Address: urls.RecordAction("reimbursements", "b7k2", "1087", "delete"), AskHref: urls.Record("reimbursements", "b7k2", "1087") + "?confirm=delete",
			Consequence: "It moves to the trash. Its workflow history stays.", Key: "k2",
		},
	}
}

func recordSamples() []Sample {
	empty := tableProps()
	empty.Rows, empty.Empty = nil, "Expenses that people ask to be paid back. Add the first one."
	asking := recordProps()
	asking.Delete.Asking = true
	page := func(name string, rows ...pages.Row) Sample {
		return Sample{Name: name, Page: true, Component: pages.Page(pages.PageProps{Session: session(), Key: "reimbursements", Title: "Reimbursements", Rows: rows})}
	}
	solo := formProps()
	solo.Large, solo.Cancel = true, ""
	return []Sample{
		page("page-records", pages.Row{Columns: []pages.Column{{Width: 12, Blocks: []templ.Component{pages.TableBlock(tableProps())}}}}),
		page("page-records-empty", pages.Row{Columns: []pages.Column{{Width: 12, Blocks: []templ.Component{pages.TableBlock(empty)}}}}),
		page("page-blocks", pages.Row{Columns: []pages.Column{{Width: 7, Blocks: []templ.Component{pages.FormBlock(formProps())}}, {Width: 5, Blocks: []templ.Component{pages.DetailsBlock(recordProps().Values)}}}}),
		{Name: "page-form", Page: true, Component: pages.FormPage(pages.FormPageProps{Session: session(), Title: "New reimbursement", PageTitle: "Reimbursements", PageHref: urls.Page("reimbursements"), Form: formProps()})},
		{Name: "page-form-refused", Page: true, Component: pages.FormPage(pages.FormPageProps{Session: session(), Title: "New reimbursement", PageTitle: "Reimbursements", PageHref: urls.Page("reimbursements"), Form: refusedForm()})},
		{Name: "page-form-solo", Page: true, Component: pages.FormPage(pages.FormPageProps{Session: session(), Solo: true, Title: "New reimbursement", Lead: "Add your receipts and we take it from there. Most requests are paid within five working days.", Form: solo})},
		{Name: "page-submitted", Page: true, Component: pages.Submitted(submittedProps())},
		{Name: "page-record", Page: true, Component: pages.Record(recordProps())},
		{Name: "over-form", Component: with(pages.Overlay(pages.OverDrawer), pages.FormOver(pages.FormPageProps{Title: "New reimbursement", Form: overForm()}))},
		{Name: "over-record", Component: with(pages.Overlay(pages.OverDrawer), pages.RecordOver(overRecord()))},
		{Name: "over-submitted", Component: with(pages.Overlay(pages.OverDialog), pages.SubmittedOver(overSubmitted()))},
		{Name: "page-record-delete", Page: true, Component: pages.Record(asking)},
	}
}

func overForm() pages.FormProps {
	p := formProps()
	p.Over = pages.OverDrawer
	return p
}

func overRecord() pages.RecordProps {
	p := recordProps()
	p.Over, p.EditOver, p.Here = pages.OverDrawer, pages.OverDrawer, urls.Record("reimbursements", "d1", "1087")
	return p
}

func overSubmitted() pages.SubmittedProps {
	p := submittedProps()
	p.Over = pages.OverDialog
	return p
}

func submittedProps() pages.SubmittedProps {
	return pages.SubmittedProps{
		Session: session(), Solo: true, Title: "Submitted", Sentence: "Reimbursement #1089 for €640.00. You can close this page; we tell you when it moves.", AgainHref: urls.Form("reimbursements", "f3q8", ""),
		RecordHref: urls.Record("reimbursements", "b7k2", "1089"),
		Steps: []ui.TimelineItem{
			{Icon: "check", Tone: ui.OK, Who: "Submitted", When: ago(4 * time.Minute)},
			{Icon: "hourglass", Tone: ui.Warn, Who: "Manager’s review", Detail: "Mara Lindqvist was asked, because the amount is over €500"},
			{Icon: "circle-dashed", What: "Finance pays it out", Next: true},
		},
	}
}
