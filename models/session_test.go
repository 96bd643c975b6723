package models_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
)

// signedIn starts a session for a person.
func signedIn(t *testing.T, db *models.DB, in models.NewSession) models.Started {
	t.Helper()
	var out models.Started
	must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
		out, err = models.StartSession(ctx, tx, in)
		return err
	})
	return out
}

func TestSession_EndsWhenIdleAndWhenOld(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		stay       bool
		idle, life time.Duration
	}{
		{"for this visit", false, 30 * time.Minute, 12 * time.Hour},
		{"staying signed in", true, 8 * time.Hour, 30 * 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
				seeded(t, db)
				ana := hire(t, db, "ana")
				idle := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession, Stay: tt.stay})
				used := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession, Stay: tt.stay})
				works := func(s models.Started) bool {
					_, err := db.SessionBy(t.Context(), models.BrowserSession, s.Secret)
					if err != nil {
						requireCode(t, err, "EXPIRED_SESSION")
					}
					return err == nil
				}
				start := clock.Now()
				for clock.Now().Add(tt.idle / 2).Before(start.Add(tt.life)) {
					clock.Advance(tt.idle / 2)
					require.True(t, works(used), "in use at %s", clock.Now())
				}
				require.False(t, works(idle))
				clock.Set(start.Add(tt.life))
				require.False(t, works(used), "however much it is used")
				living, err := db.Sessions(t.Context(), ana.ID)
				require.NoError(t, err)
				require.Empty(t, living)
				require.NoError(t, db.CleanSignIns(t.Context()))
				var rows int
				require.NoError(t, db.Read().QueryRow(t.Context(), "SELECT COUNT(*) FROM sessions").Scan(&rows))
				require.Zero(t, rows)
			})
		})
	}
}

func TestSession_IsNotTakenForAnotherKindOrAdopted(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		ana := hire(t, db, "ana")
		browser := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})
		api := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.APISession})
		for name, try := range map[string]struct {
			kind   models.SessionKind
			secret string
			code   string
		}{
			"a bearer in a cookie": {models.BrowserSession, api.Secret, "EXPIRED_SESSION"},
			"a chosen id":          {models.BrowserSession, "chosen-by-somebody", "EXPIRED_SESSION"},
			"the stored hash":      {models.BrowserSession, browser.Session.Hash, "EXPIRED_SESSION"},
			"the shown id":         {models.BrowserSession, browser.Session.PublicID, "EXPIRED_SESSION"},
			"nothing":              {models.BrowserSession, "", "EMPTY_TOKEN"},
		} {
			_, err := db.SessionBy(t.Context(), try.kind, try.secret)
			require.Error(t, err, name)
			require.Equal(t, try.code, models.AsError(err).Code, name)
		}
		_, err := db.Authenticate(t.Context(), browser.Secret)
		requireCode(t, err, "INVALID_TOKEN")
		p, err := db.Authenticate(t.Context(), api.Secret)
		require.NoError(t, err)
		require.Equal(t, models.Person(ana.ID, ""), p)
	})
}

func TestSession_WritesItsUseOnceAMinute(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		seeded(t, db)
		ana := hire(t, db, "ana")
		s := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})
		seen := func() time.Time {
			list, err := db.Sessions(t.Context(), ana.ID)
			require.NoError(t, err)
			require.Len(t, list, 1)
			return list[0].LastSeenAt.Time()
		}
		use := func() {
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					if _, err := db.SessionBy(t.Context(), models.BrowserSession, s.Secret); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
		}
		start := clock.Now()
		clock.Advance(59 * time.Second)
		use()
		require.Equal(t, start, seen())
		clock.Advance(time.Second)
		use()
		require.Equal(t, start.Add(time.Minute), seen())
		u, err := models.UserByID(t.Context(), db.Read(), ana.ID)
		require.NoError(t, err)
		require.Equal(t, start.Add(time.Minute), u.LastSeenAt.Time())
	})
}

func TestSession_ReplacedAndEndedOnesAreGoneAtOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		admin, ana := hire(t, db, "admin", "admin"), hire(t, db, "ana", "designer")
		gone := func(s models.Started) {
			t.Helper()
			_, err := db.SessionBy(t.Context(), models.BrowserSession, s.Secret)
			requireCode(t, err, "EXPIRED_SESSION")
		}
		first := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})
		second := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession, Replaces: first.Session.Hash})
		gone(first)

		var narrowed models.Started
		must(t, db, func(ctx context.Context, tx *models.Tx) (err error) {
			narrowed, err = models.SwitchRole(ctx, tx, second.Session, "designer")
			return err
		})
		gone(second)
		s, err := db.SessionBy(t.Context(), models.BrowserSession, narrowed.Secret)
		require.NoError(t, err)
		require.Equal(t, models.Person(ana.ID, "designer"), s.Principal())
		require.Equal(t, second.Session.ExpiresAt, s.ExpiresAt, "switching does not lengthen a life")
		err = change(t, db, func(ctx context.Context, tx *models.Tx) error {
			_, err := models.SwitchRole(ctx, tx, s, "admin")
			return err
		})
		requireCode(t, err, "ROLE_NOT_ALLOWED")

		third := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession})
		other := signedIn(t, db, models.NewSession{UserID: admin.ID, Kind: models.BrowserSession})
		must(t, db, func(ctx context.Context, tx *models.Tx) error { return models.EndOtherSessions(ctx, tx, s) })
		gone(third)
		list, err := db.Sessions(t.Context(), ana.ID)
		require.NoError(t, err)
		require.Len(t, list, 1)

		end := func(by models.User, s models.Started) error {
			return change(t, db, func(ctx context.Context, tx *models.Tx) error {
				return models.EndListedSession(ctx, tx, as(t, db, by), s.Session.PublicID)
			})
		}
		requireCode(t, end(ana, other), "NOT_FOUND")
		require.NoError(t, end(admin, narrowed))
		gone(narrowed)
		require.NoError(t, end(admin, other))
		gone(other)
	})
}

func TestCSRF_TokenBelongsToOneSession(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *models.DB) {
		seeded(t, db)
		ana := hire(t, db, "ana")
		a := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession}).Session
		b := signedIn(t, db, models.NewSession{UserID: ana.ID, Kind: models.BrowserSession}).Session
		tokens := make([]string, 8)
		var wait sync.WaitGroup
		for i := range tokens {
			wait.Go(func() {
				var err error
				if tokens[i], err = db.CSRFToken(t.Context(), a); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for i, token := range tokens {
			require.NoError(t, db.CheckCSRF(t.Context(), a, token), "the key is made once")
			require.NotContains(t, tokens[:i], token, "no token comes twice")
		}
		requireCode(t, db.CheckCSRF(t.Context(), b, tokens[0]), "BAD_CSRF")
		for _, wrong := range []string{"", "x", tokens[0][1:], tokens[0] + tokens[0], tokens[1][:40] + tokens[0][40:]} {
			requireCode(t, db.CheckCSRF(t.Context(), a, wrong), "BAD_CSRF")
		}
		require.NotContains(t, tokens[0], a.Hash)
	})
}

func TestSession_KnowsWhenThePasswordWasEntered(t *testing.T) {
	t.Parallel()
	now := modelstest.Start()
	s := models.Session{ProvenAt: models.At(now)}
	require.True(t, s.ProvenWithin(15*time.Minute, now.Add(15*time.Minute)))
	require.False(t, s.ProvenWithin(15*time.Minute, now.Add(16*time.Minute)))
}
