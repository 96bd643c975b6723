package gallery

import (
	"time"

	"formrail/views/canvas"
	"formrail/views/workflows"
)

func definition() (canvas.Step, []canvas.Step) {
	trigger := canvas.Step{Key: "trigger", Title: "Reimbursement submitted", Summary: "Reimbursement · local mode", Icon: "mouse-pointer-click", Kind: "trigger"}
	tell := canvas.Step{Key: "tell", Title: "Tell the applicant", Summary: "In-app and email", Icon: "bell", Kind: "link"}
	review := canvas.Step{Key: "review", Title: "Manager’s review", Summary: "Applicant’s manager", Icon: "user-check", Kind: "human", Branches: []canvas.Branch{
		{Key: "approved", Label: "Approved"},
		{Key: "rejected", Label: "Rejected", Ends: "End as rejected", Steps: []canvas.Step{tell}},
	}}
	return trigger, []canvas.Step{
		{Key: "amount", Title: "Amount over 500?", Summary: "Amount is greater than 500", Icon: "split", Kind: "flow", Branches: []canvas.Branch{
			{Key: "yes", Label: "Yes", Steps: []canvas.Step{review}},
			{Key: "no", Label: "No", Steps: []canvas.Step{{Key: "auto", Title: "Approve automatically", Summary: "Set Status to Approved", Icon: "pencil-line", Kind: "data"}}},
		}},
		{Key: "finance", Title: "Create finance record", Summary: "Finance queue · 4 fields", Icon: "file-plus-2", Kind: "data"},
		{Key: "notify", Title: "Notify finance team", Summary: "Send email · 2 recipients", Icon: "send", Kind: "link"},
	}
}

func workflowRows() []workflows.Row {
	return []workflows.Row{
		{Key: "reimb_approval", Title: "Reimbursement approval", Icon: "mouse-pointer-click", Kind: "trigger", Trigger: "Post-action event", Enabled: true, CanEnable: true, Version: 7, Executions: "412", Days: []int64{3, 4, 2, 6, 5, 7, 6, 8, 9, 9}, Success: "99.1%", Last: ago(20 * time.Minute)},
		{Key: "reimb_precheck", Title: "Amount check before save", Icon: "shield", Kind: "trigger", Trigger: "Pre-action event", Sync: true, Enabled: true, CanEnable: true, Version: 4, Draft: true, Executions: "1,038", Problem: "The field “Limit” is gone.", Days: []int64{0, 0, 5}, Success: "100%", Last: on(11, 22, 8, 1)},
		{Key: "month_end", Title: "Month-end reminder", Icon: "clock", Kind: "flow", Trigger: "Schedule", CanEnable: true, Version: 0, Draft: true, Executions: "0"},
	}
}

func workflowSamples() []Sample {
	return []Sample{
		{Name: "page-workflows", Page: true, Component: workflows.List(workflows.ListProps{Session: session(), Rows: workflowRows()})},
		{Name: "page-workflows-empty", Page: true, Component: workflows.List(workflows.ListProps{Session: session()})},
		{Name: "page-workflow", Page: true, Component: workflows.Show(workflowProps())},
	}
}

func workflowProps() workflows.ShowProps {
	return workflows.ShowProps{
		Session: session(), Key: "reimb_approval", Title: "Reimbursement approval", Description: "Amounts over 500 go to the manager, the rest is approved at once.",
		Trigger: "Post-action event", Enabled: true, CanEnable: true,
		Versions: []workflows.Version{
			{Number: 7, Live: true, Note: "Limit raised to 500", By: mara(), At: ago(20 * time.Minute), Executions: "38"},
			{Number: 6, By: tomas(), At: on(11, 2, 14, 0), Executions: "374"},
		},
		Bound: []workflows.BoundButton{
			{Label: "Submit", Place: "Reimbursements / New reimbursement", Href: "?panel=bind"},
			{Label: "Save", Place: "Travel requests / Trip", Data: "applicant: User", Skipped: "Reimbursement approval does not start from User."},
		},
		Log: []workflows.LogEntry{
			{At: on(11, 22, 9, 59), Started: true, Subject: "Reimbursement #1089", ExecutionID: "48231"},
			{At: on(11, 20, 8, 0), Reason: "condition_false", Explanation: "Status is “Draft”, not “Submitted”", Subject: "Reimbursement #1086"},
			{At: on(11, 19, 8, 0), Reason: "disabled", Subject: "Reimbursement #1085"},
		},
	}
}
