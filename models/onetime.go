package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"formrail/models/text"
)

// LinkKind says what a one-time link is good for.
type LinkKind string

// The kinds of one-time links.
const (
	SetupLink LinkKind = "setup" // creates the first owner
	DemoLink  LinkKind = "demo"  // signs a demo person in

	InvitationLink LinkKind = "invitation" // lets somebody choose his password; see [Invite]
)

// NewLink describes a one-time link.
type NewLink struct {
	Kind   LinkKind
	UserID int64 // 0 for nobody
	Life   time.Duration

	GivenBy int64 // the person who gives it; 0 for the system
}

// CreateLink makes a one-time link and gives its secret. Older links of the kind
// for the same person stop working.
func CreateLink(ctx context.Context, tx *Tx, in NewLink) (secret string, err error) {
	if _, err := tx.Exec(ctx, "DELETE FROM one_time_links WHERE kind = ? AND user_id = ?", string(in.Kind), in.UserID); err != nil {
		return "", fmt.Errorf("replace links: %w", err)
	}
	secret = NewSecret()
	_, err = tx.Exec(ctx, "INSERT INTO one_time_links (hash, kind, user_id, created_by_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
		HashSecret(secret), string(in.Kind), in.UserID, in.GivenBy, At(tx.Now()), At(tx.Now().Add(in.Life)))
	if err != nil {
		return "", fmt.Errorf("create link: %w", err)
	}
	return secret, nil
}

// UseLink uses a link up and gives its person. What the link allows belongs into
// the same transaction. Links that are unknown, used or expired read alike.
func UseLink(ctx context.Context, tx *Tx, kind LinkKind, secret string) (userID int64, err error) {
	now := At(tx.Now())
	err = tx.QueryRow(ctx, `UPDATE one_time_links SET used_at = ? WHERE hash = ? AND kind = ? AND used_at = 0 AND expires_at > ?
		RETURNING user_id`, now, HashSecret(secret), string(kind), now).Scan(&userID)
	return userID, linkError(err)
}

// PeekLink says whether a link would work, so that opening its page does not use
// it up.
func (db *DB) PeekLink(ctx context.Context, kind LinkKind, secret string) error {
	var id int64
	err := db.Read().QueryRow(ctx, "SELECT user_id FROM one_time_links WHERE hash = ? AND kind = ? AND used_at = 0 AND expires_at > ?",
		HashSecret(secret), string(kind), At(db.Now())).Scan(&id)
	return linkError(err)
}

func linkError(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return linkGone()
	}
	if err != nil {
		return fmt.Errorf("use link: %w", storageError(err))
	}
	return nil
}

func linkGone() *Error {
	return NewError(KindGone, "LINK_GONE", text.M("link.gone", "This link does not work any more. Ask for a new one."))
}

// dropLinks ends all links of a person.
func dropLinks(ctx context.Context, tx *Tx, userID int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM one_time_links WHERE user_id = ?", userID); err != nil {
		return fmt.Errorf("remove links of user %d: %w", userID, err)
	}
	return nil
}

// CleanLinks forgets links that ended a day ago.
func CleanLinks(ctx context.Context, tx *Tx) error {
	if _, err := tx.Exec(ctx, "DELETE FROM one_time_links WHERE expires_at < ?", At(tx.Now().Add(-24*time.Hour))); err != nil {
		return fmt.Errorf("clean links: %w", err)
	}
	return nil
}
