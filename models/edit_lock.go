package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// How long the right to edit a workflow lasts.
const (
	editLease  = time.Minute      // since the last edit or the last sign of life of the page
	editIdle   = 10 * time.Minute // since the last edit
	editAnswer = time.Minute      // for the answer to somebody who asks for it
)

// EditLock says who edits a workflow. It lapses by itself: ask [EditLock.Holder].
type EditLock struct {
	WorkflowID int64
	UserID     int64
	EditedAt   Millis // last edit
	Until      Millis // end of the lease
	AskedBy    int64  // who would like to edit; 0 = nobody
	AskedAt    Millis
}

// Holder is the person who may edit at a time; 0 means that nobody holds the lock.
// Who asked and got no answer in time holds it after that.
func (l EditLock) Holder(now time.Time) int64 {
	switch {
	case l.UserID == 0:
		return 0
	case l.AskedBy != 0 && !now.Before(l.AskedAt.Time().Add(editAnswer)):
		if now.Before(l.AskedAt.Time().Add(editAnswer + editLease)) {
			return l.AskedBy
		}
		return 0
	case now.Before(l.Until.Time()) && now.Before(l.EditedAt.Time().Add(editIdle)):
		return l.UserID
	}
	return 0
}

// Asker is the person who waits for the holder's answer; 0 = nobody.
func (l EditLock) Asker(now time.Time) int64 {
	if holder := l.Holder(now); holder == 0 || holder == l.AskedBy {
		return 0
	}
	return l.AskedBy
}

// Hold makes somebody the holder from now on. The question of another one stays.
func (l *EditLock) Hold(userID int64, now time.Time) {
	if l.UserID != userID {
		l.UserID, l.AskedBy, l.AskedAt = userID, 0, 0
	}
	l.EditedAt, l.Until = At(now), At(now.Add(editLease))
}

// Ask notes that somebody would like to edit. Only the first one is noted.
func (l *EditLock) Ask(userID int64, now time.Time) {
	if l.Asker(now) == 0 {
		l.AskedBy, l.AskedAt = userID, At(now)
	}
}

// Keep answers the one who asked: no.
func (l *EditLock) Keep() { l.AskedBy, l.AskedAt = 0, 0 }

// EditLockOf reads the lock of a workflow; one that nobody ever took holds nobody.
func EditLockOf(ctx context.Context, q Querier, workflowID int64) (EditLock, error) {
	l := EditLock{WorkflowID: workflowID}
	err := q.QueryRow(ctx, "SELECT user_id, edited_at, until, asked_by, asked_at FROM edit_locks WHERE workflow_id = ?", workflowID).
		Scan(&l.UserID, &l.EditedAt, &l.Until, &l.AskedBy, &l.AskedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return l, nil
	}
	if err != nil {
		return EditLock{}, fmt.Errorf("read edit lock: %w", err)
	}
	return l, nil
}

// SaveEditLock stores the lock of a workflow.
func SaveEditLock(ctx context.Context, tx *Tx, l EditLock) error {
	_, err := tx.Exec(ctx, `INSERT INTO edit_locks (workflow_id, user_id, edited_at, until, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (workflow_id) DO UPDATE SET user_id = excluded.user_id, edited_at = excluded.edited_at, until = excluded.until,
		asked_by = excluded.asked_by, asked_at = excluded.asked_at`, l.WorkflowID, l.UserID, l.EditedAt, l.Until, l.AskedBy, l.AskedAt)
	if err != nil {
		return fmt.Errorf("save edit lock: %w", err)
	}
	return nil
}

// RenewEditLock lengthens the lease of somebody who still holds the lock of a
// workflow. Others and lapsed leases stay as they are.
func RenewEditLock(ctx context.Context, tx *Tx, workflowID, userID int64) error {
	now := tx.Now()
	_, err := tx.Exec(ctx, "UPDATE edit_locks SET until = ? WHERE workflow_id = ? AND user_id = ? AND until > ?",
		At(now.Add(editLease)), workflowID, userID, At(now))
	if err != nil {
		return fmt.Errorf("renew edit lock: %w", err)
	}
	return nil
}
