package models

import (
	"context"
	"database/sql"
	"fmt"
)

// Call is what somebody sent to the address of a step.
type Call struct {
	ID          int64
	ExecutionID string
	Node, Path  string // the step it is for, which may not have been reached yet
	At          Millis
	RequestID   string
	Body        string // JSON
	Proof       string // digest of the signature it came with, if one was asked for: it counts once
}

// InsertCall keeps a call and sets its time.
func InsertCall(ctx context.Context, tx *Tx, c *Call) error {
	c.At = At(tx.Now())
	_, err := tx.Exec(ctx, "INSERT INTO callback_calls (execution_id, node, path, at, request_id, body, proof) VALUES (?, ?, ?, ?, ?, ?, ?)",
		c.ExecutionID, c.Node, c.Path, c.At, c.RequestID, c.Body, c.Proof)
	if err != nil {
		return fmt.Errorf("keep call: %w", err)
	}
	return nil
}

// CallsOf lists what was sent to the address of a step, in order.
func CallsOf(ctx context.Context, q Querier, executionID, node, path string) ([]Call, error) {
	var out []Call
	rows, err := q.Query(ctx, "SELECT id, at, request_id, body, proof FROM callback_calls WHERE execution_id = ? AND node = ? AND path = ? ORDER BY id", executionID, node, path)
	err = Rows(rows, err, func(r *sql.Rows) error {
		c := Call{ExecutionID: executionID, Node: node, Path: path}
		err := r.Scan(&c.ID, &c.At, &c.RequestID, &c.Body, &c.Proof)
		out = append(out, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list calls of step: %w", err)
	}
	return out, nil
}

// OpenCallback says that a step waits for calls until a deadline.
func OpenCallback(ctx context.Context, tx *Tx, executionID, stepID, tokenHash string, deadline Millis) error {
	_, err := tx.Exec(ctx, `INSERT INTO callbacks (execution_id, step_id, token_hash, state, deadline) VALUES (?, ?, ?, 'open', ?)
		ON CONFLICT (token_hash) DO UPDATE SET step_id = excluded.step_id, state = 'open', deadline = excluded.deadline`, executionID, stepID, tokenHash, deadline)
	if err != nil {
		return fmt.Errorf("open callback: %w", err)
	}
	return nil
}

// UseCallback says that a step has all the calls it waited for.
func UseCallback(ctx context.Context, tx *Tx, stepID string) error {
	if _, err := tx.Exec(ctx, "UPDATE callbacks SET state = 'used' WHERE step_id = ? AND state = 'open'", stepID); err != nil {
		return fmt.Errorf("close callback: %w", err)
	}
	return nil
}

// StepAt finds the step of an execution at a place; nil when it was not reached yet.
func StepAt(ctx context.Context, q Querier, executionID, node, path string) (*Step, error) {
	var id string
	rows, err := q.Query(ctx, "SELECT id FROM steps WHERE execution_id = ? AND node = ? AND path = ?", executionID, node, path)
	err = Rows(rows, err, func(r *sql.Rows) error { return r.Scan(&id) })
	if err != nil {
		return nil, fmt.Errorf("find step: %w", err)
	}
	if id == "" {
		return nil, nil //nolint:nilnil // not there yet
	}
	return StepByID(ctx, q, id)
}
