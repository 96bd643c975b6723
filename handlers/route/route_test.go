package route_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"formrail/handlers/route"
	"formrail/models"
)

func line(method, pattern string) route.Route {
	return route.Route{
		Method: method, Pattern: pattern, Auth: route.Bearer, Permission: route.Own("this"), Scope: route.AnyScope, CSRF: route.NoCSRF,
		Rate: route.Read, Body: route.NoBody, Handler: func(*fiber.Ctx) error { return nil },
	}
}

func table(t *testing.T, lines ...route.Route) *route.Table {
	t.Helper()
	out, err := route.NewTable(lines)
	require.NoError(t, err)
	return out
}

// find gives the pattern of the line for a request, and its parameters.
func find(t *testing.T, table *route.Table, request string) (string, route.Match) {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	path, err := route.ParsePath(target)
	require.NoError(t, err, request)
	m := table.Find(method, path)
	if m.Route == nil {
		return "", m
	}
	return m.Route.Method + " " + m.Route.Pattern, m
}

func TestTable_FindsOneLine(t *testing.T) {
	t.Parallel()
	tb := table(t, line("GET", "/"), line("GET", "/things/{key}"), line("GET", "/things/new"), line("POST", "/things/{key}/rename"),
		line("GET", "/files/{rest...}"), line("GET", "/api/{collection}:list"), line("GET", "/api/{collection}:get/{tk}"),
		line("POST", "/api/{collection}:create"), line("POST", "/api/{collection}:update/{tk}"), line("GET", "/api/workflows:list"),
		line("GET", "/api/workflows/{key}/nodes:list"), line("GET", "/api/openapi.json"))
	for request, want := range map[string]string{
		"GET /": "GET /", "HEAD /": "GET /", "GET /things/new": "GET /things/new", "GET /things/7": "GET /things/{key}",
		"POST /things/7/rename": "POST /things/{key}/rename", "POST /things/new/rename": "", "GET /files/a/b.css": "GET /files/{rest...}", "GET /files": "",
		"GET /api/posts:list": "GET /api/{collection}:list", "GET /api/posts": "GET /api/{collection}:list", "GET /api/posts:get/7": "GET /api/{collection}:get/{tk}",
		"GET /api/posts/7": "GET /api/{collection}:get/{tk}", "POST /api/posts": "POST /api/{collection}:create", "PUT /api/posts/7": "POST /api/{collection}:update/{tk}",
		"PATCH /api/posts/7": "POST /api/{collection}:update/{tk}", "DELETE /api/posts/7": "", "GET /api/workflows:list": "GET /api/workflows:list",
		"GET /api/workflows": "GET /api/workflows:list", "GET /api/workflows:get/7": "", "GET /api/workflows/w/nodes:list": "GET /api/workflows/{key}/nodes:list",
		"GET /api/workflows/w/nodes": "GET /api/workflows/{key}/nodes:list", "GET /api/posts:get:7": "", "GET /api/openapi.json": "GET /api/openapi.json", "POST /api/openapi.json": "", "GET /api/posts:list/": "", "GET /things/": "", "GET /nothing": "",
	} {
		got, _ := find(t, tb, request)
		require.Equal(t, want, got, request)
	}
	_, m := find(t, tb, "GET /files/a/b%20c.css")
	require.Equal(t, "a/b c.css", m.Param("rest"))
	_, m = find(t, tb, "GET /api/posts:get/7")
	require.Equal(t, []string{"posts", "7", ""}, []string{m.Param("collection"), m.Param("tk"), m.Param("other")})
	_, m = find(t, tb, "DELETE /api/posts/7")
	require.Equal(t, []string{"GET", "PATCH", "PUT"}, m.Allow)
}

func TestPermission_NamesItself(t *testing.T) {
	t.Parallel()
	require.Equal(t, "workflow.view", route.Right("workflow.view").String())
	require.Equal(t, "data: view", route.Data(models.View).String())
	require.Equal(t, "own: tasks", route.Own("tasks").String())
}

func TestBase_IsAnAddressAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"flows.example.com", "ftp://x", "https://", "https://u:p@x", "https://x/path", "https://x?y", "javascript:alert(1)"} {
		_, err := route.NewBase(bad)
		require.Error(t, err, bad)
	}
	b, err := route.NewBase("https://Flows.Example.com/")
	require.NoError(t, err)
	require.Equal(t, "https://flows.example.com", b.URL())
	require.True(t, b.Secure())
	require.True(t, b.Is("flows.example.com") && b.Is("flows.example.com:443") && !b.Is("flows.example.com:80") && !b.Is("example.com"))
	require.True(t, b.SameOrigin("https://flows.example.com"))
	for _, other := range []string{"http://flows.example.com", "https://flows.example.com.evil.example", "https://flows.example.com/", "null", ""} {
		require.False(t, b.SameOrigin(other), other)
	}
	own, err := route.NewBase("http://127.0.0.1:8080")
	require.NoError(t, err)
	require.True(t, own.Is("localhost:8080") && own.Is("[::1]:8080") && own.SameOrigin("http://localhost:8080"))
	require.False(t, own.Is("localhost:8081") || own.Is("localhost") || own.Is("evil.example:8080") || b.Is("localhost") || own.Is("localhost:8080:8080"))
	none, err := route.NewBase("")
	require.NoError(t, err)
	require.Empty(t, none.URL()+none.Host())
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/api/posts:list", "/api/posts%3Alist?x=%2F", "/%2e%2e/x", "//", "/a;b", "/a%", "/%zz", "/ä", "/a%C3%A4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		p, err := route.ParsePath(target)
		if err != nil {
			return
		}
		for _, part := range p.Parts {
			name := strings.TrimPrefix(part, ":")
			require.NotContains(t, name, "/")
			require.True(t, utf8.ValidString(part))
			require.NotContains(t, []string{".", ".."}, part)
			require.False(t, strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }), "%q", part)
		}
	})
}
