package models_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestGrantUsages_FindRolesThatNameAField(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			for _, g := range []models.Grant{
				{Collection: "users", Action: models.View, Fields: []string{"nickname", "email"}, Scope: models.ScopeAll},
				{Collection: "users", Action: models.Update, Scope: models.ScopeOwn, ScopeField: "manager"},
				{Collection: "users", Action: models.Create, Scope: models.ScopeAll},
				{Collection: models.AllCollections, Action: models.Export, Scope: models.ScopeAll},
			} {
				if _, err := models.AddGrant(ctx, tx, models.SystemAccess(), models.RoleGrant{Role: "member", Grant: g}); err != nil {
					return err
				}
			}
			return nil
		})
		for field, want := range map[string][]string{"": {"view", "update", "create"}, "nickname": {"view"}, "manager": {"update"}, "email": {"view"}, "locale": nil} {
			found, err := db.GrantUsages(t.Context(), "users", field)
			require.NoError(t, err)
			var got []string
			for _, u := range found {
				require.Equal(t, []string{"role", "member"}, []string{u.Kind, u.Key})
				got = append(got, u.Place)
			}
			require.ElementsMatch(t, want, got, field)
		}
	})
}
