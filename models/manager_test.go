package models_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestManagers_FollowTheLineUpward(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		people := make([]models.User, 5)
		for i := range people {
			people[i] = hire(t, db, fmt.Sprintf("level%d", i))
		}
		report := func(i, to int) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				_, err := models.UpdateUser(ctx, tx, models.SystemAccess(), models.UserChange{ID: people[i].ID, ManagerID: &people[to].ID})
				return err
			})
		}
		for i := range 4 {
			require.NoError(t, report(i, i+1))
		}
		requireCode(t, report(4, 0), "MANAGER_CIRCLE")
		requireCode(t, report(2, 2), "MANAGER_CIRCLE")
		chain := func(want models.Levels) (out []int64) {
			levels, err := models.ManagerChain(t.Context(), db.Read(), people[0].ID, want)
			require.NoError(t, err)
			for _, l := range levels {
				out = append(out, l.UserID)
			}
			return out
		}
		ids := func(of ...int) (out []int64) {
			for _, i := range of {
				out = append(out, people[i].ID)
			}
			return out
		}
		require.Equal(t, ids(1, 2, 3, 4), chain(models.Levels{From: 1, To: 20}))
		require.Equal(t, ids(2, 3), chain(models.Levels{From: 2, To: 3}))
		require.Empty(t, chain(models.Levels{From: 5, To: 9}))

		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), people[1].ID)
		})
		require.Equal(t, ids(2, 3, 4), chain(models.Levels{From: 1, To: 20}), "who left is skipped and does not count")
		levels, err := models.ManagerChain(t.Context(), db.Read(), people[0].ID, models.Levels{From: 1, To: 1})
		require.NoError(t, err)
		require.Equal(t, []models.ManagerLevel{{Level: 1, UserID: people[2].ID, Skipped: ids(1)}}, levels)
		boss, err := models.ManagerOf(t.Context(), db.Read(), people[0].ID)
		require.NoError(t, err)
		require.Equal(t, people[2].ID, boss)
		boss, err = models.ManagerOf(t.Context(), db.Read(), people[4].ID)
		require.NoError(t, err)
		require.Zero(t, boss)

		// A circle that came from elsewhere ends the chain.
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE users SET manager_id = ? WHERE id = ?", people[0].ID, people[4].ID)
			return err
		})
		require.Equal(t, ids(2, 3, 4), chain(models.Levels{From: 1, To: 20}))
	})
}
