package engine

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// A look through the table may find a synchronous execution as soon as it is committed;
// it belongs to its request from before that, unless nothing was kept.
func TestClaims_SynchronousExecutionsBelongToTheirRequestFromTheStart(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	e := &Engine{claims: newClaims(), clock: db.Clock()}
	no := errors.New("no")
	for id, outcome := range map[string]error{"kept": nil, "undone": no} {
		err := db.Write(t.Context(), "test.start", func(tx *models.Tx) error {
			e.keepFor(tx, &models.Execution{ID: id, Sync: true})
			_, taken := e.claims.take(id, db.Now())
			require.False(t, taken)
			return outcome
		})
		require.ErrorIs(t, err, outcome)
	}
	_, ok := e.claims.start("kept")
	require.True(t, ok)
	_, taken := e.claims.take("undone", db.Now())
	require.True(t, taken, "nobody waits for it")
}
