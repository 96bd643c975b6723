package handlers_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/handlers/reply"
	"formrail/handlers/route"
	"formrail/models"
)

// address fills the parameters of a pattern with something that does not exist.
func address(pattern string) string {
	for strings.Contains(pattern, "{") {
		from, to := strings.Index(pattern, "{"), strings.Index(pattern, "}")
		value := "99999"
		if pattern[from:to+1] == "{collection}" {
			value = "reimbursements"
		}
		pattern = pattern[:from] + value + pattern[to+1:]
	}
	return pattern
}

// somePages are a page and a form, as package web has them.
func somePages(d route.Deps) route.Pages {
	line := route.Route{
		Method: route.GET, Pattern: "/things/{key}", Auth: route.Session, Permission: route.Own("things"), Scope: route.NoScope, CSRF: route.NoCSRF,
		Rate: route.Read, Body: route.NoBody, Handler: func(c *fiber.Ctx) error { return c.SendString("thing " + route.Param(c, "key")) },
	}
	form := line
	form.Method, form.Pattern, form.CSRF, form.Rate, form.Body = route.POST, "/things/{key}/rename", route.Required, route.Write, 1<<10
	form.Handler = func(c *fiber.Ctx) error { return reply.Redirect(c, "/things/7") }
	crash := line
	crash.Pattern, crash.Handler = "/crash", func(*fiber.Ctx) error { panic("boom") }
	return route.Pages{Routes: []route.Route{line, form, crash}, Problem: func(c *fiber.Ctx, e *models.Error) error {
		return c.SendString("<h1>" + e.Code + "</h1>")
	}}
}

func TestRoutes_NobodyComesInWithoutIdentity(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: somePages})
	app.Collection(reimbursements)
	for _, r := range app.Table().Routes() {
		if r.Auth == route.Anyone {
			continue
		}
		a := app.Anonymous().With("Accept", "application/json").Send(r.Method, address(r.Pattern), "", "")
		require.Equal(t, 401, a.Status, "%s %s: %s", r.Method, r.Pattern, a.Body)
		require.Equal(t, "EMPTY_TOKEN", a.Code(), r.Pattern)
		require.Equal(t, "Bearer", a.Header.Get("WWW-Authenticate"), r.Pattern)
	}
}

func TestRoutes_ATokenNeedsTheScopeOfTheLine(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	for _, r := range app.Table().Routes() {
		if r.Auth != route.Bearer || r.Scope == route.AnyScope {
			continue
		}
		want := strings.ReplaceAll(r.Scope, "{collection}", "reimbursements")
		others := slices.DeleteFunc(models.TokenScopes(), func(s string) bool {
			return s == want || strings.HasPrefix(s, "records:") && strings.HasPrefix(want, s[:len(s)-1])
		})
		a := app.API(app.Token(app.Root, others...)).Send(r.Method, address(r.Pattern), "", "")
		require.Equal(t, 403, a.Status, "%s %s: %s", r.Method, r.Pattern, a.Body)
		require.Equal(t, "SCOPE_MISSING", a.Code(), r.Pattern)
		if r.Scope != route.NoToken {
			a = app.API(app.Token(app.Root, want)).Send(r.Method, address(r.Pattern), "", "")
			require.NotEqual(t, 401, a.Status, "%s: %s", r.Pattern, a.Body)
			require.False(t, a.Status == 403 && a.Code() == "SCOPE_MISSING", "%s: %s", r.Pattern, a.Body)
		}
	}
}

func TestRoutes_AMemberIsRefusedWhatNeedsARight(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	member := app.As(app.Person("mia"))
	for _, r := range app.Table().Routes() {
		needs := r.Permission.Right != "" && r.Permission.Right != "task.hold" || r.Permission.Action != ""
		if r.Auth != route.Bearer || !needs {
			continue
		}
		a := member.Send(r.Method, address(r.Pattern), "", "")
		require.Equal(t, 403, a.Status, "%s %s: %s", r.Method, r.Pattern, a.Body)
		require.Equal(t, "NO_PERMISSION", a.Code(), r.Pattern)
	}
}

func TestRoutes_AnotherMethodIsRefusedWithTheRightOnes(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	a := api.Get("/api/reimbursements:create").WantCode(405, "METHOD_NOT_ALLOWED")
	require.Equal(t, "POST", a.Header.Get("Allow"))
	for _, r := range app.Table().Routes() {
		if r.Method == route.Any {
			continue // the workflow behind it says which methods it takes
		}
		for _, method := range []string{"DELETE", "PUT", "OPTIONS", "TRACE"} {
			a := api.Send(method, address(r.Pattern), "", "")
			require.Equal(t, 405, a.Status, "%s %s: %s", method, r.Pattern, a.Body)
			require.Contains(t, a.Header.Get("Allow"), r.Method)
		}
	}
	api.Send("DELETE", "/api/reimbursements", "", "").WantCode(405, "METHOD_NOT_ALLOWED")
	api.With("X-HTTP-Method-Override", "DELETE").Post("/api/reimbursements/1", "").WantCode(405, "METHOD_NOT_ALLOWED")
}

func TestRoutes_AnIncompleteLineStopsTheStart(t *testing.T) {
	t.Parallel()
	whole := somePages(route.Deps{}).Routes
	_, err := route.NewTable(whole)
	require.NoError(t, err)
	for name, spoil := range map[string]func(r *route.Route){
		"auth": func(r *route.Route) { r.Auth = 0 }, "permission": func(r *route.Route) { r.Permission = route.Permission{} },
		"scope": func(r *route.Route) { r.Scope = "" }, "csrf": func(r *route.Route) { r.CSRF = 0 }, "rate": func(r *route.Route) { r.Rate = 0 },
		"body": func(r *route.Route) { r.Body = 0 }, "handler": func(r *route.Route) { r.Handler = nil },
		"token": func(r *route.Route) { r.Method = route.POST },
	} {
		lines := slices.Clone(whole)
		spoil(&lines[0])
		_, err := route.NewTable(lines)
		require.ErrorContains(t, err, name, "/things/{key}")
	}
	_, err = route.NewTable(append(slices.Clone(whole), whole[0]))
	require.ErrorContains(t, err, "twice")
}

func TestRoutes_AnAddressHasOneSpelling(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	for path, status := range map[string]int{
		"/api/reimbursements:list": 200, "/api/reimbursements%3Alist": 200, "/api/reimbursements%3alist": 200,
		"/api/reimbursements:list/": 404, "/api/Reimbursements:list": 200, "/API/reimbursements:list": 404, "/api/reimbursements:LIST": 404,
		"/api//reimbursements:list": 400, "//api/reimbursements:list": 400, "/api/reimbursements:list;x=1": 400, "/api/./reimbursements:list": 400,
		"/api/x/../reimbursements:list": 400, "/api/%2e%2e/reimbursements:list": 400, "/api%2Freimbursements:list": 400, "/api/reimb%75rsements:list": 400,
		"/api/reimbursements:list%00": 400, "/api/reimbursements%253Alist": 400, "/api/reimbursements%3A%3Alist": 400, "/api/reimbursements:list%2F1": 400,
		"/api/reimbursements%3Alist:get": 400, "/api/:list": 404, "/api/reimbursements:": 404, "/api": 404, "/api/": 404,
	} {
		a := raw(t, app, "GET "+path+" HTTP/1.1\r\nHost: "+app.Host+"\r\nAuthorization: Bearer "+app.SignInToken(app.Root)+"\r\nConnection: close\r\n\r\n")
		require.Equal(t, fmt.Sprint(status), statusOf(a), "%s: %s", path, a)
	}
}

func TestRoutes_TheRoleOfTheHeaderOnlyNarrows(t *testing.T) {
	t.Parallel()
	app, _ := start(t)
	mia := app.Person("mia", "designer")
	as := func(lines ...string) string {
		request := "GET /api/workflows:list HTTP/1.1\r\nHost: " + app.Host + "\r\nAuthorization: Bearer " + app.SignInToken(mia) + "\r\nConnection: close\r\n"
		for _, l := range lines {
			request += l + "\r\n"
		}
		return raw(t, app, request+"\r\n")
	}
	require.Equal(t, "200", statusOf(as()))
	require.Equal(t, "200", statusOf(as("X-Role: designer")))
	require.Equal(t, "200", statusOf(as("x-role: designer")))
	require.Contains(t, as("X-Role: member"), "NO_PERMISSION")
	for _, role := range []string{"root", "admin", "", "Designer", "designer,member", "designer ", "*", "unknown", "null", "0", "designer\x00"} {
		a := as("X-Role: " + role)
		if role == "designer " || strings.Contains(role, "\x00") {
			continue // spaces at the end are not part of a value; NUL is no header
		}
		require.Equal(t, "403", statusOf(a), "%q: %s", role, a)
		require.Contains(t, a, "ROLE_NOT_ALLOWED", "%q", role)
	}
	require.Contains(t, as("X-Role: designer", "X-Role: designer"), "ROLE_NOT_ALLOWED")
	require.Contains(t, as("X-Role: designer", "X-Role: root"), "ROLE_NOT_ALLOWED")
}

func TestRoutes_HeadersOfTheRequest(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	require.Equal(t, "abcdefgh-1", api.With("X-Request-Id", "abcdefgh-1").Get("/api/workflows:list").Header.Get("X-Request-Id"))
	require.NotEqual(t, "no spaces!", api.With("X-Request-Id", "no spaces!").Get("/api/workflows:list").Header.Get("X-Request-Id"))
	api.With("X-Timezone", "Mars/Base").Get("/api/workflows:list").WantCode(400, "BAD_PARAMETER")
	api.With("X-Timezone", "Europe/Stockholm").Get("/api/workflows:list").Want(200)
	for _, locale := range []string{"en-GB", "xx", strings.Repeat("-", 5000)} {
		api.With("X-Locale", locale).With("Accept-Language", "yy, en;q=0.5").Get("/api/workflows:list").Want(200)
	}
	app.Anonymous().Get("/api/workflows:list?token=x").WantCode(401, "TOKEN_IN_QUERY")
	app.API("frl_unknown").Get("/api/workflows:list").WantCode(401, "INVALID_TOKEN")
	app.Anonymous().With("Authorization", "Basic eDp5").Get("/api/workflows:list").WantCode(401, "INVALID_TOKEN")
	a := api.Get("/api/workflows:list")
	for name, value := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store", "Server": "",
		"Cross-Origin-Opener-Policy": "same-origin", "Access-Control-Allow-Origin": "",
	} {
		require.Equal(t, value, a.Header.Get(name), name)
	}
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self';")
}

func TestRoutes_ATraceGoesOnInExecutions(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", sayThanks))
	app.Workflow(handlerstest.Workflow{Key: "every", Config: `{"collection": "reimbursements", "mode": "global", "actions": ["create"]}`, Nodes: `[]`})
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	api.With("traceparent", trace).Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "A"}`).Want(200)
	app.Idle()
	found := api.Get("/api/executions:list").Want(200).List()
	require.Len(t, found, 2)
	again := api.With("traceparent", "nonsense").Post(fmt.Sprintf("/api/executions:rerun/%s", found[0]["id"]), "").Want(200).Data()
	run, _ := api.With("traceparent", trace).Post("/api/workflows:execute/every", `{"filterByTk": 1}`).Want(200).Data()["execution"].(map[string]any)
	app.Idle()
	for _, x := range append(found, run) {
		cause, _ := api.Get(fmt.Sprintf("/api/executions:get/%s", x["id"])).Want(200).Data()["cause"].(map[string]any)
		require.Equal(t, trace, cause["traceparent"])
	}
	cause, _ := api.Get(fmt.Sprintf("/api/executions:get/%s", again["id"])).Want(200).Data()["cause"].(map[string]any)
	require.Nil(t, cause["traceparent"], "a re-run belongs to the request that asked for it")
}

func TestSessions_AChangeComesFromOurOwnPage(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: somePages})
	mia := app.Browser(app.Person("mia"))
	require.Equal(t, "thing 7", string(mia.Get("/things/7").Want(200).Body))
	done := mia.Submit("/things/7/rename", nil).Want(303)
	require.Equal(t, "/things/7", done.Header.Get("Location"))
	require.Equal(t, "/things/7", mia.With("HX-Request", "true").Submit("/things/7/rename", nil).Want(204).Header.Get("HX-Redirect"))

	other := app.Browser(app.Person("olga"))
	refused := func(c *handlerstest.Client, form url.Values) {
		t.Helper()
		require.Contains(t, string(c.Submit("/things/7/rename", form).Want(403).Body), "BAD_CSRF")
	}
	refused(mia, url.Values{"_csrf": {""}})
	refused(mia, url.Values{"_csrf": {other.Token()}})
	for _, site := range []string{"cross-site", "same-site", "none"} {
		refused(mia.With("Sec-Fetch-Site", site), nil)
	}
	for _, origin := range []string{"", "null", "https://" + app.Host, "http://evil.example", "http://" + app.Host + ".evil.example", app.URL + "/"} {
		refused(mia.Without("Sec-Fetch-Site").With("Origin", origin), nil)
	}
	mia.Without("Sec-Fetch-Site").Submit("/things/7/rename", nil).Want(303)
	mia.With("X-CSRF-Token", mia.Token()).Submit("/things/7/rename", url.Values{"_csrf": {""}}).Want(303)
}

func TestSessions_ACookieIsNoTokenAndATokenNoCookie(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: somePages})
	mia := app.Person("mia")
	app.Browser(mia).With("Accept", "application/json").Get("/api/roles:check").WantCode(401, "EMPTY_TOKEN")
	app.As(mia).With("Accept", "application/json").Get("/things/7").WantCode(401, "EMPTY_TOKEN")
	browser := app.Browser(mia)
	app.API(browser.Cookie("session")).Get("/api/roles:check").WantCode(401, "INVALID_TOKEN")
	to := app.Visitor().Get("/things/7?x=1").Want(303).Header.Get("Location")
	require.Equal(t, "/sign-in?next=%2Fthings%2F7%3Fx%3D1", to)
	require.Equal(t, "<h1>NOT_FOUND</h1>", string(app.Visitor().Get("/nothing").Want(404).Body))
}

func TestSessions_AreGoneAtOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: somePages})
	mia := app.Person("mia")
	browser, api := app.Browser(mia), app.API(app.Token(mia, "tasks"))
	browser.Get("/things/7").Want(200)
	api.Get("/api/tasks:list").Want(200)
	app.As(app.Root).Post(fmt.Sprintf("/api/users:deactivate/%d", mia.ID), "").Want(200)
	browser.Get("/things/7").Want(303)
	require.Contains(t, []string{"USER_INACTIVE", "BLOCKED_TOKEN"}, api.Get("/api/tasks:list").Want(401).Code())
}

func TestPanics_AreAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Pages: somePages})
	a := app.Browser(app.Root).With("X-Request-Id", "panic-request").Get("/crash").Want(500)
	require.Equal(t, "<h1>INTERNAL</h1>", string(a.Body))
	require.Contains(t, app.Log.String(), "boom")
	require.Equal(t, 1, strings.Count(app.Log.String(), `msg="request failed" request=panic-request`))
}
