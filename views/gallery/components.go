package gallery

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"formrail/views/ui"
	"formrail/views/urls"
)

// with renders a component with others as its children.
func with(parent templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return parent.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

func componentSamples() []Sample {
	return append(controlSamples(), surfaceSamples()...)
}

func controlSamples() []Sample {
	field := ui.FieldProps{ID: "amount", Label: "Amount", Hint: "Over €500 goes to your manager first.", Problem: "Enter an amount of at least 0.01", Required: true}
	control := ui.Control{ID: "amount", Name: "amount", Value: "-20", Required: true, Invalid: true, DescribedBy: field.DescribedBy()}
	return []Sample{
		{Name: "ui-button", Component: templ.Join(
			ui.Button(ui.ButtonProps{Label: "Create workflow", Icon: "plus", Kind: ui.Primary}, nil),
			ui.Button(ui.ButtonProps{Label: "Open", Href: "/"}, nil),
			ui.Button(ui.ButtonProps{Label: "Delete record", Kind: ui.DangerSolid, Size: ui.Small, Submit: true}, templ.Attributes{"name": "_action", "value": "delete"}),
			ui.Button(ui.ButtonProps{Label: "Settings", Icon: "settings", Kind: ui.Ghost, IconOnly: true}, nil),
			ui.Button(ui.ButtonProps{Label: "Save", Disabled: true, Block: true, Size: ui.Large}, nil))},
		{Name: "ui-split", Component: templ.Join(
			ui.Split(ui.SplitProps{Main: ui.ButtonProps{Label: "Re-run", Icon: "rotate-cw"}, MoreLabel: "More ways to run again", MenuID: "rerun"}, nil),
			ui.Menu(ui.MenuProps{ID: "rerun", Label: "Run again", Place: "bottom-end", Items: []ui.MenuItem{
				{Label: "With the same input", Icon: "rotate-cw", Href: "/same", Key: "R"}, {Separator: true}, {Label: "Delete", Icon: "trash-2", Href: "/delete", Bad: true},
			}}, nil))},
		{Name: "ui-field", Component: with(ui.Field(field, nil), ui.Input(ui.InputProps{Control: control, Prefix: "€", Numeric: true}, nil))},
		{Name: "ui-textarea", Component: with(ui.Field(ui.FieldProps{ID: "why", Label: "Reason", Optional: true}, nil), ui.Textarea(ui.TextareaProps{Control: ui.Control{ID: "why", Name: "why", Value: "Two\nlines"}}, nil))},
		{Name: "ui-select", Component: with(ui.Field(ui.FieldProps{ID: "status", Label: "Status"}, nil), ui.SelectInput(ui.SelectProps{
			Control: ui.Control{ID: "status", Name: "status", Value: "approved"}, Blank: "Choose", Choices: []ui.Choice{{Value: "approved", Label: "Approved"}, {Value: "rejected", Label: "Rejected"}},
		}, nil))},
		{Name: "ui-token", Component: templ.Join(
			with(ui.Field(ui.FieldProps{ID: "greeting", Label: "Text"}, nil), ui.TokenInput(ui.TokenProps{Control: ui.Control{ID: "greeting", Name: "greeting", Value: "Hello {{trigger.data.applicant.nickname}}"}, Fits: "text", Long: true})),
			ui.TokenInput(ui.TokenProps{Control: ui.Control{ID: "right", Name: "right", Value: "approved", Invalid: true}, Label: "Compared with", Fits: "select", Whole: true, Offers: []ui.Offer{{Value: "approved", Label: "Approved", Tone: ui.OK}, {Value: "draft", Label: "Draft"}}}),
			ui.TokenInput(ui.TokenProps{Control: ui.Control{ID: "when", Name: "when", Value: "trigger.data.amount > 500", ReadOnly: true}, Label: "Expression", Long: true, Bare: true}))},
		{Name: "ui-code-field", Component: with(ui.Field(ui.FieldProps{ID: "script", Label: "Script"}, nil), ui.CodeField(ui.CodeFieldProps{Control: ui.Control{ID: "script", Name: "script", Value: "return inputs.amount"}, Language: "javascript", Rows: 12}))},
		{Name: "ui-check", Component: templ.Join(
			ui.Check(ui.CheckProps{ID: "stay", Name: "stay", Value: "true", Label: "Keep me signed in", Note: "For 30 days", Checked: true}, nil),
			ui.Check(ui.CheckProps{ID: "one", Name: "which", Value: "1", Label: "First", Radio: true}, nil),
			ui.Switch(ui.SwitchProps{ID: "on", Name: "enabled", Value: "true", Label: "Vendor sync enabled", HideLabel: true, Checked: true}, nil))},
		{Name: "ui-segmented", Component: ui.Segmented(ui.SegmentedProps{Label: "Range", Segments: []ui.Segment{{Label: "24 h", Href: "?range=1"}, {Label: "28 d", Href: "?range=28", Current: true}}}, nil)},
		{Name: "ui-badge", Component: templ.Join(
			ui.Badge(ui.BadgeProps{Label: "In review", Tone: ui.Warn}, nil),
			ui.Chip(ui.ChipProps{Label: "Workflow", Href: "?workflow=a"}, nil), ui.Chip(ui.ChipProps{Label: "Last 7 days", Href: "?", On: true}, nil),
			ui.Status(ui.StatusProps{Label: "Succeeded", Tone: ui.OK, Icon: "circle-check"}, nil),
			ui.Tile(ui.TileProps{Icon: "database", Kind: "data"}, nil), ui.PersonName(jun()))},
		{Name: "ui-table", Component: with(ui.Table(ui.TableProps{Label: "Line items", Dense: true, Bordered: true}, nil), tableHead())},
		{Name: "ui-pager", Component: ui.Pager(ui.PagerProps{Summary: "1–10 of 1,087", Next: "?cursor=b"}, nil)},
		{Name: "ui-tabs", Component: templ.Join(
			ui.Tabs(ui.TabsProps{Label: "Task lists", Card: true, Tabs: []ui.Tab{{Label: "To do", Href: "/tasks", Count: "4", Current: true}, {Label: "Done", Href: "/tasks/done"}}}, nil),
			ui.TabList(ui.TabsProps{Label: "Step data", Tabs: []ui.Tab{{Label: "Result", Panel: "result", Current: true}, {Label: "Input", Panel: "input"}}}, nil),
			templ.Raw(`<div id="result" role="tabpanel" aria-labelledby="result-tab"></div><div id="input" role="tabpanel" aria-labelledby="input-tab" hidden></div>`))},
	}
}

func tableHead() templ.Component {
	return templ.Join(templ.Raw("<thead><tr>"),
		ui.Head(ui.HeadProps{Label: "What"}, nil),
		ui.Head(ui.HeadProps{Label: "Created", Href: "?sort=created", Sort: ui.Descending}, nil),
		ui.Head(ui.HeadProps{Label: "Actions", Class: "fit", Quiet: true}, nil),
		templ.Raw("</tr></thead>"))
}

func surfaceSamples() []Sample {
	cancel := ui.CancelButton()
	return []Sample{
		{Name: "ui-card", Component: with(ui.Card(ui.CardProps{ID: "open-tasks", Title: "My open tasks", Badge: "4", Note: "as of 09:59", Body: true, Actions: ui.Button(ui.ButtonProps{Label: "All", Href: "/tasks", Kind: ui.Ghost, Size: ui.Small}, nil)}, nil),
			ui.Facts([]ui.Fact{{Label: "Key", Value: "reimb_approval"}, {Label: "Workflow", Value: "Reimbursement approval", Href: "/workflows/reimb_approval"}}))},
		{Name: "ui-dialog", Component: with(ui.Dialog(ui.DialogProps{ID: "confirm", Title: "Delete “Month-end reminder”?", Note: "Its 2 versions and 11 executions go too.", Size: ui.Small, Icon: "trash-2", Foot: cancel}, nil), ui.Text("Are you sure"))},
		{Name: "ui-drawer", Component: with(ui.Drawer(ui.PanelProps{ID: "drawer", Title: "Lisbon client visit", Note: "Reimbursement #1087", Large: true, Foot: cancel}, nil), ui.Text("Details"))},
		{Name: "ui-panel", Component: with(ui.Panel(ui.PanelProps{ID: "step", Title: "Manager’s review", Note: "Approval · step 3", Icon: "user-check", Kind: "human", Close: "/executions/48231"}, nil), ui.Text("Waiting"))},
		{Name: "ui-alert", Component: templ.Join(
			ui.Alert(ui.AlertProps{Title: "Version 8 is a draft", Text: "Executions still use version 7."}, nil),
			ui.Alert(ui.AlertProps{Tone: ui.Bad, Title: "Not saved", Text: "Someone else changed this step.", Urgent: true}, nil))},
		{Name: "ui-toast", Component: ui.Toasts([]ui.ToastProps{{Tone: ui.OK, Title: "Approved", Text: "Finance was notified."}})},
		{Name: "ui-empty", Component: with(ui.Empty(ui.EmptyProps{Icon: "workflow", Title: "No workflows yet", Text: "A workflow starts from a form, a schedule, a webhook or a change in your data."}, nil),
			ui.Button(ui.ButtonProps{Label: "New workflow", Icon: "plus", Kind: ui.Primary}, nil))},
		{Name: "ui-skeleton", Component: ui.Skeleton(ui.SkeletonProps{Label: "Loading workflows", Rows: 2}, nil)},
		{Name: "ui-error-summary", Component: templ.Join(
			ui.ErrorSummary([]ui.Problem{{InputID: "amount", Label: "Amount", Message: "Enter an amount of at least 0.01"}, {Message: "The period is closed."}}),
			with(ui.Field(ui.FieldProps{ID: "amount", Label: "Amount"}, nil), ui.Input(ui.InputProps{Control: ui.Control{ID: "amount", Name: "amount"}}, nil)))},
		{Name: "ui-timeline", Component: ui.Timeline(timeline(), nil)},
		{Name: "ui-gantt", Component: ui.Gantt(ui.GanttProps{Label: "Timeline of steps", First: "Step", Axis: []string{"09:42", "10:05", "10:27", "10:50", "11:12", "11:34"}, Rows: gantt()}, nil)},
		{Name: "ui-spark", Component: ui.Spark(spark("Executions on each of 7 days"), nil)},
		{Name: "ui-bars", Component: ui.Bars(bars(), nil)},
		{Name: "ui-snapshot", Component: ui.Snapshot(ui.SnapshotProps{Card: true, Items: []ui.SnapItem{{Label: "Project name", Value: ui.Text("Team offsite catering"), Full: true}, {Label: "Applicant", Value: ui.PersonName(jun())}}}, nil)},
		{Name: "ui-code", Component: templ.Join(
			ui.Code(ui.CodeProps{Label: "Input", Source: `{"id":1089,"name":"A \"quoted\" <b>","list":[1,null,true],"empty":{}}`}, nil),
			ui.Code(ui.CodeProps{Label: "Answer", Source: "upstream <error>"}, nil))},
	}
}

// gantt is a bar in each place that its words may take.
func gantt() []ui.GanttRow {
	done := ui.StatusProps{Label: "Done", Tone: ui.OK, Icon: "circle-check"}
	return []ui.GanttRow{
		{Label: "Words on the right", Href: urls.Home(), Status: done, Bar: &ui.GanttBar{X: 0, Width: 0.5, Tone: ui.OK, Label: "1 ms"}},
		{Label: "Words inside", Detail: "Line 1", Status: done, Bar: &ui.GanttBar{X: 1, Width: 95, Tone: ui.Warn, Label: "2 h 14 m, Mara Lindqvist"}},
		{Label: "Words on the left", Status: done, Bar: &ui.GanttBar{X: 96, Width: 4, Tone: ui.Bad, Label: "410 ms"}},
		{Label: "Around others", Status: done, Bar: &ui.GanttBar{X: 10, Width: 40, Tone: ui.OK, Label: "54 m", Thin: true}},
		{Label: "No room for words", Status: done, Bar: &ui.GanttBar{X: 0, Width: 100, Tone: ui.Info, Label: "2 h", Thin: true}},
		{Label: "Did not run", Status: ui.StatusProps{Label: "Skipped", Tone: ui.Idle, Icon: "skip-forward"}},
	}
}

func timeline() []ui.TimelineItem {
	return []ui.TimelineItem{
		{Icon: "send", Who: "Jun Tanaka", What: "submitted", When: on(11, 22, 9, 59)},
		{Icon: "check", Tone: ui.OK, Who: "Automatic check", What: "passed: receipts attached", When: on(11, 22, 9, 59)},
		{Icon: "message-square", Who: "Tomas Okafor", What: "commented", When: on(11, 22, 10, 1), Note: "The invoice is addressed to the company, so VAT can be claimed back."},
		{Icon: "hourglass", Tone: ui.Warn, Who: "You", What: "are asked for the manager’s review", Detail: "Due today, 18:00"},
		{Icon: "circle-dashed", What: "Then: Create finance record, Notify finance team", Next: true},
	}
}
