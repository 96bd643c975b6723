package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"formrail/engine"
	"formrail/handlers/bind"
	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
	"formrail/views/editor"
)

// clipping is what marks text on a clipboard as steps of a workflow.
const clipping = "nodes@1"

// fragment is steps that are being pasted.
type fragment struct {
	nodes []*engine.NodePart
	sent  string // as text, for the form that puts them down
}

// fragmentOf writes steps of the draft as text for a clipboard.
func (e *editing) fragmentOf(nodes []*engine.NodePart) (*fragment, error) {
	tree := (&engine.Definition{Nodes: nodes}).Tree()
	b, err := field.MarshalJSON(map[string]any{"formrail": clipping, "workflow": e.w.Key, "nodes": tree["nodes"]})
	return &fragment{nodes: nodes, sent: string(b)}, err
}

// nodesIn reads the steps of a clipboard's text; nil when there are none. What they
// are is for the engine to judge.
func nodesIn(clipboard string) any {
	v, err := field.ParseJSON([]byte(clipboard))
	m, ok := v.(map[string]any)
	if err != nil || !ok || m["formrail"] != clipping {
		return nil
	}
	return m["nodes"]
}

// title says what is pasted.
func (f *fragment) title(ctx context.Context, d definition) string {
	if len(f.nodes) == 1 {
		return d.nameOf(f.nodes[0])
	}
	return text.T(ctx, "editor.n_steps", "%d steps", len(f.nodes))
}

// showFragment answers with steps of the draft as text for the clipboard.
func (s *site) showFragment(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	parts := e.parts(keysOf(route.Param(c, "step")))
	if len(parts) == 0 {
		return models.NotFound()
	}
	f, err := e.fragmentOf(parts)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	return c.SendString(f.sent)
}

// askPlace draws the draft with all places where the steps of a clipboard can go.
func (s *site) askPlace(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	nodes, err := engine.ReadFragment(nodesIn(form.Get("fragment")))
	if err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if e.mayEdit() {
		e.paste = &fragment{nodes: nodes, sent: form.Get("fragment")}
	}
	return e.draw(c, fiber.StatusOK)
}

// losesByPasting asks before copies name steps that would not have run.
func (e *editing) losesByPasting(ctx context.Context, form bind.Form) *editor.Question {
	nodes, err := engine.ReadFragment(nodesIn(form.Get("fragment")))
	if err != nil {
		return nil // the engine refuses it
	}
	f := &fragment{nodes: nodes}
	q := &editor.Question{
		Title: text.T(ctx, "editor.paste_question", "Paste “%s” there?", f.title(ctx, e.def)),
		Note:  text.T(ctx, "editor.loses_references", "These references would lose what they name:"),
		Sent:  [][2]string{{"command", "paste_nodes"}, {"to", form.Get("to")}, {"fragment", form.Get("fragment")}},
		Choices: []editor.Answer{
			{Label: text.T(ctx, "editor.paste_clear", "Paste and clear them"), Name: "references", Value: "clear"},
			{Label: text.T(ctx, "editor.paste_keep", "Paste, references become problems"), Name: "sure", Value: "1", Main: true},
		},
	}
	to := place(form.Get("to"))
	for _, l := range e.site.Engine.PasteLandings(e.def.Definition, nodes) {
		if l.Parent == to["parent"] && l.Branch == to["branch"] && int64(l.Index) == to["index"] {
			q.Items = sentences(ctx, l.Breaks)
		}
	}
	if len(q.Items) == 0 {
		return nil
	}
	return q
}
