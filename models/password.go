package models

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"formrail/models/text"
)

// PasswordHash is a hashed password in PHC form. Only [Passwords.Hash] makes one.
type PasswordHash string

// Bounds of a password, in characters. There are no rules of composition.
const (
	minPassword = 12
	maxPassword = 128
)

//go:embed common_passwords.txt
var commonPasswords string

// argonParams is the cost of one computation.
type argonParams struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// todaysCost is what new hashes get; the floor is what old ones may have.
func todaysCost() argonParams { return argonParams{memory: 46 << 10, time: 1, threads: 1} }

// acceptable reports whether a hash is strong enough to be believed, and cheap
// enough to be computed on a request.
func (p argonParams) acceptable() bool {
	strong := p.memory >= 46<<10 || (p.memory >= 19<<10 && p.time >= 2)
	return strong && p.memory <= 256<<10 && p.time >= 1 && p.time <= 10 && p.threads >= 1 && p.threads <= 4
}

// Passwords hashes and checks passwords, two at once: each takes 46 MiB. A
// process has one, made by [NewPasswords]. It is safe for concurrent use.
type Passwords struct {
	db    *DB
	slots chan struct{}
	wait  time.Duration // how long a caller queues before it is turned away
}

// NewPasswords makes the hasher of a process.
func NewPasswords(db *DB) *Passwords {
	return &Passwords{db: db, slots: make(chan struct{}, 2), wait: 5 * time.Second}
}

// Hash checks that a password may be used and hashes it.
func (p *Passwords) Hash(ctx context.Context, password string) (PasswordHash, error) {
	if err := CheckPasswordRules(password); err != nil {
		return "", err
	}
	return p.hash(ctx, password)
}

func (p *Passwords) hash(ctx context.Context, password string) (PasswordHash, error) {
	release, err := p.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return computePHC(password, todaysCost()), nil
}

// acquire waits for one of the slots.
func (p *Passwords) acquire(ctx context.Context) (release func(), err error) {
	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-timer.C:
		return nil, Unavailable("SIGN_IN_BUSY",
			text.M("signin.busy", "Many people are signing in right now. Try again in a few seconds."), 5*time.Second)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// CheckPasswordRules says what is wrong with a new password, if anything.
func CheckPasswordRules(password string) error {
	normal := norm.NFC.String(password)
	wrong := func(m text.Message) error {
		return InvalidFields([]FieldError{{Field: "password", Code: "BAD_PASSWORD", Message: m}})
	}
	switch n := utf8.RuneCountInString(normal); {
	case !utf8.ValidString(password):
		return wrong(text.M("password.invalid", "The password holds characters that cannot be used."))
	case n < minPassword:
		return wrong(text.M("password.short", "Use at least %d characters. A sentence is easy to remember.", minPassword))
	case n > maxPassword:
		return wrong(text.M("password.long", "Use at most %d characters.", maxPassword))
	case isCommon(normal):
		return wrong(text.M("password.common", "This password is one of the first that others would try. Choose another one."))
	}
	return nil
}

// isCommon looks a password up in the list of those that are tried first.
func isCommon(password string) bool {
	lower := strings.ToLower(strings.TrimSpace(password))
	return !strings.Contains(lower, "\n") && strings.Contains("\n"+commonPasswords, "\n"+lower+"\n")
}

// Check finds the person with an account (user name or address) and a password.
// Unknown accounts, wrong passwords and people without a password cost the same
// and read alike. A hash that is weaker than today's is replaced.
func (p *Passwords) Check(ctx context.Context, account, password string) (User, error) {
	user, hash, err := p.db.account(ctx, account)
	if err != nil {
		return User{}, err
	}
	ok, err := p.matches(ctx, hash, password)
	switch {
	case err != nil:
		return User{}, err
	case !ok:
		return User{}, badSignIn()
	case user.Status != UserActive:
		return User{}, userInactive()
	}
	if isWeak(hash) {
		if err := p.renew(ctx, user.ID, hash, password); err != nil {
			p.db.log.Warn("renew password hash", "user", user.ID, "error", err)
		}
	}
	return user, nil
}

// matches compares a password with a hash. Without a usable hash it does the
// same work and says no.
func (p *Passwords) matches(ctx context.Context, hash PasswordHash, password string) (bool, error) {
	release, err := p.acquire(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	params, salt, want, err := parsePHC(hash)
	known := err == nil
	if !known { // takes as long, and nothing matches
		params, salt, want = todaysCost(), make([]byte, 16), make([]byte, 32)
	}
	got := argonKey(password, salt, params, len(want))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// renew replaces a weak hash, unless the password was changed meanwhile.
func (p *Passwords) renew(ctx context.Context, userID int64, old PasswordHash, password string) error {
	fresh, err := p.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.db.Write(ctx, "password.renew", func(tx *Tx) error {
		_, err := tx.Exec(ctx, "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", string(fresh), userID, string(old))
		return err
	})
}

// NewPassword is a person's change of his own password.
type NewPassword struct {
	Session Session // the session that asks; it gets a new id
	Current string
	New     string
}

// Change replaces a person's own password, who must know the current one. All
// his sessions end, and the one that asked goes on under a new id.
func (p *Passwords) Change(ctx context.Context, in NewPassword) (Started, error) {
	user, err := UserByID(ctx, p.db.Read(), in.Session.UserID)
	if err != nil {
		return Started{}, err
	}
	if _, err := p.prove(ctx, user.Email, in.Current); err != nil {
		return Started{}, err
	}
	hash, err := p.Hash(ctx, in.New)
	if err != nil {
		return Started{}, err
	}
	var out Started
	err = p.db.Write(ctx, "password.change", func(tx *Tx) error {
		if err := replacePassword(ctx, tx, Person(user.ID, ""), user, hash); err != nil {
			return err
		}
		out, err = StartSession(ctx, tx, in.Session.again())
		return err
	})
	return out, err
}

// PasswordOf is a new password for somebody.
type PasswordOf struct {
	UserID int64
	Hash   PasswordHash
}

// SetPassword gives somebody a password, as an administrator does who may manage
// that person. All his sessions end.
func SetPassword(ctx context.Context, tx *Tx, by Access, in PasswordOf) error {
	user, err := UserByID(ctx, tx, in.UserID)
	if err != nil {
		return err
	}
	if err := mayManage(ctx, tx, by, user); err != nil {
		return err
	}
	return replacePassword(ctx, tx, by.Principal, user, in.Hash)
}

func replacePassword(ctx context.Context, tx *Tx, by Principal, user User, hash PasswordHash) error {
	if hash == "" {
		return errors.New("set password: empty hash")
	}
	if err := tx.bump(ctx, rightsVersion); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE users SET password_hash = ?, epoch = epoch + 1, updated_at = ? WHERE id = ?", string(hash), At(tx.Now()), user.ID)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := endSessions(ctx, tx, user.ID, ""); err != nil {
		return err
	}
	return Audit(ctx, tx, auditUser(by, "user.password", user))
}

func badSignIn() *Error {
	return NewError(KindUnauthenticated, "BAD_SIGN_IN", text.M("signin.bad", "The account or the password is wrong. Check both and try again."))
}

func userInactive() *Error {
	return NewError(KindUnauthenticated, "USER_INACTIVE", text.M("signin.inactive", "This account is not active. Ask an administrator."))
}

// computePHC hashes a password with a fresh salt.
func computePHC(password string, params argonParams) PasswordHash {
	var salt [16]byte
	if _, err := rand.Read(salt[:]); err != nil {
		panic("read random bytes: " + err.Error()) // crypto/rand never fails on supported systems
	}
	enc := base64.RawStdEncoding
	return PasswordHash(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, params.memory, params.time, params.threads,
		enc.EncodeToString(salt[:]), enc.EncodeToString(argonKey(password, salt[:], params, 32))))
}

func argonKey(password string, salt []byte, params argonParams, size int) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, params.time, params.memory, params.threads, uint32(size)) //nolint:gosec // 16 to 64
}

// parsePHC reads a hash and refuses one whose cost is out of bounds.
func parsePHC(hash PasswordHash) (params argonParams, salt, key []byte, err error) {
	parts := strings.Split(string(hash), "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &params.memory, &params.time, &params.threads); err != nil {
		return params, nil, nil, fmt.Errorf("read cost of hash: %w", err)
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(saltErr, keyErr); err != nil {
		return params, nil, nil, fmt.Errorf("read hash: %w", err)
	}
	if !params.acceptable() || len(salt) < 8 || len(key) < 16 || len(key) > 64 {
		return params, nil, nil, errors.New("hash out of bounds")
	}
	return params, salt, key, nil
}

// isWeak reports that a hash was made with less memory than today's.
func isWeak(hash PasswordHash) bool {
	params, _, _, err := parsePHC(hash)
	return err == nil && params.memory < todaysCost().memory
}
