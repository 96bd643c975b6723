package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	ParentID    string // step of the container it runs in
	AfterID     string // step that ran before it on its way
	Branch      string // branch of the parent it is in
	Input       string // resolved settings as JSON; empty = none
	Output      string // JSON; empty = none
	Error       string // JSON of the failure; empty = none
	Explanation string
	Warnings    []string
	Log         []string
	State       string // private JSON of the node
	Entered     int    // how often the node has entered its branches
	Effects     int    // rows of the change log it wrote
	StartedAt   Millis
	EndedAt     Millis
}

const stepColumns = `id, execution_id, seq, node, path, type, title, status, handled, attempt, parent_step_id, after_step_id, branch,
 input, output, error, explanation, warnings, log, state, entered, effects, started_at, ended_at`

func scanStep(rows *sql.Rows) (*Step, error) {
	var (
		s                            Step
		handled                      int64
		parent, after, input, output sql.NullString
		warnings, log                string
	)
	err := rows.Scan(&s.ID, &s.ExecutionID, &s.Seq, &s.Node, &s.Path, &s.Type, &s.Title, &s.Status, &handled, &s.Attempt, &parent, &after, &s.Branch,
		&input, &output, &s.Error, &s.Explanation, &warnings, &log, &s.State, &s.Entered, &s.Effects, &s.StartedAt, &s.EndedAt)
	if err != nil {
		return nil, err
	}
	s.Handled, s.ParentID, s.AfterID, s.Input, s.Output = handled != 0, parent.String, after.String, input.String, output.String
	return &s, errors.Join(readJSON(warnings, &s.Warnings), readJSON(log, &s.Log))
}

// SaveStep inserts a step, or replaces what may change of it when its place is
// known. The place (execution, node, path) is unique, so a step is never doubled.
func SaveStep(ctx context.Context, tx *Tx, s *Step) error {
	err := tx.Queue(ctx, `INSERT INTO steps (`+stepColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, started_at = excluded.started_at, status = excluded.status, handled = excluded.handled, attempt = excluded.attempt,
		input = excluded.input, output = excluded.output, error = excluded.error, explanation = excluded.explanation,
		warnings = excluded.warnings, log = excluded.log, state = excluded.state, entered = excluded.entered, effects = excluded.effects, ended_at = excluded.ended_at
		WHERE steps.status IN ('planned', 'running', 'waiting', 'unknown')`,
		s.ID, s.ExecutionID, s.Seq, s.Node, s.Path, s.Type, s.Title, s.Status, asInt(s.Handled), s.Attempt, orNull(s.ParentID), orNull(s.AfterID),
		s.Branch, orNull(s.Input), orNull(s.Output), s.Error, s.Explanation, jsonList(s.Warnings), jsonList(s.Log), s.State, s.Entered, s.Effects, s.StartedAt, s.EndedAt)
	if err != nil {
		return fmt.Errorf("save step %s: %w", s.Node, err)
	}
	return nil
}

func jsonList(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	return toJSON(list)
}

// StepsOf loads steps of an execution in order. With nodes it loads all open
// steps and the finished ones of the named nodes; nil nodes load everything.
func StepsOf(ctx context.Context, q Querier, executionID string, nodes []string) ([]*Step, error) {
	query := "SELECT " + stepColumns + " FROM steps WHERE execution_id = ?"
	args := []any{executionID}
	if nodes != nil {
		query += " AND (status IN ('planned', 'running', 'waiting', 'unknown')"
		if len(nodes) > 0 {
			query += " OR node IN (?" + strings.Repeat(", ?", len(nodes)-1) + ")"
		}
		query += ")"
		for _, n := range nodes {
			args = append(args, n)
		}
	}
	var out []*Step
	rows, err := q.Query(ctx, query+" ORDER BY seq", args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		s, err := scanStep(r)
		out = append(out, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load steps of %s: %w", executionID, err)
	}
	return out, nil
}

// StepByID loads one step. Unknown ids are NotFound.
func StepByID(ctx context.Context, q Querier, id string) (*Step, error) {
	var found *Step
	rows, err := q.Query(ctx, "SELECT "+stepColumns+" FROM steps WHERE id = ?", id)
	err = Rows(rows, err, func(r *sql.Rows) error {
		s, err := scanStep(r)
		found = s
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load step %s: %w", id, err)
	}
	if found == nil {
		return nil, NotFound()
	}
	return found, nil
}

// AbandonStep closes what could still resume a step that is not wanted any more.
func AbandonStep(ctx context.Context, tx *Tx, executionID, stepID string) error {
	for _, q := range []string{
		"UPDATE wakeups SET state = 'done' WHERE step_id = ? AND state <> 'done'",
		"UPDATE callbacks SET state = 'void' WHERE step_id = ? AND state = 'open'",
	} {
		if err := tx.Queue(ctx, q, stepID); err != nil {
			return fmt.Errorf("abandon step: %w", err)
		}
	}
	return closeTasks(ctx, tx, executionID, stepID, "branch_decided")
}
