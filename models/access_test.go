package models_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestAccessOf_NarrowsToOneOfTheOwnRoles(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "clerk", []string{"workflow.view"}, viewOf("email"))
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.SetGrants(ctx, tx, models.SystemAccess(), models.RoleGrants{Role: "member", Grants: []models.Grant{viewOf("nickname")}})
		})
		ana := hire(t, db, "ana", "clerk", "designer")
		root := hire(t, db, "root", "root", "clerk")
		tests := []struct {
			name     string
			user     models.User
			role     string
			code     string
			email    bool
			nickname bool
			edit     bool
		}{
			{"all roles add up", ana, "", "", true, true, true},
			{"one role", ana, "clerk", "", true, false, false},
			{"another role", ana, "designer", "", false, false, true},
			{"member alone", ana, "member", "", false, true, false},
			{"a role of others", ana, "admin", "ROLE_NOT_ALLOWED", false, false, false},
			{"an unknown role", ana, "nobody", "ROLE_NOT_ALLOWED", false, false, false},
			{"the owner's role", ana, "root", "ROLE_NOT_ALLOWED", false, false, false},
			{"capitals", ana, "Clerk", "ROLE_NOT_ALLOWED", false, false, false},
			{"a blank", ana, " ", "ROLE_NOT_ALLOWED", false, false, false},
			{"two roles", ana, "clerk,designer", "ROLE_NOT_ALLOWED", false, false, false},
			{"an owner narrowed to less", root, "clerk", "", true, false, false},
			{"an owner", root, "root", "", true, true, true},
			{"an owner in roles he lacks", root, "designer", "ROLE_NOT_ALLOWED", false, false, false},
		}
		for _, tt := range tests {
			a, err := db.AccessOf(t.Context(), models.Person(tt.user.ID, tt.role))
			if tt.code != "" {
				require.Error(t, err, tt.name)
				require.Equal(t, tt.code, models.AsError(err).Code, tt.name)
				require.Empty(t, a.Layers, tt.name)
				continue
			}
			require.NoError(t, err, tt.name)
			require.Equal(t, tt.user.ID, a.Actor)
			require.Equal(t, tt.email, a.MayWriteField("users", models.View, "email"), tt.name)
			require.Equal(t, tt.nickname, a.MayWriteField("users", models.View, "nickname"), tt.name)
			require.Equal(t, tt.edit, a.Can("workflow.edit"), tt.name)
			require.True(t, a.Can("task.hold"), "%s: own tasks stay under every role", tt.name)
		}
	})
}

func TestAccessOf_KnowsTheOtherPrincipals(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		a, err := db.AccessOf(t.Context(), models.Anonymous())
		require.NoError(t, err)
		require.False(t, a.Can("task.hold"))
		require.False(t, a.MayTouch("users", models.View))
		a, err = db.AccessOf(t.Context(), models.System())
		require.NoError(t, err)
		require.True(t, a.Can("instance.keys"))
		_, err = db.AccessOf(t.Context(), models.Person(404, ""))
		requireCode(t, err, "USER_INACTIVE")
		_, err = db.AccessOf(t.Context(), models.Principal{Kind: models.WorkflowPrincipal, ID: "w"})
		require.Error(t, err)
	})
}

func TestAccessOf_FollowsEveryChangeAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "clerk", nil)
		ana := hire(t, db, "ana")
		system := models.SystemAccess()
		var group, grant int64
		sees := func() bool { return as(t, db, ana).MayTouch("users", models.View) }
		steps := []struct {
			name string
			do   func(ctx context.Context, tx *models.Tx) error
			want bool
		}{
			{"a role without grants", func(ctx context.Context, tx *models.Tx) error {
				_, err := models.GiveRoles(ctx, tx, system, models.RolesFor{UserID: ana.ID, Roles: []string{"clerk"}})
				return err
			}, false},
			{"a grant for the role", func(ctx context.Context, tx *models.Tx) (err error) {
				grant, err = models.AddGrant(ctx, tx, system, models.RoleGrant{Role: "clerk", Grant: viewOf("email")})
				return err
			}, true},
			{"the role taken", func(ctx context.Context, tx *models.Tx) error {
				_, err := models.TakeRoles(ctx, tx, system, models.RolesFor{UserID: ana.ID, Roles: []string{"clerk"}})
				return err
			}, false},
			{"a group", func(ctx context.Context, tx *models.Tx) (err error) {
				if group, err = models.CreateGroup(ctx, tx, system, models.Group{Code: "g", Title: "G"}); err != nil {
					return err
				}
				_, err = models.AddMembers(ctx, tx, system, models.Membership{GroupID: group, Users: []int64{ana.ID}})
				return err
			}, false},
			{"the role for the group", func(ctx context.Context, tx *models.Tx) error {
				return models.SetGroupRoles(ctx, tx, system, models.GroupRoles{GroupID: group, Roles: []string{"clerk"}})
			}, true},
			{"the grant taken", func(ctx context.Context, tx *models.Tx) error { return models.RemoveGrant(ctx, tx, system, grant) }, false},
			{"the grant again", func(ctx context.Context, tx *models.Tx) (err error) {
				_, err = models.AddGrant(ctx, tx, system, models.RoleGrant{Role: "clerk", Grant: viewOf("email")})
				return err
			}, true},
			{"the collection gone", func(ctx context.Context, tx *models.Tx) error { return tx.ForgetCollectionInGrants(ctx, "users") }, false},
			{"the grants set", func(ctx context.Context, tx *models.Tx) (err error) {
				return models.SetGrants(ctx, tx, system, models.RoleGrants{Role: "clerk", Grants: []models.Grant{viewOf("email")}})
			}, true},
			{"the membership ended", func(ctx context.Context, tx *models.Tx) error {
				left, err := models.RemoveMembers(ctx, tx, system, models.Membership{GroupID: group, Users: []int64{ana.ID}})
				require.Equal(t, []int64{ana.ID}, left)
				return err
			}, false},
			{"the membership again", func(ctx context.Context, tx *models.Tx) error {
				_, err := models.AddMembers(ctx, tx, system, models.Membership{GroupID: group, Users: []int64{ana.ID}})
				return err
			}, true},
			{"the group removed", func(ctx context.Context, tx *models.Tx) error { return models.DeleteGroup(ctx, tx, system, group) }, false},
		}
		require.False(t, sees())
		for _, step := range steps {
			must(t, db, step.do)
			require.Equal(t, step.want, sees(), "after %s", step.name)
			undone := errors.New("undone")
			require.ErrorIs(t, change(t, db, func(ctx context.Context, tx *models.Tx) error {
				require.NoError(t, models.SetGrants(ctx, tx, system, models.RoleGrants{Role: "member", Grants: []models.Grant{viewOf("id")}}))
				return undone
			}), undone)
			require.Equal(t, step.want, sees(), "after %s, and a change that was undone", step.name)
		}
	})
}

func TestAccessOfCause_GivesTheRightsOfNow(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		all := models.Grant{Collection: models.AllCollections, Action: models.Update, Scope: models.ScopeAll}
		withRole(t, db, "clerk", []string{"workflow.run", "execution.view"}, viewOf("email"), all)
		ana := hire(t, db, "ana", "clerk")
		version := func(_ context.Context, id int64, node string) (models.Rights, error) {
			if id == 5 && node == "" {
				return models.Rights{System: []string{"of version 5"}}, nil
			}
			return models.Rights{System: []string{"of node " + node}}, nil
		}
		of := func(layers ...models.Layer) []models.Rights {
			rights, err := db.AccessOfCause(t.Context(), models.Cause{Layers: layers}, version)
			require.NoError(t, err)
			return rights
		}
		require.Empty(t, of())
		got := of(models.Layer{Version: 5}, models.Layer{Version: 5, Node: "n1"}, models.Layer{User: ana.ID})
		require.Equal(t, []string{"of version 5"}, got[0].System)
		require.Equal(t, []string{"of node n1"}, got[1].System)
		require.True(t, got[2].Can("workflow.run"))
		require.Len(t, got[2].On("users", models.View), 1)

		scoped := of(models.Layer{User: ana.ID, Scopes: []string{"records:write:orders", "records:read:users", "workflows:run"}})[0]
		require.Len(t, scoped.On("orders", models.Update), 1)
		require.Empty(t, scoped.On("users", models.Update))
		require.Len(t, scoped.On("users", models.View), 1)
		require.True(t, scoped.Can("workflow.run"))
		require.False(t, scoped.Can("execution.view"))
		require.Empty(t, of(models.Layer{User: ana.ID, Scopes: []string{}})[0].Grants)
		require.Empty(t, of(models.Layer{User: ana.ID, Role: "admin"})[0], "a role he lost")
		require.Len(t, of(models.Layer{User: ana.ID, Role: "clerk"})[0].Grants, 2)
		require.Empty(t, of(models.Layer{})[0], "nobody has no rights")

		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), ana.ID)
		})
		require.Empty(t, of(models.Layer{User: ana.ID})[0])
		_, err := db.AccessOfCause(t.Context(), models.Cause{Layers: []models.Layer{{Version: 5}}}, nil)
		require.Error(t, err)
	})
}

func TestCause_OfAScopedOwnerStaysScoped(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		root := hire(t, db, "root", "root")
		token := models.Principal{Kind: models.TokenPrincipal, ID: "t", UserID: root.ID, Scopes: []string{"records:read:orders"}}
		rights, err := db.AccessOfCause(t.Context(), models.CauseOf(token), nil)
		require.NoError(t, err)
		a := models.Access{Principal: token, Layers: rights}
		require.True(t, a.MayTouch("orders", models.View))
		require.False(t, a.MayTouch("orders", models.Update))
		require.False(t, a.MayTouch("users", models.View))
		require.False(t, a.Can("instance.keys"))
	})
}
