package models_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestSystemRights_AreGivenAsTheTableSays(t *testing.T) {
	t.Parallel()
	holders := map[string][]string{}
	for _, r := range models.SystemRights() {
		require.NotContains(t, holders, r.Key, "listed twice")
		require.NotEmpty(t, r.Title.ID)
		require.NotEmpty(t, r.Title.English)
		holders[r.Key] = r.Roles
	}
	notAdmin := []string{"execution.payload", "backup.download", "instance.security", "instance.restore", "instance.keys"}
	designer := []string{
		"collection.design", "page.design", "menu.design", "workflow.view", "workflow.edit", "workflow.publish", "workflow.run",
		"workflow.test", "execution.view", "execution.operate", "definition.export", "token.own", "task.hold",
	}
	for key, roles := range holders {
		require.Equal(t, !slices.Contains(notAdmin, key), slices.Contains(roles, "admin"), key)
		require.Equal(t, slices.Contains(designer, key), slices.Contains(roles, "designer"), key)
		require.Equal(t, key == "task.hold", slices.Contains(roles, "member"), key)
		require.Equal(t, strings.HasPrefix(key, "audit."), slices.Contains(roles, "auditor"), key)
	}
}

func TestEnsureSeed_MakesRolesOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		names := func() (out []string) {
			roles, err := db.Roles(t.Context())
			require.NoError(t, err)
			for _, r := range roles {
				out = append(out, r.Name)
			}
			slices.Sort(out)
			return out
		}
		require.Equal(t, []string{"admin", "approver", "auditor", "designer", "member", "root"}, names())
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeleteRole(ctx, tx, models.SystemAccess(), "approver")
		})
		seeded(t, db)
		require.Equal(t, []string{"admin", "auditor", "designer", "member", "root"}, names(), "a removed role stays removed")
	})
}

func TestSeededRoles_HaveTheirRights(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		root, admin := as(t, db, hire(t, db, "root", "root")), as(t, db, hire(t, db, "admin", "admin"))
		designer, member := as(t, db, hire(t, db, "designer", "designer")), as(t, db, hire(t, db, "member"))
		for _, action := range models.Actions() {
			require.True(t, root.MayTouch("orders", action))
			require.Equal(t, action != models.Purge, admin.MayTouch("orders", action), action)
			require.False(t, designer.MayTouch("orders", action))
			require.False(t, member.MayTouch("orders", action))
		}
		require.True(t, root.Can("instance.keys"))
		require.False(t, admin.Can("instance.keys"))
		require.True(t, admin.Can("settings.egress"))
		require.False(t, designer.Can("settings.egress"))
		require.True(t, member.Can("task.hold"))
		require.False(t, member.Can("workflow.view"))
		requireCode(t, member.Require("workflow.view"), "NO_PERMISSION")
	})
}

func TestCovers_GivesNobodyMoreThanHeld(t *testing.T) {
	t.Parallel()
	own := func(field string, fields ...string) models.Grant {
		return models.Grant{Collection: "users", Action: models.View, Fields: fields, Scope: models.ScopeOwn, ScopeField: field}
	}
	everything := models.Grant{Collection: models.AllCollections, Action: models.View, Scope: models.ScopeAll}
	none := models.Grant{Collection: "users", Action: models.View, Fields: []string{}, Scope: models.ScopeAll}
	tests := []struct {
		name string
		have models.Rights
		want models.Rights
		ok   bool
	}{
		{"an owner everything", models.Rights{Owner: true}, models.Rights{Owner: true}, true},
		{"nobody an owner", models.Rights{System: []string{"role.manage"}}, models.Rights{Owner: true}, false},
		{"nothing", models.Rights{}, models.Rights{}, true},
		{"a system right", models.Rights{System: []string{"workflow.edit"}}, models.Rights{System: []string{"workflow.edit"}}, true},
		{"a right from a family", models.Rights{System: []string{"workflow.*"}}, models.Rights{System: []string{"workflow.edit"}}, true},
		{"a family from some of it", models.Rights{System: []string{"workflow.edit"}}, models.Rights{System: []string{"workflow.*"}}, false},
		{"a right that is not listed", models.Rights{System: []string{"workflow.edit"}}, models.Rights{System: []string{"workflow.fly"}}, false},
		{"another action", grants(viewOf()), grants(models.Grant{Collection: "users", Action: models.Update, Scope: models.ScopeAll}), false},
		{"a field of all", grants(models.Grant{Collection: "users", Action: models.View, Scope: models.ScopeAll}), grants(viewOf("email")), true},
		{"all fields from some", grants(viewOf("email", "nickname")), grants(models.Grant{Collection: "users", Action: models.View, Scope: models.ScopeAll}), false},
		{"fields from two grants", grants(viewOf("email"), viewOf("nickname")), grants(viewOf("nickname", "email")), true},
		{"fields that hold for other records", grants(viewOf("email"), own("", "nickname")), grants(viewOf("nickname", "email")), false},
		{"own from all", grants(viewOf("email")), grants(own("manager", "email")), true},
		{"all from own", grants(own("", "email")), grants(viewOf("email")), false},
		{"own by another person field", grants(own("", "email")), grants(own("manager", "email")), false},
		{"one collection from all", grants(everything), grants(viewOf("email")), true},
		{"all collections from one", grants(viewOf("email")), grants(everything), false},
		{"no fields from some", grants(viewOf("email")), grants(none), true},
		{"no fields from nothing", models.Rights{}, grants(none), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := models.Access{Principal: models.Person(1, ""), Layers: []models.Rights{tt.have}}
			require.Equal(t, tt.ok, a.CoversRights(tt.want))
			a.Layers = append(a.Layers, models.Rights{})
			empty := len(tt.want.System) == 0 && len(tt.want.Grants) == 0 && !tt.want.Owner
			require.Equal(t, empty, a.CoversRights(tt.want), "every layer must hold it")
			require.False(t, models.Access{}.CoversRights(tt.want))
		})
	}
}

func grants(list ...models.Grant) models.Rights { return models.Rights{Grants: list} }

func TestGrants_AreBoundedByTheGiver(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "keeper", []string{"role.manage", "workflow.view"}, viewOf("email"))
		withRole(t, db, "target", nil)
		by := as(t, db, hire(t, db, "keeper", "keeper"))
		add := func(by models.Access, g models.Grant) (id int64, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				id, err = models.AddGrant(ctx, tx, by, models.RoleGrant{Role: "target", Grant: g})
				return err
			})
			return id, err
		}
		id, err := add(by, viewOf("email"))
		require.NoError(t, err)
		_, err = add(by, viewOf("nickname"))
		requireCode(t, err, "NO_PERMISSION")
		_, err = add(as(t, db, hire(t, db, "ana")), viewOf("email"))
		requireCode(t, err, "NO_PERMISSION")
		for name, g := range map[string]models.Grant{
			"an unknown collection":   {Collection: "nothing", Action: models.View},
			"an unknown field":        viewOf("password_hash"),
			"an unknown action":       {Collection: "users", Action: "fly"},
			"a filter":                {Collection: "users", Action: models.View, Filter: map[string]any{}},
			"a scope field for all":   {Collection: "users", Action: models.View, ScopeField: "manager"},
			"a field that is no link": {Collection: "users", Action: models.View, Scope: models.ScopeOwn, ScopeField: "email"},
			"fields of everything":    {Collection: models.AllCollections, Action: models.View, Fields: []string{"id"}},
		} {
			_, err := add(models.SystemAccess(), g)
			require.True(t, models.IsKind(err, models.KindInvalid), "%s: %v", name, err)
		}
		_, err = add(models.SystemAccess(), models.Grant{Collection: "users", Action: models.View, Scope: models.ScopeOwn, ScopeField: "manager"})
		require.NoError(t, err)

		// What was there before may stay, although the giver does not hold it.
		set := func(list ...models.Grant) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				return models.SetGrants(ctx, tx, by, models.RoleGrants{Role: "target", Collection: "users", Grants: list})
			})
		}
		require.NoError(t, set(models.Grant{Collection: "users", Action: models.View, Scope: models.ScopeOwn, ScopeField: "manager"}))
		role, err := db.RoleByName(t.Context(), "target")
		require.NoError(t, err)
		require.Len(t, role.Grants, 1)
		requireCode(t, set(viewOf("status")), "NO_PERMISSION")
		requireCode(t, change(t, db, func(ctx context.Context, tx *models.Tx) error { return models.RemoveGrant(ctx, tx, by, id) }), "NOT_FOUND")
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.RemoveGrant(ctx, tx, by, role.Grants[0].ID)
		})
		role, err = db.RoleByName(t.Context(), "target")
		require.NoError(t, err)
		require.Empty(t, role.Grants)
		for _, fixed := range []string{"root", "admin"} {
			err := change(t, db, func(ctx context.Context, tx *models.Tx) error {
				return models.SetGrants(ctx, tx, models.SystemAccess(), models.RoleGrants{Role: fixed})
			})
			requireCode(t, err, "BUILTIN_ROLE")
		}
	})
}

func TestRoles_AreBoundedByTheGiver(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "keeper", []string{"role.manage", "user.assign_roles", "user.manage", "group.manage", "workflow.view"})
		keeper := hire(t, db, "keeper", "keeper")
		group := int64(0)
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			group, err = models.CreateGroup(ctx, tx, models.SystemAccess(), models.Group{Code: "admins", Title: "Admins"})
			if err != nil {
				return err
			}
			return models.SetGroupRoles(ctx, tx, models.SystemAccess(), models.GroupRoles{GroupID: group, Roles: []string{"admin"}})
		})
		tests := map[string]struct {
			code string
			do   func(ctx context.Context, tx *models.Tx, by models.Access) error
		}{
			"a role within": {"", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.CreateRole(ctx, tx, by, models.NewRole{Name: "viewer", Title: "Viewer", Rights: []string{"workflow.view"}})
			}},
			"a role beyond": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.CreateRole(ctx, tx, by, models.NewRole{Name: "boss", Title: "Boss", Rights: []string{"workflow.*"}})
			}},
			"more for one's own role": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.UpdateRole(ctx, tx, by, models.RoleChange{Name: "keeper", Rights: &[]string{"role.manage", "instance.keys"}})
			}},
			"an unknown right": {"VALIDATION_FAILED", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.UpdateRole(ctx, tx, by, models.RoleChange{Name: "keeper", Rights: &[]string{"*"}})
			}},
			"rights of a built-in role": {"BUILTIN_ROLE", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.UpdateRole(ctx, tx, by, models.RoleChange{Name: "member", Rights: &[]string{"role.manage"}})
			}},
			"removing a built-in role": {"BUILTIN_ROLE", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.DeleteRole(ctx, tx, by, "admin")
			}},
			"admin for all new people": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.UpdateRole(ctx, tx, by, models.RoleChange{Name: "admin", ForNew: true})
			}},
			"a role to oneself": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				_, err := models.GiveRoles(ctx, tx, by, models.RolesFor{UserID: keeper.ID, Roles: []string{"admin"}})
				return err
			}},
			"a new person with more": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				_, err := models.CreateUser(ctx, tx, by, models.NewUser{Email: "x@example.com", Roles: []string{"admin"}})
				return err
			}},
			"oneself into a stronger group": {"NO_PERMISSION", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				_, err := models.AddMembers(ctx, tx, by, models.Membership{GroupID: group, Users: []int64{keeper.ID}})
				return err
			}},
			"the owner's role to a group": {"BUILTIN_ROLE", func(ctx context.Context, tx *models.Tx, _ models.Access) error {
				return models.SetGroupRoles(ctx, tx, models.SystemAccess(), models.GroupRoles{GroupID: group, Roles: []string{"root"}})
			}},
			"a second role of that name": {"NOT_UNIQUE", func(ctx context.Context, tx *models.Tx, by models.Access) error {
				return models.CreateRole(ctx, tx, by, models.NewRole{Name: "keeper", Title: "Again"})
			}},
		}
		for name, tt := range tests {
			err := change(t, db, func(ctx context.Context, tx *models.Tx) error { return tt.do(ctx, tx, as(t, db, keeper)) })
			if tt.code == "" {
				require.NoError(t, err, name)
				continue
			}
			require.Error(t, err, name)
			require.Equal(t, tt.code, models.AsError(err).Code, name)
		}
	})
}

func TestDeleteRole_EndsWhatIsNarrowedToIt(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		ana := hire(t, db, "ana", "designer", "approver")
		var narrowed, wide models.Started
		var token string
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			if narrowed, err = models.StartSession(ctx, tx, models.NewSession{UserID: ana.ID, Kind: models.APISession, Role: "designer"}); err != nil {
				return err
			}
			if wide, err = models.StartSession(ctx, tx, models.NewSession{UserID: ana.ID, Kind: models.APISession}); err != nil {
				return err
			}
			token, _, err = models.CreateToken(ctx, tx, models.SystemAccess(), models.NewToken{UserID: ana.ID, Name: "CI", Role: "designer", Scopes: []string{"schema"}})
			return err
		})
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeleteRole(ctx, tx, models.SystemAccess(), "designer")
		})
		_, err := db.Authenticate(t.Context(), narrowed.Secret)
		requireCode(t, err, "INVALID_TOKEN")
		_, err = db.Authenticate(t.Context(), token)
		requireCode(t, err, "BLOCKED_TOKEN")
		p, err := db.Authenticate(t.Context(), wide.Secret)
		require.NoError(t, err)
		a, err := db.AccessOf(t.Context(), p)
		require.NoError(t, err)
		require.False(t, a.Can("workflow.edit"))
		require.True(t, a.Can("task.hold"))
	})
}

func TestNewPeople_GetTheRoleThatIsMarked(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		system := models.SystemAccess()
		joins := func(name string) []string {
			var u models.User
			must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
				u, err = models.CreateUser(ctx, tx, system, models.NewUser{Email: name + "@example.com"})
				return err
			})
			roles, err := db.RolesOf(t.Context(), u.ID)
			require.NoError(t, err)
			return roles
		}
		require.Equal(t, []string{"member"}, joins("first"))
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.UpdateRole(ctx, tx, system, models.RoleChange{Name: "approver", ForNew: true})
		})
		require.Equal(t, []string{"approver", "member"}, joins("second"))
		must(t, db, func(ctx context.Context, tx *models.Tx) error { return models.DeleteRole(ctx, tx, system, "approver") })
		require.Equal(t, []string{"member"}, joins("third"))
		role, err := db.RoleByName(t.Context(), "member")
		require.NoError(t, err)
		require.True(t, role.ForNew)
	})
}
