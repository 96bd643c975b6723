package engine

import (
	"context"
	"fmt"

	"formrail/models"
	"formrail/models/text"
)

// Holder is who may edit a draft at the moment.
type Holder struct {
	UserID int64 // 0 = nobody: the next edit of a page takes the lock
	Asker  int64 // who waits for the holder's answer; 0 = nobody
}

// holder reads who edits the workflow.
func (ed *edit) holder(ctx context.Context, q models.Querier) (Holder, error) {
	l, err := models.EditLockOf(ctx, q, ed.w.ID)
	if err != nil {
		return Holder{}, err
	}
	now := ed.e.clock.Now()
	return Holder{UserID: l.Holder(now), Asker: l.Asker(now)}, nil
}

// enter refuses to edit what another person edits, and notes that this one does.
// Only a page holds the lock longer than its call.
func (ed *edit) enter(ctx context.Context, tx *models.Tx, hold bool) error {
	l, err := models.EditLockOf(ctx, tx, ed.w.ID)
	if err != nil {
		return err
	}
	switch holder := l.Holder(tx.Now()); {
	case holder != 0 && holder != ed.by:
		return ed.locked(ctx, tx, holder)
	case !hold && holder == 0:
		return nil
	}
	l.Hold(ed.by, tx.Now())
	return models.SaveEditLock(ctx, tx, l)
}

func (ed *edit) locked(ctx context.Context, q models.Querier, holder int64) error {
	u, err := models.UserByID(ctx, q, holder)
	if err != nil {
		return err
	}
	return models.Conflict("DRAFT_LOCKED", text.M("draft.locked", "%s is editing this workflow.", u.Nickname)).With("holder", holder)
}

// AskToEdit asks the person who edits a workflow to hand it over. Without an answer
// within a minute the one who asks may edit; when nobody edits, at once.
func (e *Engine) AskToEdit(ctx context.Context, access models.Access, key string) error {
	return e.lock(ctx, access, key, func(tx *models.Tx, ed *edit, l *models.EditLock) error {
		now := tx.Now()
		holder := l.Holder(now)
		if holder == 0 || holder == ed.by {
			l.Hold(ed.by, now)
			return nil
		}
		l.Ask(ed.by, now)
		asker, err := models.UserByID(ctx, tx, ed.by)
		if err != nil {
			return err
		}
		title := text.M("draft.asks", "%s would like to edit “%s”", asker.Nickname, ed.w.Title).In(ctx)
		return models.InsertNotification(ctx, tx, &models.Notification{
			ID: models.NewID(), UserID: holder, Kind: "edit_asked", Title: title, Link: "/workflows/" + ed.w.Key, Level: "info",
			Cause: fmt.Sprintf("edit:%d:%d:%d", ed.w.ID, ed.by, l.AskedAt),
		})
	})
}

// AnswerEditor hands a workflow over to the person who asked to edit it, or keeps it.
func (e *Engine) AnswerEditor(ctx context.Context, access models.Access, key string, handOver bool) error {
	return e.lock(ctx, access, key, func(tx *models.Tx, ed *edit, l *models.EditLock) error {
		now := tx.Now()
		asker := l.Asker(now)
		switch holder := l.Holder(now); holder {
		case ed.by:
		case 0:
			return nil // too late: the lock has lapsed
		default:
			return ed.locked(ctx, tx, holder)
		}
		if l.Keep(); handOver && asker != 0 {
			l.Hold(asker, now)
		}
		return nil
	})
}

// TakeOver makes somebody the editor of a workflow although another person edits it.
// It takes the right to publish.
func (e *Engine) TakeOver(ctx context.Context, access models.Access, key string) error {
	if err := access.Require("workflow.publish"); err != nil {
		return err
	}
	return e.lock(ctx, access, key, func(tx *models.Tx, ed *edit, l *models.EditLock) error {
		l.Hold(ed.by, tx.Now())
		return nil
	})
}

// StillEditing lengthens the lease of somebody who has the editor of a workflow open
// and holds its lock.
func (e *Engine) StillEditing(ctx context.Context, userID int64, key string) error {
	w, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return err
	}
	l, err := models.EditLockOf(ctx, e.db.Read(), w.ID)
	if err != nil || l.Holder(e.clock.Now()) != userID {
		return err
	}
	return e.db.Write(ctx, "workflow.still_editing", func(tx *models.Tx) error { return models.RenewEditLock(ctx, tx, w.ID, userID) })
}

// lock changes who edits a workflow.
func (e *Engine) lock(ctx context.Context, access models.Access, key string, fn func(*models.Tx, *edit, *models.EditLock) error) error {
	if err := access.Require("workflow.edit"); err != nil {
		return err
	}
	err := e.db.Write(ctx, "workflow.lock", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		l, err := models.EditLockOf(ctx, tx, w.ID)
		if err != nil {
			return err
		}
		if err := fn(tx, &edit{e: e, by: access.Principal.UserID, w: w}, &l); err != nil {
			return err
		}
		return models.SaveEditLock(ctx, tx, l)
	})
	if err != nil {
		return fmt.Errorf("change who edits %s: %w", key, err)
	}
	e.live.Publish("workflow:" + key)
	return nil
}
