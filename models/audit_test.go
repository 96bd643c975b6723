package models_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func entry(n int) models.AuditEntry {
	return models.AuditEntry{
		Principal: models.Person(7, "admin"), Action: "role.create", ObjectType: "role",
		ObjectID: fmt.Sprint(n), Title: "Tester \x00\xff", Changed: []string{"title"},
	}
}

func TestAudit_FormsOneChainUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		ctx := models.WithRequest(t.Context(), models.Request{ID: "req-1"})
		var wait sync.WaitGroup
		errs := make(chan error, 40)
		for n := range 40 {
			wait.Go(func() {
				errs <- db.Write(ctx, "test", func(tx *models.Tx) error { return models.Audit(ctx, tx, entry(n)) })
			})
		}
		wait.Wait()
		for range 40 {
			require.NoError(t, <-errs)
		}
		head, err := db.VerifyAudit(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(40), head.Seq)

		rows, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "role", Limit: 3, Before: 40})
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, int64(39), rows[0].Seq)
		require.Equal(t, "user:7", rows[0].Principal)
		require.Equal(t, "admin", rows[0].Role)
		require.Equal(t, "req-1", rows[0].RequestID)
		require.Equal(t, []string{"title"}, rows[0].Changed)
		require.Equal(t, models.AuditOK, rows[0].Result)
		none, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "rol_"})
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestAudit_LeavesNoRowWhenWhatItDescribesFails(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		err := change(t, db, func(ctx context.Context, tx *models.Tx) error {
			require.NoError(t, models.Audit(ctx, tx, entry(1)))
			return models.NotFound()
		})
		requireCode(t, err, "NOT_FOUND")
		head, err := db.VerifyAudit(t.Context())
		require.NoError(t, err)
		require.Zero(t, head.Seq)
	})
}

func TestAudit_NamesTheFirstBrokenRow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		seq         int64
	}{
		{"a changed value", "UPDATE audit_log SET reason = 'other' WHERE seq = 2", 2},
		{"changed names", "UPDATE audit_log SET changed = '[]' WHERE seq = 3", 3},
		{"a changed hash", "UPDATE audit_log SET hash = 'x' WHERE seq = 4", 4},
		{"a missing row", "DELETE FROM audit_log WHERE seq = 2", 2},
		{"a missing first row", "DELETE FROM audit_log WHERE seq = 1", 1},
		{"a moved row", "UPDATE audit_log SET seq = 9 WHERE seq = 3", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			modelstest.Each(t, func(t *testing.T, db *models.DB) {
				must(t, db, func(ctx context.Context, tx *models.Tx) error {
					for n := range 5 {
						if err := models.Audit(ctx, tx, entry(n)); err != nil {
							return err
						}
					}
					return nil
				})
				require.Error(t, change(t, db, func(ctx context.Context, tx *models.Tx) error {
					_, err := tx.Exec(ctx, tt.query)
					return err
				}), "the database itself must refuse")
				must(t, db, func(ctx context.Context, tx *models.Tx) error { return withoutTriggers(ctx, tx, tt.query) })
				_, err := db.VerifyAudit(t.Context())
				requireCode(t, err, "AUDIT_BROKEN")
				require.Equal(t, tt.seq, models.AsError(err).Data["seq"])
			})
		})
	}
}

// withoutTriggers runs a query as somebody would who owns the database.
func withoutTriggers(ctx context.Context, tx *models.Tx, query string) error {
	drop := []string{"DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"}
	if tx.Dialect() == models.Postgres {
		drop = []string{"DROP TRIGGER audit_log_append_only ON audit_log"}
	}
	for _, q := range append(drop, query) {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func TestAuditRefusal_CannotFloodTheLog(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		for range 25 {
			require.NoError(t, db.AuditRefusal(t.Context(), entry(1)))
		}
		other := entry(2)
		other.Principal = models.Person(8, "")
		require.NoError(t, db.AuditRefusal(t.Context(), other))
		rows, err := db.AuditLog(t.Context(), models.AuditQuery{})
		require.NoError(t, err)
		require.Len(t, rows, 11)
		require.Equal(t, models.AuditRefused, rows[0].Result)
		require.Equal(t, "user:8", rows[0].Principal)
	})
}
