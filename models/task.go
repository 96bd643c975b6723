package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"formrail/models/text"
)

// Task is one to-do for one seat.
type Task struct {
	ID            string
	Kind          string // approval, resolve, assign
	Status        Status
	Version       int64
	ExecutionID   string
	StepID        string
	Node          string
	Pass          int64
	SeatID        string
	PrincipalID   int64 // whose seat it is
	ActorID       int64 // who decided; 0 while open
	ApplicationID string
	Round         int64
	WorkflowID    int64
	Title         string
	NodeTitle     string
	DueAt         Millis
	OpenedAt      Millis
	ClosedAt      Millis
	ClosedReason  string
	Comment       string
	ContentHash   string // of what the approver is shown
}

// Candidate is a person who may see and decide a task.
type Candidate struct {
	UserID int64
	Role   string // principal, candidate, deputy
}

const taskColumns = `t.id, t.kind, t.status, t.version, t.execution_id, t.step_id, t.node, t.pass, t.seat_id, t.principal_id, t.actor_id,
 t.application_id, t.round, t.workflow_id, t.title, t.node_title, t.due_at, t.opened_at, t.closed_at, t.closed_reason, t.comment, t.content_hash`

func scanTask(scan func(...any) error) (*Task, error) {
	var t Task
	err := scan(&t.ID, &t.Kind, &t.Status, &t.Version, &t.ExecutionID, &t.StepID, &t.Node, &t.Pass, &t.SeatID, &t.PrincipalID, &t.ActorID,
		&t.ApplicationID, &t.Round, &t.WorkflowID, &t.Title, &t.NodeTitle, &t.DueAt, &t.OpenedAt, &t.ClosedAt, &t.ClosedReason, &t.Comment, &t.ContentHash)
	return &t, err
}

// InsertTask opens a task for its candidates.
func InsertTask(ctx context.Context, tx *Tx, t *Task, candidates []Candidate) error {
	t.Status, t.Version, t.OpenedAt = TaskOpen, 1, At(tx.Now())
	err := tx.Queue(ctx, `INSERT INTO tasks (id, kind, status, version, execution_id, step_id, node, pass, seat_id, principal_id, application_id, round,
		workflow_id, title, node_title, due_at, opened_at, content_hash) VALUES (?, ?, 'open', 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Kind, t.ExecutionID, t.StepID, t.Node, t.Pass, t.SeatID, t.PrincipalID, t.ApplicationID, t.Round, t.WorkflowID, t.Title, t.NodeTitle,
		t.DueAt, t.OpenedAt, t.ContentHash)
	if err != nil {
		return fmt.Errorf("insert task: %w", err)
	}
	for _, c := range candidates {
		if err := tx.Queue(ctx, "INSERT INTO task_candidates (task_id, user_id, role, status, due_at) VALUES (?, ?, ?, 'open', ?)", t.ID, c.UserID, c.Role, t.DueAt); err != nil {
			return fmt.Errorf("insert candidate: %w", err)
		}
	}
	return nil
}

// TaskByID loads a task. Unknown ids are NotFound.
func TaskByID(ctx context.Context, q Querier, id string) (*Task, error) {
	t, err := scanTask(q.QueryRow(ctx, "SELECT "+taskColumns+" FROM tasks t WHERE t.id = ?", id).Scan)
	return found(t, err, "task")
}

// Candidates lists who may see and decide a task.
func Candidates(ctx context.Context, q Querier, taskID string) ([]Candidate, error) {
	var out []Candidate
	rows, err := q.Query(ctx, "SELECT user_id, role FROM task_candidates WHERE task_id = ? ORDER BY user_id", taskID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var c Candidate
		err := r.Scan(&c.UserID, &c.Role)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load candidates: %w", err)
	}
	return out, nil
}

// StepTasks lists all tasks of a step, oldest first.
func StepTasks(ctx context.Context, q Querier, stepID string) ([]*Task, error) {
	return tasks(ctx, q, "SELECT "+taskColumns+" FROM tasks t WHERE t.step_id = ? ORDER BY t.id", stepID)
}

func tasks(ctx context.Context, q Querier, query string, args ...any) ([]*Task, error) {
	var out []*Task
	rows, err := q.Query(ctx, query, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		t, err := scanTask(r.Scan)
		out = append(out, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return out, nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// CloseTask is the compare-and-set by which a task is decided: it fails with
// TASK_DECIDED when the task is no longer open at the version.
func CloseTask(ctx context.Context, tx *Tx, t *Task) error {
	t.ClosedAt = At(tx.Now())
	n, err := tx.Exec(ctx, `UPDATE tasks SET status = ?, version = version + 1, actor_id = ?, closed_at = ?, closed_reason = ?, comment = ?
		WHERE id = ? AND status = 'open' AND version = ?`, t.Status, t.ActorID, t.ClosedAt, t.ClosedReason, t.Comment, t.ID, t.Version)
	if err != nil {
		return fmt.Errorf("close task %s: %w", t.ID, err)
	}
	if n != 1 {
		return Conflict("TASK_DECIDED", text.M("task.decided", "Somebody else was faster; this task is already decided."))
	}
	if err := tx.Queue(ctx, "UPDATE task_candidates SET status = ? WHERE task_id = ?", t.Status, t.ID); err != nil {
		return fmt.Errorf("close candidates: %w", err)
	}
	return nil
}

// closeTasks cancels what is still open of an execution, or of one step of it.
func closeTasks(ctx context.Context, tx *Tx, executionID, stepID, reason string) error {
	where, args := "execution_id = ?", []any{executionID}
	if stepID != "" {
		where, args = where+" AND step_id = ?", append(args, stepID)
	}
	err := tx.Queue(ctx, `UPDATE task_candidates SET status = 'cancelled' WHERE task_id IN (SELECT id FROM tasks WHERE `+where+` AND status = 'open')`, args...)
	if err != nil {
		return fmt.Errorf("close candidates: %w", err)
	}
	err = tx.Queue(ctx, `UPDATE tasks SET status = 'cancelled', version = version + 1, closed_at = ?, closed_reason = ? WHERE status = 'open' AND `+where,
		append([]any{At(tx.Now()), reason}, args...)...)
	if err != nil {
		return fmt.Errorf("close tasks: %w", err)
	}
	return nil
}

// CancelStepTasks cancels the open tasks of a step that is decided.
func CancelStepTasks(ctx context.Context, tx *Tx, executionID, stepID, reason string) error {
	return closeTasks(ctx, tx, executionID, stepID, reason)
}

// Seat is one voice in the decision of an approval step.
type Seat struct {
	ID          string
	StepID      string
	Pass        int64
	Position    int
	State       Status // open, approved, rejected
	UserID      int64
	Explanation string // how it was filled
}

// InsertSeat inserts a seat.
func InsertSeat(ctx context.Context, tx *Tx, s *Seat) error {
	err := tx.Queue(ctx, "INSERT INTO task_seats (id, step_id, pass, position, state, user_id, explanation) VALUES (?, ?, ?, ?, ?, ?, ?)",
		s.ID, s.StepID, s.Pass, s.Position, s.State, s.UserID, s.Explanation)
	if err != nil {
		return fmt.Errorf("insert seat: %w", err)
	}
	return nil
}

// SetSeat records the answer of a seat.
func SetSeat(ctx context.Context, tx *Tx, id string, state Status) error {
	if _, err := tx.Exec(ctx, "UPDATE task_seats SET state = ? WHERE id = ?", state, id); err != nil {
		return fmt.Errorf("set seat: %w", err)
	}
	return nil
}

// Seats lists the seats of one pass of a step by position.
func Seats(ctx context.Context, q Querier, stepID string, pass int64) ([]Seat, error) {
	var out []Seat
	rows, err := q.Query(ctx, "SELECT id, step_id, pass, position, state, user_id, explanation FROM task_seats WHERE step_id = ? AND pass = ? ORDER BY position", stepID, pass)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var s Seat
		err := r.Scan(&s.ID, &s.StepID, &s.Pass, &s.Position, &s.State, &s.UserID, &s.Explanation)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load seats: %w", err)
	}
	return out, nil
}

// AcceptDecision raises the decision version of a waiting step and gives the
// new number, the order of acceptance. A step that is no longer waiting is
// TASK_DECIDED.
func AcceptDecision(ctx context.Context, tx *Tx, stepID string) (int64, error) {
	n, err := tx.Exec(ctx, "UPDATE steps SET decision_version = decision_version + 1 WHERE id = ? AND status IN ('waiting', 'unknown')", stepID)
	if err != nil {
		return 0, fmt.Errorf("accept decision: %w", err)
	}
	if n != 1 {
		return 0, Conflict("TASK_DECIDED", text.M("task.decided", "Somebody else was faster; this task is already decided."))
	}
	var v int64
	if err := tx.QueryRow(ctx, "SELECT decision_version FROM steps WHERE id = ?", stepID).Scan(&v); err != nil {
		return 0, fmt.Errorf("read decision version: %w", storageError(err))
	}
	return v, nil
}

// Orphan is an open task that nobody who is still here may decide.
type Orphan struct {
	TaskID      string
	ExecutionID string
	OwnerID     int64 // of the workflow
}

// OrphanTasks lists open tasks whose candidates have all been deactivated.
func OrphanTasks(ctx context.Context, q Querier, limit int) ([]Orphan, error) {
	rows, err := q.Query(ctx, `SELECT t.id, t.execution_id, w.owner_id FROM tasks t JOIN workflows w ON w.id = t.workflow_id
		WHERE t.status = 'open' AND NOT EXISTS (SELECT 1 FROM task_candidates c JOIN users u ON u.id = c.user_id AND u.status <> 'deactivated'
			WHERE c.task_id = t.id) LIMIT ?`, limit)
	var out []Orphan
	err = Rows(rows, err, func(r *sql.Rows) error {
		var o Orphan
		err := r.Scan(&o.TaskID, &o.ExecutionID, &o.OwnerID)
		out = append(out, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list orphan tasks: %w", err)
	}
	return out, nil
}

// AddCandidate lets one more person see and decide an open task.
func AddCandidate(ctx context.Context, tx *Tx, taskID string, c Candidate) error {
	err := tx.Queue(ctx, `INSERT INTO task_candidates (task_id, user_id, role, status) SELECT id, ?, ?, 'open' FROM tasks WHERE id = ? AND status = 'open'
		ON CONFLICT (task_id, user_id) DO NOTHING`, c.UserID, c.Role, taskID)
	if err != nil {
		return fmt.Errorf("add candidate: %w", err)
	}
	return nil
}
