package models

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
	ctx   context.Context //nolint:containedctx // travels to the writer with its function
	name  string
	fn    func(*Tx) error
	done  chan error
	after []func()
	undo  []func()
	alone bool // never shares a physical transaction
}

// writer owns the writing connection and commits waiting functions in groups.
//
// Source of the idea: group commit, as in Gray and Reuter, Transaction
// Processing, 1993, section 9.4.7.
type writer struct {
	db    *DB
	queue chan *request
	batch int

	mu      sync.RWMutex // held for writing while closing
	closed  bool
	stopped chan error
}

func startWriter(ctx context.Context, db *DB, batch int) (*writer, error) {
	conn, err := db.newWriteConn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{db: db, queue: make(chan *request, 4096), batch: batch, stopped: make(chan error, 1)}
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
	return db.write(&request{ctx: ctx, name: name, fn: fn, done: make(chan error, 1)})
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
	select {
	case w.queue <- r:
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
	w.mu.Unlock()
	return <-w.stopped
}

// loop takes what waits, without waiting for more, and commits it together.
func (w *writer) loop(conn *writeConn) {
	batch := make([]*request, 0, w.batch)
	var kept *request // taken from the queue, but must not join the batch before it
	ended := false
	defer func() {
		if !ended {
			w.survive(conn, batch, kept)
		}
	}()
	for {
		first, ok := kept, true
		if kept = nil; first == nil {
			first, ok = <-w.queue
		}
		if !ok {
			break
		}
		batch, kept = w.fill(append(batch[:0], first))
		conn = w.commit(conn, batch)
	}
	ended = true
	w.stopped <- conn.close()
}

// survive goes on after a function has ended the writer's goroutine, as a failed
// assertion of a test does. Without it everybody else would wait for ever.
func (w *writer) survive(conn *writeConn, batch []*request, kept *request) {
	if kept != nil {
		batch = append(batch, kept)
	}
	for _, r := range batch {
		select {
		case r.done <- fmt.Errorf("write %s ended its goroutine", r.name):
		default: // answered already
		}
	}
	go w.loop(conn)
}

// fill adds what waits to a batch of one. kept is a function that was taken but
// has to wait for the next batch.
func (w *writer) fill(batch []*request) (filled []*request, kept *request) {
	for !batch[0].alone && len(batch) < w.batch {
		select {
		case r, ok := <-w.queue:
			if !ok {
				return batch, nil
			}
			if r.alone {
				return batch, r
			}
			batch = append(batch, r)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// commit runs one batch and answers everybody in it. It returns the connection
// to use next: a new one when the old one broke.
func (w *writer) commit(conn *writeConn, batch []*request) *writeConn {
	results := make([]error, len(batch))
	err := w.attempt(conn, batch, results)
	if errors.Is(err, errReplay) {
		for i := range batch {
			one := results[i : i+1]
			one[0] = nil
			if e := w.attempt(conn, batch[i:i+1], one); e != nil && one[0] == nil {
				one[0] = e
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
	return conn
}

// errReplay says that one function spoiled the transaction of the others.
var errReplay = errors.New("replay the functions one by one")

// attempt runs the functions of a batch in one physical transaction. results
// gets each function's own error; the returned error is the transaction's.
func (w *writer) attempt(conn *writeConn, batch []*request, results []error) error {
	ctx := context.Background()
	now, err := conn.begin(ctx, w.db)
	if err != nil {
		return err
	}
	alone, committed := len(batch) == 1, false
	defer func() {
		if !committed {
			if _, err := conn.exec(ctx, "ROLLBACK", nil); err != nil && !isLost(err) {
				w.db.log.Error("roll back", "error", err)
			}
		}
	}()
	if batch[0].alone { // the schema changes: statements prepared for the old one must not be in the way
		if err := conn.forget(); err != nil {
			return err
		}
	}
	for i, r := range batch {
		if err := r.ctx.Err(); err != nil {
			results[i] = err
			continue
		}
		var lost error
		if results[i], lost = w.one(conn, r, now, alone); lost != nil {
			return lost
		}
		if results[i] == nil || alone {
			continue
		}
		if w.db.dialect == Postgres {
			return errReplay
		}
	}
	if alone && results[0] != nil {
		return nil
	}
	if err := fault.Hit("writer.commit"); err != nil {
		return err
	}
	if _, err := conn.exec(ctx, "COMMIT", nil); err != nil {
		return err
	}
	committed = true
	return nil
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
		w.db.log.Warn("slow write", "write", r.name, "ms", took.Milliseconds())
	}
	r.after, r.undo = tx.after, tx.undo
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
