package bind_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/bind"
)

func TestParams_ReadWhatABodySays(t *testing.T) {
	t.Parallel()
	p := bind.ParamsOf(map[string]any{"n": int64(7), "flag": true, "list": []any{"a", int64(2)}, "text": "a,b", "object": map[string]any{"x": nil}, "null": nil})
	require.Equal(t, 7, p.Number("n", 0, 1, 10))
	require.True(t, p.Flag("flag", false))
	require.Equal(t, []string{"a", "2"}, p.List("list"))
	require.Equal(t, "a,b", p.Raw("text"))
	require.Equal(t, []string{"a", "b"}, p.List("text"))
	require.Equal(t, map[string]any{"x": nil}, p.Object("object"))
	require.Empty(t, p.Raw("null"))
	require.Nil(t, p.Optional("missing"))
	require.NoError(t, p.Only())
}

func TestParams_SayWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(p *bind.Params){
		"a number that is too large": func(p *bind.Params) { p.Number("n", 0, 1, 10) },
		"a text that is no number":   func(p *bind.Params) { p.Number("text", 0, 1, 10) },
		"a text that is no flag":     func(p *bind.Params) { p.Flag("text", false) },
		"a text that is no object":   func(p *bind.Params) { p.Object("text") },
		"an object that is no text":  func(p *bind.Params) { p.Raw("object") },
		"an object that is no list":  func(p *bind.Params) { p.List("object") },
		"a list in a list":           func(p *bind.Params) { p.List("deep") },
		"another word":               func(p *bind.Params) { p.One("text", "x", "y") },
	} {
		p := bind.ParamsOf(map[string]any{"n": int64(70), "text": "ab", "object": map[string]any{}, "deep": []any{[]any{}}})
		read(p)
		require.Error(t, p.Err(), name)
	}
	p := bind.ParamsOf(map[string]any{"known": "x", "other": "y"})
	p.Raw("known")
	require.ErrorContains(t, p.Only(), "other")
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"a=1&a=2", "a[]=1", "a=%", "a;b", "%00=1", "a=%ff", strings.Repeat("a=1&", 2000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		form, err := bind.ReadQuery(s)
		if err != nil {
			return
		}
		n := 0
		for name, list := range form {
			require.NotContains(t, name, "\x00")
			n += len(list)
		}
		require.LessOrEqual(t, n, 1000)
		again, err := bind.ReadQuery(url.Values(form).Encode())
		require.NoError(t, err)
		require.Equal(t, form, again)
	})
}
