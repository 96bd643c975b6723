package gallery

import (
	"formrail/views/fields"
	"formrail/views/tasks"
	"formrail/views/ui"
	"formrail/views/urls"
)

func taskRows() []tasks.Row {
	return []tasks.Row{
		{ID: "7", Title: "Team offsite catering", Summary: "Jun Tanaka · €640.00", Source: "Reimbursement approval", Since: on(11, 22, 9, 59), Due: on(11, 22, 18, 0), Status: "open"},
		{ID: "6", Title: "Design conference", Summary: "Ines Carvalho · €860.50", Source: "Reimbursement approval", Since: on(11, 21, 15, 10), Due: on(11, 23, 18, 0), Status: "open"},
		{ID: "5", Title: "Oslo, 3 nights", Summary: "Elif Demir · €1,120.00", Source: "Travel request", Since: on(11, 19, 11, 0), Due: on(11, 25, 12, 0), Status: "open"},
		{ID: "4", Title: "Brightwater AB", Summary: "Priya Raman", Source: "Welcome new vendor", Since: on(11, 18, 9, 0), Due: on(11, 20, 12, 0), Status: "open"},
	}
}

func taskList() tasks.ListProps {
	return tasks.ListProps{
		Session: session(), Todo: 4, Started: 2, Rows: taskRows(), Seen: "8",
		Workflows: []ui.Choice{{Value: "reimb_approval", Label: "Reimbursement approval"}, {Value: "travel", Label: "Travel request"}},
	}
}

func taskDetail() tasks.DetailProps {
	f := expense()
	list := taskList()
	list.Open = "7"
	return tasks.DetailProps{
		List: list, ID: "7", Version: "1", Seen: "5d41", Key: "k7", Title: "Team offsite catering", Step: "Manager’s review",
		Workflow: "Reimbursement approval", WorkflowHref: urls.Execution("48231"), RecordLabel: "#1089", RecordHref: urls.Record("reimbursements", "b7k2", "1089"),
		Reason: "Jun Tanaka asks for €640.00. It needs your review because it is over €500.", Amount: "€640.00", Applicant: "Jun Tanaka",
		Position: 1, Total: 4, Next: "6", History: timeline()[:1],
		AsOf: on(11, 22, 9, 59), Timeline: timeline(), Decide: true, CanComment: true, Question: "Approve €640.00?",
		Consequence: "Next: a record is created for finance and Tomas Okafor’s team is told.",
		Comment:     tasks.Comment{Needed: true},
		Values: []fields.Shown{
			{Field: f["project"], Value: "Team offsite catering"},
			{Field: f["applicant"], Value: "44", Label: "Jun Tanaka"},
			{Field: f["amount"], Value: "640"},
			{Field: f["centre"], Value: "3", Label: "Design"},
			{Field: f["event"], Value: "2026-11-18"},
			{Field: f["client"], Value: "false"},
			{Field: f["notes"], Value: "Lunch for 16 people, coffee and fruit, delivery."},
		},
	}
}

func taskSamples() []Sample {
	refused := taskDetail()
	refused.Comment = tasks.Comment{For: "reject", Needed: true, Problem: "Say why you reject it"}
	closed := taskDetail()
	closed.Decide, closed.CanComment = false, false
	closed.Outcome = &tasks.Outcome{Tone: ui.OK, Title: "Approved by Mara Lindqvist", Text: "Today 10:02"}
	lost := taskDetail()
	lost.Decide = false
	lost.Comment = tasks.Comment{Text: "Agreed with the team budget.", For: "approve"}
	lost.Conflict = &tasks.Conflict{Winner: "Luis Ortega", Decision: "approved", At: on(11, 22, 9, 0)}
	asked := taskDetail()
	asked.Title, asked.Step, asked.Icon, asked.Values, asked.Reason, asked.Decide, asked.History = "Did “Pay the supplier” happen?", "Pay the supplier", "circle-alert", nil, "", false, nil
	asked.Resolve = &tasks.ResolveProps{Began: on(11, 22, 9, 59), Attempt: 1, Key: "0b9d2f3e-6a0f-5f0e-9c53-7d1a2b3c4d5e", Open: true}
	filtered := taskList()
	filtered.Workflow, filtered.New = "reimb_approval", 2
	return []Sample{
		{Name: "page-tasks", Page: true, Component: tasks.List(taskList())},
		{Name: "page-tasks-empty", Page: true, Component: tasks.List(tasks.ListProps{Session: session()})},
		{Name: "page-tasks-filtered", Page: true, Component: tasks.List(filtered)},
		{Name: "page-tasks-no-match", Page: true, Component: tasks.List(tasks.ListProps{Session: session(), Due: "today"})},
		{Name: "tasks-changed", Component: tasks.Changed(filtered)},
		{Name: "task-state", Component: tasks.State(closed)},
		{Name: "page-tasks-search", Page: true, Component: tasks.List(tasks.ListProps{Session: session(), Tab: "done", Search: "oslo"})},
		{Name: "page-task", Page: true, Component: tasks.Detail(taskDetail())},
		{Name: "page-task-refused", Page: true, Component: tasks.Detail(refused)},
		{Name: "page-task-closed", Page: true, Component: tasks.Detail(closed)},
		{Name: "page-task-resolve", Page: true, Component: tasks.Detail(asked)},
		{Name: "page-task-conflict", Page: true, Component: tasks.Detail(lost)},
	}
}
