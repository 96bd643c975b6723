package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// expire removes everything that has outlived its days, and gives what is left.
func expire(t *testing.T, db *models.DB, r models.Retention) (left []string) {
	t.Helper()
	var after int64
	for {
		ids, next, err := models.ExpiredExecutions(t.Context(), db.Read(), 1, r, db.Now(), after)
		require.NoError(t, err)
		require.NoError(t, db.Write(t.Context(), "test.expire", func(tx *models.Tx) error {
			_, err := models.RemoveExecutions(t.Context(), tx, ids, 0)
			return err
		}))
		if after = next; next == 0 {
			break
		}
	}
	list, err := models.Executions(t.Context(), db.Read(), models.ExecutionFilter{Limit: 100_000})
	require.NoError(t, err)
	for _, x := range list {
		left = append(left, x.ID)
	}
	return left
}

func days(n int) *int { return &n }

func TestRetention_RemovesByOutcomeAndAge(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		vendorSync(t, db)
		start := clock.Now()
		for i, how := range statuses() {
			ranAt(t, db, clock, models.Execution{ID: fmt.Sprintf("%s-%s-%d", how[0], how[1], i), WorkflowID: 1}, models.Status(how[0]), how[1], start)
		}
		r := models.DefaultRetention()
		r.Last = days(0)
		clock.Set(start.AddDate(0, 0, 29))
		require.Len(t, expire(t, db, r), 9)
		clock.Set(start.AddDate(0, 0, 31))
		require.Len(t, expire(t, db, r), 8)
		clock.Set(start.AddDate(0, 0, 91))
		require.Equal(t, []string{"failed-end_node-5", "failed-refused-4", "failed-error-3", "waiting--1", "running--0"}, expire(t, db, r))
		r.Failed = days(0) // for ever
		clock.Set(start.AddDate(9, 0, 0))
		require.Len(t, expire(t, db, r), 5)
		r.Failed, r.Last = days(1), days(4)
		require.Len(t, expire(t, db, r), 5, "the newest ones stay")
		r.Last = days(1)
		require.Equal(t, []string{"failed-end_node-5", "waiting--1", "running--0"}, expire(t, db, r))
		require.Empty(t, broken(t, db))
		stats, err := models.ExecutionStats(t.Context(), db.Read())
		require.NoError(t, err)
		require.Equal(t, int64(9), stats[1].Total, "what was removed still counts")
		counts, err := models.CountExecutions(t.Context(), db.Read(), models.ExecutionFilter{})
		require.NoError(t, err)
		require.Equal(t, models.ExecutionCounts{All: 3, Running: 1, Waiting: 1, Stopped: 1}, counts)
		gone := models.Removed(t.Context(), db.Read(), "succeeded--2", 0, true)
		require.True(t, models.IsCode(gone, "EXECUTION_REMOVED"), "%v", gone)
		require.True(t, models.IsKind(models.Removed(t.Context(), db.Read(), "succeeded--2", 5, false), models.KindNotFound))
	})
}

func TestRetention_LeavesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		vendorSync(t, db)
		ctx, now := t.Context(), clock.Now()
		for _, x := range []struct {
			id, parent, rerun string
			status            models.Status
		}{
			{"alone", "", "", models.Succeeded},
			{"held", "", "", models.Succeeded},
			{"asked", "", "", models.Succeeded},
			{"repeated", "", "", models.Failed},
			{"repeat", "", "repeated", models.Waiting},
			{"parent", "", "", models.Succeeded},
			{"child", "parent", "", models.Succeeded},
			{"grandchild", "child", "", models.Failed},
			{"parent of live", "", "", models.Succeeded},
			{"live", "parent of live", "", models.Waiting},
		} {
			ranAt(t, db, clock, models.Execution{ID: x.id, WorkflowID: 1, ParentID: x.parent, RerunOf: x.rerun}, x.status, "", now)
		}
		require.NoError(t, db.Write(ctx, "test.more", func(tx *models.Tx) error {
			for _, q := range []string{
				"INSERT INTO tasks (id, kind, status, execution_id, step_id, node, workflow_id, title, opened_at) VALUES ('t', 'approval', 'approved', 'asked', 's', 'a', 1, 'T', 1)",
				"INSERT INTO trigger_log (at, minute, workflow_id, workflow_key, outcome, execution_id) VALUES (1, 1, 1, 'w', 'started', 'alone')",
				"INSERT INTO callbacks (execution_id, step_id, token_hash, state) VALUES ('alone', 'x', 'h', 'void')",
				"INSERT INTO event_waits (step_id, execution_id, event, filter, state) VALUES ('s2', 'alone', 'e', '{}', 'void')",
			} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			for id, of := range map[string]string{"s": "asked", "s2": "alone", "s3": "grandchild"} {
				x := models.Execution{ID: of, WorkflowID: 1, VersionID: 1}
				if err := models.SaveStep(ctx, tx, &x, &models.Step{ID: id, ExecutionID: of, Node: "a", Status: models.Done, StartedAt: models.At(now), EndedAt: models.At(now) + 70}); err != nil {
					return err
				}
			}
			return models.KeepExecution(ctx, tx, "held", true)
		}))
		clock.Advance(10 * 365 * 24 * time.Hour)
		r := models.DefaultRetention()
		r.Last = days(0)
		require.Equal(t, []string{"live", "parent of live", "repeat", "repeated", "asked", "held"}, expire(t, db, r))
		require.Empty(t, broken(t, db))
		for _, table := range []string{"trigger_log", "callbacks", "event_waits"} {
			var n int
			require.NoError(t, db.Read().QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n))
			require.Zero(t, n, table)
		}
		require.NoError(t, db.Write(ctx, "test.free", func(tx *models.Tx) error { return models.KeepExecution(ctx, tx, "held", false) }))
		require.NotContains(t, expire(t, db, r), "held")
	})
}

func TestTrim_RemovesOldLinesOnly(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		ctx := t.Context()
		add := func(state string) {
			require.NoError(t, db.Write(ctx, "test.wake", func(tx *models.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO wakeups (execution_id, reason, due_at, state, created_at) VALUES ('e', 'start', 1, ?, ?)", state, models.At(tx.Now()))
				return err
			}))
		}
		for i := range 700 {
			add([]string{"done", "ready"}[i/600])
		}
		clock.Advance(48 * time.Hour)
		add("done")
		var after int64
		for rounds := 0; ; rounds++ {
			require.Less(t, rounds, 10)
			next, err := models.DoneWakeups().Trim(ctx, db, after, models.At(clock.Now().Add(-24*time.Hour)))
			require.NoError(t, err)
			if after = next; next == 0 {
				break
			}
		}
		var n int
		require.NoError(t, db.Read().QueryRow(ctx, "SELECT COUNT(*) FROM wakeups").Scan(&n))
		require.Equal(t, 101, n)
	})
}
