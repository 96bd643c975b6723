package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Execution is one run of a workflow version.
type Execution struct {
	Number       int64 // the short number people see
	ID           string
	WorkflowID   int64
	VersionID    int64
	Hash         string // of the version's definition
	Status       Status
	Reason       string
	Mode         string // live or test
	Sync         bool
	Trigger      string // context as JSON
	TriggerType  string
	ResourceType string // collection of the record that started it
	ResourceID   string
	Principal    string // typed text form of who caused it
	UserID       int64
	Cause        Cause
	RequestID    string
	ParentID     string
	ParentStepID string
	RootID       string
	Depth        int
	Chain        []int64 // workflows of the causal chain, this one last
	RerunOf      string
	IdemKey      string
	Output       string   // JSON; empty = none
	Messages     []string // of Response message nodes
	Error        string   // JSON of the failure; empty = none
	Attempts     int
	LeaseToken   int64
	LeaseUntil   Millis // 0 = nobody has to be waited for
	LeaseOwner   string // process that works on it; empty = none has said so
	StepCount    int64
	CreatedAt    Millis
	StartedAt    Millis
	EndedAt      Millis
	EndedBy      int64 // person who cancelled it; 0 = nobody did
	ExpiresAt    Millis
	Pauses       bool   // ExpiresAt moves by the time for which it waits for nothing but people
	PeopleSince  Millis // since when it does; 0 = it does not
	Gated        bool   // it has a permit, or waits for one
	Held         bool   // it waits for one: set while it is inserted, not read
}

const executionColumns = `number, id, workflow_id, version_id, definition_hash, status, reason, mode, sync, trigger_data, trigger_type,
 resource_type, resource_id, principal, user_id, cause, request_id, parent_id, parent_step_id, root_id, depth, chain, rerun_of,
 idem_key, output, messages, error, attempts, lease_token, lease_until, step_count, created_at, started_at, ended_at, expires_at, ended_by, gated,
 lease_owner, pauses_for_people, people_since`

func scanExecution(scan func(...any) error) (*Execution, error) {
	var (
		e                                   Execution
		sync, gated, pauses                 int64
		cause, chain, messages              string
		parent, parentStep, idemKey, output sql.NullString
	)
	err := scan(&e.Number, &e.ID, &e.WorkflowID, &e.VersionID, &e.Hash, &e.Status, &e.Reason, &e.Mode, &sync, &e.Trigger, &e.TriggerType,
		&e.ResourceType, &e.ResourceID, &e.Principal, &e.UserID, &cause, &e.RequestID, &parent, &parentStep, &e.RootID, &e.Depth, &chain, &e.RerunOf,
		&idemKey, &output, &messages, &e.Error, &e.Attempts, &e.LeaseToken, &e.LeaseUntil, &e.StepCount, &e.CreatedAt, &e.StartedAt, &e.EndedAt, &e.ExpiresAt, &e.EndedBy, &gated,
		&e.LeaseOwner, &pauses, &e.PeopleSince)
	if err != nil {
		return nil, err
	}
	e.Sync, e.Gated, e.Pauses = sync != 0, gated != 0, pauses != 0
	e.ParentID, e.ParentStepID, e.IdemKey, e.Output = parent.String, parentStep.String, idemKey.String, output.String
	return &e, errors.Join(readJSON(cause, &e.Cause), readJSON(chain, &e.Chain), readJSON(messages, &e.Messages))
}

func readJSON(s string, into any) error {
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), into); err != nil {
		return fmt.Errorf("read stored JSON: %w", err)
	}
	return nil
}

// toJSON is for values of this package, which always marshal.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("marshal stored value: " + err.Error())
	}
	return string(b)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func asInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// InsertExecution inserts a queued execution with its first wake-up, in the
// transaction of what started it. It fills Number only on request of a later
// read: numbers are given by the database.
func InsertExecution(ctx context.Context, tx *Tx, e *Execution) error {
	e.Status = Queued
	if err := insertExecution(ctx, tx, e); err != nil {
		return err
	}
	return InsertWakeup(ctx, tx, &Wakeup{ExecutionID: e.ID, WorkflowID: e.WorkflowID, Reason: WakeStart, Lane: laneOf(e.Sync), DueAt: e.goesAt()})
}

// InsertContinued inserts an execution that goes on where another one stopped: with steps
// that were carried over, and with the place at which it goes on as the last of them.
func InsertContinued(ctx context.Context, tx *Tx, e *Execution, carried []*Step, at *Step) error {
	e.Status, e.StepCount, e.StartedAt = Waiting, at.Seq, At(tx.Now())
	if err := insertExecution(ctx, tx, e); err != nil {
		return err
	}
	output, err := tx.stored(ctx, &packed{}, e.Output)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, "UPDATE executions SET step_count = ?, started_at = ?, output = ?, messages = ? WHERE id = ?",
		e.StepCount, e.StartedAt, orNull(output), toJSON(orEmpty(e.Messages)), e.ID)
	if err != nil {
		return fmt.Errorf("insert execution: %w", err)
	}
	for _, s := range append(carried, at) {
		if err := SaveStep(ctx, tx, e, s); err != nil {
			return err
		}
	}
	return InsertWakeup(ctx, tx, &Wakeup{ExecutionID: e.ID, WorkflowID: e.WorkflowID, StepID: at.ID, Reason: WakeBranch, Lane: 1, DueAt: e.goesAt()})
}

// goesAt is when the first wake-up of an execution is due.
func (e *Execution) goesAt() Millis {
	if e.Held {
		return Never
	}
	return e.CreatedAt
}

// insertExecution inserts the row of an execution.
func insertExecution(ctx context.Context, tx *Tx, e *Execution) error {
	e.CreatedAt = At(tx.Now())
	if e.RootID == "" {
		e.RootID = e.ID
	}
	trigger, err := tx.stored(ctx, &packed{}, e.Trigger)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, `INSERT INTO executions (id, workflow_id, version_id, definition_hash, status, reason, mode, sync, trigger_data,
		trigger_type, resource_type, resource_id, principal, user_id, cause, request_id, parent_id, parent_step_id, root_id, depth, chain,
		rerun_of, idem_key, created_at, expires_at, gated, lease_until, lease_owner, pauses_for_people)
		VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, e.WorkflowID, e.VersionID, e.Hash, e.Status, e.Mode, asInt(e.Sync), trigger, e.TriggerType, e.ResourceType, e.ResourceID, e.Principal,
		e.UserID, toJSON(e.Cause), e.RequestID, orNull(e.ParentID), orNull(e.ParentStepID), e.RootID, e.Depth, toJSON(e.Chain),
		e.RerunOf, orNull(e.IdemKey), e.CreatedAt, e.ExpiresAt, asInt(e.Gated), e.LeaseUntil, e.LeaseOwner, asInt(e.Pauses))
	if err != nil {
		return fmt.Errorf("insert execution: %w", err)
	}
	tx.countExecution(e, countStarted, 0)
	return nil
}

// laneOf gives people who wait on a page the first lane.
func laneOf(sync bool) int {
	if sync {
		return 0
	}
	return 1
}

// ExecutionByKey finds the execution that an idempotency key of a workflow
// started; empty when there is none.
func ExecutionByKey(ctx context.Context, q Querier, workflowID int64, key string) (string, error) {
	var id string
	err := q.QueryRow(ctx, "SELECT id FROM executions WHERE workflow_id = ? AND idem_key = ?", workflowID, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, storageError(err)
}

// ExecutionByID loads one execution. Unknown ids are NotFound.
func ExecutionByID(ctx context.Context, q Querier, id string) (*Execution, error) {
	e, err := scanExecution(q.QueryRow(ctx, "SELECT "+executionColumns+" FROM executions WHERE id = ?", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("load execution %s: %w", id, storageError(err))
	}
	return e, restore(ctx, q, &e.Trigger, &e.Output)
}

// CountDescendants counts the executions of a chain below its root, at most up to limit.
func CountDescendants(ctx context.Context, q Querier, rootID string, limit int) (int, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM executions WHERE root_id = ? AND depth > 1 AND rerun_of = '' LIMIT ?) d", rootID, limit).Scan(&n)
	return n, storageError(err)
}

// ErrLostLease says that an execution was cancelled, ended or taken over while
// somebody worked on it: nothing of that work may be kept.
var ErrLostLease = errors.New("the execution is no longer ours")

// Claim checks at the start of a stretch's transaction that the execution is
// still live and ours. On PostgreSQL it locks the row.
func Claim(ctx context.Context, tx *Tx, id string, token int64) error {
	if tx.hasty && tx.Dialect() == Postgres { // one that is lost undoes all anyway
		return tx.QueueWanting(ctx, ErrLostLease, "SELECT 1 FROM executions WHERE id = ? AND "+fence+" AND "+liveExecution+" FOR UPDATE", id, token)
	}
	query := "SELECT lease_token, status FROM executions WHERE id = ?"
	if tx.Dialect() == Postgres {
		query += " FOR UPDATE"
	}
	var (
		have   int64
		status Status
	)
	if err := tx.QueryRow(ctx, query, id).Scan(&have, &status); err != nil {
		return fmt.Errorf("check lease of %s: %w", id, storageError(err))
	}
	if !fenced(have, token) || !status.Live() {
		return ErrLostLease
	}
	return nil
}

// Progress is how a commit leaves an execution.
type Progress struct {
	Of         *Execution // whose; only what never changes of it is read
	Token      int64      // the token the holder has; the commit raises it by one
	Status     Status
	Reason     string
	Output     *string // JSON; nil = unchanged
	Messages   []string
	Error      string
	Steps      int64 // steps so far
	Attempts   int
	StartedAt  Millis
	LeaseUntil Millis // 0 = given back
	LeaseOwner string // process that keeps it; empty = none
	By         int64  // person who ends it; 0 = nobody

	PeopleSince Millis // since when it waits for nothing but people; 0 = it does not
	Granted     Millis // added to its time limit, for the time it has waited for people

	// Answered says that nobody waits for the end any more.
	Answered bool

	// Simple says that the execution never waited or stored a place: only the
	// wake-up that started it is open, so less needs to be closed.
	Simple bool
}

// SaveProgress is the conditional update behind every commit of a stretch: it
// fails with ErrLostLease unless the execution is live and the token is the
// holder's. When the execution ends, everything still open of it is closed in
// the same transaction.
//
// Invariant: no other function changes the status of a running execution, except
// cancel and deadline, which use the same function.
func SaveProgress(ctx context.Context, tx *Tx, p Progress) error {
	ended := Millis(0)
	if p.Status.Final() {
		ended = At(tx.Now())
	}
	var output any
	if p.Output != nil {
		kept, err := tx.stored(ctx, &packed{}, *p.Output)
		if err != nil {
			return err
		}
		output = kept
	}
	err := tx.QueueWanting(ctx, ErrLostLease, `UPDATE executions SET status = ?, reason = ?, output = COALESCE(?, output), messages = ?, error = ?,
		step_count = ?, attempts = ?, started_at = ?, ended_at = ?, ended_by = ?, lease_token = lease_token + 1, lease_until = ?, lease_owner = ?, sync = sync * ?,
		people_since = ?, expires_at = expires_at + ?
		WHERE id = ? AND `+fence+` AND `+liveExecution,
		p.Status, p.Reason, output, toJSON(orEmpty(p.Messages)), p.Error, p.Steps, p.Attempts, p.StartedAt, ended, p.By, p.LeaseUntil, p.LeaseOwner, asInt(!p.Answered), p.PeopleSince, p.Granted, p.Of.ID, p.Token)
	if err != nil {
		return err
	}
	if !p.Status.Final() {
		return nil
	}
	tx.countExecution(p.Of, executionOutcome(p.Status, p.Reason), ended-p.StartedAt)
	if p.Simple {
		err := tx.Queue(ctx, "UPDATE wakeups SET state = 'done' WHERE execution_id = ? AND state <> 'done'", p.Of.ID)
		if err != nil {
			return fmt.Errorf("close execution: %w", err)
		}
		return nil
	}
	return closeExecution(ctx, tx, p.Of, p.Status, p.Reason)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// closeExecution closes wake-ups, tasks, callbacks and open steps of an ended
// execution.
func closeExecution(ctx context.Context, tx *Tx, e *Execution, status Status, reason string) error {
	id := e.ID
	if err := countAbandoned(ctx, tx, e); err != nil {
		return err
	}
	stmts := []queued{
		{query: "UPDATE wakeups SET state = 'done' WHERE execution_id = ? AND state <> 'done'", args: []any{id}},
		{query: "UPDATE callbacks SET state = 'void' WHERE execution_id = ? AND state = 'open'", args: []any{id}},
		{query: "UPDATE event_waits SET state = 'void' WHERE execution_id = ? AND state = 'open'", args: []any{id}},
		{
			query: `UPDATE steps SET status = CASE WHEN status = 'planned' THEN 'skipped' ELSE 'failed' END, ended_at = ?,
				error = CASE WHEN status = 'planned' THEN '' ELSE ? END
				WHERE execution_id = ? AND ` + openStep,
			args: []any{At(tx.Now()), abandoned(status), id},
		},
	}
	for _, s := range stmts {
		if err := tx.Queue(ctx, s.query, s.args...); err != nil {
			return fmt.Errorf("close execution: %w", err)
		}
	}
	if err := closeTasks(ctx, tx, id, "", string(status)); err != nil {
		return err
	}
	return settleApplication(ctx, tx, id, status, reason)
}

// countAbandoned counts the steps that are closed with their execution.
func countAbandoned(ctx context.Context, tx *Tx, e *Execution) error {
	rows, err := tx.Query(ctx, "SELECT node, status, carried_from FROM steps WHERE execution_id = ? AND "+openStep, e.ID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		s := Step{EndedAt: At(tx.Now())}
		err := r.Scan(&s.Node, &s.Status, &s.CarriedFrom)
		if s.Status == Planned {
			s.Status = Skipped
		} else {
			s.Status = Failed
		}
		tx.countStep(e, &s)
		return err
	})
	if err != nil {
		return fmt.Errorf("count open steps: %w", err)
	}
	return nil
}

// abandoned is the error of a step that was open when its execution ended.
func abandoned(status Status) string {
	return toJSON(map[string]string{"kind": "refused", "code": "EXECUTION_ENDED", "message": "The execution ended (" + string(status) + ") before this step was finished."})
}

// LiveChildren lists the executions that one started and that have not ended.
func LiveChildren(ctx context.Context, q Querier, id string) ([]string, error) {
	rows, err := q.Query(ctx, "SELECT id FROM executions WHERE parent_id = ? AND "+liveExecution, id)
	return ids(rows, err, "list children")
}

// CalledBy lists the executions that a step started, in order, without large values.
func CalledBy(ctx context.Context, q Querier, stepID string) ([]*Execution, error) {
	var out []*Execution
	rows, err := q.Query(ctx, "SELECT "+executionColumns+" FROM executions WHERE parent_step_id = ? ORDER BY number", stepID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		e, err := scanExecution(r.Scan)
		if err == nil {
			apart(&e.Trigger)
			apart(&e.Output)
		}
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list executions that a step started: %w", err)
	}
	return out, nil
}

// ChildrenOfStep lists the executions that a step started and that have not ended.
func ChildrenOfStep(ctx context.Context, q Querier, stepID string) ([]string, error) {
	rows, err := q.Query(ctx, "SELECT id FROM executions WHERE parent_step_id = ? AND "+liveExecution, stepID)
	return ids(rows, err, "list children of step")
}

// HasLive reports whether an execution of a workflow has not ended; with a record, one
// about it.
func HasLive(ctx context.Context, q Querier, workflowID int64, recordID string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM executions WHERE `+liveExecution+` AND workflow_id = ?
		AND (? = '' OR resource_id = ?) LIMIT 1) l`, workflowID, recordID, recordID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for live executions: %w", storageError(err))
	}
	return n > 0, nil
}

// OverdueExecutions lists live executions whose time limit has passed. The time of those
// that wait for a permit has not begun, that of those who wait for people may stand.
func OverdueExecutions(ctx context.Context, q Querier, now time.Time, limit int) ([]string, error) {
	rows, err := q.Query(ctx, `SELECT id FROM executions WHERE `+liveExecution+` AND expires_at > 0 AND expires_at <= ? AND people_since = 0
		AND (gated = 0 OR EXISTS (SELECT 1 FROM permits p WHERE p.execution_id = executions.id AND p.state = 'given')) LIMIT ?`, At(now), limit)
	return ids(rows, err, "list overdue executions")
}

// OverdueAbove reports whether the time of a live execution, or of a live one above it, has
// passed.
func OverdueAbove(ctx context.Context, q Querier, id string, now Millis) (bool, error) {
	var n int
	err := q.QueryRow(ctx, `WITH RECURSIVE above (id, parent_id, status, expires_at, people_since) AS (
		SELECT id, parent_id, status, expires_at, people_since FROM executions WHERE id = ?
		UNION ALL SELECT e.id, e.parent_id, e.status, e.expires_at, e.people_since FROM executions e JOIN above a ON e.id = a.parent_id)
		SELECT COUNT(*) FROM above WHERE `+liveExecution+` AND expires_at > 0 AND expires_at <= ? AND people_since = 0`, id, now).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for overdue executions: %w", storageError(err))
	}
	return n > 0, nil
}

func ids(rows *sql.Rows, err error, what string) ([]string, error) {
	var out []string
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}
