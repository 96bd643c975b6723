package inbound_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
	"formrail/models/field"
)

func parsed(t *testing.T, s string) any {
	t.Helper()
	v, err := field.ParseJSON([]byte(s))
	require.NoError(t, err)
	return v
}

func TestTake_GivesTypedValues(t *testing.T) {
	t.Parallel()
	body := parsed(t, `{"a":"12","b":1.50,"c":{"d":[{"e":"1"},{"e":2},{}]},"f.g":"yes","day":"2026-02-28","at":"2026-11-22T10:30:00+01:00","sec":1700000000,"o":{},"l":[1],"n":null,"z":"007","no":"x"}`)
	vars := map[string]any{}
	problems, warnings := inbound.Take("body", []inbound.Declared{
		{Path: "a", Type: "integer"},
		{Path: "b", Alias: "price", Type: "number"},
		{Path: "c.d.e", Type: "numberList", Alias: "es"},
		{Path: `f\.g`, Type: "boolean", Alias: "fg"},
		{Path: "day", Type: "date"},
		{Path: "at", Type: "datetime"},
		{Path: "sec", Type: "datetime"},
		{Path: "o", Type: "object"},
		{Path: "l", Type: "list"},
		{Path: "n", Type: "text"},
		{Path: "z", Type: "text"},
		{Path: "c.d.1.e", Type: "text", Alias: "second"},
		{Path: "no", Type: "integer", Alias: "lost"},
		{Path: "missing.x", Type: "text"},
		{Path: "b", Type: "text", Alias: "asText"},
		{Path: "b", Type: "integer", Alias: "whole"},
	}, body, vars)
	require.Empty(t, problems)
	require.Len(t, warnings, 2)
	require.JSONEq(t, `{"a":12,"price":1.5,"es":[1,2],"fg":true,"day":"2026-02-28","at":"2026-11-22T09:30:00.000Z","sec":"2023-11-14T22:13:20.000Z","o":{},"l":[1],
		"n":null,"z":"007","second":"2","lost":null,"x":null,"asText":"1.5","whole":null}`, shown(t, vars))
}

func TestTake_RefusesWhatIsRequired(t *testing.T) {
	t.Parallel()
	problems, _ := inbound.Take("query", []inbound.Declared{
		{Path: "a", Type: "integer", Required: true}, {Path: "b", Type: "integer", Required: true}, {Path: "c", Type: "integer", Required: true}, {Path: "d", Type: "text", Required: true},
	}, map[string]any{"a": "1", "b": "one", "c": "", "d": ""}, map[string]any{})
	require.Len(t, problems, 2)
	require.Equal(t, []string{"query.b", "query.c"}, []string{problems[0].Field, problems[1].Field})
	require.Equal(t, inbound.Invalid, problems[0].Code)

	vars := map[string]any{}
	problems, _ = inbound.Take("headers", []inbound.Declared{{Path: "X-Shop-Id", Type: "integer", Required: true}}, map[string]any{"x-shop-id": "7"}, vars)
	require.Empty(t, problems)
	require.Equal(t, map[string]any{"XShopId": int64(7)}, vars)
}

func TestParseSample_GivesRows(t *testing.T) {
	t.Parallel()
	s, err := inbound.ParseSample(`{"a":1,"b":{"c":[{"d":2}]}}`)
	require.NoError(t, err)
	require.Equal(t, []inbound.Declared{
		{Path: "a", Alias: "a", Type: "number"}, {Path: "b", Alias: "b", Type: "object"}, {Path: "b.c", Alias: "c", Type: "list"}, {Path: "b.c.d", Alias: "d", Type: "numberList"},
	}, s.Body)
	s, err = inbound.ParseSample("https://x.example/hooks/k?shop=7&tags[]=a")
	require.NoError(t, err)
	require.Equal(t, []inbound.Declared{{Path: "shop", Alias: "shop", Type: "text"}, {Path: "tags", Alias: "tags", Type: "textList"}}, s.Query)
	s, err = inbound.ParseSample(`<o id="1"><id>2</id></o>`)
	require.NoError(t, err)
	require.Equal(t, []inbound.Declared{
		{Path: "o", Alias: "o", Type: "object"}, {Path: "o.@id", Alias: "id", Type: "text"}, {Path: "o.id", Alias: "oId", Type: "text"},
	}, s.Body)
	s, err = inbound.ParseSample("x=1&y.z=2")
	require.NoError(t, err)
	require.Equal(t, []inbound.Declared{{Path: "x", Alias: "x", Type: "text"}, {Path: `y\.z`, Alias: "yZ", Type: "text"}}, s.Body)
	for _, bad := range []string{"", "hello", "{", "<a>", "[]", "https://x.example/"} {
		_, err := inbound.ParseSample(bad)
		require.Error(t, err, bad)
	}
}

// TestParseSample_RowsFindTheirValues reads a sample and then the same values by its rows.
func TestParseSample_RowsFindTheirValues(t *testing.T) {
	t.Parallel()
	body := parsed(t, `{"order no":"A","a.b":{"c":true},"list":[1,2],"mixed":[1,"x"],"deep":[{"x":[{"y":"z"}]}],"none":null}`)
	vars := map[string]any{}
	problems, warnings := inbound.Take("body", inbound.RowsOf(body), body, vars)
	require.Empty(t, problems)
	require.Empty(t, warnings)
	require.JSONEq(t, `{"orderNo":"A","aB":{"c":true},"c":true,"list":[1,2],"mixed":[1,"x"],"deep":[{"x":[{"y":"z"}]}],"x":[{"y":"z"}],"y":["z"],"none":null}`, shown(t, vars))
}
