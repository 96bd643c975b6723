package engine

import (
	"sync"
	"time"

	"formrail/models"
)

// claims make sure that one goroutine at a time works on an execution. Where the lock
// of the data folder, or of the database, makes this process the only owner, a claim need
// not be stored; among several processes holding.go stores those that last. The lease
// token in the database refuses a commit of anybody who lost it.
type claims struct {
	mu   sync.Mutex
	held map[string]*claim
	idle *sync.Cond
}

type claim struct {
	since    time.Time
	worker   bool   // a worker took it, not a request
	leave    func() // gives the room back that what it reads needs; nil for none
	reserved bool   // for the request that will run it; not started yet
	held     bool   // it waits for a permit
	workflow int64  // of the execution, once it was loaded
	again    bool   // delivered once more meanwhile
	answer   string // of a Response step, once it is durable; its holder reads and writes it
	answered bool   // the request has its answer; the rest needs nobody who waits. Its holder reads and writes it
	cancel   chan struct{}
	lease    lease
}

func newClaims() *claims {
	c := &claims{held: map[string]*claim{}}
	c.idle = sync.NewCond(&c.mu)
	return c
}

// take claims an execution for a worker. When somebody else has it, that holder
// looks again before he gives it back.
func (c *claims) take(id string, now time.Time) (*claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.held[id]; have != nil {
		have.again = true
		return nil, false
	}
	mine := &claim{since: now, worker: true, cancel: make(chan struct{})}
	c.held[id] = mine
	return mine, true
}

// reserve keeps an execution for the request that started it. stored says that a lease
// was stored with it, held that it has no permit yet.
func (c *claims) reserve(id string, now time.Time, stored, held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[id] == nil {
		c.held[id] = &claim{since: now, reserved: true, held: held, cancel: make(chan struct{})}
		if stored {
			c.held[id].lease.asked(now)
		}
	}
}

// start takes up a reservation. It is false when the reservation was given up,
// and somebody else runs the execution.
func (c *claims) start(id string) (*claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.held[id]
	if have == nil || !have.reserved {
		return nil, false
	}
	have.reserved = false
	return have, true
}

// release gives a claim back and reports whether the execution was delivered
// meanwhile.
func (c *claims) release(id string) (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.held[id]; have != nil {
		again = have.again
	}
	delete(c.held, id)
	c.idle.Broadcast()
	return again
}

// interrupt tells the holder, if there is one, that the execution was cancelled.
func (c *claims) interrupt(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.held[id]; have != nil {
		have.interrupt()
	}
}

// interrupt stops the holder. The lock of the claims is held.
func (c *claim) interrupt() {
	select {
	case <-c.cancel:
	default:
		close(c.cancel)
	}
}

// note reports whether somebody here holds the execution; the holder then looks again
// before he gives it back.
func (c *claims) note(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	have := c.held[id]
	if have != nil {
		have.again = true
	}
	return have != nil
}

// abandoned gives up reservations older than age whose request never came, and
// lists them.
func (c *claims) abandoned(now time.Time, age time.Duration) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for id, have := range c.held {
		if have.reserved && now.Sub(have.since) > age {
			delete(c.held, id)
			out = append(out, id)
		}
	}
	return out
}

// fresh keeps executions that were just started, so that the worker that gets
// them need not read them again.
type fresh struct {
	mu   sync.Mutex
	byID map[string]*models.Execution
}

// Bounds of the memory of executions that wait for a worker: how many, and how much each
// was started with.
const (
	maxFresh     = 4096
	maxFreshData = 16 << 10
)

func (f *fresh) put(e *models.Execution) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byID == nil {
		f.byID = map[string]*models.Execution{}
	}
	if len(f.byID) < maxFresh && len(e.Trigger) <= maxFreshData {
		f.byID[e.ID] = e
	}
}

func (f *fresh) take(id string) *models.Execution {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.byID[id]
	delete(f.byID, id)
	return e
}
