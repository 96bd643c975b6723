package models_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestCreateUser_NormalisesAndKeepsNamesUnique(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		create := func(in models.NewUser) (u models.User, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				u, err = models.CreateUser(ctx, tx, models.SystemAccess(), in)
				return err
			})
			return u, err
		}
		ana, err := create(models.NewUser{Email: " Ana@Example.COM ", Nickname: " Ana "})
		require.NoError(t, err)
		require.Equal(t, "ana@example.com", ana.Email)
		require.Equal(t, "ana", ana.Username)
		require.Equal(t, "Ana", ana.Nickname)
		require.Equal(t, models.UserInvited, ana.Status)

		second, err := create(models.NewUser{Email: "ana@example.org", Password: someHash})
		require.NoError(t, err)
		require.Equal(t, "ana2", second.Username)
		require.Equal(t, models.UserActive, second.Status)
		short, err := create(models.NewUser{Email: "b@example.org"})
		require.NoError(t, err)
		require.Equal(t, "user-b", short.Username)

		for name, in := range map[string]models.NewUser{
			"the same address in capitals": {Email: "ANA@EXAMPLE.COM", Username: "other"},
			"the same name in capitals":    {Email: "new@example.com", Username: "ANA"},
		} {
			_, err := create(in)
			requireCode(t, err, "NOT_UNIQUE")
			require.NotEmpty(t, models.AsError(err).Fields, name)
		}
		for name, in := range map[string]models.NewUser{
			"no address":                   {Email: "nobody"},
			"two addresses":                {Email: "a@example.com, b@example.com"},
			"a display name":               {Email: "Ana <c@example.com>"},
			"somebody's address as a name": {Email: "d@example.com", Username: "ana@example.com"},
			"a line break in the name":     {Email: "e@example.com", Nickname: "E\r\nBcc: x"},
			"an unknown time zone":         {Email: "f@example.com", TimeZone: "Mars/Olympus"},
			"the zone of the server":       {Email: "g@example.com", TimeZone: "Local"},
			"an unknown role":              {Email: "h@example.com", Roles: []string{"king"}},
			"an unknown manager":           {Email: "i@example.com", ManagerID: 99},
		} {
			_, err := create(in)
			require.True(t, models.IsKind(err, models.KindInvalid), "%s: %v", name, err)
		}
		found, err := models.UserByAccount(t.Context(), db.Read(), "ANA@example.com")
		require.NoError(t, err)
		require.Equal(t, ana.ID, found.ID)
		found, err = models.UserByAccount(t.Context(), db.Read(), "Ana2")
		require.NoError(t, err)
		require.Equal(t, second.ID, found.ID)
	})
}

func TestCreateUser_WritesEventAndAudit(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		u := hire(t, db, "elif", "approver")
		events, err := models.Events(t.Context(), db.Read(), models.EventFilter{Name: models.ResourceCreated, Type: "passportsvc.User", Limit: 10})
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, fmt.Sprint(u.ID), events[0].ID)
		require.Contains(t, events[0].Payload, `"elif@example.com"`)
		require.NotContains(t, events[0].Payload, string(someHash))
		assigned, err := models.Events(t.Context(), db.Read(), models.EventFilter{Name: "passportsvc.RoleAssigned", Limit: 10})
		require.NoError(t, err)
		require.Len(t, assigned, 1)
		rows, err := db.AuditLog(t.Context(), models.AuditQuery{Action: "user"})
		require.NoError(t, err)
		require.Equal(t, "user.roles", rows[0].Action)
		require.Equal(t, []string{"+approver"}, rows[0].Changed)
		require.Equal(t, "user.create", rows[1].Action)
	})
}

func TestCreateRoot_TwoSetupsAtOnceGiveOneOwner(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		var wait sync.WaitGroup
		results := make(chan error, 8)
		for n := range 8 {
			wait.Go(func() {
				results <- db.Write(t.Context(), "setup", func(tx *models.Tx) error {
					_, err := models.CreateRoot(t.Context(), tx, models.NewUser{Email: fmt.Sprintf("root%d@example.com", n), Password: someHash})
					return err
				})
			})
		}
		wait.Wait()
		made := 0
		for range 8 {
			if err := <-results; err != nil {
				requireCode(t, err, "ROOT_EXISTS")
			} else {
				made++
			}
		}
		require.Equal(t, 1, made)
		people, err := models.Users(t.Context(), db.Read(), models.UserQuery{})
		require.NoError(t, err)
		require.Len(t, people, 1)
		has, err := models.HasRoot(t.Context(), db.Read())
		require.NoError(t, err)
		require.True(t, has)
	})
}

func TestUpdateUser_ChecksRightsPerField(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "hr", []string{"user.manage", "user.assign_roles"})
		root, admin := hire(t, db, "root", "root"), hire(t, db, "admin", "admin")
		hr, ana := hire(t, db, "hr", "hr"), hire(t, db, "ana")
		text := "other@example.com"
		name := "New name"
		tests := []struct {
			name string
			by   models.User
			in   models.UserChange
			code string
		}{
			{"one's own profile", ana, models.UserChange{ID: ana.ID, Nickname: &name}, ""},
			{"one's own address", ana, models.UserChange{ID: ana.ID, Email: &text}, "NO_PERMISSION"},
			{"one's own manager", ana, models.UserChange{ID: ana.ID, ManagerID: &hr.ID}, "NO_PERMISSION"},
			{"one's own roles", ana, models.UserChange{ID: ana.ID, Roles: &[]string{"admin"}}, "NO_PERMISSION"},
			{"another's profile without the right", ana, models.UserChange{ID: hr.ID, Nickname: &name}, "NO_PERMISSION"},
			{"another's profile", hr, models.UserChange{ID: admin.ID, Nickname: &name}, ""},
			{"the address of somebody above", hr, models.UserChange{ID: admin.ID, Email: &text}, "NO_PERMISSION"},
			{"the address of the owner", admin, models.UserChange{ID: root.ID, Email: &text}, "NO_PERMISSION"},
			{"a role above one's own", hr, models.UserChange{ID: hr.ID, Roles: &[]string{"hr", "admin"}}, "NO_PERMISSION"},
			{"taking a role above one's own", hr, models.UserChange{ID: admin.ID, Roles: &[]string{}}, "NO_PERMISSION"},
			{"the owner's role", admin, models.UserChange{ID: admin.ID, Roles: &[]string{"admin", "root"}}, "NO_PERMISSION"},
			{"a role within one's own", admin, models.UserChange{ID: ana.ID, Roles: &[]string{"hr"}}, ""},
			{"a default role one does not have", admin, models.UserChange{ID: ana.ID, DefaultRole: ptr("admin")}, "ROLE_NOT_ALLOWED"},
			{"a stale version", admin, models.UserChange{ID: ana.ID, Version: 99, Nickname: &name}, "RECORD_CHANGED"},
		}
		for _, tt := range tests {
			err := change(t, db, func(ctx context.Context, tx *models.Tx) error {
				by, err := db.AccessOf(ctx, models.Person(tt.by.ID, ""))
				if err != nil {
					return err
				}
				_, err = models.UpdateUser(ctx, tx, by, tt.in)
				return err
			})
			if tt.code == "" {
				require.NoError(t, err, tt.name)
				continue
			}
			require.Error(t, err, tt.name)
			require.Equal(t, tt.code, models.AsError(err).Code, tt.name)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestDeactivateUser_EndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		admin, ana := hire(t, db, "admin", "admin"), hire(t, db, "ana", "designer")
		var browser, api models.Started
		var token string
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			if browser, err = models.StartSession(ctx, tx, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession}); err != nil {
				return err
			}
			if api, err = models.StartSession(ctx, tx, models.NewSession{UserID: ana.ID, Kind: models.APISession}); err != nil {
				return err
			}
			token, _, err = models.CreateToken(ctx, tx, as(t, db, ana), models.NewToken{UserID: ana.ID, Name: "CI", Scopes: []string{"tasks"}})
			return err
		})
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, as(t, db, admin), ana.ID)
		})

		_, err := db.AccessOf(t.Context(), models.Person(ana.ID, ""))
		requireCode(t, err, "USER_INACTIVE")
		_, err = db.SessionBy(t.Context(), models.BrowserSession, browser.Secret)
		requireCode(t, err, "EXPIRED_SESSION")
		_, err = db.Authenticate(t.Context(), api.Secret)
		requireCode(t, err, "INVALID_TOKEN")
		_, err = db.Authenticate(t.Context(), token)
		requireCode(t, err, "USER_INACTIVE")
		after, err := models.UserByID(t.Context(), db.Read(), ana.ID)
		require.NoError(t, err)
		require.Greater(t, after.Epoch, ana.Epoch)

		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.ActivateUser(ctx, tx, as(t, db, admin), ana.ID)
		})
		require.True(t, as(t, db, ana).Can("workflow.edit"))
		_, err = db.Authenticate(t.Context(), token)
		requireCode(t, err, "BLOCKED_TOKEN")
		_, err = db.SessionBy(t.Context(), models.BrowserSession, browser.Secret)
		requireCode(t, err, "EXPIRED_SESSION")
	})
}

func TestDeactivateUser_SparesOneselfAndTheLastOwner(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		root, admin := hire(t, db, "root", "root"), hire(t, db, "admin", "admin")
		deactivate := func(by models.Access, id int64) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error { return models.DeactivateUser(ctx, tx, by, id) })
		}
		requireCode(t, deactivate(as(t, db, root), root.ID), "SELF_DEACTIVATION")
		requireCode(t, deactivate(as(t, db, admin), root.ID), "NO_PERMISSION")
		requireCode(t, deactivate(models.SystemAccess(), root.ID), "LAST_ROOT")
		err := change(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.TakeRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: root.ID, Roles: []string{"root"}})
			return err
		})
		requireCode(t, err, "LAST_ROOT")
		second := hire(t, db, "second", "root")
		require.NoError(t, deactivate(as(t, db, second), root.ID))
		requireCode(t, deactivate(models.SystemAccess(), second.ID), "LAST_ROOT")
		require.NoError(t, deactivate(as(t, db, second), admin.ID))
		require.NoError(t, deactivate(as(t, db, second), admin.ID), "twice is harmless")
	})
}

func TestDeactivateUser_TwoOwnersAtOnceLeaveOne(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		owners := []models.User{hire(t, db, "root1", "root"), hire(t, db, "root2", "root")}
		var wait sync.WaitGroup
		errs := make([]error, 2)
		for i, u := range owners {
			wait.Go(func() {
				errs[i] = db.Write(t.Context(), "test", func(tx *models.Tx) error {
					return models.DeactivateUser(t.Context(), tx, models.SystemAccess(), u.ID)
				})
			})
		}
		wait.Wait()
		require.Error(t, errors.Join(errs...))
		require.True(t, errs[0] == nil || errs[1] == nil)
	})
}

func TestDeactivateUser_WhileInUse(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		ana := hire(t, db, "ana", "designer")
		var started models.Started
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			started, err = models.StartSession(ctx, tx, models.NewSession{UserID: ana.ID, Kind: models.APISession})
			return err
		})
		gone := make(chan struct{})
		late := make(chan string, 4)
		var users sync.WaitGroup
		for range 4 {
			users.Go(func() {
				for range 5000 {
					ended := false
					select {
					case <-gone:
						ended = true
					default:
					}
					_, byToken := db.Authenticate(t.Context(), started.Secret)
					_, byRights := db.AccessOf(t.Context(), models.Person(ana.ID, ""))
					if ended {
						if byToken == nil || byRights == nil {
							late <- "still in after the deactivation returned"
						}
						return
					}
				}
			})
		}
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), ana.ID)
		})
		close(gone)
		users.Wait()
		require.Empty(t, late)
	})
}

func TestUsers_SearchTakesWildcardsLiterally(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		hire(t, db, "ana")
		hire(t, db, "luis")
		find := func(q models.UserQuery) int {
			people, err := models.Users(t.Context(), db.Read(), q)
			require.NoError(t, err)
			return len(people)
		}
		require.Equal(t, 2, find(models.UserQuery{}))
		require.Equal(t, 1, find(models.UserQuery{Search: "ANA"}))
		require.Zero(t, find(models.UserQuery{Search: "%"}))
		require.Zero(t, find(models.UserQuery{Search: "a_a"}))
		require.Zero(t, find(models.UserQuery{Status: models.UserDeactivated}))
		require.Equal(t, 1, find(models.UserQuery{Limit: 1, Offset: 1}))
	})
}
