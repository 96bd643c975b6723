package models

import (
	"context"
	"fmt"
	"time"

	"formrail/models/text"
)

// InvitationLife is how long somebody has to follow his invitation.
const InvitationLife = 7 * 24 * time.Hour

// Invite makes the link by which somebody chooses a password and comes in, and gives
// its secret. It needs what giving him a password needs. His older ones stop working.
func Invite(ctx context.Context, tx *Tx, by Access, id int64) (secret string, err error) {
	u, err := UserByID(ctx, tx, id)
	if err != nil {
		return "", err
	}
	if err := mayManage(ctx, tx, by, u); err != nil {
		return "", err
	}
	if u.Status == UserDeactivated {
		return "", Conflict("USER_DEACTIVATED", text.M("user.deactivated", "This person is deactivated. Activate the account first."))
	}
	secret, err = CreateLink(ctx, tx, NewLink{Kind: InvitationLink, UserID: id, GivenBy: by.Actor, Life: InvitationLife})
	if err != nil {
		return "", err
	}
	return secret, Audit(ctx, tx, auditUser(by.Principal, "user.invite", u))
}

// Invited finds the person whom a link invites, without using it up.
func (db *DB) Invited(ctx context.Context, secret string) (User, error) {
	var l invitation
	err := db.Read().QueryRow(ctx, `SELECT user_id, created_by_id FROM one_time_links
		WHERE hash = ? AND kind = ? AND used_at = 0 AND expires_at > ?`,
		HashSecret(secret), string(InvitationLink), At(db.Now())).Scan(&l.userID, &l.giver)
	if err := linkError(err); err != nil {
		return User{}, err
	}
	return l.person(ctx, db.Read())
}

// Acceptance is an invitation and the password that was chosen.
type Acceptance struct {
	Secret string
	Hash   PasswordHash
}

// AcceptInvitation uses an invitation up: its person is active and has the password,
// and his former sessions have ended.
func AcceptInvitation(ctx context.Context, tx *Tx, in Acceptance) (User, error) {
	var l invitation
	now := At(tx.Now())
	err := tx.QueryRow(ctx, `UPDATE one_time_links SET used_at = ? WHERE hash = ? AND kind = ? AND used_at = 0 AND expires_at > ?
		RETURNING user_id, created_by_id`, now, HashSecret(in.Secret), string(InvitationLink), now).Scan(&l.userID, &l.giver)
	if err := linkError(err); err != nil {
		return User{}, err
	}
	u, err := l.person(ctx, tx)
	if err != nil {
		return User{}, err
	}
	by := Access{Principal: Person(u.ID, ""), Actor: u.ID}
	if err := replacePassword(ctx, tx, by.Principal, u, in.Hash); err != nil {
		return User{}, err
	}
	if u.Status == UserInvited {
		if err := setStatus(ctx, tx, by, statusChange{u, UserActive}); err != nil {
			return User{}, err
		}
	}
	return UserByID(ctx, tx, u.ID)
}

// invitation is whom a link invites, and who gave it; 0 for the system.
type invitation struct{ userID, giver int64 }

// person finds the invited person. An invitation ends when its giver could not give
// it any more: he would come in himself as somebody who was given more rights since.
func (l invitation) person(ctx context.Context, q Querier) (User, error) {
	u, err := UserByID(ctx, q, l.userID)
	if err != nil {
		return User{}, fmt.Errorf("read the invited person: %w", err)
	}
	if u.Status == UserDeactivated {
		return User{}, linkGone()
	}
	if l.giver == 0 {
		return u, nil
	}
	giver, err := personIn(ctx, q, l.giver)
	if err != nil {
		return User{}, err
	}
	rights, err := rightsIn(ctx, q, u.ID)
	if err != nil {
		return User{}, err
	}
	if giver.status != UserActive || !giver.all.Can("user.manage") || !giver.all.covers(rights) {
		return User{}, linkGone()
	}
	return u, nil
}
