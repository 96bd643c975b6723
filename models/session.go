package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"formrail/models/text"
)

// SessionKind says how a session is carried. One kind is never taken for the other.
type SessionKind string

// The kinds of sessions.
const (
	BrowserSession SessionKind = "browser" // in a cookie
	APISession     SessionKind = "api"     // as a bearer token
)

// touchEvery is how often the last use of a session or token is written, at most.
const touchEvery = time.Minute

// Session is a signed-in person at one place.
type Session struct {
	Hash       string `gorm:"primaryKey"` // of the secret, which is not stored
	PublicID   string // names the session in lists
	UserID     int64
	Kind       SessionKind
	ActiveRole string // the one role chosen; empty for all
	Stay       int64  // 1: stay signed in
	Address    string
	Agent      string
	CreatedAt  Millis `gorm:"autoCreateTime:false"`
	LastSeenAt Millis
	ProvenAt   Millis // when the password was last entered
	IdleMs     int64
	ExpiresAt  Millis // whatever happens
}

// TableName tells GORM the table.
func (Session) TableName() string { return "sessions" }

// Principal is the person with the role chosen in the session.
func (s Session) Principal() Principal { return Person(s.UserID, s.ActiveRole) }

// Ends is when the session ends unless it is used before.
func (s Session) Ends() time.Time {
	return min(s.LastSeenAt+Millis(s.IdleMs), s.ExpiresAt).Time()
}

// ProvenWithin reports whether the password was entered not longer than d ago,
// which dangerous actions ask for.
func (s Session) ProvenWithin(d time.Duration, now time.Time) bool {
	return now.Sub(s.ProvenAt.Time()) <= d
}

// NewSession describes a session to start.
type NewSession struct {
	UserID   int64
	Kind     SessionKind
	Stay     bool
	Role     string // the one role chosen; empty for all
	Address  string
	Agent    string
	ProvenAt time.Time // zero means now
	Replaces string    // hash of the session that ends with this, if any
}

// again describes the same session under a new id.
func (s Session) again() NewSession {
	return NewSession{UserID: s.UserID, Kind: s.Kind, Stay: s.Stay == 1, Role: s.ActiveRole, Address: s.Address, Agent: s.Agent, Replaces: s.Hash}
}

// Started is a new session with its secret, which nobody can read again.
type Started struct {
	Secret  string
	Session Session
}

// StartSession starts a session for an active person under a new random id. The
// one it replaces ends in the same transaction.
func StartSession(ctx context.Context, tx *Tx, in NewSession) (Started, error) {
	who, err := personIn(ctx, tx, in.UserID)
	if err != nil {
		return Started{}, err
	}
	if who.status != UserActive {
		return Started{}, userInactive()
	}
	if _, ok := who.rightsAs(in.Role); !ok {
		return Started{}, roleNotAllowed()
	}
	if in.Replaces != "" {
		if err := EndSession(ctx, tx, in.Replaces); err != nil {
			return Started{}, err
		}
	}
	idle, life := 30*time.Minute, 12*time.Hour
	if in.Stay {
		idle, life = 8*time.Hour, 30*24*time.Hour
	}
	out := Started{Secret: NewSecret(), Session: Session{
		PublicID: NewID(), UserID: in.UserID, Kind: in.Kind, ActiveRole: in.Role, Stay: bit(in.Stay),
		Address: storable(in.Address, 100), Agent: storable(in.Agent, 300),
		CreatedAt: At(tx.Now()), LastSeenAt: At(tx.Now()), ProvenAt: At(tx.Now()),
		IdleMs: idle.Milliseconds(), ExpiresAt: At(tx.Now().Add(life)),
	}}
	out.Session.Hash = HashSecret(out.Secret)
	if !in.ProvenAt.IsZero() {
		out.Session.ProvenAt = At(in.ProvenAt)
	}
	if err := tx.Gorm(ctx).Create(&out.Session).Error; err != nil {
		return Started{}, fmt.Errorf("start session: %w", storageError(err))
	}
	if _, err := tx.Exec(ctx, "UPDATE users SET last_seen_at = ? WHERE id = ?", At(tx.Now()), in.UserID); err != nil {
		return Started{}, fmt.Errorf("note sign-in of user %d: %w", in.UserID, err)
	}
	return out, nil
}

// SessionBy finds a living session of a kind by its secret. Secrets that are
// unknown, ended or of the other kind read alike. Because nothing is cached, a
// session that was ended anywhere is refused at once.
func (db *DB) SessionBy(ctx context.Context, kind SessionKind, secret string) (Session, error) {
	if secret == "" {
		return Session{}, emptyToken()
	}
	var s Session
	var status UserStatus
	err := db.Read().QueryRow(ctx, `SELECT s.hash, s.public_id, s.user_id, s.kind, s.active_role, s.stay, s.address, s.agent,
		s.created_at, s.last_seen_at, s.proven_at, s.idle_ms, s.expires_at, u.status
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.hash = ? AND s.kind = ?`, HashSecret(secret), string(kind)).
		Scan(&s.Hash, &s.PublicID, &s.UserID, &s.Kind, &s.ActiveRole, &s.Stay, &s.Address, &s.Agent,
			&s.CreatedAt, &s.LastSeenAt, &s.ProvenAt, &s.IdleMs, &s.ExpiresAt, &status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Session{}, expiredSession()
	case err != nil:
		return Session{}, fmt.Errorf("read session: %w", storageError(err))
	case status != UserActive:
		return Session{}, userInactive()
	case !db.Now().Before(s.Ends()):
		return Session{}, expiredSession()
	}
	db.touchSession(ctx, s)
	return s, nil
}

// touchSession notes that a session is in use, at most once a minute. A session
// that ended meanwhile stays ended. A failure is only logged: nobody should be
// kept from reading because the disk is full.
func (db *DB) touchSession(ctx context.Context, s Session) {
	if db.Now().Sub(s.LastSeenAt.Time()) < touchEvery {
		return
	}
	err := db.Write(ctx, "session.touch", func(tx *Tx) error {
		now := At(tx.Now())
		n, err := tx.Exec(ctx, "UPDATE sessions SET last_seen_at = ? WHERE hash = ? AND last_seen_at <= ?",
			now, s.Hash, now-Millis(touchEvery.Milliseconds()))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE users SET last_seen_at = ? WHERE id = ?", now, s.UserID)
		return err
	})
	if err != nil {
		db.log.Warn("note use of session", "error", err)
	}
}

// EndSession ends the session with a hash, as signing out does.
func EndSession(ctx context.Context, tx *Tx, hash string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE hash = ?", hash); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndListedSession ends a session by the id that lists show: one's own, or with
// session.manage anybody's.
func EndListedSession(ctx context.Context, tx *Tx, by Access, publicID string) error {
	var s Session
	err := tx.Gorm(ctx).Where("public_id = ?", publicID).Limit(1).Find(&s).Error
	if err != nil {
		return fmt.Errorf("read session: %w", storageError(err))
	}
	if s.Hash == "" || (s.UserID != by.Actor && !by.Can("session.manage")) {
		return NotFound()
	}
	if err := EndSession(ctx, tx, s.Hash); err != nil {
		return err
	}
	return Audit(ctx, tx, AuditEntry{Principal: by.Principal, Action: "session.end", ObjectType: "user", ObjectID: idText(s.UserID)})
}

// EndOtherSessions ends all sessions of a person but one.
func EndOtherSessions(ctx context.Context, tx *Tx, keep Session) error {
	if err := endSessions(ctx, tx, keep.UserID, keep.Hash); err != nil {
		return err
	}
	return Audit(ctx, tx, AuditEntry{Principal: keep.Principal(), Action: "session.end_others", ObjectType: "user", ObjectID: idText(keep.UserID)})
}

func endSessions(ctx context.Context, tx *Tx, userID int64, keep string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND hash <> ?", userID, keep); err != nil {
		return fmt.Errorf("end sessions of user %d: %w", userID, err)
	}
	return nil
}

// Sessions lists the living sessions of a person, the one used last first.
func (db *DB) Sessions(ctx context.Context, userID int64) ([]Session, error) {
	var out []Session
	now := At(db.Now())
	err := db.Read().Gorm(ctx).Where("user_id = ? AND expires_at > ? AND last_seen_at + idle_ms > ?", userID, now, now).
		Order("last_seen_at DESC, public_id").Find(&out).Error
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", storageError(err))
	}
	return out, nil
}

// CleanSessions removes sessions that ended by themselves.
func CleanSessions(ctx context.Context, tx *Tx) error {
	now := At(tx.Now())
	if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE expires_at <= ? OR last_seen_at + idle_ms <= ?", now, now); err != nil {
		return fmt.Errorf("clean sessions: %w", err)
	}
	return nil
}

// SwitchRole narrows a session to one of the person's roles, or to none. The
// session gets a new id.
func SwitchRole(ctx context.Context, tx *Tx, s Session, role string) (Started, error) {
	in := s.again()
	in.Role, in.ProvenAt = role, s.ProvenAt.Time()
	started, err := StartSession(ctx, tx, in)
	if err != nil {
		return Started{}, err
	}
	// The new session does not live longer than the old one would have.
	started.Session.CreatedAt, started.Session.ExpiresAt = s.CreatedAt, s.ExpiresAt
	_, err = tx.Exec(ctx, "UPDATE sessions SET created_at = ?, expires_at = ? WHERE hash = ?", s.CreatedAt, s.ExpiresAt, started.Session.Hash)
	if err != nil {
		return Started{}, fmt.Errorf("switch role: %w", err)
	}
	return started, Audit(ctx, tx, AuditEntry{Principal: started.Session.Principal(), Action: "session.role", ObjectType: "role", ObjectID: role})
}

func expiredSession() *Error {
	return NewError(KindUnauthenticated, "EXPIRED_SESSION", text.M("signin.expired", "You have been signed out. Sign in again."))
}

func emptyToken() *Error {
	return NewError(KindUnauthenticated, "EMPTY_TOKEN", text.M("signin.empty", "Sign in first."))
}
