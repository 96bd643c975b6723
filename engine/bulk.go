package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"formrail/models"
	"formrail/models/text"
)

// What is done with many executions at once.
const (
	BulkCancel = "executions.cancel"
	BulkRetry  = "executions.retry"
	BulkRerun  = "executions.rerun"
	BulkRemove = "executions.remove"
)

// Bounds of one chunk of an operation.
const (
	bulkChunk   = 500
	bulkAtOnce  = 16 // items that are worked on at the same time
	bulkSeconds = 10 // of a chunk when there is a rate
)

// Bulk asks for something to be done with executions.
type Bulk struct {
	Kind   string
	Filter models.ExecutionFilter // which ones
	Reason string                 // of a cancellation
	Rate   int                    // a second, at most; 0 = as fast as it goes
}

// bulkInput is what an operation remembers.
type bulkInput struct {
	Filter models.ExecutionFilter `json:"filter"`
	Reason string                 `json:"reason,omitempty"`
	UpTo   int64                  `json:"upTo"` // number of the latest execution when it was started
}

// bulkRight is the right that a kind needs beside seeing executions.
func bulkRight(kind string) string {
	if kind == BulkRemove {
		return "execution.remove"
	}
	return "execution.operate"
}

// bulkStates are the states in which something can be done; what is in another one is not
// meant by the filter.
func bulkStates(kind string) []models.Status {
	switch kind {
	case BulkCancel:
		return []models.Status{models.Queued, models.Running, models.Waiting}
	case BulkRetry:
		return []models.Status{models.Failed, models.TimedOut}
	}
	return []models.Status{models.Succeeded, models.Failed, models.Rejected, models.Cancelled, models.TimedOut}
}

// Matching gives the executions that a bulk action would touch: how many there are, and
// the newest few. It needs the right to see executions, and that of the action.
func (e *Engine) Matching(ctx context.Context, access models.Access, b Bulk, sample int) (int64, []models.ExecutionRow, error) {
	if err := b.check(access); err != nil {
		return 0, nil, err
	}
	f := b.Filter
	f.Within, f.Limit = bulkStates(b.Kind), sample
	n, err := models.CountExecutions(ctx, e.db.Read(), f)
	if err != nil {
		return 0, nil, err
	}
	rows, err := models.Executions(ctx, e.db.Read(), f)
	return n.All, rows, err
}

func (b Bulk) check(access models.Access) error {
	if err := access.Require("execution.view"); err != nil {
		return err
	}
	if len([]rune(b.Reason)) > 500 {
		return models.Invalid("BAD_PARAMETER", text.M("execution.reason_long", "A reason has at most 500 characters."))
	}
	return access.Require(bulkRight(b.Kind))
}

// StartBulk starts an operation that does something with all executions that match. Those
// that start later are not touched.
func (e *Engine) StartBulk(ctx context.Context, access models.Access, b Bulk) (*models.Operation, error) {
	count, _, err := e.Matching(ctx, access, b, 1)
	if err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, models.Invalid("NOTHING_MATCHES", text.M("bulk.none", "No execution matches, so there is nothing to do."))
	}
	newest, err := models.Executions(ctx, e.db.Read(), models.ExecutionFilter{Limit: 1})
	if err != nil {
		return nil, err
	}
	input := bulkInput{Filter: b.Filter, Reason: b.Reason}
	for _, x := range newest {
		input.UpTo = x.Number
	}
	stored, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("store what is meant: %w", err)
	}
	o := &models.Operation{Kind: b.Kind, Total: count, StartedBy: access.Principal.UserID, Input: string(stored), Rate: b.Rate}
	err = e.db.Write(ctx, "engine.bulk", func(tx *models.Tx) error {
		if err := models.InsertOperation(ctx, tx, o); err != nil {
			return err
		}
		tx.AfterCommit(e.operations.ring)
		return models.Audit(ctx, tx, models.AuditEntry{
			Principal: access.Principal, Action: b.Kind, ObjectType: "operation", ObjectID: o.ID, Title: fmt.Sprintf("%d executions", count), Reason: b.Reason,
		})
	})
	return o, err
}

// bulkRun is the work on one operation.
type bulkRun struct {
	e      *Engine
	o      *models.Operation
	in     bulkInput
	access models.Access
}

// runBulk works on a claimed operation until it ends, pauses, or the server stops.
func (e *Engine) runBulk(ctx context.Context, o *models.Operation) error {
	r := &bulkRun{e: e, o: o}
	if err := json.Unmarshal([]byte(o.Input), &r.in); err != nil {
		return r.save(ctx, models.Failed, "its input cannot be read", nil)
	}
	for ctx.Err() == nil {
		switch o.Wanted {
		case models.WantCancel:
			return r.save(ctx, models.Cancelled, "", nil)
		case models.WantPause:
			return r.save(ctx, models.Paused, "", nil)
		}
		began := e.clock.Now()
		more, err := r.chunk(ctx)
		if err != nil || !more {
			return err
		}
		if err := r.pause(ctx, began); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pause waits as long as the rate asks for.
func (r *bulkRun) pause(ctx context.Context, began time.Time) error {
	if r.o.Rate == 0 {
		return nil
	}
	wait := time.Duration(r.size())*time.Second/time.Duration(r.o.Rate) - r.e.clock.Now().Sub(began)
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// size is how many items a chunk has.
func (r *bulkRun) size() int {
	if r.o.Rate == 0 {
		return bulkChunk
	}
	return max(1, min(bulkChunk, r.o.Rate*bulkSeconds))
}

// chunk does the next items; false when it was the last chunk.
func (r *bulkRun) chunk(ctx context.Context) (more bool, err error) {
	if r.access, err = r.e.db.AccessOf(ctx, models.Person(r.o.StartedBy, "")); err == nil {
		err = Bulk{Kind: r.o.Kind}.check(r.access)
	}
	if models.IsKind(err, models.KindForbidden) || models.IsKind(err, models.KindUnauthenticated) {
		return false, r.save(ctx, models.Failed, text.M("bulk.no_right", "Who started it may not do this any more.").String(), nil)
	}
	if err != nil {
		return false, err
	}
	if len(r.o.Chunk) == 0 { // else somebody died while he worked on it
		if err := r.choose(ctx); err != nil {
			return false, err
		}
		if len(r.o.Chunk) == 0 {
			return false, r.save(ctx, models.Done, "", nil)
		}
		if err := r.save(ctx, models.Running, "", nil); err != nil {
			return false, err
		}
	}
	outcomes, err := r.work(ctx)
	if err != nil {
		return false, err
	}
	for _, i := range outcomes {
		switch i.Outcome {
		case models.ItemDone:
			r.o.Done++
		case models.ItemSkipped:
			r.o.Skipped++
		default:
			r.o.Failed++
		}
	}
	r.o.Chunk = nil
	return true, r.save(ctx, models.Running, "", outcomes)
}

// choose finds the next items, from the oldest on.
func (r *bulkRun) choose(ctx context.Context) error {
	f := r.in.Filter
	f.Within, f.After, f.Before, f.Oldest, f.Limit = bulkStates(r.o.Kind), r.o.Cursor, r.in.UpTo+1, true, r.size()
	rows, err := models.Executions(ctx, r.e.db.Read(), f)
	for _, x := range rows {
		r.o.Chunk, r.o.Cursor = append(r.o.Chunk, x.ID), x.Number
	}
	return err
}

func (r *bulkRun) save(ctx context.Context, state models.Status, result string, outcomes []models.ItemOutcome) error {
	r.o.State, r.o.Result = state, result
	err := r.e.db.Write(ctx, "engine.bulk_progress", func(tx *models.Tx) error {
		o := *r.o // the transaction may be run again
		if err := models.SaveOperation(ctx, tx, &o, outcomes); err != nil {
			return err
		}
		r.o.Wanted = o.Wanted
		return nil
	})
	r.e.live.Publish("operations")
	return err
}

// work does the items of a chunk, several at the same time.
func (r *bulkRun) work(ctx context.Context) ([]models.ItemOutcome, error) {
	if r.o.Kind == BulkRemove {
		return r.remove(ctx)
	}
	out := make([]models.ItemOutcome, len(r.o.Chunk))
	failed := make([]error, len(r.o.Chunk))
	var wait sync.WaitGroup
	next := make(chan int)
	for range min(bulkAtOnce, len(r.o.Chunk)) {
		wait.Go(func() {
			for i := range next {
				out[i], failed[i] = r.one(ctx, r.o.Chunk[i])
			}
		})
	}
	for i := range r.o.Chunk {
		next <- i
	}
	close(next)
	wait.Wait()
	return out, errors.Join(failed...)
}

// one does one item. Done twice it changes nothing more: what is cancelled stays so, and a
// new execution has a key that names the operation and the old one.
func (r *bulkRun) one(ctx context.Context, id string) (models.ItemOutcome, error) {
	out := models.ItemOutcome{Item: id, Outcome: models.ItemDone}
	var err error
	key := "bulk:" + r.o.ID + ":" + id
	switch r.o.Kind {
	case BulkCancel:
		err = r.e.Cancel(ctx, r.access, id, r.in.Reason)
	case BulkRetry:
		out.Detail, err = r.e.Retry(ctx, r.access, id, "", key)
	default:
		out.Detail, err = r.e.Rerun(ctx, r.access, id, key)
	}
	if err == nil {
		return out, nil
	}
	known := models.AsError(err)
	switch known.Kind {
	case models.KindConflict, models.KindInvalid, models.KindNotFound, models.KindGone:
		out.Outcome, out.Detail = models.ItemSkipped, known.Message.String()
		if r.o.Kind == BulkCancel && r.did(ctx, id) {
			out.Outcome, out.Detail = models.ItemDone, ""
		}
		return out, nil
	case models.KindUnavailable:
		return out, err // the chunk is done again
	default:
	}
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	out.Outcome, out.Detail = models.ItemFailed, known.Message.String()
	return out, nil
}

// did reports whether an execution was cancelled by this operation, before its holder died.
func (r *bulkRun) did(ctx context.Context, id string) bool {
	x, err := models.ExecutionByID(ctx, r.e.db.Read(), id)
	return err == nil && x.Status == models.Cancelled && x.EndedBy == r.o.StartedBy && x.EndedAt >= r.o.BegunAt
}

// remove deletes the history of a chunk.
func (r *bulkRun) remove(ctx context.Context) ([]models.ItemOutcome, error) {
	if _, err := r.e.removeHistory(ctx, r.o.Chunk, r.o.StartedBy); err != nil {
		return nil, err
	}
	var out []models.ItemOutcome
	for _, id := range r.o.Chunk {
		one := models.ItemOutcome{Item: id, Outcome: models.ItemDone}
		if _, err := models.ExecutionByID(ctx, r.e.db.Read(), id); err == nil {
			one.Outcome, one.Detail = models.ItemSkipped, text.M("bulk.kept", "It is held, has decisions of people, or is needed by another execution.").String()
		}
		out = append(out, one)
	}
	return out, nil
}

// KeepExecution holds an execution, so that it is not removed, or lets it go.
func (e *Engine) KeepExecution(ctx context.Context, access models.Access, id string, keep bool) error {
	if err := access.Require("execution.remove"); err != nil {
		return err
	}
	return e.db.Write(ctx, "engine.keep", func(tx *models.Tx) error { return models.KeepExecution(ctx, tx, id, keep) })
}

// bulkKinds are the kinds of operations that this file does.
func bulkKinds() []string { return []string{BulkCancel, BulkRetry, BulkRerun, BulkRemove} }

func isBulk(kind string) bool { return slices.Contains(bulkKinds(), kind) }
