package models

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"formrail/models/fault"
	"formrail/models/text"
)

// defaultBatch is how many waiting functions share one physical commit, at most.
const defaultBatch = 128

// slowWrite is the time above which one function in the writer is reported: it
// holds up everybody else.
const slowWrite = 50 * time.Millisecond

// request is one caller of Write.
type request struct {
	ctx    context.Context //nolint:containedctx // travels to the writer with its function
	name   string
	fn     func(*Tx) error
	done   chan error
	after  []func()
	undo   []func()
	counts []counted // for the roll-ups; those of a function that was undone are dropped
	alone  bool      // never shares a physical transaction
	bulk   bool      // it belongs to much work of one kind: others come first
}

// writer owns the writing connection and commits waiting functions in groups.
//
// Source of the idea: group commit, as in Gray and Reuter, Transaction
// Processing, 1993, section 9.4.7.
type writer struct {
	db    *DB
	queue chan *request
	bulk  chan *request // what others come before
	batch int

	tallyQuery string
	left       []*request // bulk work that was taken and put back; the loop's own
	kept       *request   // taken, but must not join the batch before it; the loop's own
	careful    int        // how many batches to come run with savepoints; the loop's own

	mu      sync.RWMutex // held for writing while closing
	closed  bool
	stopped chan error
}

func startWriter(ctx context.Context, db *DB, batch int) (*writer, error) {
	conn, err := db.newWriteConn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		db: db, queue: make(chan *request, 4096), bulk: make(chan *request, 4096), batch: batch, stopped: make(chan error, 1), tallyQuery: tallyQuery(),
	}
	go w.loop(conn)
	return w, nil
}

// Write runs fn in a transaction and returns once it is durable, or once it
// has left no trace. name is constant and dotted ("record.create"); the fault
// points name.before and name.after surround the transaction, and slow ones are
// reported under it.
//
// Functions of several callers share one physical, synced commit; each of them
// is undone alone when it returns an error or panics. On PostgreSQL, where an
// error spoils the whole transaction, the others are run again: so fn works on
// tx alone. It must not wait for the network, a script, a channel or another
// Write, and must set outer variables only to values a second run replaces.
//
// An error that is not fn's own means that nothing was written, except for a
// connection lost while committing, whose outcome is unknown.
func (db *DB) Write(ctx context.Context, name string, fn func(tx *Tx) error) error {
	return db.write(&request{ctx: ctx, name: name, fn: fn, done: make(chan error, 1), bulk: isBulk(ctx)})
}

// WriteAlone is [DB.Write] for changes of the schema: fn never shares a physical
// transaction with others, so that whatever runs before it sees the old tables
// and whatever runs after it the new ones.
func (db *DB) WriteAlone(ctx context.Context, name string, fn func(tx *Tx) error) error {
	return db.write(&request{ctx: ctx, name: name, fn: fn, done: make(chan error, 1), alone: true})
}

func (db *DB) write(r *request) error {
	if err := fault.Hit(r.name + ".before"); err != nil {
		return err
	}
	if err := db.writer.enqueue(r); err != nil {
		return err
	}
	var err error
	Resting(r.ctx, func() { err = <-r.done })
	if err != nil {
		return err
	}
	return fault.Hit(r.name + ".after")
}

func (w *writer) enqueue(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed()
	}
	queue := w.queue
	if r.bulk {
		queue = w.bulk
	}
	select {
	case queue <- r:
		return nil
	case <-r.ctx.Done():
		return Unavailable("DATABASE_BUSY",
			text.M("error.database_busy", "The database is busy and nothing was saved. Try again in a moment."), time.Second).Because(r.ctx.Err())
	}
}

func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	close(w.bulk)
	w.mu.Unlock()
	return <-w.stopped
}

// loop takes what waits, without waiting for more, and commits it together.
func (w *writer) loop(conn *writeConn) {
	batch := make([]*request, 0, w.batch)
	ended := false
	defer func() {
		if !ended {
			w.survive(conn, batch)
		}
	}()
	for {
		first, ok := w.first()
		if !ok {
			break
		}
		batch = w.fill(append(batch[:0], first))
		conn, batch = w.commit(conn, batch)
	}
	ended = true
	w.stopped <- conn.close()
}

// survive goes on after a function has ended the writer's goroutine, as a failed
// assertion of a test does. Without it everybody else would wait for ever.
func (w *writer) survive(conn *writeConn, batch []*request) {
	batch = append(batch, w.left...)
	if w.kept != nil {
		batch = append(batch, w.kept)
	}
	w.left, w.kept = nil, nil
	for _, r := range batch {
		select {
		case r.done <- fmt.Errorf("write %s ended its goroutine", r.name):
		default: // answered already
		}
	}
	go w.loop(conn)
}

// first waits for a function; false when there will be none.
func (w *writer) first() (*request, bool) {
	if r := w.kept; r != nil {
		w.kept = nil
		return r, true
	}
	if r := take(w.queue); r != nil {
		return r, true
	}
	if len(w.left) > 0 {
		r := w.left[0]
		w.left = w.left[1:]
		return r, true
	}
	urgent, bulk := w.queue, w.bulk
	for urgent != nil || bulk != nil {
		select {
		case r, ok := <-urgent:
			if ok {
				return r, true
			}
			urgent = nil
		case r, ok := <-bulk:
			if ok {
				return r, true
			}
			bulk = nil
		}
	}
	return nil, false
}

// take gives what waits in a queue; nil when nothing does.
func take(queue chan *request) *request {
	select {
	case r := <-queue: // nil once it is closed
		return r
	default:
		return nil
	}
}

// fill adds what waits to a batch of one, bulk work last.
func (w *writer) fill(batch []*request) []*request {
	if batch[0].alone {
		return batch
	}
	for len(batch) < w.batch {
		r := take(w.queue)
		if r == nil {
			break
		}
		if r.alone {
			w.kept = r
			return batch
		}
		batch = append(batch, r)
	}
	for len(batch) < w.batch && len(w.left) > 0 {
		batch = append(batch, w.left[0])
		w.left = w.left[1:]
	}
	for len(batch) < w.batch {
		r := take(w.bulk)
		if r == nil {
			break
		}
		batch = append(batch, r)
	}
	return batch
}

// BulkAhead is how many functions of bulk work others wait behind in a physical
// transaction, at most. Only when more of the others share it, as many are allowed.
const BulkAhead = 1

// between looks, after the function i of a batch, whether others have come that bulk work
// must not hold up: they are next, and bulk work beyond its share waits for the next batch.
func (w *writer) between(batch []*request, i int) []*request {
	if !batch[i].bulk || w.kept != nil {
		return batch
	}
	for at := i + 1; ; at++ {
		r := take(w.queue)
		if r == nil {
			break
		}
		if r.alone {
			w.kept = r
			break
		}
		batch = slices.Insert(batch, at, r)
	}
	if i+1 == len(batch) || !batch[i+1].bulk {
		return batch
	}
	done, others := 0, 0
	for _, r := range batch[:i+1] {
		if r.bulk {
			done++
		} else {
			others++
		}
	}
	if others > 0 && done >= max(BulkAhead, others) {
		w.left = append(slices.Clone(batch[i+1:]), w.left...)
		batch = batch[:i+1]
	}
	return batch
}

// reconnect replaces a broken connection. It keeps the old one, which then
// fails again, when no new one can be had.
func (w *writer) reconnect(conn *writeConn) *writeConn {
	fresh, err := w.db.newWriteConn(context.Background())
	if err != nil {
		w.db.log.Error("reconnect to the database", "error", err)
		return conn
	}
	if err := conn.close(); err != nil {
		w.db.log.Warn("close broken connection", "error", err)
	}
	return fresh
}

// begin is the statement that starts a writing transaction.
func (db *DB) begin() string {
	if db.dialect == SQLite {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}
