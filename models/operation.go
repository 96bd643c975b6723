package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Operation is long work that somebody started and that goes on without him: a row with
// chunks, a lease and progress. Whoever holds its lease works on it; a chunk is stored
// before it is worked on, and its outcome with the counts, so another process can go on.
type Operation struct {
	ID         string
	Kind       string // such as "executions.cancel"
	State      Status // queued, running, paused; done, failed, cancelled
	Total      int64  // items that matched when it was started
	Done       int64  // that did what was asked for
	Skipped    int64  // that were not in a state for it any more
	Failed     int64
	StartedBy  int64
	Input      string   // JSON of what it is about
	Result     string   // why it failed; empty otherwise
	Chunk      []string // items under way
	Cursor     int64    // where the next chunk begins
	Rate       int      // items a second, at most; 0 = as fast as it goes
	Wanted     string   // pause or cancel; empty = go on
	LeaseToken int64
	LeaseUntil Millis
	CreatedAt  Millis
	BegunAt    Millis
	EndedAt    Millis
	ExpiresAt  Millis // when it may be forgotten
}

// Paused is an operation that a person has stopped for a while. Its other states are
// Queued, Running, Done, Failed and Cancelled.
const Paused Status = "paused"

// What a person may want of an operation that has not ended.
const (
	WantPause  = "pause"
	WantCancel = "cancel"
)

// Behind is how many items lie behind an operation.
func (o *Operation) Behind() int64 { return o.Done + o.Skipped + o.Failed }

// Ended reports whether nothing more happens.
func (o *Operation) Ended() bool { return o.State == Done || o.State == Failed || o.State == Cancelled }

// operationLease is how long a holder may take for one chunk.
const operationLease = time.Minute

// operationAge is how long an operation is remembered after its end.
const operationAge = 90 * 24 * time.Hour

const operationColumns = `id, kind, state, total, done, skipped, failed, started_by, input, result, chunk, cursor_at, rate, wanted, lease_token, lease_until,
	created_at, begun_at, ended_at, expires_at`

func scanOperation(scan func(...any) error) (*Operation, error) {
	var o Operation
	var chunk string
	err := scan(&o.ID, &o.Kind, &o.State, &o.Total, &o.Done, &o.Skipped, &o.Failed, &o.StartedBy, &o.Input, &o.Result, &chunk, &o.Cursor, &o.Rate, &o.Wanted,
		&o.LeaseToken, &o.LeaseUntil, &o.CreatedAt, &o.BegunAt, &o.EndedAt, &o.ExpiresAt)
	if err != nil {
		return nil, err
	}
	return &o, readJSON(chunk, &o.Chunk)
}

// InsertOperation inserts a queued operation.
func InsertOperation(ctx context.Context, tx *Tx, o *Operation) error {
	o.ID, o.State, o.CreatedAt = NewID(), Queued, At(tx.Now())
	err := tx.Queue(ctx, "INSERT INTO operations (id, kind, state, total, started_by, input, rate, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		o.ID, o.Kind, o.State, o.Total, o.StartedBy, o.Input, o.Rate, o.CreatedAt)
	if err != nil {
		return fmt.Errorf("insert operation: %w", err)
	}
	return nil
}

// OperationByID loads one operation. Unknown ids are NotFound.
func OperationByID(ctx context.Context, q Querier, id string) (*Operation, error) {
	o, err := scanOperation(q.QueryRow(ctx, "SELECT "+operationColumns+" FROM operations WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("load operation %s: %w", id, storageError(err))
	}
	return o, nil
}

// Operations lists the operations of a person, of everybody with 0, newest first.
func Operations(ctx context.Context, q Querier, startedBy int64, limit int) ([]*Operation, error) {
	var out []*Operation
	rows, err := q.Query(ctx, "SELECT "+operationColumns+" FROM operations WHERE ? = 0 OR started_by = ? ORDER BY created_at DESC, id DESC LIMIT ?", startedBy, startedBy, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		o, err := scanOperation(r.Scan)
		out = append(out, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list operations: %w", err)
	}
	return out, nil
}

// ClaimOperation takes an operation that waits, or whose holder let its lease end; nil
// when there is none.
func ClaimOperation(ctx context.Context, tx *Tx) (*Operation, error) {
	query := "SELECT " + operationColumns + " FROM operations WHERE state = 'queued' OR state = 'running' AND lease_until < ? ORDER BY created_at LIMIT 1"
	if tx.Dialect() == Postgres {
		query += " FOR UPDATE SKIP LOCKED"
	}
	o, err := scanOperation(tx.QueryRow(ctx, query, At(tx.Now())).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // none is an ordinary answer
	}
	if err != nil {
		return nil, fmt.Errorf("take operation: %w", storageError(err))
	}
	if o.BegunAt == 0 {
		o.BegunAt = At(tx.Now())
	}
	o.State, o.LeaseToken = Running, o.LeaseToken+1
	return o, saveOperation(ctx, tx, o, o.LeaseToken-1)
}

// OperationsWait reports whether an operation can be claimed.
func OperationsWait(ctx context.Context, q Querier, now time.Time) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM operations WHERE state = 'queued' OR state = 'running' AND lease_until < ?", At(now)).Scan(&n)
	return n > 0, storageError(err)
}

// FreeOperations lets others take the operations of a process that is gone.
func FreeOperations(ctx context.Context, tx *Tx) error {
	if err := tx.Queue(ctx, "UPDATE operations SET state = 'queued' WHERE state = 'running'"); err != nil {
		return fmt.Errorf("free operations: %w", err)
	}
	return nil
}

// SaveOperation stores how far the holder of an operation has come, with the outcome of
// the chunk that lies behind it, and takes note of what was wanted meanwhile. It fails
// with ErrLostLease when somebody else has taken over.
func SaveOperation(ctx context.Context, tx *Tx, o *Operation, outcomes []ItemOutcome) error {
	for _, i := range outcomes {
		err := tx.Queue(ctx, "INSERT INTO operation_items (operation_id, item, outcome, detail) VALUES (?, ?, ?, ?) ON CONFLICT (operation_id, item) DO NOTHING", o.ID, i.Item, i.Outcome, i.Detail)
		if err != nil {
			return fmt.Errorf("save outcome: %w", err)
		}
	}
	if o.Ended() {
		o.EndedAt, o.ExpiresAt = At(tx.Now()), At(tx.Now().Add(operationAge))
	}
	return saveOperation(ctx, tx, o, o.LeaseToken)
}

func saveOperation(ctx context.Context, tx *Tx, o *Operation, token int64) error {
	o.LeaseUntil = 0
	if o.State == Running {
		o.LeaseUntil = At(tx.Now().Add(operationLease))
	}
	if o.Chunk == nil {
		o.Chunk = []string{}
	}
	n, err := tx.Exec(ctx, `UPDATE operations SET state = ?, done = ?, skipped = ?, failed = ?, result = ?, chunk = ?, cursor_at = ?, lease_token = ?, lease_until = ?,
		begun_at = ?, ended_at = ?, expires_at = ? WHERE id = ? AND lease_token = ?`,
		o.State, o.Done, o.Skipped, o.Failed, o.Result, toJSON(o.Chunk), o.Cursor, o.LeaseToken, o.LeaseUntil, o.BegunAt, o.EndedAt, o.ExpiresAt, o.ID, token)
	if err == nil && n != 1 {
		err = ErrLostLease
	}
	if err != nil {
		return fmt.Errorf("save operation %s: %w", o.ID, err)
	}
	if err := tx.QueryRow(ctx, "SELECT wanted FROM operations WHERE id = ?", o.ID).Scan(&o.Wanted); err != nil {
		return fmt.Errorf("read what is wanted of operation %s: %w", o.ID, storageError(err))
	}
	return nil
}

// WantOfOperation asks the holder of an operation to pause or to stop after its chunk, or
// with an empty word to go on. It reports whether that changed anything.
func WantOfOperation(ctx context.Context, tx *Tx, id, want string) (bool, error) {
	var changed int64
	for _, q := range []queued{
		{query: "UPDATE operations SET wanted = ? WHERE id = ? AND state IN ('queued', 'running', 'paused')", args: []any{want, id}},
		{query: "UPDATE operations SET state = CASE WHEN wanted = 'pause' THEN 'paused' ELSE 'queued' END, lease_token = lease_token + 1 WHERE id = ? AND state IN ('queued', 'paused')", args: []any{id}},
	} {
		n, err := tx.Exec(ctx, q.query, q.args...)
		if err != nil {
			return false, fmt.Errorf("change operation %s: %w", id, err)
		}
		changed += n
	}
	return changed > 0, nil
}

// Outcomes of one item of an operation.
const (
	ItemDone    = "done"
	ItemSkipped = "skipped"
	ItemFailed  = "failed"
)

// ItemOutcome says what became of one item.
type ItemOutcome struct {
	Item    string
	Outcome string
	Detail  string // what it led to, or why not
}

// OutcomesOf lists the outcomes of an operation of one kind, all with an empty word, by item.
func OutcomesOf(ctx context.Context, q Querier, id, outcome string, limit int) ([]ItemOutcome, error) {
	var out []ItemOutcome
	rows, err := q.Query(ctx, "SELECT item, outcome, detail FROM operation_items WHERE operation_id = ? AND (? = '' OR outcome = ?) ORDER BY item LIMIT ?", id, outcome, outcome, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var i ItemOutcome
		err := r.Scan(&i.Item, &i.Outcome, &i.Detail)
		out = append(out, i)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list outcomes: %w", err)
	}
	return out, nil
}
