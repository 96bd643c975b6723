package models

import (
	"context"
	"database/sql"
	"fmt"
)

// Notification is something a person was told in the product.
type Notification struct {
	ID          string
	UserID      int64
	Kind        string
	Title       string
	Body        string
	Link        string // local path; empty = none
	Level       string // info or warning
	Cause       string // unique with the person, so nothing is told twice
	ExecutionID string
	CreatedAt   Millis
	ReadAt      Millis
}

// InsertNotification tells a person something, once per cause.
func InsertNotification(ctx context.Context, tx *Tx, n *Notification) error {
	n.CreatedAt = At(tx.Now())
	err := tx.Queue(ctx, `INSERT INTO notifications (id, user_id, kind, title, body, link, level, cause, execution_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (cause, user_id) DO NOTHING`,
		n.ID, n.UserID, n.Kind, n.Title, n.Body, n.Link, n.Level, n.Cause, n.ExecutionID, n.CreatedAt)
	if err != nil {
		return fmt.Errorf("insert notification: %w", err)
	}
	return nil
}

// Notifications lists what a person was told, newest first.
func Notifications(ctx context.Context, q Querier, userID int64, limit int) ([]Notification, error) {
	var out []Notification
	rows, err := q.Query(ctx, `SELECT id, kind, title, body, link, level, cause, execution_id, created_at, read_at FROM notifications
		WHERE user_id = ? ORDER BY created_at DESC, id DESC LIMIT ?`, userID, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		n := Notification{UserID: userID}
		err := r.Scan(&n.ID, &n.Kind, &n.Title, &n.Body, &n.Link, &n.Level, &n.Cause, &n.ExecutionID, &n.CreatedAt, &n.ReadAt)
		out = append(out, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	return out, nil
}

// ReadNotifications marks a person's notifications read: one, or all with an
// empty id.
func ReadNotifications(ctx context.Context, tx *Tx, userID int64, id string) error {
	_, err := tx.Exec(ctx, "UPDATE notifications SET read_at = ? WHERE user_id = ? AND read_at = 0 AND (id = ? OR ? = '')", At(tx.Now()), userID, id, id)
	if err != nil {
		return fmt.Errorf("mark notifications read: %w", err)
	}
	return nil
}
