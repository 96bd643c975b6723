package gallery

import (
	"time"

	"formrail/views/canvas"
	"formrail/views/ui"
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
		{Key: "reimb_approval", Title: "Reimbursement approval", Icon: "mouse-pointer-click", Kind: "trigger", Trigger: "Post-action event", Enabled: true, CanEnable: true, Version: 7, Executions: "412", Days: []float64{3, 4, 2, 6, 5, 7, 6, 8, 9, 9}, Success: "99.1%", Last: ago(20 * time.Minute)},
		{Key: "reimb_precheck", Title: "Amount check before save", Icon: "shield", Kind: "trigger", Trigger: "Pre-action event", Sync: true, Enabled: true, CanEnable: true, Version: 4, Draft: true, Executions: "1,038", Problem: "The field “Limit” is gone.", Days: []float64{0, 0, 5}, Success: "100%", Last: on(11, 22, 8, 1)},
		{Key: "month_end", Title: "Month-end reminder", Icon: "clock", Kind: "flow", Trigger: "Schedule", CanEnable: true, Version: 0, Draft: true, Executions: "0"},
	}
}

func workflowList() workflows.ListProps {
	menu := []ui.MenuItem{{Label: "Edit", Icon: "pencil", Href: "/workflows/reimb_approval"}, {Separator: true}, {Label: "Delete", Icon: "trash-2", Bad: true, Href: "?delete"}}
	rows := workflowRows()
	for i := range rows {
		rows[i].Menu, rows[i].CanCopy = menu, true
	}
	return workflows.ListProps{
		Session: session(), Rows: rows, CanMake: true, CanSend: true, Hidden: []ui.Choice{{Value: "mode", Label: "sync"}}, Here: "/workflows",
		Tabs: []ui.Tab{
			{Label: "All", Href: "/workflows", Count: "8", Current: true},
			{Label: "Finance", Href: "?category=1", Count: "4", Dot: ui.OK},
			{Label: "People", Href: "?category=2", Count: "1", Dot: ui.Idle},
			{Label: "Uncategorised", Href: "?category=none", Count: "1"},
		},
		Filters: []ui.FilterProps{
			{ID: "filter-trigger", Name: "Trigger", Items: []ui.MenuItem{{Label: "Post-action event", Href: "?trigger=post_action"}}},
			{ID: "filter-mode", Name: "Mode", Value: "Mode: Sync", Any: "Any mode", Clear: "?", Items: []ui.MenuItem{{Label: "Sync", Href: "?mode=sync", Icon: "check"}}},
		},
		Marks:   []ui.ChipProps{{Label: "Has draft", Href: "?draft=true"}, {Label: "Has problems", Href: "?", On: true}},
		Columns: map[string]workflows.Column{workflows.ByName: {Href: "?sort=name", Sort: ui.Unsorted}, workflows.ByLast: {Href: "?sort=last", Sort: ui.Descending}},
		Pager:   ui.PagerProps{Summary: "1–3 of 3"},
	}
}

// asked is the list with a question open.
func asked(change workflows.ChangeProps) workflows.ListProps {
	p := workflowList()
	change.Back, p.Change = "/workflows", &change
	return p
}

// requestLog is the list of what other programs sent.
func requestLog() workflows.RequestsProps {
	return workflows.RequestsProps{
		Session: session(), Key: "shop_orders", Title: "Shop orders", Address: "https://flows.example.com/hooks/shop_orders/0kq2", Keep: 100, CanSend: true, MaySee: true,
		NextHref: "?before=1", List: []workflows.Request{
			{
				ID: "r1", At: ago(time.Minute), Method: "POST", Address: "203.0.113.9", Status: 200, Took: "8 ms", Size: "19 B", ExecutionID: "e1", Query: "shop=7",
				Headers: `{"user-agent":"Shop/1.0"}`, Body: `{"order":{"no":12}}`, Warnings: []string{"query.shop is no integer and was left out."}, Replay: true,
			},
			{ID: "r2", At: ago(time.Hour), Method: "PUT", Address: "203.0.113.9", Status: 400, Took: "1 ms", Size: "70 KiB", Reason: "the content was refused", Body: "{", Cut: true},
		},
	}
}

func workflowSamples() []Sample {
	none, bin := workflowList(), workflowList()
	none.Rows, none.Filtered = nil, true
	bin.InBin, bin.Bin = true, []workflows.Binned{{ID: "7", Key: "vendor_sync", Title: "Vendor sync", Icon: "clock", Deleted: on(11, 20, 9, 0), Gone: on(12, 20, 9, 0)}}
	emptyBin := bin
	emptyBin.Bin = nil
	problem := workflows.ChangeProps{
		Action: workflows.Delete, Title: "Delete “Reimbursement approval”?", Note: "It stays in the bin for 30 days and can be brought back.", Button: "Move to the bin", Makes: true, InUse: true,
		Type: "reimb_approval", Typed: "reimb", TypedWrong: "Type reimb_approval exactly as it is written here.", Problem: "A button starts Reimbursement approval.",
		Lines: []workflows.ChangeLine{{Key: "reimb_approval", Title: "Reimbursement approval", Note: "Used by Submit (Reimbursements / New reimbursement)."}},
	}
	several := workflows.ChangeProps{
		Action: workflows.Categorise, Title: "Categories of 2 workflows", Button: "Save categories", Makes: true, Choose: true, How: workflows.AddCategories,
		Lines:      []workflows.ChangeLine{{Key: "reimb_approval", Title: "Reimbursement approval", Note: "reimb_approval"}, {Key: "month_end", Title: "Month-end reminder", Note: "Was never published", Refused: true}},
		Categories: []ui.CheckProps{{ID: "category-1", Name: "category", Value: "1", Label: "Finance", Checked: true}},
	}
	categories := workflows.CategoriesProps{
		Session: session(), Colours: []ui.Choice{{Value: "green", Label: "Green"}}, Problem: "There are 50 categories already. Delete one first.",
		List: []workflows.Category{{ID: "1", Title: "Finance", Colour: "green", Workflows: 4}, {ID: "2", Title: "Finance", Workflows: 1, Problem: "Another category is called Finance."}},
		New:  workflows.Category{ID: workflows.NewCategory},
	}
	fresh := workflowList()
	fresh.New = &workflows.NewProps{
		Triggers: []workflows.TriggerCard{{Key: "post_action", Title: "Post-action event", Summary: "After someone submits or saves a form", Icon: "mouse-pointer-click"}, {Key: "webhook", Title: "Webhook", Summary: "Another system calls a URL", Icon: "webhook"}},
		Type:     "post_action", In: []ui.Choice{{Value: "1", Label: "Finance"}}, Problems: map[string]string{"key": "Another workflow has the key reimb_approval. Choose another one."},
	}
	return []Sample{
		{Name: "page-workflows", Page: true, Component: workflows.List(workflowList())},
		{Name: "page-workflows-new", Page: true, Component: workflows.List(fresh)},
		{Name: "page-workflows-empty", Page: true, Component: workflows.List(workflows.ListProps{Session: session()})},
		{Name: "page-workflows-none", Page: true, Component: workflows.List(none)},
		{Name: "page-workflows-bin", Page: true, Component: workflows.List(bin)},
		{Name: "page-workflows-bin-empty", Page: true, Component: workflows.List(emptyBin)},
		{Name: "page-workflows-delete", Page: true, Component: workflows.List(asked(problem))},
		{Name: "page-workflows-categorise", Page: true, Component: workflows.List(asked(several))},
		{Name: "page-workflow-categories", Page: true, Component: workflows.Categories(categories)},
		{Name: "page-workflow-requests", Page: true, Component: workflows.Requests(requestLog())},
		{Name: "page-workflow-requests-none", Page: true, Component: workflows.Requests(workflows.RequestsProps{Session: session(), Key: "shop_orders", Title: "Shop orders", Keep: 100, Problem: "Publish the workflow and switch it on first."})},
		{Name: "page-workflow", Page: true, Component: workflows.Show(workflowProps())},
		{Name: "page-workflow-paused", Page: true, Component: workflows.Show(pausedWorkflow())},
		{Name: "page-workflow-settings", Page: true, Component: workflows.Settings(workflowSettings())},
		{Name: "page-limits", Page: true, Component: workflows.Limits(workspaceLimits())},
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

func pausedWorkflow() workflows.ShowProps {
	p := workflowProps()
	p.Limits, p.CanSet, p.CanPause = "At most 5 at a time, one per trigger.data.customer", true, true
	p.Paused = &workflows.PausedProps{
		CSRF: p.Session.CSRF, Key: p.Key, Title: "Paused after 100 executions in 10 s", Decide: true, Chain: "/executions/01J",
		Text: "It started itself again and again. Last chain: Reimbursement approval → Payment → Reimbursement approval. Kept until you decide: 1.",
	}
	return p
}

func workflowSettings() workflows.SettingsProps {
	return workflows.SettingsProps{
		Session: session(), Key: "reimb_approval", Title: "Reimbursement approval",
		Values:   map[string]string{workflows.SetConcurrency: "5", workflows.SetOrderKey: "trigger.data.customer", workflows.SetRateCount: "many", workflows.SetRatePer: "1m"},
		Problems: map[string]string{workflows.SetRateCount: "Give a whole number above 0, or leave it empty."},
	}
}

func workspaceLimits() workflows.EverythingProps {
	return workflows.EverythingProps{
		Session: session(), On: true, Said: "Paused by Mara Ionescu, 20 minutes ago", Decide: true,
		Values: map[string]string{"queueRoom": "100000", "stormTen": "100", "stormMinute": "1000"},
	}
}
