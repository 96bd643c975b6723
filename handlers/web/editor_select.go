package web

import (
	"context"
	"slices"
	"strings"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// keysOf reads the keys of one step or of several: "a,b,c".
func keysOf(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(key string) bool { return key == "" })
}

// pick reads from an address which steps are selected: those it lists, with one more or
// less, all between two neighbours, or the whole list that a step stands in.
func (e *editing) pick(query bind.Form) {
	if !query.Has("select") || !e.mayEdit() {
		return
	}
	picked := map[string]bool{}
	for _, key := range keysOf(query.Get("select")) {
		picked[key] = true
	}
	if key := query.Get("toggle"); key != "" {
		picked[key] = !picked[key]
	}
	if to := query.Get("to"); to != "" {
		picked = map[string]bool{query.Get("from"): true, to: true}
		list := listOf(e.def.Nodes, to)
		from, at := indexOf(list, query.Get("from")), indexOf(list, to)
		for i := min(from, at); from >= 0 && i <= max(from, at); i++ {
			picked[list[i].Key] = true
		}
	}
	for _, n := range listOf(e.def.Nodes, query.Get("all")) {
		picked[n.Key] = true
	}
	e.picking, e.picked = true, outermost(e.def.Nodes, picked)
}

// outermost lists the picked nodes in document order, without those inside others of them.
func outermost(list []*engine.NodePart, picked map[string]bool) []string {
	var out []string
	for _, n := range list {
		if picked[n.Key] {
			out = append(out, n.Key)
			continue
		}
		for _, b := range n.Branches {
			out = append(out, outermost(b.Nodes, picked)...)
		}
	}
	return out
}

// listOf is the list in which a node stands; nil when there is no such node.
func listOf(list []*engine.NodePart, key string) []*engine.NodePart {
	if indexOf(list, key) >= 0 {
		return list
	}
	for _, n := range list {
		for _, b := range n.Branches {
			if found := listOf(b.Nodes, key); found != nil {
				return found
			}
		}
	}
	return nil
}

// branchesOf are the nodes right below a node, of all its branches.
func branchesOf(n *engine.NodePart) []*engine.NodePart {
	var out []*engine.NodePart
	for _, b := range n.Branches {
		out = append(out, b.Nodes...)
	}
	return out
}

func indexOf(list []*engine.NodePart, key string) int {
	return slices.IndexFunc(list, func(n *engine.NodePart) bool { return n.Key == key })
}

// parts are the steps of the draft with some keys, in document order and without those
// inside others of them.
func (e *editing) parts(keys []string) []*engine.NodePart {
	picked := map[string]bool{}
	for _, key := range keys {
		picked[key] = true
	}
	var out []*engine.NodePart
	for _, key := range outermost(e.def.Nodes, picked) {
		out = append(out, nodeIn(e.def.Nodes, key))
	}
	return out
}

// neighbours reports whether steps stand side by side in one list.
func (e *editing) neighbours(keys []string) bool {
	if len(keys) == 0 {
		return false
	}
	list := listOf(e.def.Nodes, keys[0])
	first := indexOf(list, keys[0])
	for i, key := range keys {
		if first < 0 || first+i >= len(list) || list[first+i].Key != key {
			return false
		}
	}
	return true
}

// called names one step, or says how many there are.
func (e *editing) called(ctx context.Context, parts []*engine.NodePart) string {
	return (&fragment{nodes: parts}).title(ctx, e.def)
}

// picks draws the bar of the selected steps; nil while none can be selected.
func (e *editing) picks(ctx context.Context) *editor.Picks {
	if !e.picking {
		return nil
	}
	steps := strings.Join(e.picked, ",")
	p := &editor.Picks{Count: len(e.picked), Steps: steps, Together: e.neighbours(e.picked), Skipped: len(e.picked) > 0}
	for _, n := range e.parts(e.picked) {
		p.Skipped = p.Skipped && n.Skip
	}
	p.CopyHref, p.MoveHref = urls.WorkflowCopy(e.w.Key, steps), urls.WorkflowMove(e.w.Key, steps)
	return p
}

// together refuses to do with steps that stand apart what only neighbours can do.
func (e *editing) together(form bind.Form, command engine.Command) error {
	keys := keysOf(form.Get("step"))
	if len(keys) < 2 {
		return nil
	}
	switch command.Name {
	case "move_nodes", "duplicate_nodes":
		if !e.neighbours(keys) {
			return models.Invalid("NOT_NEIGHBOURS", text.M("editor.not_neighbours", "Only steps that follow each other can be moved or duplicated together."))
		}
	}
	return nil
}

// losesSeveral asks before several steps go, or are skipped while others read what they
// give.
func (e *editing) losesSeveral(ctx context.Context, form bind.Form, command engine.Command) *editor.Question {
	parts := e.parts(keysOf(form.Get("step")))
	keys, inside := make([]string, len(parts)), count(parts)
	for i, n := range parts {
		keys[i] = n.Key
	}
	q := &editor.Question{Sent: [][2]string{{"command", command.Name}, {"step", strings.Join(keys, ",")}, {"to", form.Get("to")}, {"value", form.Get("value")}}}
	switch command.Name {
	case "delete_nodes":
		q.Title = text.T(ctx, "editor.delete_several", "Delete %d steps?", inside)
		if q.Items = sentences(ctx, e.site.Engine.Readers(e.def.Definition, keys...)); len(q.Items) > 0 {
			q.Choices = append(q.Choices, editor.Answer{Label: text.T(ctx, "editor.delete_clear", "Delete and clear references"), Name: "references", Value: "clear", Bad: true})
		}
		q.Choices = append(q.Choices, editor.Answer{Label: text.T(ctx, "editor.delete_all", "Delete all %d steps", inside), Name: "sure", Value: "1", Bad: true})
	case "set_skip":
		q.Title = text.T(ctx, "editor.skip_several", "Skip %d steps?", inside)
		q.Items = sentences(ctx, e.site.Engine.Readers(e.def.Definition, keys...))
		q.Choices = []editor.Answer{{Label: text.T(ctx, "editor.skip_all", "Skip them"), Name: "sure", Value: "1", Main: true}}
		if len(q.Items) == 0 || form.Get("value") != "true" {
			return nil
		}
		q.Note = text.T(ctx, "editor.skips_references", "These references would read nothing:")
		return q
	case "move_nodes":
		return e.losesByMoving(ctx, q, form.Get("to"), e.called(ctx, parts), keys)
	default:
		return nil
	}
	if len(q.Items) > 0 {
		q.Note = text.T(ctx, "editor.loses_references", "These references would lose what they name:")
	}
	return q
}
