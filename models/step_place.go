package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// StepsAt loads the steps of some nodes at one place, in the order they were begun. It reads
// these alone, however many others the execution has. Large values are left out.
func StepsAt(ctx context.Context, q Querier, executionID, path string, nodes []string) ([]*Step, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	args := []any{executionID, path}
	for _, n := range nodes {
		args = append(args, n)
	}
	return listed(ctx, q, "SELECT "+stepColumns+" FROM steps WHERE execution_id = ? AND path = ? AND node IN (?"+strings.Repeat(", ?", len(nodes)-1)+
		") ORDER BY seq", args...)
}

// FailedPlace finds the first place after another, inside a container, at which a step failed
// and no error setting went on: the path of its pass. Empty when there is none. An empty
// place comes before all others.
func FailedPlace(ctx context.Context, q Querier, containerID, after string) (string, error) {
	var path string
	err := q.QueryRow(ctx, `SELECT path FROM steps WHERE parent_step_id = ? AND status = 'failed' AND handled = 0
		AND LENGTH(path) >= ? AND (LENGTH(path) > ? OR path > ?) ORDER BY LENGTH(path), path LIMIT 1`, containerID, len(after), len(after), after).Scan(&path)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("find failed pass: %w", storageError(err))
	}
	return path, nil
}
