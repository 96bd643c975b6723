package models

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Retention says how long executions that have ended stay, in days by outcome, and how
// many of the newest of a workflow stay however old they are. 0 days are for ever; nil
// is what the workspace says, or the default.
type Retention struct {
	Succeeded *int `json:"succeeded,omitempty"`
	Stopped   *int `json:"stopped,omitempty"` // rejected, cancelled or timed out
	Failed    *int `json:"failed,omitempty"`
	Last      *int `json:"last,omitempty"`
}

// Bounds of the settings of [Retention].
const (
	MostDays = 36_500
	MostKept = 10_000
)

// DefaultRetention is what holds where nothing else was said.
func DefaultRetention() Retention {
	days := func(n int) *int { return &n }
	return Retention{Succeeded: days(30), Stopped: days(90), Failed: days(365), Last: days(10)}
}

// Over gives these settings, and those of another one for what they leave open.
func (r Retention) Over(wide Retention) Retention {
	return Retention{
		Succeeded: cmp.Or(r.Succeeded, wide.Succeeded), Stopped: cmp.Or(r.Stopped, wide.Stopped), Failed: cmp.Or(r.Failed, wide.Failed), Last: cmp.Or(r.Last, wide.Last),
	}
}

// Names lists what these settings say something about.
func (r Retention) Names() (out []string) {
	for name, value := range map[string]*int{"succeeded": r.Succeeded, "stopped": r.Stopped, "failed": r.Failed, "last": r.Last} {
		if value != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// retentionKey names the settings of the workspace.
const retentionKey = "retention"

// RetentionOf gives the settings of the workspace; what they leave open has its default.
func RetentionOf(ctx context.Context, q Querier) (Retention, error) {
	var stored string
	err := q.QueryRow(ctx, "SELECT value FROM meta WHERE name = ?", retentionKey).Scan(&stored)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultRetention(), nil
	}
	if err != nil {
		return Retention{}, fmt.Errorf("read retention: %w", storageError(err))
	}
	var r Retention
	if err := json.Unmarshal([]byte(stored), &r); err != nil {
		return Retention{}, fmt.Errorf("read retention: %w", err)
	}
	return r.Over(DefaultRetention()), nil
}

// SetRetention changes the settings of the workspace.
func SetRetention(ctx context.Context, tx *Tx, r Retention) error {
	return setMeta(ctx, tx, retentionKey, toJSON(r))
}

func setMeta(ctx context.Context, tx *Tx, name, value string) error {
	err := tx.Queue(ctx, "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	if err != nil {
		return fmt.Errorf("save %s: %w", name, err)
	}
	return nil
}

// removable is the condition under which an execution may be removed with those that it
// called: it has ended and is not held, nobody was asked to decide in it, and none that
// is still there repeats it.
func removable() string {
	return `NOT ` + of("e", liveExecution) + ` AND e.held = 0
	AND NOT EXISTS (SELECT 1 FROM executions r WHERE r.rerun_of = e.id AND r.rerun_of <> '')
	AND NOT EXISTS (SELECT 1 FROM steps s JOIN tasks t ON t.step_id = s.id WHERE s.execution_id = e.id)`
}

// expired is the condition that an execution has outlived its outcome's days.
func (r Retention) expired(now time.Time) (string, []any) {
	before := func(days *int) Millis {
		if days == nil || *days == 0 {
			return 0
		}
		return At(now.AddDate(0, 0, -*days))
	}
	return `(e.status = 'succeeded' AND e.ended_at < ? OR e.status = 'failed' AND e.ended_at < ? OR e.status IN ('rejected', 'cancelled', 'timed_out') AND e.ended_at < ?)`,
		[]any{before(r.Succeeded), before(r.Failed), before(r.Stopped)}
}

// retentionWindow is how many executions are looked at for one removal.
const retentionWindow = 500

// ExpiredExecutions looks at some executions of a workflow with larger numbers than after
// and gives those that may be removed because of their age. next is where to go on; 0 at
// the end.
func ExpiredExecutions(ctx context.Context, q Querier, workflowID int64, r Retention, now time.Time, after int64) (ids []string, next int64, err error) {
	newest, err := keptFrom(ctx, q, workflowID, r)
	if err != nil {
		return nil, 0, err
	}
	cond, args := r.expired(now)
	rows, err := q.Query(ctx, "SELECT e.number, e.id, CASE WHEN e.number < ? AND "+cond+" AND e.parent_id IS NULL AND "+removable()+
		" THEN 1 ELSE 0 END FROM executions e WHERE e.workflow_id = ? AND e.number > ? ORDER BY e.number LIMIT ?", append(append([]any{newest}, args...), workflowID, after, retentionWindow)...)
	seen := 0
	err = Rows(rows, err, func(r *sql.Rows) error {
		var id string
		var gone int
		err := r.Scan(&next, &id, &gone)
		if seen++; gone != 0 {
			ids = append(ids, id)
		}
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("look for expired executions: %w", err)
	}
	if seen < retentionWindow {
		next = 0
	}
	return ids, next, nil
}

// keptFrom is the number from which on executions of a workflow are among its newest.
func keptFrom(ctx context.Context, q Querier, workflowID int64, r Retention) (int64, error) {
	if r.Last == nil || *r.Last == 0 {
		return math.MaxInt64, nil
	}
	var number int64
	err := q.QueryRow(ctx, "SELECT number FROM executions WHERE workflow_id = ? ORDER BY number DESC LIMIT 1 OFFSET ?", workflowID, *r.Last-1).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil // there are fewer
	}
	return number, storageError(err)
}
