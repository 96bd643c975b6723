package reply_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/reply"
	"formrail/models"
	"formrail/models/text"
)

func TestStatus_EachKindHasOne(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for kind := models.KindInternal; kind <= models.KindUnavailable; kind++ {
		status := reply.StatusOf(models.NewError(kind, "X", text.M("x", "X.")))
		require.False(t, seen[status], "%d", status)
		seen[status] = true
		require.Equal(t, kind == models.KindInternal, status == 500)
	}
}

func TestBody_LeavesOutWhatIsEmpty(t *testing.T) {
	t.Parallel()
	for want, body := range map[string]reply.Body{
		`{"data":null}`: {}, `{}`: {NoData: true}, `{"data":[],"meta":{"count":0}}`: {Data: []any{}, Meta: map[string]any{"count": 0}},
		`{"data":1,"messages":[{"message":"Thank you"}]}`: {Data: int64(1), Messages: []string{"Thank you"}},
	} {
		got, err := body.Bytes()
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}
