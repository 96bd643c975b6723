package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Permit is the leave of an execution to go while its workflow has limits or is paused. It
// waits for it, or has it until it ends.
type Permit struct {
	ExecutionID string
	Turn        int64 // order in which they were asked for, from 1
	Lane        int   // of the execution: people who wait come first
	State       string
	OrderKey    string // permits of equal key are given one after another; empty = no order
	Record      string // what the execution is about
	SettleKey   string // with SettleAt: those of equal key are one
	SettleAt    Millis // it settles: until then more of its like may join; 0 = it does not
	SettleBy    Millis // and it does not wait longer than until then; 0 = as long as more come
	CreatedAt   Millis
}

// States of a permit.
const (
	Settling      = "settling" // more of its like may come
	Behind        = "behind"   // another of its order key comes first
	PermitWaiting = "waiting"  // it may be given next
	Given         = "given"
)

// releaseAtOnce is how many permits one transaction gives, so that it holds up nobody.
const releaseAtOnce = 40

// Ask asks for a permit in a locked gate, and reports whether it was given at once. Others
// that may go are let go as well.
func (g *Gate) Ask(ctx context.Context, tx *Tx, p *Permit) (given bool, err error) {
	g.Turns++
	g.Kept++
	p.Turn, p.CreatedAt, p.State = g.Turns, At(tx.Now()), Settling
	if p.SettleAt == 0 {
		if p.State, err = g.stateFor(ctx, tx, p.ExecutionID, p.OrderKey); err != nil {
			return false, err
		}
	}
	var settle any
	if p.State == Settling {
		settle = p.SettleKey
	}
	err = tx.Queue(ctx, `INSERT INTO permits (execution_id, workflow_id, turn, lane, state, order_key, record, settle_key, settle_at, settle_by, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.ExecutionID, g.WorkflowID, p.Turn, p.Lane, p.State, p.OrderKey, p.Record, settle, p.SettleAt, p.SettleBy, p.CreatedAt)
	if err != nil {
		return false, fmt.Errorf("ask for permit: %w", err)
	}
	if p.State == Settling {
		tx.gateNext(p.SettleAt)
		return false, g.save(ctx, tx)
	}
	list, err := g.release(ctx, tx)
	if err != nil {
		return false, err
	}
	mine := func(one released) bool { return one.id == p.ExecutionID }
	given = slices.ContainsFunc(list, mine)
	return given, g.wake(ctx, tx, slices.DeleteFunc(list, mine))
}

// stateFor says whether an execution is the first of its order key.
func (g *Gate) stateFor(ctx context.Context, tx *Tx, id, key string) (string, error) {
	if key == "" {
		return PermitWaiting, nil
	}
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM permits WHERE workflow_id = ? AND order_key = ? AND state <> 'settling'
		AND execution_id <> ? LIMIT 1) one`, g.WorkflowID, key, id).Scan(&n)
	if err != nil {
		return "", fmt.Errorf("look for others of an order key: %w", storageError(err))
	}
	if n > 0 {
		return Behind, nil
	}
	return PermitWaiting, nil
}

// Leave gives back what an execution that has ended had of a locked gate, and lets others
// go. An execution without a permit is no mistake.
func (g *Gate) Leave(ctx context.Context, tx *Tx, executionID string) error {
	p, err := permit(ctx, tx, executionID)
	if p == nil || err != nil {
		return err
	}
	if err := tx.Queue(ctx, "DELETE FROM permits WHERE execution_id = ?", executionID); err != nil {
		return fmt.Errorf("give permit back: %w", err)
	}
	if p.State == Given {
		g.Given--
	} else {
		g.Kept--
	}
	if p.OrderKey != "" && (p.State == Given || p.State == PermitWaiting) {
		if err := g.promote(ctx, tx, p.OrderKey); err != nil {
			return err
		}
	}
	return g.Look(ctx, tx)
}

// promote makes the next of an order key the first one.
func (g *Gate) promote(ctx context.Context, tx *Tx, key string) error {
	err := tx.Queue(ctx, `UPDATE permits SET state = 'waiting' WHERE execution_id = (SELECT execution_id FROM permits
		WHERE workflow_id = ? AND order_key = ? AND state = 'behind' ORDER BY turn LIMIT 1)`, g.WorkflowID, key)
	if err != nil {
		return fmt.Errorf("let the next of an order key come: %w", err)
	}
	return nil
}

// Look gives the permits that may be given now, and saves the gate.
func (g *Gate) Look(ctx context.Context, tx *Tx) error {
	list, err := g.release(ctx, tx)
	if err != nil {
		return err
	}
	return g.wake(ctx, tx, list)
}

// released is an execution that has got its permit.
type released struct {
	id   string
	lane int
}

// release gives permits: people first, then by turn. NextAt says when to look again.
func (g *Gate) release(ctx context.Context, tx *Tx) ([]released, error) {
	g.NextAt = 0
	room := int64(releaseAtOnce)
	if g.Concurrency > 0 {
		room = min(room, g.Concurrency-g.Given)
	}
	if g.Kept == 0 || room <= 0 || g.Paused().On() {
		return nil, nil
	}
	list, err := g.next(ctx, tx, room+1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	want := min(room, int64(len(list)))
	allowed, next, err := g.rateRoom(ctx, tx, want)
	if err != nil {
		return nil, err
	}
	switch {
	case allowed < want:
		g.NextAt = next
	case int64(len(list)) > want && room == releaseAtOnce: // more in another transaction
		g.NextAt = At(tx.Now())
	}
	for _, one := range list[:allowed] {
		if err := g.give(ctx, tx, one.id); err != nil {
			return nil, err
		}
	}
	return list[:allowed], nil
}

// next lists who may be given a permit next.
func (g *Gate) next(ctx context.Context, tx *Tx, limit int64) ([]released, error) {
	var out []released
	rows, err := tx.Query(ctx, `SELECT execution_id, lane FROM permits WHERE workflow_id = ? AND state = 'waiting' AND turn > ? ORDER BY lane, turn LIMIT ?`,
		g.WorkflowID, max(g.DropUpto, g.NewestUpto), limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var one released
		err := r.Scan(&one.id, &one.lane)
		out = append(out, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for who may go: %w", err)
	}
	return out, nil
}

// give gives one permit.
func (g *Gate) give(ctx context.Context, tx *Tx, id string) error {
	g.Given++
	g.Kept--
	if err := tx.Queue(ctx, "UPDATE permits SET state = 'given' WHERE execution_id = ?", id); err != nil {
		return fmt.Errorf("give permit: %w", err)
	}
	return g.CountStart(ctx, tx)
}

// CountStart counts one start under the rate.
func (g *Gate) CountStart(ctx context.Context, tx *Tx) error {
	if g.RateCount == 0 {
		return nil
	}
	g.Starts++
	err := tx.Queue(ctx, "INSERT INTO gate_starts (workflow_id, number, at) VALUES (?, ?, ?)", g.WorkflowID, g.Starts, At(tx.Now()))
	if err == nil {
		err = tx.Queue(ctx, "DELETE FROM gate_starts WHERE workflow_id = ? AND number <= ?", g.WorkflowID, g.Starts-g.RateCount)
	}
	if err != nil {
		return fmt.Errorf("count start: %w", err)
	}
	return nil
}

// rateRoom is how many of some starts the rate allows now, and when the next may be.
func (g *Gate) rateRoom(ctx context.Context, tx *Tx, want int64) (room int64, next Millis, err error) {
	if g.RateCount == 0 {
		return want, 0, nil
	}
	var (
		begun int64
		first sql.NullInt64
	)
	err = tx.QueryRow(ctx, "SELECT COUNT(*), MIN(at) FROM gate_starts WHERE workflow_id = ? AND number > ? AND at > ?",
		g.WorkflowID, g.Starts-g.RateCount, int64(At(tx.Now()))-g.RateMillis).Scan(&begun, &first)
	if err != nil {
		return 0, 0, fmt.Errorf("count starts: %w", storageError(err))
	}
	next = At(tx.Now()) + Millis(g.RateMillis)
	if first.Valid {
		next = Millis(first.Int64 + g.RateMillis)
	}
	return min(want, max(g.RateCount-begun, 0)), next, nil
}

// RateAllows reports whether the rate lets one start go now.
func (g *Gate) RateAllows(ctx context.Context, tx *Tx) (bool, error) {
	room, _, err := g.rateRoom(ctx, tx, 1)
	return room == 1, err
}

// wake makes due the wake-ups of executions that have their permit, and saves the gate. The
// time that they waited is no part of their time limit.
func (g *Gate) wake(ctx context.Context, tx *Tx, list []released) error {
	for _, one := range list {
		err := tx.Queue(ctx, "UPDATE wakeups SET due_at = ? WHERE execution_id = ? AND state <> 'done' AND due_at = ?", At(tx.Now()), one.id, Never)
		if err == nil {
			err = tx.Queue(ctx, `UPDATE executions SET expires_at = expires_at + ? - (SELECT created_at FROM permits WHERE execution_id = executions.id)
				WHERE id = ? AND expires_at > 0`, At(tx.Now()), one.id)
		}
		if err != nil {
			return fmt.Errorf("let execution go: %w", err)
		}
		tx.announce(PendingWakeup{ExecutionID: one.id, WorkflowID: g.WorkflowID, Lane: one.lane, DueAt: tx.Now()})
	}
	return g.save(ctx, tx)
}

// permit loads the permit of an execution; nil = it has none.
func permit(ctx context.Context, q Querier, executionID string) (*Permit, error) {
	p := &Permit{ExecutionID: executionID}
	err := q.QueryRow(ctx, "SELECT turn, lane, state, order_key, record, COALESCE(settle_key, ''), settle_at, settle_by, created_at FROM permits WHERE execution_id = ?", executionID).
		Scan(&p.Turn, &p.Lane, &p.State, &p.OrderKey, &p.Record, &p.SettleKey, &p.SettleAt, &p.SettleBy, &p.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // having none is ordinary
	}
	if err != nil {
		return nil, fmt.Errorf("load permit of %s: %w", executionID, storageError(err))
	}
	return p, nil
}

// PermitOf loads the permit of an execution; nil = it has none.
func PermitOf(ctx context.Context, q Querier, executionID string) (*Permit, error) {
	return permit(ctx, q, executionID)
}

// KeepBack takes the permit of a queued execution that has not begun, or makes one that it
// waits for: its workflow was paused before it was its turn to be worked on.
func (g *Gate) KeepBack(ctx context.Context, tx *Tx, e *Execution) error {
	p, err := permit(ctx, tx, e.ID)
	if err != nil {
		return err
	}
	switch {
	case p == nil:
		g.Turns++
		err = tx.Queue(ctx, "INSERT INTO permits (execution_id, workflow_id, turn, lane, state, record, created_at) VALUES (?, ?, ?, ?, 'waiting', ?, ?)",
			e.ID, g.WorkflowID, g.Turns, laneOf(e.Sync), recordOf(e), At(tx.Now()))
	case p.State == Given:
		g.Given--
		err = tx.Queue(ctx, "UPDATE permits SET state = 'waiting', created_at = ? WHERE execution_id = ?", At(tx.Now()), e.ID)
	default:
		return nil
	}
	g.Kept++
	if err == nil {
		err = tx.Queue(ctx, "UPDATE wakeups SET due_at = ? WHERE execution_id = ? AND state <> 'done'", Never, e.ID)
	}
	if err == nil {
		err = tx.QueueWanting(ctx, ErrLostLease, "UPDATE executions SET gated = 1, lease_token = lease_token + 1 WHERE id = ? AND lease_token = ? AND status = 'queued'", e.ID, e.LeaseToken)
	}
	if err != nil {
		return fmt.Errorf("keep execution back: %w", err)
	}
	return g.save(ctx, tx)
}

// recordOf is what an execution is about, as its permit says it; empty for nothing.
func recordOf(e *Execution) string {
	if e.ResourceID == "" {
		return ""
	}
	return e.ResourceType + "/" + e.ResourceID
}

// Settled are the executions for which nothing more of their like is waited, by workflow.
func Settled(ctx context.Context, q Querier, now time.Time, limit int) (map[int64][]string, error) {
	out := map[int64][]string{}
	rows, err := q.Query(ctx, "SELECT workflow_id, execution_id FROM permits WHERE state = 'settling' AND settle_at <= ? ORDER BY settle_at LIMIT ?", At(now), limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			workflow int64
			id       string
		)
		err := r.Scan(&workflow, &id)
		out[workflow] = append(out[workflow], id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for settled executions: %w", err)
	}
	return out, nil
}

// Settle lets an execution wait for its permit like others, unless more of its like has
// come meanwhile. Its turn is that of now.
func (g *Gate) Settle(ctx context.Context, tx *Tx, executionID string) error {
	p, err := permit(ctx, tx, executionID)
	if err != nil || p == nil || p.State != Settling || p.SettleAt > At(tx.Now()) {
		return err
	}
	state, err := g.stateFor(ctx, tx, executionID, p.OrderKey)
	if err != nil {
		return err
	}
	turn := p.Turn
	if turn > max(g.DropUpto, g.NewestUpto) { // else it is about to be dropped
		g.Turns++
		turn = g.Turns
	}
	err = tx.Queue(ctx, "UPDATE permits SET state = ?, turn = ?, settle_key = NULL WHERE execution_id = ?", state, turn, executionID)
	if err != nil {
		return fmt.Errorf("settle execution: %w", err)
	}
	return nil
}

// Join gives an execution that settles what a later start of its like brings, and lets it
// wait on. It gives the id of that execution; empty when there is none.
func (g *Gate) Join(ctx context.Context, tx *Tx, p *Permit, later *Execution) (string, error) {
	var (
		id     string
		latest Millis
	)
	err := tx.QueryRow(ctx, "SELECT execution_id, settle_by FROM permits WHERE workflow_id = ? AND settle_key = ? AND state = 'settling'", g.WorkflowID, p.SettleKey).Scan(&id, &latest)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a start to join: %w", storageError(err))
	}
	at := p.SettleAt
	if latest > 0 {
		at = min(at, latest)
	}
	err = tx.Queue(ctx, "UPDATE permits SET settle_at = ?, order_key = ?, record = ? WHERE execution_id = ?", at, p.OrderKey, p.Record, id)
	if err == nil {
		err = tx.QueueWanting(ctx, ErrLostLease, `UPDATE executions SET version_id = ?, definition_hash = ?, trigger_data = ?, resource_type = ?, resource_id = ?,
			principal = ?, user_id = ?, cause = ?, request_id = ?, root_id = CASE WHEN ? = '' THEN id ELSE ? END, depth = ?, chain = ? WHERE id = ? AND status = 'queued'`,
			later.VersionID, later.Hash, later.Trigger, later.ResourceType, later.ResourceID, later.Principal, later.UserID, toJSON(later.Cause), later.RequestID,
			later.RootID, later.RootID, later.Depth, toJSON(later.Chain), id)
	}
	if err == nil && later.IdemKey != "" {
		err = tx.Queue(ctx, "INSERT INTO joined_starts (workflow_id, idem_key, execution_id, at) VALUES (?, ?, ?, ?)", g.WorkflowID, later.IdemKey, id, At(tx.Now()))
	}
	if err != nil {
		return "", fmt.Errorf("join execution %s: %w", id, err)
	}
	return id, nil
}

// Dropped lists executions that wait and are to be dropped, at most limit.
func (g *Gate) Dropped(ctx context.Context, q Querier, limit int) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT p.execution_id FROM permits p WHERE p.workflow_id = ? AND p.state <> 'given' AND (p.turn <= ?
		OR p.turn <= ? AND p.record <> '' AND EXISTS (SELECT 1 FROM permits n WHERE n.workflow_id = p.workflow_id AND n.record = p.record
		AND n.state <> 'given' AND n.turn > p.turn AND n.turn <= ?)) ORDER BY p.turn LIMIT ?`, g.WorkflowID, g.DropUpto, g.NewestUpto, g.NewestUpto, limit)
	return ids(rows, err, "look for executions to drop")
}

// Before counts the executions that a waiting one waits for, at most limit: those before it
// and, under an order key, the one that goes.
func (p *Permit) Before(ctx context.Context, q Querier, workflowID int64, limit int) (int, error) {
	query := `SELECT COUNT(*) FROM (SELECT 1 FROM permits WHERE workflow_id = ? AND (state = 'waiting' OR state = 'behind') AND (lane < ? OR lane = ? AND turn < ?) LIMIT ?) b`
	args := []any{workflowID, p.Lane, p.Lane, p.Turn, limit}
	if p.State == Behind {
		query = "SELECT COUNT(*) FROM (SELECT 1 FROM permits WHERE workflow_id = ? AND order_key = ? AND state <> 'settling' AND turn < ? LIMIT ?) b"
		args = []any{workflowID, p.OrderKey, p.Turn, limit}
	}
	var n int
	if err := q.QueryRow(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count what is before: %w", storageError(err))
	}
	return n, nil
}

// LostPermits lists workflows in whose gate executions stand that have ended. There are
// none unless somebody changed rows by hand.
func LostPermits(ctx context.Context, q Querier, limit int) (map[int64][]string, error) {
	out := map[int64][]string{}
	rows, err := q.Query(ctx, `SELECT p.workflow_id, p.execution_id FROM permits p LEFT JOIN executions e ON e.id = p.execution_id
		WHERE e.id IS NULL OR NOT `+of("e", liveExecution)+` LIMIT ?`, limit)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var (
			workflow int64
			id       string
		)
		err := r.Scan(&workflow, &id)
		out[workflow] = append(out[workflow], id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for lost permits: %w", err)
	}
	return out, nil
}

// ForgetJoined forgets the keys of starts that joined before a time.
func ForgetJoined(ctx context.Context, tx *Tx, before time.Time) error {
	if _, err := tx.Exec(ctx, "DELETE FROM joined_starts WHERE at < ?", At(before)); err != nil {
		return fmt.Errorf("forget joined starts: %w", err)
	}
	return nil
}

// JoinedByKey finds the execution that a start with an idempotency key joined; empty when
// there is none.
func JoinedByKey(ctx context.Context, q Querier, workflowID int64, key string) (string, error) {
	var id string
	err := q.QueryRow(ctx, "SELECT execution_id FROM joined_starts WHERE workflow_id = ? AND idem_key = ?", workflowID, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, storageError(err)
}
