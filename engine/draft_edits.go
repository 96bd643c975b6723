package engine

import (
	"context"
	"slices"

	"formrail/models"
	"formrail/models/text"
)

// maxEdits is how many edits of a draft are listed.
const maxEdits = 200

// Edits lists the newest edits of the draft of a workflow, newest first. Those that were
// undone are among them for as long as they can be repeated.
func (e *Engine) Edits(ctx context.Context, access models.Access, w *models.Workflow) ([]*models.DraftCommand, error) {
	if err := access.Require("workflow.view"); err != nil {
		return nil, err
	}
	return models.WorkflowEdits().Listed(ctx, e.db.Read(), w.ID, maxEdits)
}

// UndoTo makes the draft as it was after one of its edits: all later ones are undone
// together, and can be repeated. None of them may be part of a version. It is refused with DRAFT_CHANGED when the draft is no
// longer at the revision that the caller saw.
func (e *Engine) UndoTo(ctx context.Context, access models.Access, key, id string, base int64) (DraftState, error) {
	return e.edit(ctx, access, key, false, func(tx *models.Tx, ed *edit) error {
		if base != ed.w.DraftRevision {
			return draftChanged()
		}
		edits := models.WorkflowEdits()
		to, err := edits.ByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if to == nil || to.OwnerID != ed.w.ID || to.State == "undone" {
			return models.NotFound()
		}
		later, err := edits.Since(ctx, tx, ed.w.ID, to.Revision)
		if err != nil {
			return err
		}
		if len(later) == 0 {
			return models.Invalid("NOTHING_TO_UNDO", text.M("draft.nothing", "There is nothing to undo or to repeat."))
		}
		if slices.ContainsFunc(later, func(c *models.DraftCommand) bool { return c.State == "published" }) {
			return models.Invalid("ALREADY_PUBLISHED", text.M("draft.published", "Some of these edits are published. Restore an older version instead."))
		}
		for _, c := range later {
			if err := edits.SetState(ctx, tx, c.ID, "undone"); err != nil {
				return err
			}
			for _, touched := range c.Touched {
				if !slices.Contains(ed.touched, touched) {
					ed.touched = append(ed.touched, touched)
				}
			}
		}
		ed.w.DraftRevision++
		return ed.set(ctx, tx, later[0].Before)
	})
}
