// Package secret keeps secrets from being read by accident: values that print as dots,
// and sealing with keys of their own under one master key.
//
// The package is a leaf; where keys and sealed bytes are stored is decided elsewhere.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// dots is how a secret looks to everybody.
const dots = "•••"

// Value is a secret in memory. It prints, formats and marshals as dots; Reveal is the
// one way to its content.
type Value struct{ content string }

// New makes a secret of a text.
func New(content string) Value { return Value{content} }

// Reveal gives the content, where it is used.
func (v Value) Reveal() string { return v.content }

// IsZero reports whether there is no secret.
func (v Value) IsZero() bool { return v.content == "" }

// String gives dots.
func (v Value) String() string { return dots }

// GoString gives dots.
func (v Value) GoString() string { return dots }

// MarshalText gives dots, also as JSON.
func (v Value) MarshalText() ([]byte, error) { return []byte(dots), nil }

// Key is a key of 256 bits.
type Key [32]byte

// NewKey makes a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:]) // never fails
	return k
}

// ErrWeakKey says that a key is too short, or one that anybody could guess.
var ErrWeakKey = errors.New("the master key must be 32 random bytes, written as 64 hex digits or as base64")

// ParseKey reads a key as it is written in a file or the environment.
func ParseKey(written string) (Key, error) {
	s := strings.TrimSpace(written)
	b, err := hex.DecodeString(s)
	if err != nil {
		if b, err = base64.StdEncoding.DecodeString(s); err != nil {
			return Key{}, ErrWeakKey
		}
	}
	var k Key
	if len(b) != len(k) || few(b) {
		return Key{}, ErrWeakKey
	}
	copy(k[:], b)
	return k, nil
}

// few reports whether bytes repeat as random ones never do.
func few(b []byte) bool {
	seen := map[byte]bool{}
	steps := map[byte]bool{}
	for i, c := range b {
		seen[c] = true
		if i > 0 {
			steps[c-b[i-1]] = true
		}
	}
	return len(seen) < 12 || len(steps) < 8
}

// Encode writes a key for a file.
func (k Key) Encode() string { return hex.EncodeToString(k[:]) }

// Sealed is a secret as it is stored: its own key under the master key, and the content
// under its own key.
type Sealed struct{ Key, Content []byte }

// Seal seals a secret. place says where it is stored; it opens nowhere else.
func (k Key) Seal(v Value, place string) (Sealed, error) {
	own := NewKey()
	key, err := k.encrypt(own[:], "key:"+place)
	if err != nil {
		return Sealed{}, err
	}
	content, err := own.encrypt([]byte(v.content), "content:"+place)
	return Sealed{Key: key, Content: content}, err
}

// Open opens what was sealed for a place.
func (k Key) Open(s Sealed, place string) (Value, error) {
	own, err := k.decrypt(s.Key, "key:"+place)
	if err != nil {
		return Value{}, err
	}
	var key Key
	if copy(key[:], own) != len(key) {
		return Value{}, errSealed
	}
	content, err := key.decrypt(s.Content, "content:"+place)
	return Value{string(content)}, err
}

var errSealed = errors.New("a secret cannot be opened: it was sealed with another master key, or changed")

func (k Key) encrypt(plain []byte, place string) ([]byte, error) {
	aead, err := k.cipher()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, plain, []byte(place)), nil
}

func (k Key) decrypt(sealed []byte, place string) ([]byte, error) {
	aead, err := k.cipher()
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(place))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

func (k Key) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return aead, nil
}
