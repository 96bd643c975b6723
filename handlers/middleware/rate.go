package middleware

import (
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"formrail/handlers/route"
	"formrail/models"
	"formrail/models/text"
)

// Limits of the classes in one minute.
const (
	publicLimit = 600
	heavyLimit  = 300
	manyCounted = 100_000
)

// rates counts requests of this process by the minute.
type rates struct {
	clock  models.Clock
	mu     sync.Mutex
	minute time.Time
	counts map[string]int
}

func newRates(clock models.Clock) *rates { return &rates{clock: clock, counts: map[string]int{}} }

// take counts one request, or says how long to wait.
func (r *rates) take(who string, limit int) (wait time.Duration) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(r.minute) || len(r.counts) > manyCounted {
		r.minute = minute
		clear(r.counts)
	}
	r.counts[who]++
	if r.counts[who] <= limit {
		return 0
	}
	return r.minute.Add(time.Minute).Sub(now)
}

// rate refuses what comes too often. Heavy work is counted by token or session, so
// by what the caller sends, before that is looked up.
func (d *Door) rate(c *fiber.Ctx, r *route.Request) error {
	var wait time.Duration
	switch r.Route.Rate {
	case route.Public:
		wait = d.rates.take("public "+models.Network(c.IP()), publicLimit)
	case route.Heavy:
		wait = d.rates.take("heavy "+models.HashSecret(c.Get(fiber.HeaderAuthorization)+SessionCookie(c, d.deps.Base)), heavyLimit)
	default: // without a limit, or counted elsewhere
	}
	if wait > 0 {
		e := models.NewError(models.KindTooMany, "RATE_LIMITED", text.M("request.rate", "Too many requests. Wait a little, then try again."))
		e.RetryAfter = wait
		return e
	}
	return nil
}
