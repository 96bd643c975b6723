package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestInvitation_LetsNobodyInWhoMayDoMoreThanItsGiver(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seeded(t, db)
		hire(t, db, "olga", "root")
		admin, ana, boss := hire(t, db, "admin", "admin"), hire(t, db, "ana"), hire(t, db, "boss", "root")
		invite := func(by models.Access, to models.User) (secret string, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				secret, err = models.Invite(ctx, tx, by, to.ID)
				return err
			})
			return secret, err
		}
		accept := func(secret string) (u models.User, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				u, err = models.AcceptInvitation(ctx, tx, models.Acceptance{Secret: secret, Hash: someHash})
				return err
			})
			return u, err
		}
		link := func(by models.User, to models.User) string {
			secret, err := invite(as(t, db, by), to)
			require.NoError(t, err)
			return secret
		}
		gone := func(secret string) {
			t.Helper()
			_, err := db.Invited(t.Context(), secret)
			requireCode(t, err, "LINK_GONE")
			_, err = accept(secret)
			requireCode(t, err, "LINK_GONE")
		}
		_, err := invite(as(t, db, admin), boss)
		requireCode(t, err, "NO_PERMISSION")
		_, err = invite(as(t, db, ana), ana)
		requireCode(t, err, "NO_PERMISSION")

		u, err := accept(link(admin, ana))
		require.NoError(t, err)
		require.Equal(t, ana.ID, u.ID)

		grown := link(admin, ana)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.GiveRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: ana.ID, Roles: []string{"root"}})
			return err
		})
		gone(grown)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.TakeRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: ana.ID, Roles: []string{"root"}})
			return err
		})

		moved, address := link(admin, ana), "ana.new@example.com"
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.UpdateUser(ctx, tx, models.SystemAccess(), models.UserChange{ID: ana.ID, Email: &address})
			return err
		})
		gone(moved)

		late := link(admin, ana)
		clock.Advance(models.InvitationLife)
		gone(late)

		orphan := link(admin, ana)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), admin.ID)
		})
		gone(orphan)
		gone("")
	})
}

func TestInvitation_EndsSessionsAndActivates(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		var made models.User
		var secret string
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			if made, err = models.CreateUser(ctx, tx, models.SystemAccess(), models.NewUser{Email: "kim@example.com"}); err != nil {
				return err
			}
			secret, err = models.Invite(ctx, tx, models.SystemAccess(), made.ID)
			return err
		})
		require.Equal(t, models.UserInvited, made.Status)
		var u models.User
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			u, err = models.AcceptInvitation(ctx, tx, models.Acceptance{Secret: secret, Hash: someHash})
			return err
		})
		require.Equal(t, models.UserActive, u.Status)
		rows, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "user"})
		require.NoError(t, err)
		var actions []string
		for _, row := range rows {
			actions = append(actions, row.Action)
			require.NotContains(t, row.Title+row.Reason, secret)
		}
		require.Subset(t, actions, []string{"user.create", "user.invite", "user.password", "user.activate"})
	})
}
