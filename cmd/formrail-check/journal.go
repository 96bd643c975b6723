package main

import "sync"

// entry is one request as the outside knows it.
type entry struct {
	mark     string // unique value that the record and what follows from it carry
	key      string // idempotency key
	kind     string // plain, flow, script, sync, approval and more
	acked    bool
	recordID int64
	status   int    // last HTTP status; 0 = never answered
	code     string // of the last refusal
}

// journal is written before a request is sent and after its answer came. It is
// the only source of what must hold.
type journal struct {
	mu       sync.Mutex
	entries  []*entry
	inFlight int
	sent     int
	unknown  int
}

func (j *journal) begin(e *entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	j.sent++
	j.inFlight++
}

// again notes that a request is sent once more with its key.
func (j *journal) again() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sent++
	j.inFlight++
}

func (j *journal) end(fn func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight--
	fn()
}

// busy is the number of requests without an answer right now.
func (j *journal) busy() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inFlight
}

// acknowledged are the requests that have a good answer now.
func (j *journal) acknowledged() []*entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []*entry
	for _, e := range j.entries {
		if e.acked {
			out = append(out, e)
		}
	}
	return out
}

func (j *journal) list() []*entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]*entry(nil), j.entries...)
}
