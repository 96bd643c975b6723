package eventfilter_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/eventfilter"
	"formrail/models/field"
)

func envelope(t *testing.T) map[string]any {
	t.Helper()
	v, err := field.ParseJSON([]byte(`{"event":"resource.ResourceUpdated","resource":{"type":"orders","id":42,"status":"paid","amount":12.50,"open":true,"note":null,
		"a.b":"dotted","lines":[{"sku":"x"},{"sku":"y"}],"tags":["red","green"]},"user":{"id":3},"changed":["status"]}`))
	require.NoError(t, err)
	m, ok := v.(map[string]any)
	require.True(t, ok)
	return m
}

func TestFilter_ComparesPropertiesWithPatterns(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]bool{
		`{}`:                                   true,
		`{"event":"resource.ResourceUpdated"}`: true,
		`{"event":"resource.*","resource.type":"orders"}`: true,
		`{"event":"resource.Created"}`:                    false,
		`{"event":"resource"}`:                            false,
		`{"resource.type":"Orders"}`:                      false,
		`{"resource.type":"itemsvc.*"}`:                   true,
		`{"resource.type":"itemsvc.orders"}`:              true,
		`{"resource.type":"itemsvc.invoices"}`:            false,
		`{"resource.id":42}`:                              true,
		`{"resource.id":"42"}`:                            true,
		`{"resource.id":"4*"}`:                            true,
		`{"resource.amount":12.5}`:                        true,
		`{"resource.amount":"12.50"}`:                     false,
		`{"resource.open":true}`:                          true,
		`{"resource.open":"true"}`:                        true,
		`{"resource.note":"*"}`:                           false,
		`{"resource.nothing":"*"}`:                        false,
		`{"resource":"*"}`:                                false,
		`{"resource.a\\.b":"dotted"}`:                     true,
		`{"resource.lines.sku":"y"}`:                      true,
		`{"resource.lines.sku":"z"}`:                      false,
		`{"resource.tags":"gr*n"}`:                        true,
		`{"resource.tags":["blue","red"]}`:                true,
		`{"resource.tags":["blue","grey"]}`:               false,
		`{"user._id":3}`:                                  true,
		`{"changed":"status","resource.status":"paid"}`:   true,
		`{"changed":"amount","resource.status":"paid"}`:   false,
	} {
		v, err := field.ParseJSON([]byte(filter))
		require.NoError(t, err, filter)
		m, _ := v.(map[string]any)
		f, problems := eventfilter.New(m)
		require.Empty(t, problems, filter)
		require.Equal(t, want, f.Match(envelope(t)), filter)
	}
	for _, wrong := range []string{`{"resource.id":{"a":1}}`, `{"resource.id":null}`, `{"":"x"}`, `{"resource..id":"x"}`} {
		v, err := field.ParseJSON([]byte(wrong))
		require.NoError(t, err)
		m, _ := v.(map[string]any)
		_, problems := eventfilter.New(m)
		require.NotEmpty(t, problems, wrong)
	}
}

func TestFilter_KnowsWhatMustBeExact(t *testing.T) {
	t.Parallel()
	f, _ := eventfilter.New(map[string]any{"resource.type": "orders", "resource.id": int64(7), "event": "resource.*", "user.id": []any{"1", "2"}})
	for _, c := range []struct {
		path  []string
		value string
		ok    bool
	}{
		{[]string{"resource", "type"}, "orders", true},
		{[]string{"resource", "id"}, "7", true},
		{[]string{"event"}, "", false},
		{[]string{"user", "id"}, "", false},
		{[]string{"changed"}, "", false},
	} {
		value, ok := f.Exact(c.path...)
		require.Equal(t, c.ok, ok, c.path)
		require.Equal(t, c.value, value)
	}
}

// TestLike_DoesWhatARegularExpressionDoes compares with the regular expression that says
// the same.
func TestLike_DoesWhatARegularExpressionDoes(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Log("seed", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	letters := []string{"a", "b", ".", "*", `\*`, `\`, "ü"}
	word := func(n int) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for range 20_000 {
		pattern, s := word(7), strings.ReplaceAll(word(9), `\*`, "*")
		var re strings.Builder
		for rest := pattern; rest != ""; {
			switch {
			case strings.HasPrefix(rest, `\*`):
				re.WriteString(`\*`)
				rest = rest[2:]
			case rest[0] == '*':
				re.WriteString(`(?s:.*)`)
				rest = rest[1:]
			default:
				n := 1
				for n < len(rest) && rest[n] >= 0x80 && rest[n] < 0xC0 {
					n++
				}
				re.WriteString(regexp.QuoteMeta(rest[:n]))
				rest = rest[n:]
			}
		}
		want := regexp.MustCompile(`\A` + re.String() + `\z`).MatchString(s)
		require.Equal(t, want, eventfilter.Like(pattern, s), "%q %q", pattern, s)
	}
}
