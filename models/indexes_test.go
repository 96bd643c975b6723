package models_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// Partial indexes are found only by a query that says their condition in the same words.
// What asks for live executions and open steps must not read all of them.
func TestIndexes_WhatIsLiveIsFoundByIndex(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	uses := map[string]string{"Q1": "executions_live", "Q2": "executions_live", "Q3": "steps_open", "Q6": "executions_live", "Q7b": "executions_live"}
	for _, inv := range models.Invariants() {
		index, ok := uses[inv.Name]
		if !ok {
			continue
		}
		delete(uses, inv.Name)
		var args []any
		if inv.Args != nil {
			args = inv.Args(time.UnixMilli(0))
		}
		rows, err := db.Read().Query(t.Context(), "EXPLAIN QUERY PLAN "+inv.Query, args...)
		require.NoError(t, err)
		var plan strings.Builder
		for rows.Next() {
			var (
				id, parent, unused int64
				detail             string
			)
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan.WriteString(detail + "\n")
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		require.Contains(t, plan.String(), index, inv.Name)
		if inv.Name == "Q2" {
			require.Contains(t, plan.String(), "steps_open_parent")
		}
	}
	require.Empty(t, uses, "no such query")
}

// A list in the place of the alternatives would be right, and would read whole tables.
func TestIndexes_ConditionsAreNotSpelledOut(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, list := range []string{"'queued', 'running', 'waiting'", "'planned', 'running', 'waiting'"} {
			require.NotContains(t, string(code), list, "%s: say liveExecution or openStep", file)
		}
	}
}
