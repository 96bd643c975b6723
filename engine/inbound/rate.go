package inbound

import (
	"math"
	"sync"
	"time"
)

// Rates bound how many requests of each key are taken in a second. The zero value is
// ready. It is safe for concurrent use.
type Rates struct {
	mu      sync.Mutex
	buckets map[int64]*bucket
}

type bucket struct {
	level float64 // requests that may come at once
	at    time.Time
	rate  float64
}

// Take counts a request of a key that may come rate times a second, with as many at
// once. It gives 0, or how long to wait.
func (r *Rates) Take(key int64, rate float64, now time.Time) time.Duration {
	if rate <= 0 || math.IsNaN(rate) {
		return 0
	}
	room := math.Max(1, math.Ceil(rate))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.buckets == nil {
		r.buckets = map[int64]*bucket{}
	}
	b := r.buckets[key]
	if b == nil || b.rate != rate {
		b = &bucket{level: room, at: now, rate: rate}
		r.buckets[key] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level, b.at = math.Min(room, b.level+passed*rate), now
	}
	if b.level < 1 {
		return time.Duration(math.Ceil((1 - b.level) / rate * float64(time.Second)))
	}
	b.level--
	return 0
}
