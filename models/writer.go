package models

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
	if err := <-r.done; err != nil {
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
const BulkAhead = 8

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

// commit runs one batch and answers everybody in it. It returns the connection
// to use next, a new one when the old one broke, and the batch as it was run.
func (w *writer) commit(conn *writeConn, batch []*request) (*writeConn, []*request) {
	begun := w.db.clock.Now()
	batch, results, err := w.attempt(conn, batch)
	w.db.metrics.Committed(len(batch), w.db.clock.Now().Sub(begun), err)
	if errors.Is(err, errReplay) {
		results = make([]error, len(batch))
		for i, r := range batch {
			_, one, e := w.attempt(conn, []*request{r})
			if results[i] = one[0]; e != nil && one[0] == nil {
				results[i] = e
			}
		}
		err = nil
	}
	broken := isLost(err)
	for i, r := range batch {
		if err != nil && results[i] == nil {
			results[i] = err
		}
		follow := r.after
		if results[i] != nil {
			follow = r.undo
		}
		for _, fn := range follow {
			fn()
		}
		broken = broken || isLost(results[i])
		r.done <- results[i]
	}
	if broken {
		conn = w.reconnect(conn)
	}
	return conn, batch
}

// errReplay says that one function spoiled the transaction of the others.
var errReplay = errors.New("replay the functions one by one")

// attempt runs the functions of a batch in one physical transaction. Others may join it
// and bulk work may leave it meanwhile, so it gives the batch as it was run. results
// are each function's own error; the returned error is the transaction's.
func (w *writer) attempt(conn *writeConn, batch []*request) (run []*request, results []error, err error) {
	results = make([]error, 1, len(batch))
	ctx := context.Background()
	now, err := conn.begin(ctx, w.db)
	if err != nil {
		return batch, make([]error, len(batch)), err
	}
	alone, committed := len(batch) == 1, false
	defer func() {
		if !committed && conn.gone() == nil {
			if _, err := conn.exec(ctx, "ROLLBACK", nil); err != nil && !isLost(err) {
				w.db.log.Error("roll back", "error", err)
			}
		}
		conn.inside = false
		results = append(results, make([]error, len(run))...)[:len(run)]
	}()
	if batch[0].alone { // the schema changes: statements prepared for the old one must not be in the way
		if err := conn.forget(); err != nil {
			return batch, results, err
		}
	}
	for i := 0; i < len(batch); i++ {
		if i > 0 {
			results = append(results, nil)
		}
		r := batch[i]
		if results[i] = r.ctx.Err(); results[i] != nil {
			r.counts = nil
		} else {
			var lost error
			if results[i], lost = w.one(conn, r, now, alone); lost != nil {
				return batch, results, lost
			}
			if results[i] != nil && !alone && w.db.dialect == Postgres {
				return batch, results, errReplay
			}
		}
		if !alone {
			batch = w.between(batch, i)
		}
	}
	if alone && results[0] != nil {
		return batch, results, nil
	}
	if err := w.saveTallies(conn, batch); err != nil {
		return batch, results, err
	}
	if err := fault.Hit("writer.commit"); err != nil {
		return batch, results, err
	}
	if err := commitAll(ctx, conn, batch, results); err != nil {
		return batch, results, err
	}
	committed = true
	return batch, results, nil
}

// one runs one function, in its own savepoint unless it is alone. lost says that
// the whole transaction is gone, as when SQLite has rolled it back by itself on a
// full disk: nothing may run in it any more.
func (w *writer) one(conn *writeConn, r *request, now time.Time, alone bool) (err, lost error) {
	save := !alone && w.db.dialect == SQLite
	if save {
		if _, err := conn.exec(r.ctx, "SAVEPOINT fn", nil); err != nil {
			return err, err
		}
	}
	started := w.db.clock.Now()
	tx := &Tx{db: w.db, conn: conn, now: now}
	err = guarded(tx, r)
	if err == nil {
		err = tx.flush(r.ctx)
	}
	if took := w.db.clock.Now().Sub(started); took > slowWrite {
		w.db.metrics.SlowWrite(r.name)
		w.db.log.Warn("slow write", "write", r.name, "ms", took.Milliseconds())
	}
	r.after, r.undo, r.counts = tx.after, tx.undo, nil
	if err == nil {
		r.counts = tx.counts
	}
	if gone := conn.gone(); gone != nil { // whatever the function made of it: nothing of it is there
		return gone, gone
	}
	if !save {
		return err, nil
	}
	if err != nil {
		if _, e := conn.exec(r.ctx, "ROLLBACK TO fn", nil); e != nil {
			return err, e
		}
	}
	if _, e := conn.exec(r.ctx, "RELEASE fn", nil); e != nil {
		return err, e
	}
	return err, nil
}

// guarded runs the function and turns a panic into an error.
func guarded(tx *Tx, r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in write %s: %v\n%s", r.name, p, debug.Stack())
		}
	}()
	return r.fn(tx)
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
