package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestGroups_HaveStableCodesAndFreeTitles(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		system := models.SystemAccess()
		create := func(g models.Group) (id int64, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				id, err = models.CreateGroup(ctx, tx, system, g)
				return err
			})
			return id, err
		}
		id, err := create(models.Group{Code: "FIN", Title: " Finance "})
		require.NoError(t, err)
		_, err = create(models.Group{Code: "FIN", Title: "Again"})
		requireCode(t, err, "NOT_UNIQUE")
		_, err = create(models.Group{Code: "no spaces", Title: "X"})
		requireCode(t, err, "VALIDATION_FAILED")
		_, err = create(models.Group{Code: "X", Title: "two\nlines"})
		requireCode(t, err, "VALIDATION_FAILED")
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.RenameGroup(ctx, tx, system, models.Group{ID: id, Title: "Money"})
		})
		g, err := models.GroupByCode(t.Context(), db.Read(), "FIN")
		require.NoError(t, err)
		require.Equal(t, "Money", g.Title)
		_, err = models.GroupByCode(t.Context(), db.Read(), "none")
		requireCode(t, err, "GROUP_NOT_FOUND")
		requireCode(t, change(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.RenameGroup(ctx, tx, system, models.Group{ID: 404, Title: "X"})
		}), "NOT_FOUND")
		ana := as(t, db, hire(t, db, "ana"))
		requireCode(t, change(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.RenameGroup(ctx, tx, ana, models.Group{ID: id, Title: "X"})
		}), "NO_PERMISSION")
	})
}

func TestHolders_AreThoseWhoCanBeAsked(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		direct, left, other := hire(t, db, "direct", "approver"), hire(t, db, "left", "approver"), hire(t, db, "amember")
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			id, err := models.CreateGroup(ctx, tx, models.SystemAccess(), models.Group{Code: "FIN", Title: "Finance"})
			if err != nil {
				return err
			}
			if err := models.SetGroupRoles(ctx, tx, models.SystemAccess(), models.GroupRoles{GroupID: id, Roles: []string{"approver"}}); err != nil {
				return err
			}
			changed, err := models.AddMembers(ctx, tx, models.SystemAccess(), models.Membership{GroupID: id, Users: []int64{direct.ID, other.ID}})
			require.Equal(t, []int64{direct.ID, other.ID}, changed)
			if err != nil {
				return err
			}
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), left.ID)
		})
		holders, err := models.HoldersOf(t.Context(), db.Read(), []string{"approver"})
		require.NoError(t, err)
		require.Equal(t, []int64{other.ID, direct.ID}, holders, "each once, by name")
		everybody, err := models.HoldersOf(t.Context(), db.Read(), []string{"member"})
		require.NoError(t, err)
		require.Len(t, everybody, 2)
		group, err := models.GroupByCode(t.Context(), db.Read(), "FIN")
		require.NoError(t, err)
		require.Equal(t, []string{"approver"}, group.Roles)
		members, err := models.Members(t.Context(), db.Read(), group.ID)
		require.NoError(t, err)
		require.Equal(t, []int64{other.ID, direct.ID}, members)
	})
}
