package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// changeWorkflow applies one command to the draft. What would be lost by it is asked
// about first.
func (s *site) changeWorkflow(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	e.open = form.Get("step")
	command := commandOf(form)
	aboutStart(e.def.Definition, command)
	if err := e.together(form, command); err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if keys := keysOf(e.open); len(keys) > 1 {
		e.open, e.picking, e.picked = "", true, keys
	}
	if e.question = e.loses(ctx, form, command); e.question != nil {
		return e.draw(c, fiber.StatusOK)
	}
	done, err := s.Engine.Commands(ctx, e.access, e.w.Key, engine.CommandBatch{Base: baseOf(form), Hold: true, Commands: []engine.Command{command}})
	if err != nil {
		return e.refuse(c, models.AsError(err))
	}
	e.picking, e.picked = false, nil
	switch made := added(e.def.Definition, done); {
	case len(made) > 1 && command.Name == "duplicate_nodes":
		e.picking, e.picked = true, made
	case len(made) > 0 && (command.Name == "add_node" || command.Name == "duplicate_nodes" || command.Name == "paste_nodes"):
		e.open = made[0]
	}
	switch command.Name {
	case "add_node":
		e.noteRecent(c, form.Get("type"))
	case "add_branch":
		e.open, _ = command.Args["node"].(string) // a branch needs a condition
	case "delete_nodes":
		e.open = ""
	}
	return e.changed(c, done)
}

// baseOf is the newest revision that the form knows: the page keeps one for itself
// beside the one it was drawn with.
func baseOf(form bind.Form) int64 {
	var newest int64
	for _, one := range form["base"] {
		if n, err := strconv.ParseInt(one, 10, 64); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

// commandOf reads a command from a form. What it lacks the engine refuses.
func commandOf(form bind.Form) engine.Command {
	if command, ok := branchCommand(form); ok {
		return command
	}
	name, step := form.Get("command"), form.Get("step")
	at := map[string]any{"parent": form.Get("parent"), "branch": form.Get("branch")}
	if n, err := strconv.Atoi(form.Get("index")); err == nil {
		at["index"] = int64(n)
	}
	args := map[string]any{}
	switch name {
	case "add_node":
		args["type"], args["at"] = form.Get("type"), at
		if into := form.Get("restTo"); into != "" {
			args["restTo"] = into
		}
		if asked := form.Get("asked"); asked != "" {
			args["config"] = map[string]any{asked: form.Get("answer")}
		}
	case "move_nodes":
		args["keys"], args["at"] = keyList(step), place(form.Get("to"))
	case "duplicate_nodes":
		args["keys"] = keyList(step)
	case "paste_nodes":
		args["at"] = place(form.Get("to"))
		args["nodes"] = nodesIn(form.Get("fragment"))
	case "delete_nodes":
		args["keys"] = keyList(step)
		if branch := form.Get("keepBranch"); branch != "" {
			args["keepBranch"] = map[string]any{step: branch}
		}
	case "set_skip":
		args["keys"], args["value"] = keyList(step), form.Get("value") == "true"
	default:
		args["key"], args["value"] = step, form.Get("value")
	}
	if what := form.Get("references"); what != "" {
		args["references"] = what
	}
	return engine.Command{Name: name, Args: args}
}

// keyList is [keysOf] as an argument of a command.
func keyList(list string) []any {
	out := []any{}
	for _, key := range keysOf(list) {
		out = append(out, key)
	}
	return out
}

// place reads where steps go: "parent/branch/index". What cannot be read is no place.
func place(to string) map[string]any {
	if parts := strings.Split(to, "/"); len(parts) == 3 {
		if n, err := strconv.Atoi(parts[2]); err == nil {
			return map[string]any{"parent": parts[0], "branch": parts[1], "index": int64(n)}
		}
	}
	return map[string]any{"index": int64(-1)}
}

// added lists the keys of the nodes that an edit made.
func added(before *engine.Definition, done engine.DraftState) (keys []string) {
	for _, key := range done.Changed {
		if nodeIn(before.Nodes, key) == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// loses asks before steps or references get lost; nil when there is nothing to ask or
// the answer has come.
func (e *editing) loses(ctx context.Context, form bind.Form, command engine.Command) *editor.Question {
	if command.Name == "delete_branch" {
		return e.losesBranch(ctx, form, command)
	}
	if form.Get("sure") != "" || form.Get("keepBranch") != "" || form.Get("references") != "" {
		return nil
	}
	if command.Name == "paste_nodes" {
		return e.losesByPasting(ctx, form)
	}
	if len(keysOf(form.Get("step"))) > 1 {
		return e.losesSeveral(ctx, form, command)
	}
	part := nodeIn(e.def.Nodes, form.Get("step"))
	if part == nil {
		return nil
	}
	q := &editor.Question{Sent: [][2]string{{"command", form.Get("command")}, {"step", part.Key}, {"to", form.Get("to")}}}
	title := e.def.faceOf(part).title
	switch form.Get("command") {
	case "delete_nodes":
		e.losesByDeleting(ctx, q, part)
		q.Title = text.T(ctx, "editor.delete_question", "Delete “%s”?", title)
	case "move_nodes":
		return e.losesByMoving(ctx, q, form.Get("to"), title, []string{part.Key})
	}
	if len(q.Items) == 0 && len(q.Choices) < 2 {
		return nil
	}
	if len(q.Items) > 0 {
		q.Note = text.T(ctx, "editor.loses_references", "These references would lose what they name:")
	}
	return q
}

// losesByMoving says which references would lose what they name; nil when none would.
func (e *editing) losesByMoving(ctx context.Context, q *editor.Question, to, title string, keys []string) *editor.Question {
	for _, l := range e.site.Engine.Landings(e.def.Definition, keys...) {
		if l.Parent+"/"+l.Branch+"/"+strconv.Itoa(l.To) == to && !l.Here {
			q.Items = sentences(ctx, l.Breaks)
		}
	}
	if len(q.Items) == 0 {
		return nil
	}
	q.Title = text.T(ctx, "editor.move_question", "Move “%s” there?", title)
	q.Note = text.T(ctx, "editor.loses_references", "These references would lose what they name:")
	q.Choices = []editor.Answer{
		{Label: text.T(ctx, "editor.move_clear", "Move and clear them"), Name: "references", Value: "clear"},
		{Label: text.T(ctx, "editor.move_keep", "Move, references become problems"), Name: "sure", Value: "1", Main: true},
	}
	return q
}

// losesByDeleting says what goes with a step, and offers to keep one of its branches.
func (e *editing) losesByDeleting(ctx context.Context, q *editor.Question, part *engine.NodePart) {
	q.Items = sentences(ctx, e.site.Engine.Readers(e.def.Definition, part.Key))
	inside := 0
	for _, b := range e.def.branches(part, e.def.faceOf(part)) {
		n := count(b.nodes)
		inside += n
		if n > 0 {
			q.Items = append(q.Items, sentences(ctx, e.site.Engine.KeepLosses(e.def.Definition, part.Key, b.view.Key))...)
			q.Choices = append(q.Choices, editor.Answer{
				Label: text.T(ctx, "editor.keep_branch", "Keep the steps of “%s”", b.name), Name: "keepBranch", Value: b.view.Key,
			})
		}
	}
	label := text.T(ctx, "editor.delete", "Delete")
	if inside > 0 {
		label = text.T(ctx, "editor.delete_all", "Delete all %d steps", inside+1)
	}
	if len(q.Items) > 0 {
		q.Choices = append(q.Choices, editor.Answer{Label: text.T(ctx, "editor.delete_clear", "Delete and clear references"), Name: "references", Value: "clear", Bad: true})
	}
	q.Choices = append(q.Choices, editor.Answer{Label: label, Name: "sure", Value: "1", Bad: true})
}

func count(list []*engine.NodePart) int {
	n := len(list)
	for _, one := range list {
		for _, b := range one.Branches {
			n += count(b.Nodes)
		}
	}
	return n
}

func sentences(ctx context.Context, list []text.Message) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = m.In(ctx)
	}
	return out
}

// changed answers after an edit: with what differs, or by leading back to the editor.
func (e *editing) changed(c *fiber.Ctx, done engine.DraftState) error {
	where := urls.Workflow(e.w.Key)
	switch {
	case e.picking:
		where, e.open = urls.WorkflowSelect(e.w.Key, strings.Join(e.picked, ",")), ""
	case e.open != "":
		where = urls.WorkflowOpen(e.w.Key, e.open)
	}
	if !reply.Wants(c) {
		return reply.Redirect(c, where)
	}
	if err := e.load(c.UserContext(), e.w.Key); err != nil {
		return err
	}
	e.saved = true
	if _, ok := e.titleOf(e.open); !ok && !e.picking {
		e.open, where = "", urls.Workflow(e.w.Key)
	}
	c.Set("HX-Replace-Url", where)
	return e.draw(c, fiber.StatusOK)
}

// refuse draws the editor with what kept something from being done.
func (e *editing) refuse(c *fiber.Ctx, err *models.Error) error {
	if err.Kind != models.KindInvalid && err.Kind != models.KindConflict && err.Kind != models.KindForbidden {
		return err
	}
	ctx := c.UserContext()
	seen := e.w.DraftRevision
	if form, bad := bind.ReadForm(c); bad == nil && form.Has("base") {
		seen = baseOf(form)
	}
	if loaded := e.load(ctx, e.w.Key); loaded != nil {
		return loaded
	}
	if err.Kind == models.KindConflict && reply.Wants(c) {
		e.seen = seen // the page still shows what it saw: its next edit must not pass unread
	}
	e.refusal = err.Message.In(ctx)
	for _, f := range err.Fields {
		e.refusal += " " + f.Message.In(ctx)
	}
	if _, ok := e.titleOf(e.open); !ok {
		e.open = ""
	}
	status := reply.StatusOf(err)
	if status == fiber.StatusBadRequest || status == fiber.StatusForbidden {
		status = fiber.StatusUnprocessableEntity // the parts that say why are shown under htmx
	}
	return e.draw(c, status)
}

// undoEdit takes the last edit of the draft back.
func (s *site) undoEdit(c *fiber.Ctx) error { return s.stepDraft(c, s.Engine.Undo) }

// redoEdit repeats the edit that was taken back last.
func (s *site) redoEdit(c *fiber.Ctx) error { return s.stepDraft(c, s.Engine.Redo) }

// discardDraft makes the draft equal to the live version.
func (s *site) discardDraft(c *fiber.Ctx) error { return s.stepDraft(c, s.Engine.DiscardDraft) }

func (s *site) stepDraft(c *fiber.Ctx, step func(context.Context, models.Access, string) (engine.DraftState, error)) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	e.open = form.Get("step")
	done, err := step(c.UserContext(), e.access, e.w.Key)
	if err != nil {
		return e.refuse(c, models.AsError(err))
	}
	return e.changed(c, done)
}

// restoreVersion makes an old version the draft.
func (s *site) restoreVersion(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(route.Param(c, "number"), 10, 64)
	if err != nil {
		return models.NotFound()
	}
	if _, err := s.Engine.RestoreVersion(c.UserContext(), e.access, e.w.Key, number); err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if err := e.toast(c, text.T(c.UserContext(), "editor.restored", "Version %d is the draft now", number)); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Workflow(e.w.Key))
}
