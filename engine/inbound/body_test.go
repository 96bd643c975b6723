package inbound_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"mime/multipart"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
	"formrail/models/field"
)

// shown is a value as JSON, so that expectations are one line.
func shown(t *testing.T, v any) string {
	t.Helper()
	b, err := field.MarshalJSON(v)
	require.NoError(t, err)
	return string(b)
}

func code(err error) string {
	var p *inbound.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestBody_ReadsByContentType(t *testing.T) {
	t.Parallel()
	parts := "--x\r\nContent-Disposition: form-data; name=\"a[0].b\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nä\r\n--x--\r\n"
	for name, c := range map[string]struct{ kind, body, want string }{
		"exact numbers":      {"application/json", `{"a":0.10,"b":12345678901234567890,"c":9007199254740993}`, `{"a":0.1,"b":12345678901234567890,"c":9007199254740993}`},
		"json by its suffix": {"application/cloudevents+json; charset=UTF-8", `[1]`, `[1]`},
		"a byte order mark":  {"application/json", "\ufeff{}", `{}`},
		"nothing":            {"application/json", "", `null`},
		"nothing at all":     {"", "", `null`},
		"white space":        {"application/json", " \n", `null`},
		"a form":             {"application/x-www-form-urlencoded", "a=1&a=2&b[c]=%C3%A4+x", `{"a":["1","2"],"b":{"c":"ä x"}}`},
		"parts":              {"multipart/form-data; boundary=x", parts, `{"a":[{"b":"1"}],"c":"ä"}`},
		"text":               {"text/plain", "{}", `"{}"`},
		"xml": {
			"text/xml", `<?xml version="1.0"?><order id="7"><item>a</item><item n="1">b</item><note>so <b>it</b> is</note><e/></order>`,
			`{"order":{"@id":"7","e":"","item":["a",{"#text":"b","@n":"1"}],"note":{"#text":"so  is","b":"it"}}}`,
		},
		"xml with prefixes": {"application/soap+xml", `<s:a xmlns:s="u"><![CDATA[<x>]]>&lt;</s:a>`, `{"s:a":{"#text":"<x><","@xmlns:s":"u"}}`},
		"prototype keys":    {"application/json", `{"__proto__":{"constructor":1}}`, `{"__proto__":{"constructor":1}}`},
	} {
		v, err := inbound.Body{Type: c.kind, Bytes: []byte(c.body)}.Read()
		require.NoError(t, err, name)
		require.Equal(t, c.want, shown(t, v), name)
	}
}

func TestBody_RefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	file := "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\r\n\xff\xd8\r\n--x--\r\n"
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct{ kind, body, want string }{
		"no type":              {"", "x", inbound.Unsupported},
		"unknown type":         {"image/png", "x", inbound.Unsupported},
		"another alphabet":     {"application/json; charset=latin1", "{}", inbound.Unsupported},
		"a broken type":        {"application/json; charset", "{}", inbound.Unsupported},
		"a key twice":          {"application/json", `{"a":1,"a":2}`, inbound.BadJSON},
		"too deep":             {"application/json", deep(65), inbound.BadJSON},
		"cut off":              {"application/json", `{"a":`, inbound.BadJSON},
		"two values":           {"application/json", `1 2`, inbound.BadJSON},
		"a lone surrogate":     {"application/json", `"\ud800"`, inbound.BadJSON},
		"too many values":      {"application/json", "[" + strings.Repeat("{},", 500_000) + "1]", inbound.BadJSON},
		"bad UTF-8 in JSON":    {"application/json", "\"\xff\"", inbound.BadBody},
		"bad UTF-8 in text":    {"text/plain", "\xc3", inbound.BadBody},
		"bad UTF-8 in a form":  {"application/x-www-form-urlencoded", "a=%ff", inbound.BadBody},
		"bad percent":          {"application/x-www-form-urlencoded", "a=%zz", inbound.BadBody},
		"text and object":      {"application/x-www-form-urlencoded", "a=1&a[b]=2", inbound.BadBody},
		"object and text":      {"application/x-www-form-urlencoded", "a[b]=2&a=1", inbound.BadBody},
		"list and object":      {"application/x-www-form-urlencoded", "a[0]=2&a[b]=1", inbound.BadBody},
		"too large an index":   {"application/x-www-form-urlencoded", "a[1001]=2", inbound.BadBody},
		"too many gaps":        {"application/x-www-form-urlencoded", strings.Repeat("a[1000][]=1&", 1) + "b[1000]=1&c[1000]=1&d[1000]=1&e[1000]=1&f[1000]=1", inbound.BadBody},
		"too deep a key":       {"application/x-www-form-urlencoded", "a" + strings.Repeat("[b]", 16) + "=1", inbound.BadBody},
		"too many parameters":  {"application/x-www-form-urlencoded", strings.Repeat("a=1&", 501), inbound.BadBody},
		"a file":               {"multipart/form-data; boundary=x", file, inbound.Unsupported},
		"no boundary":          {"multipart/form-data", file, inbound.BadBody},
		"parts cut off":        {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nabc", inbound.BadBody},
		"a part without name":  {"multipart/form-data; boundary=x", "--x\r\n\r\nabc\r\n--x--\r\n", inbound.BadBody},
		"a document type":      {"text/xml", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, inbound.BadBody},
		"an entity":            {"text/xml", `<a>&x;</a>`, inbound.BadBody},
		"an outside entity":    {"text/xml", `<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>`, inbound.BadBody},
		"wrong nesting":        {"text/xml", `<a><b></a></b>`, inbound.BadBody},
		"not closed":           {"text/xml", `<a>`, inbound.BadBody},
		"two roots":            {"text/xml", `<a/><b/>`, inbound.BadBody},
		"text outside":         {"text/xml", `<a/>x`, inbound.BadBody},
		"an attribute twice":   {"text/xml", `<a x="1" x="2"/>`, inbound.BadBody},
		"another XML alphabet": {"text/xml", `<?xml version="1.0" encoding="latin1"?><a/>`, inbound.BadBody},
		"too many elements":    {"text/xml", "<a>" + strings.Repeat("<b/>", 10_000) + "</a>", inbound.BadBody},
		"too deep elements":    {"text/xml", strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65), inbound.BadBody},
	} {
		v, err := inbound.Body{Type: c.kind, Bytes: []byte(c.body)}.Read()
		require.Error(t, err, name)
		require.Equal(t, c.want, code(err), name)
		require.Nil(t, v, name)
	}
	_, err := inbound.Body{Type: "application/json", Bytes: []byte(deep(64))}.Read()
	require.NoError(t, err, "64 levels are taken")
}

func TestReadQuery_PutsValuesWhereTheirNamesSay(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                        `{}`,
		"a":                       `{"a":""}`,
		"a=1&&b=":                 `{"a":"1","b":""}`,
		"a[]=1":                   `{"a":["1"]}`,
		"a[]=1&a[]=2&a=3":         `{"a":["1","2","3"]}`,
		"a[1]=x":                  `{"a":[null,"x"]}`,
		"a[0].b=1&a[0].c=2":       `{"a":[{"b":"1","c":"2"}]}`,
		"a[][b]=1&a[][b]=2":       `{"a":[{"b":"1"},{"b":"2"}]}`,
		"a[b][c][]=1":             `{"a":{"b":{"c":["1"]}}}`,
		"a[01]=x":                 `{"a":{"01":"x"}}`,
		"hub.mode=on":             `{"hub.mode":"on"}`,
		"a[=1&b]=2&[c]=3&d[x]y=4": `{"[c]":"3","a[":"1","b]":"2","d[x]y":"4"}`,
		"__proto__[x]=1":          `{"__proto__":{"x":"1"}}`,
		"n=007&t=true&z=null":     `{"n":"007","t":"true","z":"null"}`,
		"a;b=1":                   `{"a;b":"1"}`,
	} {
		got, err := inbound.ReadQuery(in)
		require.NoError(t, err, in)
		require.Equal(t, want, shown(t, got), in)
	}
}

// TestReadQuery_FindsWhatWasWritten writes random trees of texts as parameters and reads
// them again.
func TestReadQuery_FindsWhatWasWritten(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		want := tree(rnd, 0)
		var pairs []string
		for name, v := range want {
			pairs = append(pairs, written(name, v)...)
		}
		rnd.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		got, err := inbound.ReadQuery(strings.Join(pairs, "&"))
		require.NoError(t, err)
		require.Equal(t, shown(t, want), shown(t, got))
	}
}

func tree(rnd *rand.Rand, depth int) map[string]any {
	out := map[string]any{}
	for range 1 + rnd.IntN(3) {
		out["k"+string(rune('a'+rnd.IntN(26)))+" ä&="] = branch(rnd, depth+1)
	}
	return out
}

func branch(rnd *rand.Rand, depth int) any {
	switch n := rnd.IntN(6); {
	case n == 0 && depth < 4:
		return tree(rnd, depth)
	case n == 1 && depth < 4:
		list := make([]any, 1+rnd.IntN(4))
		for i := range list {
			list[i] = branch(rnd, depth+1)
		}
		return list
	}
	return fmt.Sprintf("v%d+%%&", rnd.IntN(1000))
}

func written(name string, v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			out = append(out, written(name+"["+k+"]", e)...)
		}
	case []any:
		for i, e := range v {
			out = append(out, written(fmt.Sprintf("%s[%d]", name, i), e)...)
		}
	case string:
		out = append(out, url.QueryEscape(name)+"="+url.QueryEscape(v))
	}
	return out
}

func TestBody_ListsAreLists(t *testing.T) {
	t.Parallel()
	read := func(body string) string {
		v, err := inbound.Body{Type: "text/xml", Bytes: []byte(body), Lists: []string{"order.item", "order.item.tag", "order.a\\.b"}}.Read()
		require.NoError(t, err)
		return shown(t, v)
	}
	require.JSONEq(t, `{"order":{"item":[{"tag":["x"]}],"a.b":["1"]}}`, read(`<order><item><tag>x</tag></item><a.b>1</a.b></order>`))
	require.JSONEq(t, `{"order":{"z":"","item":[],"a.b":[]}}`, read(`<order><z/></order>`))
}

// TestBody_CostsAreBounded reads the largest hostile bodies that are taken and those that
// are not, and measures what is left in memory.
func TestBody_CostsAreBounded(t *testing.T) { //nolint:paralleltest // it measures memory
	const large = 10 << 20
	fill := func(unit string) []byte { return []byte(strings.Repeat(unit, large/len(unit))) }
	for name, b := range map[string]inbound.Body{
		"empty objects":     {Type: "application/json", Bytes: append(append([]byte("["), fill("{},")...), "1]"...)},
		"open brackets":     {Type: "application/json", Bytes: fill("[")},
		"one long text":     {Type: "application/json", Bytes: append(append([]byte(`"`), fill("x")...), '"')},
		"escapes":           {Type: "application/json", Bytes: append(append([]byte(`"`), fill(`\u0041`)...), '"')},
		"one long number":   {Type: "application/json", Bytes: fill("9")},
		"ampersands":        {Type: "application/x-www-form-urlencoded", Bytes: fill("&")},
		"brackets of a key": {Type: "application/x-www-form-urlencoded", Bytes: append([]byte("a"), fill("[0]")...)},
		"elements":          {Type: "text/xml", Bytes: append([]byte("<a>"), fill("<b/>")...)},
		"open elements":     {Type: "text/xml", Bytes: fill("<a>")},
		"attributes":        {Type: "text/xml", Bytes: append([]byte("<a "), fill(`b="" `)...)},
		"boundaries":        {Type: "multipart/form-data; boundary=x", Bytes: fill("--x\r\n\r\n")},
		"headers of a part": {Type: "multipart/form-data; boundary=x", Bytes: append([]byte("--x\r\n"), fill("A: b\r\n")...)},
		"gaps": {
			Type:  "application/x-www-form-urlencoded",
			Bytes: []byte("a" + strings.Repeat("[1000]", 14) + "=1&" + strings.Repeat("b[1000][1000]=1&", 400)),
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		_, err := b.Read()
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		require.Less(t, took, 20*time.Second, name)
		require.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(160), "%s: MiB for a body of 10, %v", name, err)
	}
}

func TestMultipart_RandomFormsAreFound(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	for range 100 {
		var body bytes.Buffer
		w, want := multipart.NewWriter(&body), map[string]any{}
		for i := range 1 + rnd.IntN(8) {
			value := strings.Repeat("\r\n--ä", rnd.IntN(4)) + fmt.Sprint(rnd.Int())
			want[fmt.Sprintf("f%d", i)] = value
			require.NoError(t, w.WriteField(fmt.Sprintf("f%d", i), value))
		}
		require.NoError(t, w.Close())
		got, err := inbound.Body{Type: w.FormDataContentType(), Bytes: body.Bytes()}.Read()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestBody_WhatIsSmallToWriteAndLargeToHoldIsRefused(t *testing.T) {
	t.Parallel()
	list := func(n int) []byte { return []byte("[" + strings.Repeat(`{"a":1},`, n) + `{}]`) }
	_, err := inbound.Body{Type: "application/json", Bytes: list(10_000)}.Read()
	require.NoError(t, err)
	_, err = inbound.Body{Type: "application/json", Bytes: list(200_000)}.Read()
	require.Equal(t, inbound.BadJSON, code(err), "its objects would take 80 MB")
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":2}]}`, `a[0].b=1&c[]=2`, `<a b="c"><d/>e</a>`, "--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n1\r\n--x--", "\xff"} {
		for kind := range 5 {
			f.Add(kind, []byte(s))
		}
	}
	kinds := []string{"application/json", "application/x-www-form-urlencoded", "text/xml", "multipart/form-data; boundary=x", "text/plain"}
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		v, err := inbound.Body{Type: kinds[uint(kind)%uint(len(kinds))], Bytes: body, Lists: []string{"a.b"}}.Read()
		if err != nil {
			require.Contains(t, []string{inbound.BadBody, inbound.BadJSON, inbound.Unsupported}, code(err))
			return
		}
		first, err := field.MarshalJSON(v)
		require.NoError(t, err, "what was read has a canonical form")
		again, err := field.ParseJSON(first)
		require.NoError(t, err)
		require.Equal(t, string(first), shown(t, again))
		inbound.RowsOf(v)
	})
}
