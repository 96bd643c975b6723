package gallery

import (
	"context"
	"time"

	"formrail/views/canvas"
	"formrail/views/executions"
	"formrail/views/ui"
	"formrail/views/urls"
)

func executionRows() []executions.Row {
	return []executions.Row{
		{ID: "48232", Number: "#48232", Status: "running", Workflow: "Reimbursement approval", Detail: "Jun Tanaka · #1089", Version: 7, Started: ago(0), Duration: ui.Duration(1200 * time.Millisecond)},
		{ID: "48231", Number: "#48231", Status: "waiting", Workflow: "Reimbursement approval", Detail: "Manager’s review", Version: 7, Started: ago(4 * time.Minute), Duration: ui.Duration(4 * time.Minute)},
		{ID: "48230", Number: "#48230", Status: "succeeded", Workflow: "Amount check before save", Detail: "Jun Tanaka · #1089", Version: 4, Started: on(11, 22, 8, 59), Duration: ui.Duration(64 * time.Millisecond)},
		{ID: "48211", Number: "#48211", Status: "failed", Workflow: "Payment callback", Detail: "Report to bank: 503 Service Unavailable", Version: 3, Started: on(11, 22, 8, 42), Duration: ui.Duration(31400 * time.Millisecond)},
		{ID: "48190", Number: "#48190", Status: "rejected", Workflow: "Reimbursement approval", Detail: "Elif Demir · #1078", Version: 7, Started: on(11, 21, 23, 0), Duration: ui.Duration(134 * time.Minute)},
		{ID: "48180", Number: "#48180", Status: "cancelled", Workflow: "Vendor sync", Detail: "Cancelled by Priya: duplicate", Version: 2, Started: on(11, 20, 23, 0), Duration: ui.Duration(76 * time.Hour)},
	}
}

// progress is the state of each step of the waiting sample.
func progress() map[string][2]string {
	return map[string][2]string{"trigger": {"done", "12 ms"}, "amount": {"done", "1 ms"}, "review": {"waiting", "4 m"}}
}

// ran is the canvas of the waiting sample.
func ran() canvas.Props {
	p := canvas.Props{ID: "execution", Label: "Path taken", Ran: true, Foot: &canvas.Foot{Label: "End"}}
	trigger, steps := definition()
	p.Trigger, p.Steps = stateOf([]canvas.Step{trigger})[0], stateOf(steps)
	return p
}

func stateOf(steps []canvas.Step) []canvas.Step {
	for i := range steps {
		s := &steps[i]
		state, reached := progress()[s.Key]
		if reached {
			look := executions.StepLook(context.Background(), state[0])
			s.State, s.Reached, s.Duration, s.Href = &look, true, state[1], urls.ExecutionStep("48231", s.Key)
		}
		s.Selected = s.Key == "review"
		for j := range s.Branches {
			s.Branches[j].Taken = s.Branches[j].Key == "yes"
			s.Branches[j].Steps = stateOf(s.Branches[j].Steps)
		}
	}
	return steps
}

func waitingExecution() executions.DetailProps {
	jun := jun()
	return executions.DetailProps{
		Session: session(), ID: "48231", Number: "#48231", Status: "waiting", Workflow: "Reimbursement approval", WorkflowKey: "reimb_approval",
		Trigger: "Reimbursement #1089", TriggerHref: urls.Record("reimbursements", "b7k2", "1089"), By: &jun, Version: 7, Started: ago(4 * time.Minute), Duration: "4 m",
		Path: ran(), Chosen: 2, Operates: true,
		Steps: []executions.Step{
			{Key: "trigger", Node: "trigger", Number: 1, Title: "Reimbursement submitted", Type: "Post-action event", Icon: "mouse-pointer-click", Kind: "trigger", Status: "done", Duration: "12 ms", Tries: 1},
			{Key: "amount", Node: "amount", Number: 2, Title: "Amount over 500?", Type: "Condition", Icon: "split", Kind: "flow", Status: "done", Duration: "1 ms", Tries: 1},
			{
				Key: "review", Node: "review", Number: 3, Title: "Manager’s review", Type: "Approval", Icon: "user-check", Kind: "human", Status: "waiting", Duration: "4 m", Tries: 1,
				Decisions: []executions.Decision{{Person: tomas(), What: "approved", At: ago(2 * time.Minute), Comment: "Within the client budget."}},
				Hidden:    "It may hold fields that you may not read.",
				Waiting:   []ui.Person{mara()}, WaitingText: "Due today, 18:00", Explanation: "Amount 640.00 is greater than 500, so the branch “Yes” was taken.",
				Input: `{"record":{"id":1089,"project_name":"Team offsite catering","amount":640.00,"status":null,"applicant":{"id":44,"nickname":"Jun Tanaka"}},"assignees":[12],"rule":"any"}`,
			},
		},
	}
}

func failedExecution() executions.DetailProps {
	p := waitingExecution()
	p.ID, p.Number, p.Status, p.Workflow, p.WorkflowKey = "48211", "#48211", "failed", "Payment callback", "payment_callback"
	p.Reason, p.By, p.ByOther, p.Duration = "Report to bank: the bank’s server answered 503 Service Unavailable", nil, "Bank gateway", "31.4 s"
	p.RerunOf, p.RerunNumber, p.Trigger, p.TriggerHref = "48200", "#48200", "Webhook call", ""
	look := executions.StepLook(context.Background(), "failed")
	p.Path.Steps = []canvas.Step{{Key: "bank", Title: "Report to bank", Summary: "503 Service Unavailable", Icon: "globe", Kind: "link", Href: urls.ExecutionStep("48211", "bank"), Selected: true, Reached: true, State: &look, Duration: "30.2 s", Tries: 3}}
	p.Chosen = 0
	p.Steps = []executions.Step{{
		Key: "bank", Node: "bank", Number: 1, Title: "Report to bank", Type: "HTTP request", Icon: "globe", Kind: "link", Status: "failed", Duration: "30.2 s", Tries: 3, Settings: `{"url":"https://bank.example"}`,
		ErrorTitle: "The bank’s server answered 503 Service Unavailable", ErrorText: "It asked to try again after 120 seconds. The last attempt was at 09:42:41.",
		Attempts: []executions.Attempt{{Number: 1, Started: on(11, 22, 9, 42), Result: "503", Tone: ui.Bad, Took: "1.2 s"}, {Number: 2, Started: on(11, 22, 9, 42), Result: "503", Tone: ui.Bad, Took: "1.1 s"}, {Number: 3, Started: on(11, 22, 9, 43), Result: "503", Tone: ui.Bad, Took: "1.0 s"}},
		Output:   `{"status":503,"headers":{"retry-after":"120"},"body":"upstream connect error"}`,
	}}
	return p
}

// repeatedExecution is the sample of a loop whose third pass is shown.
func repeatedExecution() executions.DetailProps {
	p := failedExecution()
	passes := canvas.Passes{
		Loop: "each", Title: "Each line item", Number: 3, Last: 8, Fails: true, Execution: p.ID, Seen: urls.ExecutionView{Step: "bank", Path: "each#3"},
		FirstHref:    urls.ExecutionSeen(p.ID, urls.ExecutionView{Step: "bank", Path: "each#1"}),
		PreviousHref: urls.ExecutionSeen(p.ID, urls.ExecutionView{Step: "bank", Path: "each#2"}),
		NextHref:     urls.ExecutionSeen(p.ID, urls.ExecutionView{Step: "bank", Path: "each#4"}),
		LastHref:     urls.ExecutionSeen(p.ID, urls.ExecutionView{Step: "bank", Path: "each#8"}),
		FailedHref:   urls.ExecutionSeen(p.ID, urls.ExecutionView{Step: "bank", Path: "each#7"}),
	}
	look := executions.StepLook(context.Background(), "done")
	p.Path.Steps = []canvas.Step{{
		Key: "each", Title: passes.Title, Summary: "8 of 8 passes done, 2 failed", Icon: "repeat", Kind: "flow", Reached: true, State: &look, Duration: "2 m",
		Branches: []canvas.Branch{{Key: "body", Label: "Each pass", Taken: true, Steps: p.Path.Steps, Passes: &passes}},
	}}
	p.Seen, p.Steps[0].Passes = urls.ExecutionView{Path: "each#3"}, []canvas.Passes{passes}
	return p
}

// finishedExecution is the sample of the timeline.
func finishedExecution() executions.DetailProps {
	p := waitingExecution()
	span := func(use executions.Use, from, to time.Duration) *executions.Span {
		return &executions.Span{From: from, To: to, Use: use}
	}
	wait := 134 * time.Minute
	p.ID, p.Number, p.Status, p.Chosen = "48230", "#48230", "succeeded", -1
	p.Tab, p.Took, p.Duration, p.Started = executions.Timeline, wait+500*time.Millisecond, "2 h 14 m", on(11, 20, 9, 42)
	p.Steps[0].Span, p.Steps[1].Span, p.Steps[2].Span = span(executions.Starting, 0, 0), span(executions.Working, 12*time.Millisecond, 13*time.Millisecond), span(executions.ForPeople, 13*time.Millisecond, wait)
	p.Steps[2].Status, p.Steps[2].Span.Who = "done", "Mara Lindqvist"
	p.Steps = append(p.Steps,
		executions.Step{Key: "create", Title: "Create finance record", Status: "done", Tries: 1, Duration: "38 ms", Span: span(executions.Working, wait, wait+38*time.Millisecond)},
		executions.Step{Key: "each", Title: "Each line item", Status: "done", Tries: 1, Duration: "20 ms", Span: span(executions.Containing, wait+38*time.Millisecond, wait+60*time.Millisecond)},
		executions.Step{Key: "post", Title: "Post the line", Path: "each:1", Status: "failed", Tries: 1, Duration: "22 ms", Span: span(executions.Working, wait+38*time.Millisecond, wait+60*time.Millisecond)},
		executions.Step{Key: "pause", Title: "Wait a moment", Status: "done", Tries: 1, Duration: "30 ms", Span: span(executions.ForTime, wait+60*time.Millisecond, wait+90*time.Millisecond)},
		executions.Step{Key: "tell", Title: "Notify finance team", Status: "done", Tries: 1, Duration: "410 ms", Span: span(executions.Working, wait+90*time.Millisecond, wait+500*time.Millisecond)},
		executions.Step{Key: "else", Title: "Remind the manager", Status: "skipped"})
	return p
}

// withTab is the finished sample seen another way than on the canvas.
func withTab(tab string) executions.DetailProps {
	p := finishedExecution()
	p.Tab = tab
	p.Changes = []executions.Change{
		{
			Record: "Reimbursement #1087", Href: urls.Record("reimbursements", "b7k2", "1087"), Action: "update", Step: "Approve", StepHref: urls.ExecutionStep("48230", "approve"), At: on(11, 20, 11, 56),
			Fields: []executions.FieldChange{{Label: "Status", Before: "Pending review", After: "Approved"}, {Label: "Note", After: "Within the client budget."}},
		},
		{Record: "Payment #12", Action: "create", At: on(11, 20, 11, 56), Hidden: "You may not see the data of executions."},
	}
	p.Variables = []executions.Variable{
		{Name: "trigger", Title: "Reimbursement submitted", Icon: "mouse-pointer-click", Kind: "trigger", Value: `{"data":{"id":1087,"amount":1240.00}}`},
		{Name: "nodes.review", Title: "Manager’s review", Icon: "user-check", Kind: "human", Hidden: "It may hold fields that you may not read."},
	}
	p.Log = []executions.LogLine{
		{At: on(11, 20, 9, 42), Tone: ui.Info, Text: "Started by Jun Tanaka"},
		{At: on(11, 20, 9, 43), Tone: ui.Idle, Text: "amount = 1240", Note: "Amount over 500?", Href: urls.ExecutionStep("48230", "amount"), Code: true},
		{At: on(11, 20, 11, 56), Tone: ui.OK, Text: "Ended: Succeeded", Took: "2 h 14 m"},
	}
	return p
}

// empty is the same before anything happened.
func empty(tab string) executions.DetailProps {
	p := withTab(tab)
	p.Changes, p.Variables = nil, nil
	return p
}

func executionSamples() []Sample {
	worked := finishedExecution()
	worked.Scale = executions.WorkScale
	list := executions.ListProps{
		Session: session(), Rows: executionRows(), NextCursor: 48180, Seen: 48232, Workflows: []ui.Choice{{Value: "reimb_approval", Label: "Reimbursement approval"}},
		Counts: executions.Counts{All: "1,284", Running: "1", Waiting: "17", Failed: "21", Succeeded: "1,231", Stopped: "14"},
	}
	none := executions.ListProps{Session: session(), Status: "failed", Workflow: "vendor_sync"}
	later := list
	later.New, later.Workflow, later.Versions, later.Version = 3, "reimb_approval", []ui.Choice{{Value: "7", Label: "v7"}, {Value: "6", Label: "v6"}}, "7"
	later.Time, later.People = "7d", []ui.Choice{{Value: "44", Label: "Jun Tanaka"}}
	later.Bars = []ui.Bar{{Good: 4}, {Good: 5, Bad: 1}, {}, {Bad: 2}}
	list.Summary = "1–6 of 1,284"
	list.Rows[0].Operates, list.Rows[0].Live, list.Rows[2].Operates = true, true, true
	settings := failedExecution()
	settings.Steps[0].ShowSettings = true
	closed := waitingExecution()
	closed.Chosen = -1
	return []Sample{
		{Name: "page-executions", Page: true, Component: executions.List(list)},
		{Name: "page-executions-new", Page: true, Component: executions.List(later)},
		{Name: "page-executions-none", Page: true, Component: executions.List(none)},
		{Name: "page-execution-waiting", Page: true, Component: executions.Detail(waitingExecution())},
		{Name: "page-execution-passes", Page: true, Component: executions.Detail(repeatedExecution())},
		{Name: "page-execution-failed", Page: true, Component: executions.Detail(failedExecution())},
		{Name: "page-execution-timeline", Page: true, Component: executions.Detail(finishedExecution())},
		{Name: "page-execution-timeline-work", Page: true, Component: executions.Detail(worked)},
		{Name: "page-execution-settings", Page: true, Component: executions.Detail(settings)},
		{Name: "page-execution-changes", Page: true, Component: executions.Detail(withTab(executions.Changes))},
		{Name: "page-execution-variables", Page: true, Component: executions.Detail(withTab(executions.Variables))},
		{Name: "page-execution-log", Page: true, Component: executions.Detail(withTab(executions.Log))},
		{Name: "page-execution-no-changes", Page: true, Component: executions.Detail(empty(executions.Changes))},
		{Name: "page-execution-no-variables", Page: true, Component: executions.Detail(empty(executions.Variables))},
		{Name: "page-execution-no-step", Page: true, Component: executions.Detail(closed)},
	}
}
