package records_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

func key(name, content string) models.IdempotencyKey {
	return models.IdempotencyKey{Principal: "user:1", Method: "POST", Path: "/api/orders:create", Key: name, ContentHash: content}
}

func TestIdempotency_ActsOnceForAKey(t *testing.T) {
	t.Parallel()
	each(t, func(f *fixture) {
		create := func(k models.IdempotencyKey) (*records.Result, error) {
			return f.write(records.Operation{Action: models.Create, Values: parse(f, `{"title": "a"}`), Idempotency: &k})
		}
		first, err := create(key("12345678", "h"))
		require.NoError(f, err)
		again, err := create(key("12345678", "h"))
		require.NoError(f, err)
		require.True(f, again.Replayed)
		require.Equal(f, first.Changes[0].ID, again.Changes[0].ID)
		_, err = create(key("12345678", "other"))
		requireCode(f, err, "IDEMPOTENCY_KEY_REUSED")
		var wg sync.WaitGroup
		ids := make([]string, 16)
		for i := range ids {
			wg.Add(1)
			go func() {
				defer wg.Done()
				result, err := create(key("concurrent", "h"))
				if err != nil {
					f.Errorf("create: %v", err)
					return
				}
				ids[i] = result.Changes[0].ID
			}()
		}
		wg.Wait()
		for _, id := range ids {
			require.Equal(f, ids[0], id)
		}
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM c_orders"))
		_, err = f.write(records.Operation{Action: models.Create, Values: parse(f, `{}`), Idempotency: ptr(key("refused-1", "h"))})
		requireCode(f, err, "REQUIRED")
		require.Equal(f, int64(2), f.number("SELECT COUNT(*) FROM idempotency_keys"), "a refusal is not remembered")
	})
}

func ptr[T any](v T) *T { return &v }

func TestIdempotency_RegisterKnowsWhatRunsAndWhatWasAnswered(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		f := setUp(t, db)
		register := models.NewIdempotency(db)
		k := key("abcdefgh", "h")
		_, known, end, err := register.Begin(f.ctx, k)
		require.NoError(t, err)
		require.False(t, known)
		_, _, _, err = register.Begin(f.ctx, k)
		requireCode(t, err, "IDEMPOTENCY_IN_PROGRESS")
		result, err := f.write(records.Operation{Action: models.Create, Values: parse(t, `{"title": "a"}`), Idempotency: &k})
		require.NoError(t, err)
		end()
		answer, known, _, err := register.Begin(f.ctx, k)
		require.NoError(t, err)
		require.True(t, known)
		require.Zero(t, answer.Status, "saved, but the answer was never stored: it is built again")
		require.Contains(t, answer.Result, fmt.Sprintf(`"ids":["%s"]`, result.Changes[0].ID))
		require.NoError(t, db.StoreReply(f.ctx, k, 200, "body"))
		answer, known, _, err = register.Begin(f.ctx, k)
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, 200, answer.Status)
		require.Equal(t, "body", answer.Body)
		clock.Advance(24*time.Hour + time.Second)
		require.NoError(t, db.ForgetOldAnswers(f.ctx))
		_, known, end, err = register.Begin(f.ctx, k)
		require.NoError(t, err)
		require.False(t, known)
		end()
		for _, bad := range []string{"short", "tab\tinside it", string(make([]byte, 200))} {
			_, _, _, err = register.Begin(f.ctx, key(bad, "h"))
			requireCode(t, err, "BAD_PARAMETER")
		}
	})
}
