package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"formrail/models/text"
)

// tokenPrefix begins every API token, so that scanners and people recognise one.
const tokenPrefix = "frl_"

// Lives of API tokens.
const (
	tokenLife    = 90 * 24 * time.Hour
	maxTokenLife = 366 * 24 * time.Hour
)

// Token is an API token of a person. It never does more than he may now.
type Token struct {
	ID              string
	Hash            string // of the secret, which is not stored
	UserID          int64
	Name            string
	Scopes          []string `gorm:"serializer:json"`
	Role            string   // one of his roles; empty for all
	CreatedAt       Millis   `gorm:"autoCreateTime:false"`
	ExpiresAt       Millis   // 0 never; negative: revoked at that time
	LastUsedAt      Millis
	LastUsedAddress string
}

// TableName tells GORM the table.
func (Token) TableName() string { return "api_tokens" }

// RevokedAt is when the token was revoked; zero when it was not.
func (t Token) RevokedAt() time.Time {
	if t.ExpiresAt < 0 {
		return (-t.ExpiresAt).Time()
	}
	return time.Time{}
}

// Live reports whether the token works at now.
func (t Token) Live(now time.Time) bool { return t.ExpiresAt == 0 || t.ExpiresAt > At(now) }

// NewToken describes an API token to make.
type NewToken struct {
	UserID int64
	Name   string
	Scopes []string      // see TokenScopes
	Role   string        // one of the person's roles; empty for all
	Life   time.Duration // 0 means 90 days
	Never  bool          // it never expires; needs token.manage
}

// TokenScopes lists what tokens can be allowed. After "records:read:" and
// "records:write:" stands a collection, or * for all.
func TokenScopes() []string {
	return []string{
		"records:read:*", "records:write:*", "records:trigger", "workflows:read", "workflows:write", "workflows:run",
		"executions:read", "executions:control", "tasks", "schema", "users:read", "events:read", "export",
	}
}

// CreateToken makes an API token and gives its secret, which is shown once. One's
// own needs token.own, anybody else's token.manage; either way everything the
// token may do must be held by the caller. A token cannot make tokens.
func CreateToken(ctx context.Context, tx *Tx, by Access, in NewToken) (secret string, t Token, err error) {
	if err := mayMakeToken(ctx, tx, by, in); err != nil {
		return "", Token{}, err
	}
	if err := checkTitle("name", &in.Name); err != nil {
		return "", Token{}, err
	}
	if err := checkScopes(in.Scopes); err != nil {
		return "", Token{}, err
	}
	secret = tokenPrefix + NewSecret()
	t = Token{ID: NewID(), Hash: HashSecret(secret), UserID: in.UserID, Name: in.Name, Scopes: in.Scopes, Role: in.Role, CreatedAt: At(tx.Now())}
	if t.ExpiresAt, err = expiryOf(tx.Now(), in); err != nil {
		return "", Token{}, err
	}
	if err := tx.Gorm(ctx).Create(&t).Error; err != nil {
		return "", Token{}, fmt.Errorf("create token: %w", storageError(err))
	}
	return secret, t, Audit(ctx, tx, auditToken(by, "token.create", t))
}

func mayMakeToken(ctx context.Context, tx *Tx, by Access, in NewToken) error {
	if by.Principal.Kind == TokenPrincipal {
		return NoPermission()
	}
	right := "token.manage"
	if in.UserID == by.Actor && !in.Never {
		right = "token.own"
	}
	if !by.Can("token.manage") {
		if err := by.Require(right); err != nil {
			return err
		}
	}
	who, err := personIn(ctx, tx, in.UserID)
	if err != nil {
		return err
	}
	if who.status != UserActive {
		return userInactive()
	}
	rights, ok := who.rightsAs(in.Role)
	if !ok {
		return roleNotAllowed()
	}
	if !by.CoversRights(rights) {
		return moreThanHeld()
	}
	return nil
}

func checkScopes(scopes []string) error {
	wrong := func(m text.Message) error {
		return InvalidFields([]FieldError{{Field: "scopes", Code: "VALIDATION_FAILED", Message: m}})
	}
	if len(scopes) == 0 {
		return wrong(text.M("token.scopes", "Choose what the token may do."))
	}
	for _, s := range scopes {
		i := strings.LastIndexByte(s, ':')
		ofCollection := i > 0 && len(s) > i+1 && slices.Contains([]string{"records:read", "records:write"}, s[:i])
		if !ofCollection && !slices.Contains(TokenScopes(), s) {
			return wrong(text.M("token.scope", "There is no scope named %s.", s))
		}
	}
	return nil
}

func expiryOf(now time.Time, in NewToken) (Millis, error) {
	switch {
	case in.Never:
		return 0, nil
	case in.Life == 0:
		return At(now.Add(tokenLife)), nil
	case in.Life < 0 || in.Life > maxTokenLife:
		return 0, InvalidFields([]FieldError{{
			Field: "life", Code: "VALIDATION_FAILED",
			Message: text.M("token.life", "A token lives for at most one year."),
		}})
	default:
		return At(now.Add(in.Life)), nil
	}
}

// Tokens lists the tokens of a person, the newest first; all tokens for 0.
func (db *DB) Tokens(ctx context.Context, userID int64) ([]Token, error) {
	g := db.Read().Gorm(ctx).Order("created_at DESC, id DESC").Limit(1000)
	if userID != 0 {
		g = g.Where("user_id = ?", userID)
	}
	var out []Token
	if err := g.Find(&out).Error; err != nil {
		return nil, fmt.Errorf("list tokens: %w", storageError(err))
	}
	return out, nil
}

// RevokeToken ends a token: one's own, or with token.manage anybody's.
func RevokeToken(ctx context.Context, tx *Tx, by Access, id string) error {
	var t Token
	if err := tx.Gorm(ctx).Where("id = ?", id).Limit(1).Find(&t).Error; err != nil {
		return fmt.Errorf("read token: %w", storageError(err))
	}
	if t.ID == "" || by.Principal.Kind == TokenPrincipal || (t.UserID != by.Actor && !by.Can("token.manage")) {
		return NotFound()
	}
	if err := revokeTokens(ctx, tx, "id = ?", id); err != nil {
		return err
	}
	return Audit(ctx, tx, auditToken(by, "token.revoke", t))
}

// revokeTokens ends all tokens that match; which is constant.
func revokeTokens(ctx context.Context, tx *Tx, which string, arg any) error {
	if _, err := tx.Exec(ctx, "UPDATE api_tokens SET expires_at = ? WHERE expires_at >= 0 AND "+which, -At(tx.Now()), arg); err != nil {
		return fmt.Errorf("revoke tokens: %w", err)
	}
	return nil
}

// Authenticate finds out who sends a bearer token: an API token, or the token of
// a sign-in to the API.
func (db *DB) Authenticate(ctx context.Context, bearer string) (Principal, error) {
	if strings.HasPrefix(bearer, tokenPrefix) {
		return db.TokenBy(ctx, bearer)
	}
	s, err := db.SessionBy(ctx, APISession, bearer)
	if IsCode(err, "EXPIRED_SESSION") {
		return Principal{}, invalidToken()
	}
	if err != nil {
		return Principal{}, err
	}
	return s.Principal(), nil
}

// TokenBy finds out whose API token a secret is.
func (db *DB) TokenBy(ctx context.Context, secret string) (Principal, error) {
	if secret == "" {
		return Principal{}, emptyToken()
	}
	var t Token
	var scopes string
	var status UserStatus
	err := db.Read().QueryRow(ctx, `SELECT t.id, t.user_id, t.scopes, t.role, t.expires_at, t.last_used_at, u.status
		FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ?`, HashSecret(secret)).
		Scan(&t.ID, &t.UserID, &scopes, &t.Role, &t.ExpiresAt, &t.LastUsedAt, &status)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Principal{}, invalidToken()
	case err != nil:
		return Principal{}, fmt.Errorf("read token: %w", storageError(err))
	case status != UserActive:
		return Principal{}, userInactive()
	case t.ExpiresAt < 0:
		return Principal{}, NewError(KindUnauthenticated, "BLOCKED_TOKEN", text.M("token.blocked", "This token was revoked. Make a new one."))
	case !t.Live(db.Now()):
		return Principal{}, NewError(KindUnauthenticated, "EXPIRED_TOKEN", text.M("token.expired", "This token has expired. Make a new one."))
	}
	t.Scopes = []string{} // a token without readable scopes may do nothing
	if err := json.Unmarshal([]byte(scopes), &t.Scopes); err != nil {
		return Principal{}, fmt.Errorf("read scopes of token %s: %w", t.ID, err)
	}
	db.touchToken(ctx, t)
	return Principal{Kind: TokenPrincipal, ID: t.ID, UserID: t.UserID, Role: t.Role, Scopes: t.Scopes}, nil
}

// touchToken notes the use of a token, at most once a minute.
func (db *DB) touchToken(ctx context.Context, t Token) {
	if db.Now().Sub(t.LastUsedAt.Time()) < touchEvery {
		return
	}
	err := db.Write(ctx, "token.touch", func(tx *Tx) error {
		now := At(tx.Now())
		_, err := tx.Exec(ctx, "UPDATE api_tokens SET last_used_at = ?, last_used_address = ? WHERE id = ? AND last_used_at <= ?",
			now, storable(RequestOf(ctx).Address, 100), t.ID, now-Millis(touchEvery.Milliseconds()))
		return err
	})
	if err != nil {
		db.log.Warn("note use of token", "token", t.ID, "error", err)
	}
}

func invalidToken() *Error {
	return NewError(KindUnauthenticated, "INVALID_TOKEN", text.M("token.invalid", "This token is not valid. Sign in again or make a new one."))
}

func auditToken(by Access, action string, t Token) AuditEntry {
	return AuditEntry{Principal: by.Principal, Action: action, ObjectType: "token", ObjectID: t.ID, Title: t.Name}
}
