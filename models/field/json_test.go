package field_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

func TestParseJSON_GivesCanonicalValues(t *testing.T) {
	t.Parallel()
	v, err := field.ParseJSON([]byte(` {"a":[1,-2.50,1e2,true,false,null],"b":{"c":"x\n\u00e4\ud83d\ude00"},"big":9223372036854775808} `))
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"a":   []any{int64(1), dec(t, "-2.5"), dec(t, "100"), true, false, nil},
		"b":   map[string]any{"c": "x\nä😀"},
		"big": dec(t, "9223372036854775808"),
	}, v)
}

func TestParseJSON_RefusesWithPosition(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                         "ends too early (line 1, column 1)",
		`{"a":1,"a":2}`:            `"a" is given twice (line 1, column 8)`,
		"{\n\"a\":tru}":            "Unexpected character 't' (line 2, column 5)",
		`1 2`:                      "more text after the JSON value (line 1, column 3)",
		`[1,]`:                     "Unexpected character ']'",
		`{,}`:                      "Unexpected character ','",
		`[`:                        "ends too early",
		`01`:                       "Unexpected character '1'",
		`1.`:                       "ends too early",
		`-`:                        "ends too early",
		`1e9999`:                   "too large",
		`1e-9999`:                  "too large",
		"\"a\x01\"":                "Unexpected character",
		"\"\xff\"":                 "not valid UTF-8",
		`"\n` + "\xff\"":           "not valid UTF-8",
		`"\ud800"`:                 "half of a character",
		`"\ud800\u0041"`:           "half of a character",
		`"\u12"`:                   "ends too early",
		`"\u12zz"`:                 "four hexadecimal digits",
		`"\x"`:                     "Unexpected character 'x'",
		`"abc`:                     "ends too early",
		strings.Repeat("[", 65):    "more than 64 levels",
		strings.Repeat("[", 1<<20): "more than 64 levels",
		strings.Repeat("9", 5000):  "too large or has too many digits",
		`{"a" 1}`:                  "Unexpected character '1'",
		`{1:2}`:                    "Unexpected character '1'",
		`nul`:                      "Unexpected character 'n'",
		`NaN`:                      "Unexpected character 'N'",
	} {
		_, err := field.ParseJSON([]byte(in))
		var refused *field.JSONError
		require.ErrorAs(t, err, &refused, in)
		require.ErrorContains(t, err, want, in)
	}
	_, err := field.ParseJSON([]byte(strings.Repeat("[", 64) + strings.Repeat("]", 64)))
	require.NoError(t, err)
}

func TestMarshalJSON_WritesCanonicalText(t *testing.T) {
	t.Parallel()
	b, err := field.MarshalJSON(map[string]any{
		"z": nil, "a": []any{int64(1), dec(t, "1.50"), true}, "d": field.Date("2026-11-22"),
		"t": time.Date(2026, 11, 22, 10, 0, 0, 5e6, time.FixedZone("", 3600)), "s": "<a>\"\\\n\x01\xff",
		"o": struct {
			X string `json:"x"`
		}{"<"}, "f": 1.5, "i": 7,
	})
	require.NoError(t, err)
	//nolint:testifylint // the very bytes matter
	require.Equal(t, `{"a":[1,1.5,true],"d":"2026-11-22","f":1.5,"i":7,"o":{"x":"<"},"s":"<a>\"\\\n\u0001`+"\uFFFD"+
		`","t":"2026-11-22T09:00:00.005Z","z":null}`, string(b))
	_, err = field.MarshalJSON(map[string]any{"a": []any{func() {}}})
	require.ErrorIs(t, err, field.ErrNotJSON)
}

func TestEqual_ComparesByValue(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		a, b any
		want bool
	}{
		{int64(1), dec(t, "1.0"), true},
		{dec(t, "1"), int64(2), false},
		{int64(1), "1", false},
		{int64(1), true, false},
		{nil, nil, true},
		{nil, int64(0), false},
		{int64(0), nil, false},
		{"a", "a", true},
		{at, "2026-01-02T03:04:05.000Z", true},
		{field.Date("2026-01-02"), "2026-01-02", true},
		{[]any{int64(1)}, []any{dec(t, "1")}, true},
		{[]any{int64(1)}, []any{int64(1), nil}, false},
		{map[string]any{"a": nil}, map[string]any{}, false},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false},
		{map[string]any{"a": int64(1)}, map[string]any{"a": int64(1)}, true},
		{map[string]any{}, []any{}, false},
	} {
		require.Equal(t, tt.want, field.Equal(tt.a, tt.b), "%v %v", tt.a, tt.b)
	}
}

// FuzzParseJSON: what is accepted, encoding/json accepts too; writing and reading
// again gives an equal value and the same bytes.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e4"]}`, `-0`, `0.10`, `"\ud83d\ude00"`, `[[],{}]`, `1e-400`, "\"\u2028\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := field.ParseJSON(in)
		if err != nil {
			return
		}
		require.True(t, json.Valid(in))
		out, err := field.MarshalJSON(v)
		require.NoError(t, err)
		again, err := field.ParseJSON(out)
		require.NoError(t, err, string(out))
		require.True(t, field.Equal(v, again))
		second, err := field.MarshalJSON(again)
		require.NoError(t, err)
		require.Equal(t, string(out), string(second))
	})
}

func sample(b *testing.B) any {
	v, err := field.ParseJSON([]byte(`{"id":7,"title":"Laptop for Priya","amount":1249.90,"createdAt":"2026-11-22T10:00:00.000Z",
		"user":{"id":3,"name":"Priya Raman","email":"priya@example.com"},"lines":[{"n":1,"sku":"A-1","price":99.5},{"n":2,"sku":"B-2","price":1150.4}]}`))
	require.NoError(b, err)
	return v
}

func BenchmarkMarshalJSON(b *testing.B) {
	v := sample(b)
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = field.AppendJSON(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseJSON(b *testing.B) {
	doc, err := field.MarshalJSON(sample(b))
	require.NoError(b, err)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := field.ParseJSON(doc); err != nil {
			b.Fatal(err)
		}
	}
}
