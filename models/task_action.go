package models

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
)

// TaskAction is one entry of the append-only, hash-chained log of a task.
type TaskAction struct {
	TaskID      string
	StepID      string
	Sequence    int64
	Action      string // opened, approved, rejected, cancelled …
	ActorID     int64
	PrincipalID int64
	At          Millis
	Channel     string // page, api, rule
	Comment     string
	Evidence    map[string]any
	Hash        string
}

// AppendTaskAction appends an entry; its hash covers the entry before it.
func AppendTaskAction(ctx context.Context, tx *Tx, a *TaskAction) error {
	a.At = At(tx.Now())
	prev := ""
	rows, err := tx.Query(ctx, "SELECT hash FROM task_actions ORDER BY id DESC LIMIT 1")
	err = Rows(rows, err, func(r *sql.Rows) error { return r.Scan(&prev) })
	if err != nil {
		return fmt.Errorf("read last task action: %w", err)
	}
	if a.Evidence == nil {
		a.Evidence = map[string]any{}
	}
	a.Hash = a.hashAfter(prev)
	_, err = tx.Exec(ctx, `INSERT INTO task_actions (task_id, step_id, sequence, action, actor_id, principal_id, at, channel, comment, evidence, prev_hash, hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.TaskID, a.StepID, a.Sequence, a.Action, a.ActorID, a.PrincipalID, a.At, a.Channel, a.Comment, toJSON(a.Evidence), prev, a.Hash)
	if err != nil {
		return fmt.Errorf("append task action: %w", err)
	}
	return nil
}

func (a *TaskAction) hashAfter(prev string) string {
	sum := sha256.Sum256([]byte(prev + "\n" + toJSON([]any{a.TaskID, a.StepID, a.Sequence, a.Action, a.ActorID, a.PrincipalID, a.At, a.Channel, a.Comment, a.Evidence})))
	return hex.EncodeToString(sum[:])
}

// TaskActions lists the entries of all tasks of a step in order of acceptance.
func TaskActions(ctx context.Context, q Querier, stepIDs ...string) ([]TaskAction, error) {
	if len(stepIDs) == 0 {
		return nil, nil
	}
	args := make([]any, len(stepIDs))
	for i, id := range stepIDs {
		args[i] = id
	}
	rows, err := q.Query(ctx, "SELECT "+taskActionColumns+" FROM task_actions WHERE step_id IN (?"+strings.Repeat(", ?", len(args)-1)+") ORDER BY id", args...)
	var out []TaskAction
	err = Rows(rows, err, func(r *sql.Rows) error {
		a, _, err := scanTaskAction(r)
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load task actions: %w", err)
	}
	return out, nil
}

const taskActionColumns = "task_id, step_id, sequence, action, actor_id, principal_id, at, channel, comment, evidence, prev_hash, hash"

func scanTaskAction(r *sql.Rows) (a TaskAction, prev string, err error) {
	var evidence string
	err = r.Scan(&a.TaskID, &a.StepID, &a.Sequence, &a.Action, &a.ActorID, &a.PrincipalID, &a.At, &a.Channel, &a.Comment, &evidence, &prev, &a.Hash)
	if err != nil {
		return a, "", err
	}
	return a, prev, readJSON(evidence, &a.Evidence)
}

// VerifyTaskActions recomputes the chain and names the first entry that does not
// fit; empty when all do.
func VerifyTaskActions(ctx context.Context, q Querier) (string, error) {
	last, broken := "", ""
	rows, err := q.Query(ctx, "SELECT "+taskActionColumns+" FROM task_actions ORDER BY id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		a, prev, err := scanTaskAction(r)
		if err == nil && broken == "" && (prev != last || a.hashAfter(prev) != a.Hash) {
			broken = "task " + a.TaskID + ", " + a.Action
		}
		last = a.Hash
		return err
	})
	return broken, err
}
