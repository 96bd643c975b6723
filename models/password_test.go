package models_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

const goodPassword = "quiet river at seven"

// withPassword gives a person a password.
func withPassword(t *testing.T, db *models.DB, u models.User, hash models.PasswordHash) {
	t.Helper()
	must(t, db, func(ctx context.Context, tx *models.Tx) error {
		return models.SetPassword(ctx, tx, models.SystemAccess(), models.PasswordOf{UserID: u.ID, Hash: hash})
	})
}

func storedHash(t *testing.T, db *models.DB, u models.User) (h models.PasswordHash) {
	t.Helper()
	require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT password_hash FROM users WHERE id = ?", u.ID).Scan(&h))
	return h
}

func TestPasswordRules_AskForLengthAndNothingElse(t *testing.T) {
	t.Parallel()
	for password, ok := range map[string]bool{
		goodPassword: true, "aaaa bbbb cccc": true, "密码密码密码密码密码密码": true, strings.Repeat("x1", 64): true,
		"elevenchars": false, strings.Repeat("x1", 64) + "y": false, "password1234": false, "PassWord1234": false, "  password1234 ": false,
		"123456789012": false, "bad\xffutf8 bytes": false, "": false,
	} {
		err := models.CheckPasswordRules(password)
		require.Equal(t, ok, err == nil, "%q: %v", password, err)
		if !ok {
			requireCode(t, err, "BAD_PASSWORD")
		}
	}
}

func TestPasswords_CheckFindsThePersonAndNobodyElse(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		p := models.NewPasswords(db)
		ana, invited := hire(t, db, "ana"), hire(t, db, "invited")
		hash, err := p.Hash(t.Context(), goodPassword)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(hash), "$argon2id$v=19$m=47104,t=1,p=1$"), hash)
		withPassword(t, db, ana, hash)
		for _, account := range []string{"ana", "ANA", " ana@example.com", "Ana@Example.com"} {
			u, err := p.Check(t.Context(), account, goodPassword)
			require.NoError(t, err, account)
			require.Equal(t, ana.ID, u.ID)
		}
		refused := func(account, password string) string {
			_, err := p.Check(t.Context(), account, password)
			require.Error(t, err)
			return err.Error()
		}
		wrong := refused("ana", goodPassword+"!")
		require.Contains(t, wrong, "BAD_SIGN_IN")
		require.Equal(t, wrong, refused("nobody", goodPassword), "unknown reads like wrong")
		require.Equal(t, wrong, refused("", ""))
		require.Equal(t, wrong, refused("no\x00body\xff@x", goodPassword))
		require.Equal(t, wrong, refused("invited", "not a hash"), "nobody signs in without a real hash")
		require.Equal(t, wrong, refused(invited.Email, ""))

		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), ana.ID)
		})
		require.Contains(t, refused("ana", goodPassword), "USER_INACTIVE")
		require.Equal(t, wrong, refused("ana", "wrong password"), "a wrong password does not tell who has left")
	})
}

func TestPasswords_ReplaceWeakHashesAndRefuseTooWeakOnes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		p := models.NewPasswords(db)
		ana := hire(t, db, "ana")
		withPassword(t, db, ana, models.FloorHash(goodPassword))
		require.True(t, models.IsWeak(storedHash(t, db, ana)))
		_, err := p.Check(t.Context(), "ana", "wrong password")
		requireCode(t, err, "BAD_SIGN_IN")
		require.True(t, models.IsWeak(storedHash(t, db, ana)))
		_, err = p.Check(t.Context(), "ana", goodPassword)
		require.NoError(t, err)
		renewed := storedHash(t, db, ana)
		require.False(t, models.IsWeak(renewed))
		_, err = p.Check(t.Context(), "ana", goodPassword)
		require.NoError(t, err)
		require.Equal(t, renewed, storedHash(t, db, ana), "once")

		require.NoError(t, p.Renew(t.Context(), ana.ID, models.FloorHash(goodPassword), goodPassword))
		require.Equal(t, renewed, storedHash(t, db, ana), "a hash that was changed meanwhile stays")

		withPassword(t, db, ana, models.TooWeakHash(goodPassword))
		_, err = p.Check(t.Context(), "ana", goodPassword)
		requireCode(t, err, "BAD_SIGN_IN")
	})
}

func TestPasswords_UnknownPeopleCostAsMuchAsKnownOnes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		p := models.NewPasswordsWaiting(db, time.Millisecond)
		withPassword(t, db, hire(t, db, "ana"), models.FloorHash(goodPassword))
		// With both slots taken, whoever wants to compute has to wait: so an
		// answer of SIGN_IN_BUSY proves that an account is computed at all.
		release := p.Occupy()
		for _, account := range []string{"ana", "nobody", "nobody@example.com", ""} {
			_, err := p.Check(t.Context(), account, goodPassword)
			require.Error(t, err)
			require.Equal(t, "SIGN_IN_BUSY", models.AsError(err).Code, account)
			require.Equal(t, 5*time.Second, models.AsError(err).RetryAfter)
		}
		release()
		_, err := p.Check(t.Context(), "ana", goodPassword)
		require.NoError(t, err)
	})
}

func TestPasswords_WaitForASlotAndGoOnWhenOneIsFree(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	p := models.NewPasswordsWaiting(db, time.Minute)
	release := p.Occupy()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Hash(ctx, goodPassword)
	require.ErrorIs(t, err, context.Canceled)
	var done atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if _, err := p.Hash(t.Context(), goodPassword); err == nil {
				done.Add(1)
			}
		})
	}
	require.Zero(t, done.Load())
	release()
	wait.Wait()
	require.Equal(t, int32(4), done.Load())
}

func TestSetPassword_NeedsTheRightsOfThePerson(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		root, admin, ana := hire(t, db, "root", "root"), hire(t, db, "admin", "admin"), hire(t, db, "ana")
		s := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})
		set := func(by, of models.User) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				return models.SetPassword(ctx, tx, as(t, db, by), models.PasswordOf{UserID: of.ID, Hash: someHash})
			})
		}
		requireCode(t, set(ana, admin), "NO_PERMISSION")
		requireCode(t, set(admin, root), "NO_PERMISSION")
		require.NoError(t, set(admin, ana))
		_, err := db.SessionBy(t.Context(), models.BrowserSession, s.Secret)
		requireCode(t, err, "EXPIRED_SESSION")
	})
}

func TestPasswords_ChangeEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		p := models.NewPasswords(db)
		ana := hire(t, db, "ana", "designer")
		withPassword(t, db, ana, models.FloorHash(goodPassword))
		here := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession, Role: "designer", Stay: true})
		there := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})

		_, err := p.Change(t.Context(), models.NewPassword{Session: here.Session, Current: "wrong password", New: "another long one"})
		requireCode(t, err, "BAD_SIGN_IN")
		_, err = p.Change(t.Context(), models.NewPassword{Session: here.Session, Current: goodPassword, New: "short"})
		requireCode(t, err, "BAD_PASSWORD")
		_, err = db.SessionBy(t.Context(), models.BrowserSession, here.Secret)
		require.NoError(t, err)

		fresh, err := p.Change(t.Context(), models.NewPassword{Session: here.Session, Current: goodPassword, New: "another long one"})
		require.NoError(t, err)
		for _, old := range []models.Started{here, there} {
			_, err = db.SessionBy(t.Context(), models.BrowserSession, old.Secret)
			requireCode(t, err, "EXPIRED_SESSION")
		}
		s, err := db.SessionBy(t.Context(), models.BrowserSession, fresh.Secret)
		require.NoError(t, err)
		require.Equal(t, "designer", s.ActiveRole)
		require.Equal(t, int64(1), s.Stay)
		_, err = p.Check(t.Context(), "ana", goodPassword)
		requireCode(t, err, "BAD_SIGN_IN")
		_, err = p.Check(t.Context(), "ana", "another long one")
		require.NoError(t, err)
	})
}
