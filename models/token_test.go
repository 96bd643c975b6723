package models_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func newToken(t *testing.T, db *models.DB, by models.Access, in models.NewToken) (secret string, token models.Token, err error) {
	t.Helper()
	err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
		secret, token, err = models.CreateToken(ctx, tx, by, in)
		return err
	})
	return secret, token, err
}

func TestToken_ActsAsItsOwnerWithinItsBounds(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seeded(t, db)
		ana := hire(t, db, "ana", "designer", "approver")
		secret, token, err := newToken(t, db, as(t, db, ana), models.NewToken{
			UserID: ana.ID, Name: "CI", Role: "designer", Scopes: []string{"records:read:orders", "schema"},
		})
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(secret, "frl_"))
		require.Len(t, secret, 47)
		require.Equal(t, clock.Now().Add(90*24*time.Hour), token.ExpiresAt.Time())

		ctx := models.WithRequest(t.Context(), models.Request{Address: "192.0.2.7"})
		p, err := db.Authenticate(ctx, secret)
		require.NoError(t, err)
		require.Equal(t, models.Principal{
			Kind: models.TokenPrincipal, ID: token.ID, UserID: ana.ID, Role: "designer", Scopes: []string{"records:read:orders", "schema"},
		}, p)
		require.True(t, p.HasScope("records:read:orders"))
		require.False(t, p.HasScope("records:read:users"))
		a, err := db.AccessOf(ctx, p)
		require.NoError(t, err)
		require.True(t, a.Can("workflow.edit"))

		list, err := db.Tokens(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Equal(t, "192.0.2.7", list[0].LastUsedAddress)
		require.Equal(t, clock.Now(), list[0].LastUsedAt.Time())
		first := clock.Now()
		clock.Advance(59 * time.Second)
		_, err = db.Authenticate(ctx, secret)
		require.NoError(t, err)
		list, err = db.Tokens(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, first, list[0].LastUsedAt.Time(), "noted at most once a minute")

		clock.Set(token.ExpiresAt.Time())
		_, err = db.Authenticate(ctx, secret)
		requireCode(t, err, "EXPIRED_TOKEN")
		_, err = db.Authenticate(ctx, secret+"x")
		requireCode(t, err, "INVALID_TOKEN")
		_, err = db.Authenticate(ctx, "")
		requireCode(t, err, "EMPTY_TOKEN")
		_, err = db.TokenBy(ctx, "")
		requireCode(t, err, "EMPTY_TOKEN")
	})
}

func TestToken_LosesWhatItsOwnerLoses(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		ana := hire(t, db, "ana", "designer")
		secret, _, err := newToken(t, db, as(t, db, ana), models.NewToken{UserID: ana.ID, Name: "CI", Role: "designer", Scopes: []string{"schema"}})
		require.NoError(t, err)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.TakeRoles(ctx, tx, models.SystemAccess(), models.RolesFor{UserID: ana.ID, Roles: []string{"designer"}})
			return err
		})
		p, err := db.Authenticate(t.Context(), secret)
		require.NoError(t, err)
		_, err = db.AccessOf(t.Context(), p)
		requireCode(t, err, "ROLE_NOT_ALLOWED")
	})
}

func TestCreateToken_IsBounded(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		withRole(t, db, "keeper", []string{"token.manage"})
		root, admin := hire(t, db, "root", "root"), hire(t, db, "admin", "admin")
		designer, member, keeper := hire(t, db, "designer", "designer"), hire(t, db, "member"), hire(t, db, "keeper", "keeper")
		tasks := []string{"tasks"}
		asToken := as(t, db, admin)
		asToken.Principal = models.Principal{Kind: models.TokenPrincipal, ID: "t", UserID: admin.ID}
		narrowed, err := db.AccessOf(t.Context(), models.Person(designer.ID, "member"))
		require.NoError(t, err)
		tests := []struct {
			name string
			by   models.Access
			in   models.NewToken
			code string
		}{
			{"one's own", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks}, ""},
			{"without the right", as(t, db, member), models.NewToken{UserID: member.ID, Name: "a", Scopes: tasks}, "NO_PERMISSION"},
			{"by a token", asToken, models.NewToken{UserID: admin.ID, Name: "a", Scopes: tasks}, "NO_PERMISSION"},
			{"for somebody else", as(t, db, designer), models.NewToken{UserID: member.ID, Name: "a", Scopes: tasks}, "NO_PERMISSION"},
			{"for somebody below", as(t, db, admin), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks}, ""},
			{"for somebody above", as(t, db, keeper), models.NewToken{UserID: root.ID, Name: "a", Scopes: tasks}, "NO_PERMISSION"},
			{"for nobody", as(t, db, admin), models.NewToken{UserID: 404, Name: "a", Scopes: tasks}, "NOT_FOUND"},
			{"that never expires", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks, Never: true}, "NO_PERMISSION"},
			{"that never expires, with the right", as(t, db, admin), models.NewToken{UserID: admin.ID, Name: "a", Scopes: tasks, Never: true}, ""},
			{"wider than the narrowed session", narrowed, models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks}, "NO_PERMISSION"},
			{"a role one lacks", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks, Role: "admin"}, "ROLE_NOT_ALLOWED"},
			{"a name", as(t, db, designer), models.NewToken{UserID: designer.ID, Scopes: tasks}, "VALIDATION_FAILED"},
			{"no scope", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a"}, "VALIDATION_FAILED"},
			{"an unknown scope", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: []string{"*"}}, "VALIDATION_FAILED"},
			{"a scope cut short", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: []string{"records:read:"}}, "VALIDATION_FAILED"},
			{"more than a year", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks, Life: 400 * 24 * time.Hour}, "VALIDATION_FAILED"},
			{"a negative life", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: tasks, Life: -time.Hour}, "VALIDATION_FAILED"},
			{"all scopes", as(t, db, designer), models.NewToken{UserID: designer.ID, Name: "a", Scopes: models.TokenScopes()}, ""},
		}
		for _, tt := range tests {
			secret, _, err := newToken(t, db, tt.by, tt.in)
			if tt.code == "" {
				require.NoError(t, err, tt.name)
				_, err = db.Authenticate(t.Context(), secret)
				require.NoError(t, err, tt.name)
				continue
			}
			require.Error(t, err, tt.name)
			require.Equal(t, tt.code, models.AsError(err).Code, tt.name)
		}
	})
}

func TestRevokeToken_IsForOwnersAndManagers(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		admin, ana, luis := hire(t, db, "admin", "admin"), hire(t, db, "ana", "designer"), hire(t, db, "luis", "designer")
		for _, by := range []models.User{ana, admin} {
			secret, token, err := newToken(t, db, as(t, db, ana), models.NewToken{UserID: ana.ID, Name: "CI", Scopes: []string{"tasks"}})
			require.NoError(t, err)
			revoke := func(by models.Access) error {
				return change(t, db, func(ctx context.Context, tx *models.Tx) error { return models.RevokeToken(ctx, tx, by, token.ID) })
			}
			requireCode(t, revoke(as(t, db, luis)), "NOT_FOUND")
			asToken := as(t, db, ana)
			asToken.Principal.Kind = models.TokenPrincipal
			requireCode(t, revoke(asToken), "NOT_FOUND")
			_, err = db.Authenticate(t.Context(), secret)
			require.NoError(t, err)
			require.NoError(t, revoke(as(t, db, by)))
			_, err = db.Authenticate(t.Context(), secret)
			requireCode(t, err, "BLOCKED_TOKEN")
			list, err := db.Tokens(t.Context(), ana.ID)
			require.NoError(t, err)
			require.False(t, list[0].RevokedAt().IsZero())
			require.False(t, list[0].Live(db.Now()))
		}
	})
}
