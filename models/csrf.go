package models

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"formrail/models/text"
)

// CSRFToken is the token that must come with every change from a session's pages. It
// is another one each time, so that the length of a compressed page that repeats what
// it was asked for tells nothing about it (the attack is known as BREACH,
// http://breachattack.com, where this masking is described in section 3.4).
func (db *DB) CSRFToken(ctx context.Context, s Session) (string, error) {
	proof, err := db.csrfProof(ctx, s)
	if err != nil {
		return "", err
	}
	token := make([]byte, 2*len(proof))
	mask := token[:len(proof)]
	rand.Read(mask) // never fails
	subtle.XORBytes(token[len(proof):], proof, mask)
	return secretEncoding.EncodeToString(token), nil
}

// CheckCSRF refuses a token that does not belong to the session.
func (db *DB) CheckCSRF(ctx context.Context, s Session, token string) error {
	proof, err := db.csrfProof(ctx, s)
	if err != nil {
		return err
	}
	sent, err := secretEncoding.DecodeString(token)
	if err != nil || len(sent) != 2*len(proof) {
		return badCSRF()
	}
	unmasked := make([]byte, len(proof))
	subtle.XORBytes(unmasked, sent[:len(proof)], sent[len(proof):])
	if !hmac.Equal(unmasked, proof) {
		return badCSRF()
	}
	return nil
}

func badCSRF() *Error {
	return Forbidden("BAD_CSRF", text.M("signin.csrf", "This page is too old. Load it again and repeat what you did."))
}

// csrfProof is what only the server can derive from a session.
func (db *DB) csrfProof(ctx context.Context, s Session) ([]byte, error) {
	key, err := db.csrfKey(ctx)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(s.Hash))
	return mac.Sum(nil), nil
}

const csrfKeyName = "csrf_key"

// csrfKey reads the key of the installation, and makes it the first time.
func (db *DB) csrfKey(ctx context.Context) (string, error) {
	return db.InstallationKey(ctx, csrfKeyName)
}

// InstallationKey reads a secret that belongs to the installation, and makes it the first
// time. It must not be called inside a write.
func (db *DB) InstallationKey(ctx context.Context, name string) (string, error) {
	return cachedBy(db, csrfKeyName, name, func() (string, error) {
		key, err := db.Meta(ctx, name)
		if err != nil || key != "" {
			return key, err
		}
		err = db.Write(ctx, "installation.key", func(tx *Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, NewSecret()); err != nil {
				return err
			}
			return tx.QueryRow(ctx, "SELECT value FROM meta WHERE name = ?", name).Scan(&key)
		})
		if err != nil {
			return "", fmt.Errorf("make key %s: %w", name, err)
		}
		return key, nil
	})
}
