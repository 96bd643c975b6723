package secret_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/secret"
)

func TestValue_PrintsAsDots(t *testing.T) {
	t.Parallel()
	v := secret.New("canary-7f3a")
	b, err := json.Marshal(map[string]any{"v": v, "p": &v, "l": []secret.Value{v}})
	require.NoError(t, err)
	all := fmt.Sprint(v, &v, []secret.Value{v}) + fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v) + string(b)
	require.NotContains(t, all, "canary")
	require.Equal(t, "canary-7f3a", v.Reveal())
}

func TestKey_SealsForOnePlace(t *testing.T) {
	t.Parallel()
	k := secret.NewKey()
	s, err := k.Seal(secret.New("canary-7f3a"), "secrets:1")
	require.NoError(t, err)
	require.NotContains(t, string(s.Content)+string(s.Key), "canary")
	v, err := k.Open(s, "secrets:1")
	require.NoError(t, err)
	require.Equal(t, "canary-7f3a", v.Reveal())
	_, err = k.Open(s, "secrets:2")
	require.Error(t, err)
	_, err = secret.NewKey().Open(s, "secrets:1")
	require.Error(t, err)
	for _, part := range [][]byte{s.Key, s.Content} {
		part[len(part)-1] ^= 1
		_, err = k.Open(s, "secrets:1")
		require.Error(t, err)
		part[len(part)-1] ^= 1
	}
	_, err = k.Open(secret.Sealed{}, "secrets:1")
	require.Error(t, err)
}

func TestParseKey_RefusesWeakKeys(t *testing.T) {
	t.Parallel()
	k := secret.NewKey()
	same, err := secret.ParseKey(k.Encode() + "\n")
	require.NoError(t, err)
	require.Equal(t, k, same)
	for _, bad := range []string{"", "secret", strings.Repeat("0", 64), strings.Repeat("ab", 32), k.Encode()[:62], "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"} {
		_, err := secret.ParseKey(bad)
		require.ErrorIs(t, err, secret.ErrWeakKey, bad)
	}
}
