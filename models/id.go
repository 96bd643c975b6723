package models

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/google/uuid"
)

// Millis is an instant as milliseconds since 1970 in UTC, the form in which all
// system tables keep time on both databases. 0 means "never".
type Millis int64

// At converts an instant; the zero time becomes 0.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time converts back, in UTC; 0 becomes the zero time.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// newShard draws a number for the roll-ups of a process, so that no other one has it.
func newShard() int64 {
	id := uuid.New()
	return int64(binary.BigEndian.Uint64(id[8:]) >> 1)
}

// Clock tells the time. It is passed in everywhere, so tests can move it.
type Clock interface {
	Now() time.Time
}

// ClockFunc makes a [Clock] of a function.
type ClockFunc func() time.Time

// Now calls the function.
func (f ClockFunc) Now() time.Time { return f() }

// idAlphabet is Crockford's: no I, L, O, U, sorts like the bytes.
const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var (
	idEncoding     = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding) //nolint:gochecknoglobals // a constant
	secretEncoding = base64.RawURLEncoding                                        //nolint:gochecknoglobals // a constant
)

// NewID makes an opaque text id: a version 7 UUID in 26 characters, so ids made
// later sort later.
func NewID() string {
	u, err := uuid.NewV7()
	if err != nil {
		panic("read random bytes: " + err.Error()) // crypto/rand never fails on supported systems
	}
	return idEncoding.EncodeToString(u[:])
}

// NewSecret makes a bearer secret of 256 random bits in 43 URL-safe characters.
func NewSecret() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("read random bytes: " + err.Error())
	}
	return secretEncoding.EncodeToString(b[:])
}

// HashSecret gives the SHA-256 of a secret in hex, the only form that is stored.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
