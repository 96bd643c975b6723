package models

import (
	"context"
	"time"
)

// NewPasswordsWaiting is NewPasswords with another time of queueing.
func NewPasswordsWaiting(db *DB, wait time.Duration) *Passwords {
	p := NewPasswords(db)
	p.wait = wait
	return p
}

// Occupy takes both slots and gives them back with the result.
func (p *Passwords) Occupy() (release func()) {
	p.slots <- struct{}{}
	p.slots <- struct{}{}
	return func() { <-p.slots; <-p.slots }
}

// FloorHash hashes with the least cost that is accepted.
func FloorHash(password string) PasswordHash {
	return computePHC(password, argonParams{memory: 19 << 10, time: 2, threads: 1})
}

// TooWeakHash hashes with less than that.
func TooWeakHash(password string) PasswordHash {
	return computePHC(password, argonParams{memory: 8 << 10, time: 1, threads: 1})
}

// IsWeak reports that a hash would be replaced.
func IsWeak(h PasswordHash) bool { return isWeak(h) }

// Renew replaces the hash old of a person.
func (p *Passwords) Renew(ctx context.Context, userID int64, old PasswordHash, password string) error {
	return p.renew(ctx, userID, old, password)
}
