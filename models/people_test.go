package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
)

// someHash lets a person in tests be active; nobody can sign in with it.
const someHash = models.PasswordHash("not a hash")

// change runs one function in a transaction.
func change(t *testing.T, db *models.DB, fn func(ctx context.Context, tx *models.Tx) error) error {
	t.Helper()
	return db.Write(t.Context(), "test", func(tx *models.Tx) error { return fn(t.Context(), tx) })
}

// must is change that has to work.
func must(t *testing.T, db *models.DB, fn func(ctx context.Context, tx *models.Tx) error) {
	t.Helper()
	require.NoError(t, change(t, db, fn))
}

// hire creates an active person with roles.
func hire(t *testing.T, db *models.DB, name string, roles ...string) models.User {
	t.Helper()
	var u models.User
	must(t, db, func(ctx context.Context, tx *models.Tx) error {
		var err error
		u, err = models.CreateUser(ctx, tx, models.SystemAccess(), models.NewUser{
			Email: name + "@example.com", Username: name, Nickname: name, Roles: append([]string{"member"}, roles...), Password: someHash,
		})
		return err
	})
	return u
}

// seeded makes the roles that every installation has.
func seeded(t *testing.T, db *models.DB) {
	t.Helper()
	require.NoError(t, db.EnsureSeed(t.Context()))
}

// as gives the rights of a person now.
func as(t *testing.T, db *models.DB, u models.User) models.Access {
	t.Helper()
	a, err := db.AccessOf(t.Context(), models.Person(u.ID, ""))
	require.NoError(t, err)
	return a
}

// withRole creates a role with grants.
func withRole(t *testing.T, db *models.DB, name string, rights []string, grants ...models.Grant) {
	t.Helper()
	must(t, db, func(ctx context.Context, tx *models.Tx) error {
		if err := models.CreateRole(ctx, tx, models.SystemAccess(), models.NewRole{Name: name, Title: name, Rights: rights}); err != nil {
			return err
		}
		return models.SetGrants(ctx, tx, models.SystemAccess(), models.RoleGrants{Role: name, Grants: grants})
	})
}

// requireCode wants an error with a code.
func requireCode(t *testing.T, err error, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, models.AsError(err).Code, "%v", err)
}

// viewOf is a grant to see a field of all users.
func viewOf(fields ...string) models.Grant {
	return models.Grant{Collection: "users", Action: models.View, Fields: fields, Scope: models.ScopeAll}
}
