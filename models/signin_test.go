package models_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

func TestSignIn_StartsASessionAndLogsBothOutcomes(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		p := models.NewPasswords(db)
		ana := hire(t, db, "ana")
		withPassword(t, db, ana, models.FloorHash(goodPassword))
		ctx := models.WithRequest(t.Context(), models.Request{ID: "req-9", Address: "192.0.2.1"})
		started, err := p.SignIn(ctx, models.SignIn{Account: "ana", Password: goodPassword, Kind: models.APISession})
		require.NoError(t, err)
		require.Equal(t, "192.0.2.1", started.Session.Address)
		who, err := db.Authenticate(ctx, started.Secret)
		require.NoError(t, err)
		require.Equal(t, ana.ID, who.UserID)
		_, err = p.SignIn(ctx, models.SignIn{Account: "my secret typed here", Password: "wrong password", Kind: models.APISession})
		requireCode(t, err, "BAD_SIGN_IN")
		_, err = p.SignIn(ctx, models.SignIn{Account: "ana", Password: "wrong password", Kind: models.APISession})
		requireCode(t, err, "BAD_SIGN_IN")
		rows, err := db.AuditLog(ctx, models.AuditQuery{Action: "signin"})
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, models.AuditRefused, rows[0].Result)
		require.Equal(t, "ana", rows[0].Title)
		require.Empty(t, rows[1].Title, "what a stranger typed is not kept")
		require.Empty(t, rows[1].ObjectID)
		require.Equal(t, models.AuditOK, rows[2].Result)
		require.Equal(t, "req-9", rows[2].RequestID)

		must(t, db, func(_ context.Context, tx *models.Tx) error { return models.SignOut(ctx, tx, started.Session) })
		_, err = db.Authenticate(ctx, started.Secret)
		requireCode(t, err, "INVALID_TOKEN")
	})
}

func TestSignIn_CountsFailuresPerAccountHoweverItIsNamed(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seeded(t, db)
		p := models.NewPasswords(db)
		withPassword(t, db, hire(t, db, "ana"), models.FloorHash(goodPassword))
		try := func(account, password string) error {
			_, err := p.SignIn(t.Context(), models.SignIn{Account: account, Password: password, Kind: models.BrowserSession})
			return err
		}
		for range 3 {
			require.NoError(t, try("ana", goodPassword), "right ones do not count")
		}
		for i := range 5 {
			requireCode(t, try([]string{"ana", "ANA@example.com"}[i%2], "wrong password"), "BAD_SIGN_IN")
		}
		clock.Advance(20 * time.Second)
		err := try("ana", goodPassword)
		requireCode(t, err, "TOO_MANY_ATTEMPTS")
		require.Equal(t, models.KindTooMany, models.AsError(err).Kind)
		require.Equal(t, 40*time.Second, models.AsError(err).RetryAfter)
		clock.Advance(40 * time.Second)
		require.NoError(t, try("ana", goodPassword), "it is never locked for good")
	})
}

func TestTake_CountsAttemptsAtTheSameTime(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		var wait sync.WaitGroup
		results := make(chan error, 20)
		for range 20 {
			wait.Go(func() {
				results <- db.Write(t.Context(), "test", func(tx *models.Tx) error {
					return models.Take(t.Context(), tx, models.SignInLimits("ana", "192.0.2.1")...)
				})
			})
		}
		wait.Wait()
		passed := 0
		for range 20 {
			if err := <-results; err == nil {
				passed++
			} else {
				requireCode(t, err, "TOO_MANY_ATTEMPTS")
			}
		}
		require.Equal(t, 5, passed)
	})
}

func TestSignInLimits_BoundAccountsDaysAndAddresses(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		take := func(account, address string) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				return models.Take(ctx, tx, models.SignInLimits(account, address)...)
			})
		}
		for n := range 30 {
			require.NoError(t, take(fmt.Sprint("person", n), fmt.Sprintf("2001:db8:1:2::%d", n+1)), "one network, many accounts")
		}
		requireCode(t, take("another", "2001:db8:1:2:ffff::1"), "TOO_MANY_ATTEMPTS")
		require.NoError(t, take("another", "2001:db8:1:3::1"), "another network")

		passed := 0
		for clock.Now().Before(modelstest.Start().Add(10 * time.Hour)) {
			clock.Advance(time.Minute)
			for take("slow", "198.51.100.1") == nil {
				passed++
			}
		}
		require.Equal(t, 100, passed, "a day")
		clock.Advance(24 * time.Hour)
		require.NoError(t, take("slow", "198.51.100.1"))

		clock.Advance(72 * time.Hour)
		require.NoError(t, db.CleanSignIns(t.Context()))
		var rows int
		require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM rate_counters").Scan(&rows))
		require.Zero(t, rows)
	})
}

func TestNetwork_IsWhatOneSubscriberHas(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::/64",
		"2001:db8:0:0:ffff::1": "2001:db8::/64", "fe80::1%eth0": "fe80::/64", "": "unknown", "nonsense": "unknown",
	} {
		require.Equal(t, want, models.Network(address), address)
	}
}

func TestLinks_WorkOnceAndReadAlikeOtherwise(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seeded(t, db)
		ana := hire(t, db, "ana")
		link := func(kind models.LinkKind, user int64) (secret string) {
			must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
				secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: kind, UserID: user, Life: time.Hour})
				return err
			})
			return secret
		}
		use := func(kind models.LinkKind, secret string) (id int64, err error) {
			err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
				id, err = models.UseLink(ctx, tx, kind, secret)
				return err
			})
			return id, err
		}
		gone := func(kind models.LinkKind, secret string) string {
			t.Helper()
			_, err := use(kind, secret)
			requireCode(t, err, "LINK_GONE")
			require.Equal(t, err.Error(), db.PeekLink(t.Context(), kind, secret).Error())
			return err.Error()
		}
		replaced, demo := link(models.SetupLink, 0), link(models.DemoLink, ana.ID)
		setup := link(models.SetupLink, 0)
		answer := gone(models.SetupLink, replaced)
		require.Equal(t, answer, gone(models.SetupLink, "never made"))
		require.Equal(t, answer, gone(models.SetupLink, demo), "another kind")
		require.NoError(t, db.PeekLink(t.Context(), models.SetupLink, setup), "looking does not use it up")
		require.NoError(t, db.PeekLink(t.Context(), models.SetupLink, setup))

		var wait sync.WaitGroup
		results := make(chan error, 8)
		for range 8 {
			wait.Go(func() {
				results <- db.Write(t.Context(), "test", func(tx *models.Tx) error {
					_, err := models.UseLink(t.Context(), tx, models.SetupLink, setup)
					return err
				})
			})
		}
		wait.Wait()
		used := 0
		for range 8 {
			if <-results == nil {
				used++
			}
		}
		require.Equal(t, 1, used)
		require.Equal(t, answer, gone(models.SetupLink, setup))

		id, err := use(models.DemoLink, demo)
		require.NoError(t, err)
		require.Equal(t, ana.ID, id)
		late := link(models.DemoLink, ana.ID)
		clock.Advance(time.Hour)
		require.Equal(t, answer, gone(models.DemoLink, late))
		dead := link(models.DemoLink, ana.ID)
		must(t, db, func(ctx context.Context, tx *models.Tx) error {
			return models.DeactivateUser(ctx, tx, models.SystemAccess(), ana.ID)
		})
		require.Equal(t, answer, gone(models.DemoLink, dead))
	})
}

func TestUseLink_IsUndoneWithWhatItWasFor(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		var secret string
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			secret, err = models.CreateLink(ctx, tx, models.NewLink{Kind: models.SetupLink, Life: time.Hour})
			return err
		})
		setUp := func(email string) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				if _, err := models.UseLink(ctx, tx, models.SetupLink, secret); err != nil {
					return err
				}
				_, err := models.CreateRoot(ctx, tx, models.NewUser{Email: email, Password: someHash})
				return err
			})
		}
		requireCode(t, setUp("no address"), "VALIDATION_FAILED")
		require.NoError(t, setUp("root@example.com"), "a wrong form does not spoil the link")
		requireCode(t, setUp("second@example.com"), "LINK_GONE")
	})
}
