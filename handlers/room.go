package handlers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Memory for what the bodies of all requests hold together while they are worked on.
const (
	roomForBodies = 128 << 20
	roomForNone   = 32 << 10        // what weighs less needs none
	roomPatience  = 5 * time.Second // how long a request waits for it
	roomCopies    = 4               // of a value at a time: read, checked, written, answered
)

// enter waits until there is room for what the body of a request holds. leave gives it back.
func (a *App) enter(c *fiber.Ctx) (leave func(), err error) {
	weight := field.Weight(c.Request().Body())
	if weight < roomForNone {
		return func() {}, nil
	}
	ctx, done := context.WithTimeout(c.UserContext(), roomPatience)
	defer done()
	leave, err = a.room.Enter(ctx, roomCopies*weight)
	if err != nil {
		return leave, busyReading()
	}
	return leave, nil
}

// Memory for bodies as they come, while they are read and worked on.
const (
	roomForReading = 96 << 20
	smallBody      = 64 << 10 // what is not larger needs none
	noRoom         = "Formrail-No-Room"
)

// bodies knows how many bytes of large bodies the process holds, or is about to. It is safe
// for concurrent use.
type bodies struct {
	mu   sync.Mutex
	list []coming
	sum  int
}

// coming is one body. Where the connection ends before all of it was read nobody says so;
// then it is over when the time for reading is.
type coming struct {
	bytes int
	until time.Time
}

// begin notes that a body of so many bytes will be read. It is false when there is no room.
func (b *bodies) begin(bytes int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = slices.DeleteFunc(b.list, func(c coming) bool {
		over := !now.Before(c.until)
		if over {
			b.sum -= c.bytes
		}
		return over
	})
	if b.sum > 0 && b.sum+bytes > roomForReading {
		return false
	}
	b.sum += bytes
	b.list = append(b.list, coming{bytes, now.Add(readTimeout + time.Second)})
	return true
}

// end notes that a body of so many bytes is needed no longer.
func (b *bodies) end(bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.list, func(c coming) bool { return c.bytes == bytes }); i >= 0 {
		b.list = slices.Delete(b.list, i, i+1)
		b.sum -= bytes
	}
}

// bodyBytes is what a body may take at most: what its header says, else the limit.
func bodyBytes(h *fasthttp.RequestHeader, limit int) int {
	if n := h.ContentLength(); n >= 0 {
		return n
	}
	return limit
}

// within gives the limit of a body, after room was taken for it.
func (a *App) within(h *fasthttp.RequestHeader, limit int) fasthttp.RequestConfig {
	if n := bodyBytes(h, limit); n > smallBody && n <= limit && !a.reading.begin(n, a.deps.Clock.Now()) {
		h.Set(noRoom, "1")
		limit = 1
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit}
}

// read gives the room for a body back after its request was answered.
func (a *App) read(h *fasthttp.RequestHeader) {
	limit := a.bodyLimit(h)
	if n := bodyBytes(h, limit); n > smallBody && n <= limit {
		a.reading.end(n)
	}
}

func busyReading() error {
	return models.Unavailable("OVERLOADED", text.M("request.room", "Too many large requests are worked on. Try again in a moment."), time.Second)
}
