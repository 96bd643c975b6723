package gallery

import (
	"formrail/models/field"
	"formrail/views/canvas"
	"formrail/views/editor"
	"formrail/views/settings"
	"formrail/views/ui"
	"formrail/views/urls"
)

// branchesEditor is the editor with a step whose branches people make.
func branchesEditor() editor.Props {
	p := editorProps()
	edit := func(name string, place int) *canvas.Edit {
		e := &canvas.Edit{Name: name, Rename: urls.WorkflowOpen("reimb_approval", "state")}
		if place >= 0 {
			e.Place, e.Places, e.Delete = place, 2, true
		}
		return e
	}
	step := canvas.Step{
		Key: "state", Title: "By payment state", Summary: "3 branches, first match wins", Icon: "git-fork", Kind: "flow", Selected: true, Fork: true,
		Branches: []canvas.Branch{
			{Key: "c1", Label: "1 · Settled", Says: "Remaining is 0", Edit: edit("Settled", 0)},
			{Key: "c2", Label: "2 · Partly paid", Says: "Paid is greater than 0", Edit: edit("Partly paid", 1), Steps: []canvas.Step{{Key: "rest", Title: "Remaining amount", Summary: "amount − paid", Icon: "square-function", Kind: "calc"}}},
			{Key: "otherwise", Label: "Otherwise", Says: "When no other condition is met", Edit: edit("Otherwise", -1)},
		},
	}
	p.Canvas.Steps = []canvas.Step{step}
	link(p.Canvas.Steps)
	p.Panel = casesPanel()
	return p
}

func casesPanel() *editor.Panel {
	compare := []ui.Choice{{Value: "equal", Label: "is"}}
	row := func(at, left, right string) *settings.Rule {
		return &settings.Rule{At: at, CanWrite: true, Parts: []settings.Part{{At: at + ".0", Left: left, Op: "equal", Ops: compare, Right: right}}}
	}
	return &editor.Panel{
		Step: "state", Title: "By payment state", Own: "By payment state", Note: "Multi-condition · state", Icon: "git-fork", Kind: "flow", CanEdit: true, MoreBranches: true,
		Help: "The first condition that is met decides.", Effect: "Changes nothing", Policy: &editor.Policy{OnError: "fail"},
		Branches: []editor.Branch{{Key: "otherwise", Title: "Otherwise"}},
		Settings: []settings.Input{{
			Field: field.Field{Name: "cases", Kind: field.Cases, Label: "Branches in their order", Required: true},
			Cases: []settings.Case{
				{At: "set.cases.0", Key: "c1", Title: "Settled", Number: 1, Rule: row("set.cases.0.when", "{{ trigger.data.remaining }}", "0")},
				{At: "set.cases.1", Key: "c2", Title: "Partly paid", Number: 2, Rule: &settings.Rule{At: "set.cases.1.when", CanWrite: true}, Open: true, Problem: "The branch “Partly paid” has no condition yet."},
			},
		}},
	}
}
