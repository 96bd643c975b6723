package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Step is one node of an execution at one path. Path is empty outside loops and
// names iterations and passes inside.
type Step struct {
	ID          string
	ExecutionID string
	Seq         int64 // order in which steps were begun
	Node        string
	Path        string
	Type        string
	Title       string
	Status      Status
	Handled     bool // failed, but an error policy went on
	Attempt     int
	Attempts    []Attempt // all of them, once there was a second one
	ParentID    string    // step of the container it runs in
	AfterID     string    // step that ran before it on its way
	Branch      string    // branch of the parent it is in
	Input       string    // resolved settings as JSON; empty = none
	Output      string    // JSON; empty = none
	Error       string    // JSON of the failure; empty = none
	Explanation string
	Warnings    []string
	Log         []string
	State       string // private JSON of the node
	Entered     int    // how often the node has entered its branches
	Effects     int    // rows of the change log it wrote
	CarriedFrom string // id of the execution that it was carried over from; empty = it ran here
	StartedAt   Millis
	EndedAt     Millis

	InputKept bool // the input is stored and need not be written again

	LargeInput  *Large // stands for the input of a step that was listed, when it is large
	LargeOutput *Large // the same for the output

	packedInput, packedOutput packed
}

// Place names the step among those of its execution: its node, and its path inside loops.
func (s *Step) Place() string {
	if s.Path == "" {
		return s.Node
	}
	return s.Node + "@" + s.Path
}

// Attempt is one try of a step. It is stored with what it is about: its beginning before it
// leaves the process, its end with its result.
type Attempt struct {
	StartedAt Millis `json:"started"`
	EndedAt   Millis `json:"ended,omitempty"` // 0 = under way, or nobody knows what became of it
	Error     string `json:"error,omitempty"` // JSON of the failure; empty = none
}

// Again begins the next attempt of a step.
func (s *Step) Again(now Millis) {
	if len(s.Attempts) == 0 {
		s.Attempts = append(s.Attempts, Attempt{StartedAt: s.StartedAt})
	}
	s.Attempt++
	s.Attempts = append(s.Attempts, Attempt{StartedAt: now})
}

// AttemptEnded says how the latest attempt of a step ended. That of a step that is tried
// once needs no words of its own, unless another one may follow.
func (s *Step) AttemptEnded(now Millis, failure string, more bool) {
	if len(s.Attempts) == 0 {
		if !more {
			return
		}
		s.Attempts = append(s.Attempts, Attempt{StartedAt: s.StartedAt})
	}
	last := &s.Attempts[len(s.Attempts)-1]
	last.EndedAt, last.Error = now, failure
}

const stepColumns = `id, execution_id, seq, node, path, type, title, status, handled, attempt, parent_step_id, after_step_id, branch,
 input, output, error, explanation, warnings, log, state, entered, effects, started_at, ended_at, attempts, carried_from`

func scanStep(rows *sql.Rows) (*Step, error) {
	var (
		s                            Step
		handled                      int64
		parent, after, input, output sql.NullString
		warnings, log, attempts      string
	)
	err := rows.Scan(&s.ID, &s.ExecutionID, &s.Seq, &s.Node, &s.Path, &s.Type, &s.Title, &s.Status, &handled, &s.Attempt, &parent, &after, &s.Branch,
		&input, &output, &s.Error, &s.Explanation, &warnings, &log, &s.State, &s.Entered, &s.Effects, &s.StartedAt, &s.EndedAt, &attempts, &s.CarriedFrom)
	if err != nil {
		return nil, err
	}
	s.Handled, s.ParentID, s.AfterID, s.Input, s.Output = handled != 0, parent.String, after.String, input.String, output.String
	s.InputKept = input.Valid
	return &s, errors.Join(readJSON(warnings, &s.Warnings), readJSON(log, &s.Log), readJSON(attempts, &s.Attempts))
}

// SaveStep inserts a step of an execution, or replaces what may change of it when its place is
// known. The place (execution, node, path) is unique, so a step is never doubled.
func SaveStep(ctx context.Context, tx *Tx, e *Execution, s *Step) error {
	input, err := tx.stored(ctx, &s.packedInput, s.inputToWrite())
	if err != nil {
		return err
	}
	output, err := tx.stored(ctx, &s.packedOutput, s.Output)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, `INSERT INTO steps (`+stepColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, started_at = excluded.started_at, status = excluded.status, handled = excluded.handled, attempt = excluded.attempt,
		input = COALESCE(excluded.input, steps.input), output = excluded.output, error = excluded.error, explanation = excluded.explanation,
		warnings = excluded.warnings, log = excluded.log, state = excluded.state, entered = excluded.entered, effects = excluded.effects, ended_at = excluded.ended_at, attempts = excluded.attempts
		WHERE `+of("steps", openStep),
		s.ID, s.ExecutionID, s.Seq, s.Node, s.Path, s.Type, s.Title, s.Status, asInt(s.Handled), s.Attempt, orNull(s.ParentID), orNull(s.AfterID),
		s.Branch, orNull(input), orNull(output), s.Error, s.Explanation, jsonList(s.Warnings), jsonList(s.Log), s.State, s.Entered, s.Effects, s.StartedAt, s.EndedAt, jsonList(s.Attempts), s.CarriedFrom)
	if err != nil {
		return fmt.Errorf("save step %s: %w", s.Node, err)
	}
	tx.countStep(e, s)
	return nil
}

// inputToWrite is the input unless it is stored; it never changes, and that of a loop
// may be long.
func (s *Step) inputToWrite() string {
	if s.InputKept {
		return ""
	}
	return s.Input
}

// SetStepState keeps a new value of the variable that a finished step declared.
func SetStepState(ctx context.Context, tx *Tx, id, state string) error {
	if err := tx.Queue(ctx, "UPDATE steps SET state = ? WHERE id = ?", state, id); err != nil {
		return fmt.Errorf("save variable: %w", err)
	}
	return nil
}

// maxPaths is how many places one statement asks for.
const maxPaths = 200

// FinishedSteps loads the finished steps of some nodes at some places, in order.
func FinishedSteps(ctx context.Context, q Querier, executionID string, nodes, paths []string) ([]*Step, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	var out []*Step
	for part := range slices.Chunk(paths, maxPaths) {
		args := []any{executionID}
		for _, list := range [][]string{nodes, part} {
			for _, one := range list {
				args = append(args, one)
			}
		}
		found, err := steps(ctx, q, "SELECT "+stepColumns+" FROM steps WHERE execution_id = ? AND node IN (?"+strings.Repeat(", ?", len(nodes)-1)+
			") AND path IN (?"+strings.Repeat(", ?", len(part)-1)+") AND status IN ('done', 'failed', 'skipped') ORDER BY seq", args...)
		if err != nil {
			return nil, fmt.Errorf("load outputs of %s: %w", executionID, err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func jsonList[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	return toJSON(list)
}

// MaxSteps is how many steps of one execution are shown.
const MaxSteps = 1000

// StepsOf lists the steps of an execution in order; of more than [MaxSteps] the first and
// the last ones. Large values are left out: see [LoadValues].
func StepsOf(ctx context.Context, q Querier, executionID string) ([]*Step, error) {
	return listed(ctx, q, fmt.Sprintf(`SELECT %s FROM steps WHERE execution_id = ? AND (seq <= %d
		OR seq > (SELECT step_count FROM executions WHERE executions.id = steps.execution_id) - %d) ORDER BY seq`, stepColumns, MaxSteps/2, MaxSteps/2), executionID)
}

// AllSteps loads every step of an execution in order, at most limit.
func AllSteps(ctx context.Context, q Querier, executionID string, limit int) ([]*Step, error) {
	return steps(ctx, q, fmt.Sprintf("SELECT %s FROM steps WHERE execution_id = ? ORDER BY seq LIMIT %d", stepColumns, limit), executionID)
}

// CountSteps counts the steps of an execution.
func CountSteps(ctx context.Context, q Querier, executionID string) (int64, error) {
	var n int64
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM steps WHERE execution_id = ?", executionID).Scan(&n)
	return n, storageError(err)
}

// OpenSteps loads the steps of an execution that are not finished, in order.
func OpenSteps(ctx context.Context, q Querier, executionID string) ([]*Step, error) {
	return steps(ctx, q, "SELECT "+stepColumns+" FROM steps WHERE execution_id = ? AND "+openStep+" ORDER BY seq", executionID)
}

// steps loads the steps that a statement finds with all their values; its first argument
// is what they are of.
func steps(ctx context.Context, q Querier, query string, args ...any) ([]*Step, error) {
	out, err := scanned(ctx, q, query, args...)
	if err != nil {
		return nil, err
	}
	values := make([]*string, 0, 2*len(out))
	for _, s := range out {
		values = append(values, &s.Input, &s.Output)
	}
	return out, restore(ctx, q, values...)
}

// listed is steps without large values.
func listed(ctx context.Context, q Querier, query string, args ...any) ([]*Step, error) {
	out, err := scanned(ctx, q, query, args...)
	for _, s := range out {
		s.LargeInput, s.LargeOutput = apart(&s.Input), apart(&s.Output)
	}
	return out, err
}

func scanned(ctx context.Context, q Querier, query string, args ...any) ([]*Step, error) {
	var out []*Step
	rows, err := q.Query(ctx, query, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		s, err := scanStep(r)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load steps of %v: %w", args[0], err)
	}
	return out, nil
}

// StepByID loads one step. Unknown ids are NotFound.
func StepByID(ctx context.Context, q Querier, id string) (*Step, error) {
	found, err := steps(ctx, q, "SELECT "+stepColumns+" FROM steps WHERE id = ?", id)
	if err == nil && len(found) == 0 {
		err = NotFound()
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// StepWaits reports whether a step waits.
func StepWaits(ctx context.Context, q Querier, id string) (bool, error) {
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM steps WHERE id = ? AND status = 'waiting'", id).Scan(&n)
	return n > 0, storageError(err)
}

// FailedStep gives the last step of an execution that failed without being handled; nil
// for none.
func FailedStep(ctx context.Context, q Querier, executionID string) (*Step, error) {
	list, err := steps(ctx, q, "SELECT "+stepColumns+" FROM steps WHERE execution_id = ? AND status = 'failed' AND handled = 0 ORDER BY seq DESC LIMIT 1", executionID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// AbandonStep closes what could still resume a step that is not wanted any more.
func AbandonStep(ctx context.Context, tx *Tx, executionID, stepID string) error {
	for _, q := range []queued{
		{query: "UPDATE wakeups SET state = 'done' WHERE step_id = ? AND state <> 'done'", args: []any{stepID}},
		{
			query: "UPDATE callbacks SET state = CASE WHEN deadline <= ? THEN 'expired' ELSE 'void' END WHERE step_id = ? AND state = 'open'",
			args:  []any{At(tx.Now()), stepID},
		},
		{query: "UPDATE event_waits SET state = 'void' WHERE step_id = ? AND state = 'open'", args: []any{stepID}},
	} {
		if err := tx.Queue(ctx, q.query, q.args...); err != nil {
			return fmt.Errorf("abandon step: %w", err)
		}
	}
	return closeTasks(ctx, tx, executionID, stepID, "branch_decided")
}

// StepOutput gives the output of the first step of a type that an execution has done;
// empty when there is none.
func StepOutput(ctx context.Context, q Querier, executionID, typ string) (string, error) {
	return oneOutput(ctx, q, `SELECT output FROM steps WHERE execution_id = ? AND type = ? AND status = 'done' ORDER BY seq LIMIT 1`, executionID, typ)
}

// LastOutput gives the output of the last step that an execution has done; empty when
// there is none.
func LastOutput(ctx context.Context, q Querier, executionID string) (string, error) {
	return oneOutput(ctx, q, `SELECT output FROM steps WHERE execution_id = ? AND status = 'done' ORDER BY seq DESC LIMIT 1`, executionID)
}

func oneOutput(ctx context.Context, q Querier, query string, args ...any) (string, error) {
	var out sql.NullString
	err := q.QueryRow(ctx, query, args...).Scan(&out)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read output of a step: %w", storageError(err))
	}
	return out.String, restore(ctx, q, &out.String)
}
