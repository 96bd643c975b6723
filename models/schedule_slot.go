package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// Slot is one planned time of a schedule. It is due until it has fired or was
// skipped, and never changes after that.
type Slot struct {
	ID          int64
	WorkflowID  int64
	RecordID    string // whose date it follows; empty = the workflow has one schedule
	At          Millis // planned time
	State       Status // due, fired, skipped
	Reason      string // of a skipped one
	ExecutionID string
	Number      int64  // within its schedule, from 1
	DecidedAt   Millis // 0 = due
	Count       int64  // slots this row stands for: more than 1 for a run of skipped ones
	LastAt      Millis // last of a run; 0 = none
	Held        bool   // waits until an earlier execution has ended
}

// Schedule names the schedule the slot belongs to: one workflow, or one record of it.
func (s Slot) Schedule() string { return ScheduleOf(s.WorkflowID, s.RecordID) }

// ScheduleOf names the schedule of a workflow, or of one record of it.
func ScheduleOf(workflowID int64, recordID string) string {
	name := strconv.FormatInt(workflowID, 10)
	if recordID != "" {
		name += "/" + recordID
	}
	return name
}

const slotColumns = "id, workflow_id, record_id, slot_at, state, reason, COALESCE(execution_id, ''), number, decided_at, count, last_at, held"

func scanSlot(scan func(...any) error) (s Slot, err error) {
	var held int64
	err = scan(&s.ID, &s.WorkflowID, &s.RecordID, &s.At, &s.State, &s.Reason, &s.ExecutionID, &s.Number, &s.DecidedAt, &s.Count, &s.LastAt, &held)
	s.Held = held != 0
	return s, err
}

// PlanSlot stores a due slot. It is false when the schedule has had that time before:
// each time fires at most once, whatever became of it.
func PlanSlot(ctx context.Context, tx *Tx, s Slot) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO schedule_slots (schedule, workflow_id, record_id, slot_at, state, number, held) VALUES (?, ?, ?, ?, 'due', ?, ?)
		ON CONFLICT (schedule, slot_at) DO NOTHING`, s.Schedule(), s.WorkflowID, s.RecordID, s.At, s.Number, asInt(s.Held))
	if err != nil {
		return false, fmt.Errorf("plan slot of %s: %w", s.Schedule(), err)
	}
	return n == 1, nil
}

// SkipSlot stores a slot that never was due, or a run of them. One that exists stays
// as it is.
func SkipSlot(ctx context.Context, tx *Tx, s Slot) error {
	err := tx.Queue(ctx, `INSERT INTO schedule_slots (schedule, workflow_id, record_id, slot_at, state, reason, number, decided_at, count, last_at)
		VALUES (?, ?, ?, ?, 'skipped', ?, ?, ?, ?, ?) ON CONFLICT (schedule, slot_at) DO NOTHING`,
		s.Schedule(), s.WorkflowID, s.RecordID, s.At, s.Reason, s.Number, At(tx.Now()), max(s.Count, 1), s.LastAt)
	if err != nil {
		return fmt.Errorf("record skipped slot of %s: %w", s.Schedule(), err)
	}
	return nil
}

// DecideSlot makes a due slot fired or skipped, as s says. It is false when somebody
// else decided it, or it is no longer planned.
//
// Invariant: with the execution in the same transaction, a slot starts at most one.
func DecideSlot(ctx context.Context, tx *Tx, s Slot) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE schedule_slots SET state = ?, reason = ?, execution_id = ?, decided_at = ?, count = ?, last_at = ?, held = 0
		WHERE id = ? AND state = 'due'`, s.State, s.Reason, orNull(s.ExecutionID), At(tx.Now()), max(s.Count, 1), s.LastAt, s.ID)
	if err != nil {
		return false, fmt.Errorf("decide slot %d: %w", s.ID, err)
	}
	return n == 1, nil
}

// TakeSlot checks inside a transaction that a slot is due and, on PostgreSQL, locks
// it. It is nil when it is not due any more.
func TakeSlot(ctx context.Context, tx *Tx, id int64) (*Slot, error) {
	query := "SELECT " + slotColumns + " FROM schedule_slots WHERE id = ? AND state = 'due'"
	if tx.Dialect() == Postgres {
		query += " FOR UPDATE"
	}
	s, err := scanSlot(tx.QueryRow(ctx, query, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take slot %d: %w", id, storageError(err))
	}
	return &s, nil
}

// HoldSlot makes a due slot wait until an earlier execution has ended.
func HoldSlot(ctx context.Context, tx *Tx, id int64) error {
	if err := tx.Queue(ctx, "UPDATE schedule_slots SET held = 1 WHERE id = ? AND state = 'due'", id); err != nil {
		return fmt.Errorf("hold slot %d: %w", id, err)
	}
	return nil
}

// DueSlots lists slots that are due at a time and do not wait for an execution, the
// earliest first.
func DueSlots(ctx context.Context, q Querier, until Millis, limit int) ([]Slot, error) {
	return slots(ctx, q, "state = 'due' AND held = 0 AND slot_at <= ? ORDER BY slot_at, id LIMIT ?", until, limit)
}

// HeldSlots lists the earliest slot of each schedule that waits for an execution.
func HeldSlots(ctx context.Context, q Querier, limit int) ([]Slot, error) {
	return slots(ctx, q, `state = 'due' AND held = 1 AND NOT EXISTS (SELECT 1 FROM schedule_slots e WHERE e.schedule = s.schedule
		AND e.state = 'due' AND e.held = 1 AND e.slot_at < s.slot_at) ORDER BY slot_at, id LIMIT ?`, limit)
}

// NextSlot is when the next slot that does not wait for an execution is due; 0 = none.
func NextSlot(ctx context.Context, q Querier) (Millis, error) {
	var at sql.NullInt64
	err := q.QueryRow(ctx, "SELECT MIN(slot_at) FROM schedule_slots WHERE state = 'due' AND held = 0").Scan(&at)
	if err != nil {
		return 0, fmt.Errorf("find next slot: %w", storageError(err))
	}
	return Millis(at.Int64), nil
}

// DueOf lists the due slots of one schedule, held ones included.
func DueOf(ctx context.Context, q Querier, workflowID int64, recordID string) ([]Slot, error) {
	return slots(ctx, q, "schedule = ? AND state = 'due' ORDER BY slot_at", ScheduleOf(workflowID, recordID))
}

// LastSlot is the latest slot of a schedule that has been decided; the zero Slot when
// there is none.
func LastSlot(ctx context.Context, q Querier, workflowID int64, recordID string) (Slot, error) {
	return lastSlot(ctx, q, "schedule = ? AND state <> 'due' ORDER BY slot_at DESC LIMIT 1", ScheduleOf(workflowID, recordID))
}

// FiredBefore is the latest slot of a schedule that started an execution before a
// time; the zero Slot when there is none.
func FiredBefore(ctx context.Context, q Querier, s Slot) (Slot, error) {
	return lastSlot(ctx, q, "schedule = ? AND state = 'fired' AND slot_at < ? ORDER BY slot_at DESC LIMIT 1", s.Schedule(), s.At)
}

func lastSlot(ctx context.Context, q Querier, rest string, args ...any) (Slot, error) {
	list, err := slots(ctx, q, rest, args...)
	if err != nil || len(list) == 0 {
		return Slot{}, err
	}
	return list[0], nil
}

// FiredSince counts the slots of a schedule that started an execution after a time, at
// most up to a limit.
func FiredSince(ctx context.Context, q Querier, s Slot, after Millis, limit int) (int, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM schedule_slots WHERE schedule = ? AND state = 'fired' AND decided_at > ? LIMIT ?) f`,
		s.Schedule(), after, limit).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count slots of %s: %w", s.Schedule(), storageError(err))
	}
	return n, nil
}

// SlotsOf lists the slots of a workflow that were decided, the latest first.
func SlotsOf(ctx context.Context, q Querier, workflowID int64, limit int) ([]Slot, error) {
	return slots(ctx, q, "workflow_id = ? AND state <> 'due' ORDER BY slot_at DESC, id DESC LIMIT ?", workflowID, limit)
}

// PlannedOf lists the next due slots of a workflow, the earliest first.
func PlannedOf(ctx context.Context, q Querier, workflowID int64, limit int) ([]Slot, error) {
	return slots(ctx, q, "workflow_id = ? AND state = 'due' ORDER BY slot_at, id LIMIT ?", workflowID, limit)
}

// DropSlots forgets the due slots of one schedule. What was decided stays.
func DropSlots(ctx context.Context, tx *Tx, workflowID int64, recordID string) error {
	err := tx.Queue(ctx, "DELETE FROM schedule_slots WHERE schedule = ? AND state = 'due'", ScheduleOf(workflowID, recordID))
	if err != nil {
		return fmt.Errorf("drop slots: %w", err)
	}
	return nil
}

// DropSlot forgets one due slot.
func DropSlot(ctx context.Context, tx *Tx, id int64) error {
	if err := tx.Queue(ctx, "DELETE FROM schedule_slots WHERE id = ? AND state = 'due'", id); err != nil {
		return fmt.Errorf("drop slot: %w", err)
	}
	return nil
}

// DropSlotsFrom forgets due slots of a workflow planned after a time, at most some,
// and says how many: those of many records are dropped in parts.
func DropSlotsFrom(ctx context.Context, tx *Tx, workflowID int64, after Millis, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `DELETE FROM schedule_slots WHERE id IN
		(SELECT id FROM schedule_slots WHERE workflow_id = ? AND state = 'due' AND slot_at > ? LIMIT ?)`, workflowID, after, limit)
	if err != nil {
		return 0, fmt.Errorf("drop slots of workflow %d: %w", workflowID, err)
	}
	return n, nil
}

func slots(ctx context.Context, q Querier, rest string, args ...any) ([]Slot, error) {
	var out []Slot
	rows, err := q.Query(ctx, "SELECT "+slotColumns+" FROM schedule_slots s WHERE "+rest, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		s, err := scanSlot(r.Scan)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list slots: %w", err)
	}
	return out, nil
}
