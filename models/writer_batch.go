package models

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"formrail/models/fault"
)

// carefully is how many batches run with savepoints after one of them had to be run again.
const carefully = 32

// commit runs one batch and answers everybody in it. It returns the connection
// to use next, a new one when the old one broke, and the batch as it was run.
//
// Most functions succeed, and undoing a part of a transaction costs even where nothing is
// undone: SQLite copies each page before it changes. So a batch is first run in haste,
// without savepoints. When something in it has to be undone, the batch is undone and run
// again with them, and so are the next ones for a while.
func (w *writer) commit(conn *writeConn, batch []*request) (*writeConn, []*request) {
	begun := w.db.clock.Now()
	hasty := w.careful == 0 && !batch[0].alone
	if w.careful > 0 {
		w.careful--
	}
	batch, results, err := w.attempt(conn, batch, hasty)
	if hasty && errors.Is(err, errReplay) {
		w.careful = carefully
		if w.db.dialect == SQLite {
			undone(batch)
			batch, results, err = w.attempt(conn, batch, false)
		}
	}
	w.db.metrics.Committed(len(batch), w.db.clock.Now().Sub(begun), err)
	if errors.Is(err, errReplay) {
		undone(batch)
		results = make([]error, len(batch))
		for i, r := range batch {
			_, one, e := w.attempt(conn, []*request{r}, false)
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

// undone tells the functions of a batch that nothing of it was kept. They are run again.
func undone(batch []*request) {
	for _, r := range batch {
		for _, fn := range r.undo {
			fn()
		}
		r.undo = nil
	}
}

// errReplay says that one function spoiled the transaction of the others.
var errReplay = errors.New("run the functions again")

// attempt runs the functions of a batch in one physical transaction. Others may join it
// and bulk work may leave it meanwhile, so it gives the batch as it was run. results
// are each function's own error; the returned error is the transaction's. In haste nothing
// can be undone alone: what would have to be gives errReplay.
func (w *writer) attempt(conn *writeConn, batch []*request, hasty bool) (run []*request, results []error, err error) {
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
	conn.ids.nextBatch()
	var queue []queued // of functions that have run in haste
	for i := 0; i < len(batch); i++ {
		if i > 0 {
			results = append(results, nil)
		}
		r := batch[i]
		if results[i] = r.ctx.Err(); results[i] != nil {
			r.counts = nil
		} else {
			var lost error
			if results[i], lost = w.one(conn, r, &queue, now, alone, hasty); lost != nil {
				return batch, results, lost
			}
			if results[i] != nil && !alone && (hasty || w.db.dialect == Postgres) {
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
	if err := conn.send(ctx, w.db, queue); err != nil {
		return batch, results, err
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

// send sends what the functions of a batch have left. Which of them an error belongs to
// is found by running them again.
func (c *writeConn) send(ctx context.Context, db *DB, queue []queued) error {
	if len(queue) == 0 {
		return nil
	}
	err := c.pipeline(ctx, db, queue)
	if err != nil && !isLost(err) {
		return errReplay
	}
	return err
}

// one runs one function, in its own savepoint unless it is alone or in haste. lost says
// that the whole transaction is gone, as when SQLite has rolled it back by itself on a
// full disk, or of no use: nothing may run in it any more.
func (w *writer) one(conn *writeConn, r *request, queue *[]queued, now time.Time, alone, hasty bool) (err, lost error) {
	save := !alone && !hasty && w.db.dialect == SQLite
	if save {
		if _, err := conn.exec(r.ctx, "SAVEPOINT fn", nil); err != nil {
			return err, err
		}
	}
	started := w.db.clock.Now()
	tx := &Tx{db: w.db, conn: conn, now: now, hasty: hasty, queue: *queue}
	err = guarded(tx, r)
	if err == nil && !hasty {
		err = tx.flush(r.ctx)
	}
	*queue = tx.queue
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
	if tx.spoiled {
		return err, errReplay
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
