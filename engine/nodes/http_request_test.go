package nodes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/node"
	"formrail/models/field"
)

// call runs an HTTP request against answers and gives what was sent, too.
func call(t *testing.T, config map[string]any, answer func(n int, r node.HTTPRequest) (node.HTTPResponse, error)) (node.View, []node.HTTPRequest, error) {
	t.Helper()
	h := &enginetest.HTTP{Answer: answer}
	v, err := enginetest.Run(t, httpRequest, enginetest.Step{Config: config, Caps: enginetest.Caps{HTTP: h}, Vars: vars(map[string]any{
		"id": int64(7), "name": "Jun & Co", "tags": []any{"a", "b"}, "none": nil, "day": field.Date("2026-11-22"), "at": time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		"price": *field.Bound("1.50"), "host": "evil.example.com",
	})})
	return v, h.Requests, err
}

func ok(body string) func(int, node.HTTPRequest) (node.HTTPResponse, error) {
	return func(int, node.HTTPRequest) (node.HTTPResponse, error) { return enginetest.JSONAnswer(200, body), nil }
}

func pair(name string, value any) any { return map[string]any{"name": name, "value": value} }

func header(r node.HTTPRequest, name string) string {
	var out []string
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return strings.Join(out, "|")
}

func TestHTTPRequest_BuildsWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		config            map[string]any
		url, body, accept string
	}{
		{"parameters are encoded, lists repeated, nothing left out", map[string]any{
			"method": "GET", "url": "https://a.example.com/x?k=1",
			"params": []any{pair("q", "{{ trigger.data.name }}"), pair("t", "{{ trigger.data.tags }}"), pair("n", "{{ trigger.data.none }}"), pair("d", "{{ trigger.data.day }}"), pair("at", "{{ trigger.data.at }}"), pair("p", "{{ trigger.data.price }}")},
		}, "https://a.example.com/x?k=1&q=Jun+%26+Co&t=a&t=b&d=2026-11-22&at=2026-11-22T09%3A00%3A00.000Z&p=1.5", "", ""},
		{
			"JSON is built from values",
			map[string]any{"url": "https://a.example.com/{{ trigger.data.id }}", "json": map[string]any{"id": "{{ trigger.data.id }}", "name": `{{ trigger.data.name }}"`, "list": []any{"{{ trigger.data.tags }}"}}},
			"https://a.example.com/7", `{"id":7,"list":[["a","b"]],"name":"Jun & Co\""}`, "application/json",
		},
		{"JSON may be one variable", map[string]any{"url": "https://a.example.com", "json": "{{ trigger.data.tags }}"}, "https://a.example.com", `["a","b"]`, "application/json"},
		{"no JSON is no body", map[string]any{"url": "https://a.example.com"}, "https://a.example.com", "", ""},
		{"a form", map[string]any{"url": "https://a.example.com", "body": "form", "form": []any{pair("n", "{{ trigger.data.name }}"), pair("t", "{{ trigger.data.tags }}")}}, "https://a.example.com", "n=Jun+%26+Co&t=a&t=b", "application/x-www-form-urlencoded"},
		{
			"a form in parts",
			map[string]any{"url": "https://a.example.com", "body": "multipart", "form": []any{pair("t", "{{ trigger.data.tags }}")}, "headers": []any{pair("content-type", "x/y")}},
			"https://a.example.com",
			"--formrail-step-1\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\na\r\n--formrail-step-1\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nb\r\n--formrail-step-1--\r\n", "multipart/form-data; boundary=formrail-step-1",
		},
		{"XML", map[string]any{"url": "https://a.example.com", "body": "xml", "text": "<a>{{ trigger.data.id }}</a>"}, "https://a.example.com", "<a>7</a>", "application/xml; charset=utf-8"},
		{"text with a type of its own", map[string]any{"url": "https://a.example.com", "body": "text", "text": "hi", "headers": []any{pair("content-TYPE", "text/csv")}}, "https://a.example.com", "hi", "text/csv"},
		{"none", map[string]any{"url": "https://a.example.com", "body": "none", "json": map[string]any{"a": int64(1)}}, "https://a.example.com", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, sent, err := call(t, c.config, ok("{}"))
			require.NoError(t, err)
			require.Len(t, sent, 1)
			require.Equal(t, c.url, sent[0].URL)
			require.Equal(t, c.body, string(sent[0].Body))
			require.Equal(t, c.accept, header(sent[0], "Content-Type"))
			require.Equal(t, "step-1", header(sent[0], "Idempotency-Key"))
			require.Equal(t, 10*time.Second, sent[0].Timeout)
			require.Zero(t, sent[0].Redirects)
		})
	}
}

func TestHTTPRequest_ReadsTheAnswer(t *testing.T) {
	t.Parallel()
	answer := func(kind, body string) node.HTTPResponse {
		return node.HTTPResponse{Status: 200, StatusText: "OK", Header: map[string][]string{"content-type": {kind}, "x": {"1", "2"}, "set-cookie": {"a=1", "b=2"}}, Body: []byte(body)}
	}
	for _, c := range []struct {
		name, as string
		answer   node.HTTPResponse
		want     any
		warns    bool
		code     string
	}{
		{"JSON by its type", "auto", answer("application/json; charset=utf-8", `{"a": 0.10}`), map[string]any{"a": *field.Bound("0.1")}, false, ""},
		{"a problem in JSON", "auto", answer("application/problem+json", `[]`), []any{}, false, ""},
		{"no JSON after all", "auto", answer("application/json", `<html>`), "<html>", true, ""},
		{"JSON was wanted", "json", answer("text/plain", `12`), int64(12), false, ""},
		{"JSON was wanted and is none", "json", answer("application/json", `<html>`), nil, false, "ANSWER_UNREADABLE"},
		{"text was wanted", "text", answer("application/json", `[1]`), "[1]", false, ""},
		{"another alphabet", "auto", answer("text/plain; charset=ISO-8859-1", "gr\xfc\xdfe"), "grüße", false, ""},
		{"broken text", "auto", answer("text/plain", "a\xffb"), "a\uFFFDb", false, ""},
		{"a picture", "auto", answer("image/png", "\x89PNG"), nil, true, ""},
		{"no type, but text", "auto", answer("", "hello"), "hello", false, ""},
		{"no type and no text", "auto", answer("", "a\x00b"), nil, true, ""},
		{"nothing", "json", answer("application/json", ""), nil, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, _, err := call(t, map[string]any{"url": "https://a.example.com", "response": c.as}, func(int, node.HTTPRequest) (node.HTTPResponse, error) { return c.answer, nil })
			require.Equal(t, c.code, code(err))
			if err != nil {
				return
			}
			out, _ := v.Output.(map[string]any)
			require.Equal(t, c.want, out["data"])
			require.Equal(t, c.warns, len(v.Warnings) > 0)
			require.Equal(t, map[string]any{"content-type": c.answer.Header["content-type"][0], "x": "1, 2", "set-cookie": "a=1\nb=2"}, out["headers"])
			require.Equal(t, "200 OK", v.Explanation)
		})
	}
}

func TestHTTPRequest_FailsWithTheStatusAndSaysWhatMayHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     int
		retryAfter string
		class      string
		after      time.Duration
	}{
		{429, "7", "http_429", 7 * time.Second},
		{429, enginetest.Now().Add(90 * time.Second).Format("Mon, 02 Jan 2006 15:04:05 GMT"), "http_429", 90 * time.Second},
		{429, enginetest.Now().Add(-time.Hour).Format("Mon, 02 Jan 2006 15:04:05 GMT"), "http_429", 0},
		{503, "120", "http_5xx", 2 * time.Minute},
		{500, "", "http_5xx", 0},
		{599, "soon", "http_5xx", 0},
		{404, "7", "", 0},
		{302, "", "", 0},
		{600, "", "http_5xx", 0},
	} {
		_, _, err := call(t, map[string]any{"url": "https://a.example.com"}, func(int, node.HTTPRequest) (node.HTTPResponse, error) {
			a := enginetest.JSONAnswer(c.status, `{"why":"busy"}`)
			if c.retryAfter != "" {
				a.Header["retry-after"] = []string{c.retryAfter}
			}
			return a, nil
		})
		f := node.AsFailure(err)
		require.Equal(t, "HTTP_STATUS", f.Code)
		require.Equal(t, c.class, f.Class, c.status)
		require.Equal(t, c.after, f.After, c.status)
		details, _ := f.Details.(map[string]any)
		require.Equal(t, int64(c.status), details["status"])
		require.Equal(t, map[string]any{"why": "busy"}, details["data"])
	}
	long := `["` + strings.Repeat("x", 1<<20) + `"]`
	_, _, err := call(t, map[string]any{"url": "https://a.example.com"}, func(int, node.HTTPRequest) (node.HTTPResponse, error) { return enginetest.JSONAnswer(500, long), nil })
	b, err := field.MarshalJSON(node.AsFailure(err).Details)
	require.NoError(t, err)
	require.Less(t, len(b), 70<<10, "a failure keeps a part of a long answer")
}

func TestHTTPRequest_ReadsPages(t *testing.T) {
	t.Parallel()
	page := func(links bool, pages map[string]string) func(int, node.HTTPRequest) (node.HTTPResponse, error) {
		return func(_ int, r node.HTTPRequest) (node.HTTPResponse, error) {
			body, found := pages[strings.TrimPrefix(r.URL, "https://a.example.com/list")]
			if !found {
				return node.HTTPResponse{}, node.Broken("TEST", node.AsFailure(fmt.Errorf("asked for %s", r.URL)).Message)
			}
			a := enginetest.JSONAnswer(200, body)
			if links {
				link, rest, _ := strings.Cut(body, "|")
				a.Body, a.Header["link"] = []byte(rest), []string{link}
			}
			return a, nil
		}
	}
	base := func(more map[string]any) map[string]any {
		c := map[string]any{"method": "GET", "url": "https://a.example.com/list?z=1"}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	for _, c := range []struct {
		name   string
		config map[string]any
		links  bool
		pages  map[string]string
		want   []any
		count  int64
		warns  bool
		code   string
	}{
		{"numbers until a page is empty", map[string]any{"pagination": "page"}, false, map[string]string{"?z=1&page=1": "[1,2]", "?z=1&page=2": "[3]", "?z=1&page=3": "[]"}, []any{int64(1), int64(2), int64(3)}, 3, false, ""},
		{"numbers from 0 until a page is short", map[string]any{"pagination": "page", "pageStart": int64(0), "pageParam": "p", "stop": "short", "pageSize": int64(2)}, false, map[string]string{"?z=1&p=0": "[1,2]", "?z=1&p=1": "[3]"}, []any{int64(1), int64(2), int64(3)}, 2, false, ""},
		{"offsets of a size", map[string]any{"pagination": "offset", "pageSize": int64(2), "itemsPath": "data.0.items"}, false, map[string]string{"?z=1&offset=0": `{"data":[{"items":[1,2]}]}`, "?z=1&offset=2": `{"data":[{"items":[]}]}`}, []any{int64(1), int64(2)}, 2, false, ""},
		{"offsets of what came", map[string]any{"pagination": "offset"}, false, map[string]string{"?z=1&offset=0": `[1,2,3]`, "?z=1&offset=3": `[]`}, []any{int64(1), int64(2), int64(3)}, 2, false, ""},
		{"cursors", map[string]any{"pagination": "cursor", "nextPath": "next", "itemsPath": "items"}, false, map[string]string{"?z=1": `{"items":[1],"next":"x y"}`, "?z=1&cursor=x+y": `{"items":[2],"next":""}`}, []any{int64(1), int64(2)}, 2, false, ""},
		{"a cursor that comes back", map[string]any{"pagination": "cursor", "nextPath": "next", "itemsPath": "items"}, false, map[string]string{"?z=1": `{"items":[1],"next":5}`, "?z=1&cursor=5": `{"items":[2],"next":5}`}, []any{int64(1), int64(2)}, 2, true, ""},
		{"links", map[string]any{"pagination": "link"}, true, map[string]string{"?z=1": `<https://a.example.com/list?z=0>; rel="prev first", <?z=2>; title="a"; rel="last next"|[1]`, "?z=2": `<?z=1>; rel=prev|[2]`}, []any{int64(1), int64(2)}, 2, false, ""},
		{"addresses", map[string]any{"pagination": "next_url", "nextPath": "links.next", "itemsPath": "items"}, false, map[string]string{"?z=1": `{"items":[1],"links":{"next":"https://A.example.com/list?z=2"}}`}, nil, 0, false, "TEST"},
		{"an address elsewhere", map[string]any{"pagination": "next_url", "nextPath": "next", "itemsPath": "items"}, false, map[string]string{"?z=1": `{"items":[1],"next":"https://evil.example.com/list"}`}, nil, 0, false, "EGRESS_BLOCKED"},
		{"an address without encryption", map[string]any{"pagination": "next_url", "nextPath": "next", "itemsPath": "items"}, false, map[string]string{"?z=1": `{"items":[1],"next":"http://a.example.com/list"}`}, nil, 0, false, "EGRESS_BLOCKED"},
		{"no more than allowed", map[string]any{"pagination": "page", "maxPages": int64(2)}, false, map[string]string{"?z=1&page=1": "[1]", "?z=1&page=2": "[2]"}, []any{int64(1), int64(2)}, 2, true, ""},
		{"no list", map[string]any{"pagination": "page"}, false, map[string]string{"?z=1&page=1": `{"a":1}`}, nil, 0, false, "ANSWER_UNREADABLE"},
		{"nothing where items should be", map[string]any{"pagination": "page", "itemsPath": "a.b"}, false, map[string]string{"?z=1&page=1": `{"a":1}`}, []any{}, 1, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, sent, err := call(t, base(c.config), page(c.links, c.pages))
			require.Equal(t, c.code, code(err), "%v", err)
			if err != nil {
				return
			}
			out, _ := v.Output.(map[string]any)
			require.Equal(t, c.want, out["data"])
			require.Equal(t, c.count, out["pages"])
			require.Equal(t, c.warns, len(v.Warnings) > 0)
			keys := map[string]bool{}
			for _, r := range sent {
				keys[header(r, "Idempotency-Key")] = true
			}
			require.Len(t, keys, len(sent), "each page is a call of its own to a receiver that recognises repeats")
			require.True(t, keys["step-1"])
		})
	}
}

func TestHTTPRequest_BoundsItemsAndBytesOfAllPages(t *testing.T) {
	t.Parallel()
	many := "[" + strings.TrimSuffix(strings.Repeat("1,", 6000), ",") + "]"
	config := map[string]any{"method": "GET", "url": "https://a.example.com", "pagination": "page", "maxPages": int64(100), "onlyData": true}
	v, sent, err := call(t, config, ok(many))
	require.NoError(t, err)
	require.Len(t, v.Output, 10_000)
	require.Len(t, sent, 2)
	require.Len(t, v.Warnings, 1)
	heavy := `["` + strings.Repeat("x", 3<<20) + `"]`
	_, sent, err = call(t, config, func(_ int, r node.HTTPRequest) (node.HTTPResponse, error) {
		if len(heavy) > r.MaxBytes {
			return node.HTTPResponse{}, node.Broken("OUTPUT_TOO_LARGE", node.AsFailure(nil).Message)
		}
		return enginetest.JSONAnswer(200, heavy), nil
	})
	require.Equal(t, "OUTPUT_TOO_LARGE", code(err))
	require.Len(t, sent, 4)
}

func TestHTTPRequest_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	with := func(more map[string]any) map[string]any {
		c := map[string]any{"url": "https://a.example.com/x"}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	for _, c := range []struct {
		config map[string]any
		want   []string
	}{
		{with(nil), []string{}},
		{map[string]any{}, []string{"url MISSING"}},
		{with(map[string]any{"url": "ftp://a.example.com"}), []string{"url DEFINITION_INVALID"}},
		{with(map[string]any{"url": "a.example.com"}), []string{"url DEFINITION_INVALID"}},
		{with(map[string]any{"url": "https:///x"}), []string{"url DEFINITION_INVALID"}},
		{with(map[string]any{"url": "https://me:secret@a.example.com"}), []string{"url DEFINITION_INVALID"}},
		{with(map[string]any{"url": "https://a.example.com/{{ trigger.data.host }}?x={{ trigger.data.id }}"}), []string{}},
		{with(map[string]any{"url": "https://{{ trigger.data.host }}/x"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "https://a.example.com{{ trigger.data.host }}/x"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "https://a.example.com:{{ trigger.data.id }}/x"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "{{ trigger.data.host }}"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "{{ trigger.data.host }}/x?y=://a"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "https:{{ trigger.data.host }}"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "https://${nodes.a}/x"}), []string{"url UNTRUSTED_TARGET"}},
		{with(map[string]any{"url": "https://{{ trigger.data.host }}/x", "allowedTargets": "a.example.com, *.example.org"}), []string{}},
		{with(map[string]any{"allowedTargets": "https://a.example.com"}), []string{"allowedTargets DEFINITION_INVALID"}},
		{
			with(map[string]any{"headers": []any{pair("Host", "x"), pair("a b", "x"), pair("idempotency-key", "x"), pair("X", "a\r\nb"), pair("Y", "fine\r\n")}}),
			[]string{"headers.0 DEFINITION_INVALID", "headers.1 DEFINITION_INVALID", "headers.2 DEFINITION_INVALID", "headers.3 DEFINITION_INVALID"},
		},
		{with(map[string]any{"params": []any{pair("", "x")}}), []string{"params.0 MISSING"}},
		{with(map[string]any{"json": `{"a": {{ trigger.data.name }} }`}), []string{"json DEFINITION_INVALID"}},
		{with(map[string]any{"json": `{"a": `}), []string{"json DEFINITION_INVALID"}},
		{with(map[string]any{"json": "Hello {{ trigger.data.name }}"}), []string{"json DEFINITION_INVALID"}},
		{with(map[string]any{"json": " {{ trigger.data.name }} "}), []string{}},
		{with(map[string]any{"method": "GET", "json": map[string]any{"a": int64(1)}}), []string{"body DEFINITION_INVALID"}},
		{with(map[string]any{"method": "GET", "body": "text", "text": "x"}), []string{"body DEFINITION_INVALID"}},
		{with(map[string]any{"timeout": "11m"}), []string{"timeout DEFINITION_INVALID"}},
		{with(map[string]any{"timeout": "10m"}), []string{}},
		{with(map[string]any{"success": "all"}), []string{"success DEFINITION_INVALID"}},
		{with(map[string]any{"success": "300-200"}), []string{"success DEFINITION_INVALID"}},
		{with(map[string]any{"success": "200 – 299, 404"}), []string{}},
		{with(map[string]any{"redirects": int64(4)}), []string{"redirects DEFINITION_INVALID"}},
		{with(map[string]any{"pagination": "cursor"}), []string{"nextPath MISSING"}},
		{with(map[string]any{"pagination": "page", "stop": "short"}), []string{"pageSize MISSING"}},
		{with(map[string]any{"pagination": "page", "response": "text"}), []string{"response DEFINITION_INVALID"}},
		{with(map[string]any{"method": "HEAD", "pagination": "page"}), []string{"pagination DEFINITION_INVALID"}},
		{with(map[string]any{"pagination": "page", "maxPages": int64(101)}), []string{"maxPages DEFINITION_INVALID"}},
	} {
		require.Equal(t, c.want, findings(t, httpRequest, c.config), "%v", c.config)
	}
	require.Equal(t, []string{"node.http"}, httpRequest.Rights(decode(t, httpRequest, with(nil))))
	require.Equal(t, "POST a.example.com/x", httpRequest.Line(decode(t, httpRequest, with(nil)), enginetest.Catalog{}))
}

func TestHTTPRequest_StaysWithinTheListedHosts(t *testing.T) {
	t.Parallel()
	_, sent, err := call(t, map[string]any{"url": "https://{{ trigger.data.host }}/", "allowedTargets": "a.example.com, *.example.org"}, ok("1"))
	require.NoError(t, err)
	require.Equal(t, []string{"a.example.com", "*.example.org"}, sent[0].Hosts, "the client keeps the call and its redirects within them")
}

func TestHTTPRequest_SaysWhatARepeatMeans(t *testing.T) {
	t.Parallel()
	for method, once := range map[string]bool{"GET": false, "HEAD": false, "PUT": false, "DELETE": false, "POST": true, "PATCH": true} {
		for idempotent, want := range map[string]bool{"method": once, "yes": false, "no": true} {
			p := httpRequest.Policy(decode(t, httpRequest, map[string]any{"method": method, "url": "https://a.example.com", "idempotent": idempotent}))
			require.Equal(t, want, p.Once, "%s %s", method, idempotent)
			require.Equal(t, 11*time.Second, p.Timeout)
		}
	}
	p := httpRequest.Policy(decode(t, httpRequest, map[string]any{"url": "https://a.example.com", "pagination": "page", "timeout": "1m", "maxPages": int64(5)}))
	require.Equal(t, 5*time.Minute+time.Second, p.Timeout)
	p = httpRequest.Policy(decode(t, httpRequest, map[string]any{"url": "https://a.example.com", "timeout": "10m"}))
	require.Equal(t, maxHTTPTime, p.Timeout)
}
