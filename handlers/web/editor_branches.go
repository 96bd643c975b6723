package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"formrail/engine"
	"formrail/engine/node"
	"formrail/handlers/bind"
	"formrail/models/text"
	"formrail/views/canvas"
	"formrail/views/editor"
	"formrail/views/urls"
)

// freePlace is the place of a branch among those that the designer made, and how many
// these are; -1 for any other branch.
func freePlace(typ *node.Type, part *engine.NodePart, key string) (place, places int) {
	list := typ.FreeList(part.Config)
	return slices.IndexFunc(list, func(one map[string]any) bool { return one["key"] == key }), len(list)
}

// mayFork reports whether another branch can be added to a step.
func mayFork(typ *node.Type, part *engine.NodePart) bool {
	return typ.Free != nil && len(typ.FreeList(part.Config)) < typ.Free.Max
}

// fork says what can be done to the branches of a step of the draft.
func (e *editing) fork(s *canvas.Step, of drawn) {
	part, f := of.part, of.face
	if part == nil {
		return
	}
	s.Fork = f.typ != nil && mayFork(f.typ, part)
	var declared []node.Branch
	if f.typ != nil {
		declared = f.typ.Branches(f.settings)
	}
	for i, b := range of.branches {
		edit := canvas.Edit{Name: b.name, Rename: urls.WorkflowOpen(e.w.Key, s.Key)}
		if f.typ != nil {
			place, places := freePlace(f.typ, part, b.view.Key)
			owned := slices.ContainsFunc(declared, func(d node.Branch) bool { return d.Key == b.view.Key })
			if place >= 0 {
				edit.Place, edit.Places = place, places
			}
			edit.Delete = place >= 0 && places > f.typ.Free.Min || !owned
		}
		s.Branches[i].Edit = &edit
	}
}

// branchCommand reads what is done to a branch: "add_branch/step",
// "move_branch/step/branch/place", "delete_branch/step/branch".
func branchCommand(form bind.Form) (engine.Command, bool) {
	parts := strings.Split(form.Get("command"), "/")
	name := parts[0]
	if len(parts) < 2 || name != "add_branch" && name != "move_branch" && name != "delete_branch" {
		return engine.Command{}, false
	}
	args := map[string]any{"node": parts[1]}
	if len(parts) > 2 {
		args["branch"] = parts[2]
	}
	if len(parts) > 3 {
		if n, err := strconv.Atoi(parts[3]); err == nil {
			args["value"] = int64(n)
		}
	}
	if contents := form.Get("contents"); contents != "" {
		args["contents"] = contents
	}
	return engine.Command{Name: name, Args: args}, true
}

// losesBranch asks what becomes of the steps in a branch that is deleted; nil when there
// are none or the answer has come.
func (e *editing) losesBranch(ctx context.Context, form bind.Form, command engine.Command) *editor.Question {
	owner, _ := command.Args["node"].(string)
	key, _ := command.Args["branch"].(string)
	part := nodeIn(e.def.Nodes, owner)
	if part == nil || form.Get("contents") != "" {
		return nil
	}
	list := e.def.branches(part, e.def.faceOf(part))
	at := slices.IndexFunc(list, func(b branch) bool { return b.view.Key == key })
	if at < 0 || len(list[at].nodes) == 0 {
		return nil
	}
	n := count(list[at].nodes)
	q := &editor.Question{
		Title: text.T(ctx, "editor.delete_branch_question", "Delete the branch “%s”?", list[at].name),
		Items: sentences(ctx, e.site.Engine.BranchLosses(e.def.Definition, owner, key, engine.DeleteContents)),
		Sent:  [][2]string{{"command", form.Get("command")}, {"step", form.Get("step")}},
	}
	q.Note = text.T(ctx, "editor.branch_steps", "There are %d steps in it.", n)
	if n == 1 {
		q.Note = text.T(ctx, "editor.branch_step", "There is 1 step in it.")
	}
	if len(q.Items) > 0 {
		q.Note += " " + text.T(ctx, "editor.branch_loses", "Deleting it would leave these references without what they name:")
	}
	q.Choices = []editor.Answer{
		e.keeps(ctx, owner, key, editor.Answer{Label: text.T(ctx, "editor.branch_above", "Move its steps above"), Name: "contents", Value: engine.MoveContentsBefore}),
		e.keeps(ctx, owner, key, editor.Answer{Label: text.T(ctx, "editor.branch_below", "Move its steps below"), Name: "contents", Value: engine.MoveContentsAfter}),
		{Label: text.T(ctx, "editor.branch_delete", "Delete its steps too"), Name: "contents", Value: engine.DeleteContents, Bad: true},
	}
	return q
}

// keeps says how many references would break when the steps of a branch are kept at
// another place.
func (e *editing) keeps(ctx context.Context, owner, key string, a editor.Answer) editor.Answer {
	switch n := len(e.site.Engine.BranchLosses(e.def.Definition, owner, key, a.Value)); n {
	case 0:
	case 1:
		a.Label += " · " + text.T(ctx, "editor.breaks_one", "breaks 1 reference")
	default:
		a.Label += " · " + text.T(ctx, "editor.breaks", "breaks %d references", n)
	}
	return a
}
