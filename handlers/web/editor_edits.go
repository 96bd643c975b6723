package web

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
	"formrail/views/editor"
	"formrail/views/urls"
)

// showEdits draws the editor with the edits of the draft, or with what going back to one of
// them would undo.
func (s *site) showEdits(c *fiber.Ctx) error {
	e, err := s.edit(c)
	if err != nil {
		return err
	}
	query := e.query
	if e.edits, err = e.history(c.UserContext(), query.Get("to")); err != nil {
		return err
	}
	return e.draw(c, fiber.StatusOK)
}

// history lists the edits of the draft. to is the one that is gone back to; empty = none
// is.
func (e *editing) history(ctx context.Context, to string) (*editor.Edits, error) {
	list, err := e.site.Engine.Edits(ctx, e.access, e.w)
	if err != nil {
		return nil, err
	}
	out := &editor.Edits{To: to}
	now := true  // the newest edit that is done: the draft as it is
	live := true // no published edit came by now: going back to here undoes none
	for _, c := range list {
		who, err := e.names.person(ctx, c.AuthorID)
		if err != nil {
			return nil, err
		}
		one := editor.Edit{Label: c.Label, By: who, At: e.since(c.At), Undone: c.State == "undone"}
		if !one.Undone {
			if !now && live && e.mayEdit() {
				one.Href = urls.WorkflowEditsTo(e.w.Key, c.ID)
			}
			one.Now, now = now, false
			one.Published = live && c.State == "published"
			live = live && c.State != "published"
		}
		if c.ID == to && one.Href != "" {
			out.Target = &one
			break
		}
		out.List = append(out.List, one)
	}
	if to == "" {
		return out, nil
	}
	if out.Target == nil {
		return nil, models.NotFound()
	}
	out.List = slices.DeleteFunc(out.List, func(one editor.Edit) bool { return one.Undone })
	return out, nil
}

// undoEdits makes the draft as it was after one of its edits.
func (s *site) undoEdits(c *fiber.Ctx) error {
	e, form, err := s.editForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	if _, err := s.Engine.UndoTo(ctx, e.access, e.w.Key, form.Get("to"), baseOf(form)); err != nil {
		return e.refuse(c, models.AsError(err))
	}
	if err := e.toast(c, text.T(ctx, "editor.gone_back", "The draft is as it was. Redo brings the edits back.")); err != nil {
		return err
	}
	return reply.Redirect(c, urls.Workflow(e.w.Key))
}
