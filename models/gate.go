package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Never is the due time of a wake-up that something else makes due.
const Never Millis = 253_402_300_799_000 // the end of the year 9999

// Gate is what lets only some executions of a workflow go at a time: its limits, its
// pause, and how many have a permit or wait for one.
//
// Invariant: permits of a workflow change only while its gate is locked, by [LockGate], so
// that their turns are in the order of the commits that took them and no two processes
// give the same place away.
type Gate struct {
	WorkflowID  int64
	Concurrency int64 // permits at the same time; 0 = any number
	RateCount   int64 // permits in each span; 0 = any number
	RateMillis  int64 // length of the span
	Turns       int64 // the last turn that was taken
	Starts      int64 // permits given under the rate
	Given       int64 // permits that executions have
	Kept        int64 // executions that wait for one
	NextAt      Millis
	Pause       Pause
	DropUpto    int64 // what waits up to this turn is to be dropped
	NewestUpto  int64 // of what waits up to this turn only the newest of each record is to stay
	DroppedBy   int64 // who wants that

	all Pause // of everything, as it is stored
}

// Pause is that starts are kept instead of going.
type Pause struct {
	At   Millis `json:"at"`
	By   int64  `json:"by"`             // person; 0 = nobody
	Why  string `json:"why,omitempty"`  // [PausedByPerson] or [PausedByStorm]
	Note string `json:"note,omitempty"` // JSON of what led to it; empty = nothing is known
}

// Why something is paused.
const (
	PausedByPerson = "person"
	PausedByStorm  = "storm"
)

// On reports whether there is a pause.
func (p Pause) On() bool { return p.At != 0 }

// pausedAll is the name under which a pause of everything is stored.
const pausedAll = "paused"

const gateColumns = `workflow_id, concurrency, rate_count, rate_ms, turns, starts, given, kept, next_at, paused_at, paused_by, paused_why, paused_note,
 drop_upto, newest_upto, dropped_by, COALESCE((SELECT value FROM meta WHERE name = '` + pausedAll + `'), '')`

func scanGate(scan func(...any) error) (Gate, error) {
	var (
		g   Gate
		all string
	)
	err := scan(&g.WorkflowID, &g.Concurrency, &g.RateCount, &g.RateMillis, &g.Turns, &g.Starts, &g.Given, &g.Kept, &g.NextAt,
		&g.Pause.At, &g.Pause.By, &g.Pause.Why, &g.Pause.Note, &g.DropUpto, &g.NewestUpto, &g.DroppedBy, &all)
	return g, errors.Join(err, readJSON(all, &g.all))
}

// LockGate loads the gate of a workflow for changing it, and makes one when there is none.
func LockGate(ctx context.Context, tx *Tx, workflowID int64) (*Gate, error) {
	query := "SELECT " + gateColumns + " FROM gates WHERE workflow_id = ?"
	if tx.Dialect() == Postgres {
		query += " FOR UPDATE"
	}
	g, err := scanGate(tx.QueryRow(ctx, query, workflowID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := tx.Exec(ctx, "INSERT INTO gates (workflow_id) VALUES (?) ON CONFLICT (workflow_id) DO NOTHING", workflowID); err != nil {
			return nil, fmt.Errorf("make gate: %w", err)
		}
		g, err = scanGate(tx.QueryRow(ctx, query, workflowID).Scan)
	}
	if err != nil {
		return nil, fmt.Errorf("lock gate of workflow %d: %w", workflowID, storageError(err))
	}
	return &g, nil
}

// GateOf reads the gate of a workflow; one that has none is open.
func GateOf(ctx context.Context, q Querier, workflowID int64) (Gate, error) {
	g, err := scanGate(q.QueryRow(ctx, "SELECT "+gateColumns+" FROM gates WHERE workflow_id = ?", workflowID).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Gate{WorkflowID: workflowID}, nil
	}
	if err != nil {
		return g, fmt.Errorf("read gate of workflow %d: %w", workflowID, storageError(err))
	}
	return g, nil
}

// Gates lists the gates that were ever used.
func Gates(ctx context.Context, q Querier) ([]Gate, error) {
	return gates(ctx, q, "1 = 1")
}

func gates(ctx context.Context, q Querier, where string, args ...any) ([]Gate, error) {
	var out []Gate
	rows, err := q.Query(ctx, "SELECT "+gateColumns+" FROM gates WHERE "+where, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		g, err := scanGate(r.Scan)
		out = append(out, g)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list gates: %w", err)
	}
	return out, nil
}

// DueGates lists the gates that are to be looked at now, or whose kept executions are to
// be dropped.
func DueGates(ctx context.Context, q Querier, now time.Time) ([]Gate, error) {
	return gates(ctx, q, "next_at > 0 AND next_at <= ? OR drop_upto > 0 OR newest_upto > 0 ORDER BY workflow_id", At(now))
}

// NextGate is when the next gate is to be looked at, or the next execution has waited long
// enough for more of its like; 0 = nothing of it is planned.
func NextGate(ctx context.Context, q Querier) (Millis, error) {
	var gate, settle sql.NullInt64
	err := q.QueryRow(ctx, `SELECT (SELECT MIN(next_at) FROM gates WHERE next_at > 0), (SELECT MIN(settle_at) FROM permits WHERE state = 'settling')`).Scan(&gate, &settle)
	if err != nil {
		return 0, fmt.Errorf("look for the next gate: %w", storageError(err))
	}
	if !gate.Valid || settle.Valid && settle.Int64 < gate.Int64 {
		return Millis(settle.Int64), nil
	}
	return Millis(gate.Int64), nil
}

// Paused is what keeps the starts of the workflow: its own pause, or that of everything.
func (g *Gate) Paused() Pause {
	if g.Pause.On() {
		return g.Pause
	}
	return g.all
}

// PauseOr is the pause of the workflow itself, or another one when there is none.
func (g *Gate) PauseOr(p Pause) Pause {
	if g != nil && g.Pause.On() {
		return g.Pause
	}
	return p
}

// save writes the gate.
func (g *Gate) save(ctx context.Context, tx *Tx) error {
	err := tx.Queue(ctx, `UPDATE gates SET concurrency = ?, rate_count = ?, rate_ms = ?, turns = ?, starts = ?, given = ?, kept = ?, next_at = ?,
		paused_at = ?, paused_by = ?, paused_why = ?, paused_note = ?, drop_upto = ?, newest_upto = ?, dropped_by = ? WHERE workflow_id = ?`,
		g.Concurrency, g.RateCount, g.RateMillis, g.Turns, g.Starts, g.Given, g.Kept, g.NextAt,
		g.Pause.At, g.Pause.By, g.Pause.Why, g.Pause.Note, g.DropUpto, g.NewestUpto, g.DroppedBy, g.WorkflowID)
	if err != nil {
		return fmt.Errorf("save gate of workflow %d: %w", g.WorkflowID, err)
	}
	if g.NextAt != 0 {
		tx.gateNext(g.NextAt)
	}
	return nil
}

// SetLimits changes the limits of a gate and lets go what they do not hold back any more.
func (g *Gate) SetLimits(ctx context.Context, tx *Tx, concurrency, rateCount int64, rateSpan time.Duration) error {
	g.Concurrency, g.RateCount, g.RateMillis = concurrency, rateCount, rateSpan.Milliseconds()
	return g.Look(ctx, tx)
}

// SetPause pauses the workflow, or ends its pause; what was kept then goes.
func (g *Gate) SetPause(ctx context.Context, tx *Tx, p Pause) error {
	g.Pause = p
	if err := g.Look(ctx, tx); err != nil {
		return err
	}
	return tx.bump(ctx, workflowsVersion)
}

// PauseAll pauses the starts of all workflows, or ends that pause.
func PauseAll(ctx context.Context, tx *Tx, p Pause) error {
	stored := ""
	if p.On() {
		stored = toJSON(p)
	}
	if err := tx.SetMeta(ctx, pausedAll, stored); err != nil {
		return err
	}
	if !p.On() {
		if _, err := tx.Exec(ctx, "UPDATE gates SET next_at = ? WHERE kept > 0", At(tx.Now())); err != nil {
			return fmt.Errorf("look at gates: %w", err)
		}
		tx.gateNext(At(tx.Now()))
	}
	return tx.bump(ctx, workflowsVersion)
}

// PausedAll reads the pause of all workflows.
func PausedAll(ctx context.Context, q Querier) (Pause, error) {
	var (
		p      Pause
		stored string
	)
	err := q.QueryRow(ctx, "SELECT value FROM meta WHERE name = ?", pausedAll).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	return p, errors.Join(storageError(err), readJSON(stored, &p))
}

// Drop marks everything that waits now to be dropped, for a person.
func (g *Gate) Drop(by int64) { g.DropUpto, g.DroppedBy = g.Turns, by }

// KeepNewest marks everything that waits now to be dropped, for a person, except the newest
// of each record.
func (g *Gate) KeepNewest(by int64) { g.NewestUpto, g.DroppedBy = g.Turns, by }

// OnGate registers who is told when a gate is to be looked at. It is called once, before
// the first write; fn runs on the writer and must not block.
func (db *DB) OnGate(fn func(Millis)) { db.onGate.Store(&fn) }

func (tx *Tx) gateNext(at Millis) {
	tx.AfterCommit(func() {
		if fn := tx.db.onGate.Load(); fn != nil {
			(*fn)(at)
		}
	})
}

// SetForWorkflows writes a small fact that all workflows depend on.
func SetForWorkflows(ctx context.Context, tx *Tx, name, value string) error {
	if err := tx.SetMeta(ctx, name, value); err != nil {
		return err
	}
	return tx.bump(ctx, workflowsVersion)
}

// ownStarts counts starts of a workflow by its own chain, in windows of a second.
func ownStarts(workflowID int64) Limit {
	return Limit{Name: fmt.Sprintf("own:%d", workflowID), Window: time.Second}
}

// CountOwnStart counts a start of a workflow by its own chain of effects, and gives how many
// there were in the last ten seconds and in the last minute.
func CountOwnStart(ctx context.Context, tx *Tx, workflowID int64) (ten, minute int, err error) {
	l := ownStarts(workflowID)
	_, err = tx.Exec(ctx, `INSERT INTO rate_counters (name, window_at, count) VALUES (?, ?, 1)
		ON CONFLICT (name, window_at) DO UPDATE SET count = rate_counters.count + 1`, l.key(), l.begin(tx.Now()))
	if err == nil {
		err = tx.QueryRow(ctx, "SELECT COALESCE(SUM(CASE WHEN window_at > ? THEN count ELSE 0 END), 0), COALESCE(SUM(count), 0) FROM rate_counters WHERE name = ? AND window_at > ?",
			At(tx.Now().Add(-10*time.Second)), l.key(), At(tx.Now().Add(-time.Minute))).Scan(&ten, &minute)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("count starts by its own chain: %w", storageError(err))
	}
	return ten, minute, nil
}

// ForgetOwnStarts forgets what [CountOwnStart] counted.
func ForgetOwnStarts(ctx context.Context, tx *Tx, workflowID int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM rate_counters WHERE name = ?", ownStarts(workflowID).key()); err != nil {
		return fmt.Errorf("forget starts by its own chain: %w", err)
	}
	return nil
}
