package models

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"formrail/models/text"
)

// Limit allows Max uses of Name in each Window. Windows begin at full multiples
// of their length, so all processes count in the same ones.
type Limit struct {
	Name   string
	Window time.Duration
	Max    int64
}

// begin is the start of the window that t lies in.
func (l Limit) begin(t time.Time) Millis { return At(t.Truncate(l.Window)) }

func (l Limit) key() string { return l.Name + "/" + l.Window.String() }

// Take counts one use of each limit, or says when to come back because one of
// them is used up; the caller returns that error, which undoes the counting.
// Counting and checking are one step, so attempts at the same time cannot slip
// through together.
func Take(ctx context.Context, tx *Tx, limits ...Limit) error {
	for _, l := range limits {
		begin := l.begin(tx.Now())
		var count int64
		err := tx.QueryRow(ctx, `INSERT INTO rate_counters (name, window_at, count) VALUES (?, ?, 1)
			ON CONFLICT (name, window_at) DO UPDATE SET count = rate_counters.count + 1 RETURNING count`, l.key(), begin).Scan(&count)
		if err != nil {
			return fmt.Errorf("count attempt: %w", storageError(err))
		}
		if count > l.Max {
			return tooMany(begin.Time().Add(l.Window).Sub(tx.Now()))
		}
	}
	return nil
}

// GiveBack takes back what [Take] counted at the instant at.
func GiveBack(ctx context.Context, tx *Tx, at time.Time, limits ...Limit) error {
	for _, l := range limits {
		_, err := tx.Exec(ctx, "UPDATE rate_counters SET count = count - 1 WHERE name = ? AND window_at = ? AND count > 0", l.key(), l.begin(at))
		if err != nil {
			return fmt.Errorf("give attempt back: %w", err)
		}
	}
	return nil
}

// CleanCounters forgets windows that ended long ago.
func CleanCounters(ctx context.Context, tx *Tx) error {
	if _, err := tx.Exec(ctx, "DELETE FROM rate_counters WHERE window_at < ?", At(tx.Now().Add(-48*time.Hour))); err != nil {
		return fmt.Errorf("clean counters: %w", err)
	}
	return nil
}

func tooMany(after time.Duration) error {
	e := NewError(KindTooMany, "TOO_MANY_ATTEMPTS", text.M("rate.too_many", "Too many attempts. Wait a little, then try again."))
	e.RetryAfter = after
	return e
}

// SignInLimits bound failed sign-ins: 5 a minute and 100 a day for one account,
// 30 a minute for one address. Account may be anything that somebody typed.
func SignInLimits(account, address string) []Limit {
	name := "signin:" + HashSecret(strings.ToLower(strings.TrimSpace(account)))
	return []Limit{
		{Name: "signin:" + Network(address), Window: time.Minute, Max: 30},
		{Name: name, Window: time.Minute, Max: 5},
		{Name: name, Window: 24 * time.Hour, Max: 100},
	}
}

// refusalLimit bounds how often refusals of one principal are logged.
func refusalLimit(p Principal) Limit {
	return Limit{Name: "refusal:" + p.String(), Window: time.Minute, Max: 10}
}

// Network is the part of an address that belongs to one subscriber: an IPv4
// address as it is, the first 64 bits of an IPv6 one.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
