package models

import (
	"context"
	"errors"
)

// SignIn is an attempt to come in with a password.
type SignIn struct {
	Account  string // address or user name
	Password string
	Kind     SessionKind
	Stay     bool
	Agent    string
	Replaces string // hash of the session the browser had, if any
}

// SignIn checks an attempt and starts a session. Attempts are counted before the
// password is looked at and given back when it is right, so that many at once
// cannot slip through. The address is that of the context's [Request].
func (p *Passwords) SignIn(ctx context.Context, in SignIn) (Started, error) {
	user, err := p.prove(ctx, in.Account, in.Password)
	if err != nil {
		return Started{}, err
	}
	var out Started
	err = p.db.Write(ctx, "session.start", func(tx *Tx) error {
		out, err = StartSession(ctx, tx, NewSession{
			UserID: user.ID, Kind: in.Kind, Stay: in.Stay, Address: RequestOf(ctx).Address, Agent: in.Agent, Replaces: in.Replaces,
		})
		if err != nil {
			return err
		}
		return Audit(ctx, tx, auditUser(Person(user.ID, ""), "signin", user))
	})
	return out, err
}

// SignOut ends a session and says so in the audit log.
func SignOut(ctx context.Context, tx *Tx, s Session) error {
	if err := EndSession(ctx, tx, s.Hash); err != nil {
		return err
	}
	return Audit(ctx, tx, AuditEntry{Principal: s.Principal(), Action: "signout", ObjectType: "user", ObjectID: idText(s.UserID)})
}

// prove checks a password within the limits for failed attempts, and logs the
// attempts that fail.
func (p *Passwords) prove(ctx context.Context, account, password string) (User, error) {
	known, _, err := p.db.account(ctx, account)
	if err != nil {
		return User{}, err
	}
	if known.ID != 0 {
		account = known.Email // attempts by user name and by address are counted together
	}
	limits, at := SignInLimits(account, RequestOf(ctx).Address), p.db.Now()
	err = p.db.Write(ctx, "signin.count", func(tx *Tx) error {
		at = tx.Now()
		return Take(ctx, tx, limits...)
	})
	if err != nil {
		return User{}, err
	}
	user, err := p.Check(ctx, account, password)
	if IsKind(err, KindUnauthenticated) {
		return User{}, errors.Join(err, p.db.auditFailedSignIn(ctx, known, AsError(err).Code))
	}
	// Neither a right password nor an overloaded server is a failed attempt.
	giveBack := p.db.Write(ctx, "signin.give_back", func(tx *Tx) error { return GiveBack(ctx, tx, at, limits...) })
	if err == nil {
		err = giveBack
	}
	return user, err
}

// auditFailedSignIn logs a failed attempt. What was typed is not logged: it may
// be a password in the wrong box.
func (db *DB) auditFailedSignIn(ctx context.Context, known User, code string) error {
	entry := AuditEntry{Principal: Anonymous(), Action: "signin", ObjectType: "user", Result: AuditRefused, Reason: code}
	if known.ID != 0 {
		entry.ObjectID, entry.Title = idText(known.ID), known.Nickname
	}
	return db.Write(ctx, "signin.failed", func(tx *Tx) error { return Audit(ctx, tx, entry) })
}

// CleanSignIns forgets sessions, links and counters that have ended.
func (db *DB) CleanSignIns(ctx context.Context) error {
	return db.Write(ctx, "signin.clean", func(tx *Tx) error {
		return errors.Join(CleanSessions(ctx, tx), CleanLinks(ctx, tx), CleanCounters(ctx, tx))
	})
}
