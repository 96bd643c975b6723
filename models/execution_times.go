package models

import (
	"context"
	"database/sql"
	"fmt"
)

// ExecutionTime is when one execution went on, and what became of it.
type ExecutionTime struct {
	Status    Status
	CreatedAt Millis
	StartedAt Millis
	EndedAt   Millis
}

// ExecutionTimes lists the executions since a time, newest first, looking at no more
// than the newest so many of all.
func ExecutionTimes(ctx context.Context, q Querier, since Millis, newest int) ([]ExecutionTime, error) {
	var out []ExecutionTime
	rows, err := q.Query(ctx, `SELECT status, created_at, started_at, ended_at FROM executions
		WHERE number > (SELECT COALESCE(MAX(number), 0) FROM executions) - ? AND created_at >= ? ORDER BY number DESC`, newest, since)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var x ExecutionTime
		err := r.Scan(&x.Status, &x.CreatedAt, &x.StartedAt, &x.EndedAt)
		out = append(out, x)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list times of executions: %w", err)
	}
	return out, nil
}
