package incoming_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
	"formrail/handlers"
	"formrail/handlers/handlerstest"
	"formrail/models"
)

const (
	keep   = `[{"key": "out", "type": "output", "config": {"value": "{{ trigger.body }}"}}]`
	answer = `[{"key": "c", "type": "calculation", "config": {"expression": "trigger.body.n * 2"}},
	  {"key": "r", "type": "response", "config": {"status": 201, "headers": [{"name": "X-Twice", "value": "{{ nodes.c }}"}], "json": {"twice": "{{ nodes.c }}"}}}]`
)

func count(t *testing.T, app *handlerstest.App, query string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, app.DB.Read().QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

// executions is how many there are of all workflows.
func executions(t *testing.T, app *handlerstest.App) int {
	t.Helper()
	return count(t, app, "SELECT COUNT(*) FROM executions")
}

// triggerOf is the trigger data of the newest execution.
func triggerOf(t *testing.T, app *handlerstest.App) string {
	t.Helper()
	var s string
	require.NoError(t, app.DB.Read().QueryRow(context.Background(), "SELECT trigger_data FROM executions ORDER BY number DESC LIMIT 1").Scan(&s))
	return s
}

func hook(app *handlerstest.App, key, config string) {
	app.Workflow(handlerstest.Workflow{Key: key, Type: "webhook", Config: config, Nodes: keep})
}

func TestWebhook_StartsAndAnswers(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "orders", `{"body": [{"path": "order.no", "type": "integer", "alias": "orderNo"}],
		"response": {"status": 202, "body": "took {{ trigger.vars.orderNo }} as {{ system.execution.id }}", "headers": [{"name": "X-Shop", "value": "7"}]}}`)
	c := app.Anonymous()
	for _, path := range []string{"/hooks/orders", "/api/webhook:trigger/orders", "/api/webhook%3Atrigger/orders"} {
		a := c.With("X-Request-Id", "request-0001").With("Cookie", "session=x").Send("POST", path+"?shop=7", "application/json", `{"order":{"no":"12"},"price":0.10}`).Want(202)
		require.Regexp(t, `^took 12 as [0-9A-Z]{26}$`, string(a.Body))
		require.Equal(t, "text/plain; charset=utf-8", a.Header.Get("Content-Type"))
		require.Equal(t, []string{"nosniff", "sandbox", "7"}, []string{
			a.Header.Get("X-Content-Type-Options"), a.Header.Get("Content-Security-Policy"), a.Header.Get("X-Shop"),
		})
	}
	require.Equal(t, 3, executions(t, app))
	data := triggerOf(t, app)
	for _, part := range []string{
		`"vars":{"orderNo":12}`, `"query":{"shop":"7"}`, `"price":0.1`, `"method":"POST"`, `"ip":"127.0.0.1"`, `"principal":"webhook:1"`, `"user":null`,
		`"kind":"external"`, `"x-request-id":"request-0001"`, `"event":"request"`, `"rawBody":"{\"order\"`,
	} {
		require.Contains(t, data, part)
	}
	require.NotContains(t, data, "cookie")
	app.Idle()
	require.Equal(t, 3, count(t, app, "SELECT COUNT(*) FROM executions WHERE status = 'succeeded'"))
}

func TestWebhook_OneAnswerForEveryWrongAddress(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "open", `{}`)
	hook(app, "hidden", `{"secretPath": true}`)
	app.Workflow(handlerstest.Workflow{Key: "off", Type: "webhook", Config: `{}`, Nodes: keep, Disabled: true})
	app.Workflow(handlerstest.Workflow{Key: "other", Type: "http_request", Config: `{"auth": "none"}`, Nodes: keep})
	c, want := app.Anonymous(), ""
	for _, path := range []string{
		"/hooks/none", "/hooks/off", "/hooks/other", "/hooks/hidden", "/hooks/hidden/AAAAAAAAAAAAAAAAAAAAAA", "/hooks/open/token", "/api/webhook:trigger/none",
		"/hooks/Open", "/hooks/1",
	} {
		for _, method := range []string{"POST", "GET", "OPTIONS"} {
			a := c.Send(method, path, "application/json", "").WantCode(404, "NOT_FOUND")
			body, _, _ := strings.Cut(string(a.Body), `"requestId"`)
			if want == "" {
				want = body
			}
			require.Equal(t, want, body, path)
		}
	}
	require.Zero(t, executions(t, app))

	access, err := app.DB.AccessOf(t.Context(), models.Person(app.Root.ID, ""))
	require.NoError(t, err)
	w, err := models.WorkflowByKey(t.Context(), app.DB.Read(), "hidden")
	require.NoError(t, err)
	d, err := app.Engine.DefinitionOf(t.Context(), w, "live")
	require.NoError(t, err)
	path, err := app.Engine.AddressOf(t.Context(), access, w, d)
	require.NoError(t, err)
	require.Regexp(t, `^/hooks/hidden/[A-Za-z0-9_-]{22}$`, path)
	c.Post(path, "{}").Want(200)
	require.NoError(t, app.Engine.RenewAddress(t.Context(), access, "hidden"))
	c.Post(path, "{}").Want(404)
	again, err := app.Engine.AddressOf(t.Context(), access, w, d)
	require.NoError(t, err)
	require.NotEqual(t, path, again)
	c.Post(again, "{}").Want(200)
}

func TestWebhook_Methods(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "post", `{}`)
	hook(app, "all", `{"methods": ["PUT", "GET", "DELETE", "PATCH"]}`)
	c := app.Anonymous()
	for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		a := c.Send(method, "/hooks/post", "", "").Want(405)
		require.Equal(t, "POST", a.Header.Get("Allow"), method)
	}
	for method, want := range map[string]int{"PUT": 200, "GET": 200, "DELETE": 200, "PATCH": 200, "POST": 405, "HEAD": 405, "OPTIONS": 405} {
		c.Send(method, "/hooks/all", "", "").Want(want)
	}
	require.Equal(t, 4, executions(t, app))
}

// refusals counts what the trigger log says was refused for a reason.
func refusals(t *testing.T, app *handlerstest.App, reason string) int {
	t.Helper()
	require.NoError(t, app.Engine.FlushRequests(t.Context()))
	return count(t, app, "SELECT COALESCE(SUM(count), 0) FROM trigger_log WHERE reason = ?", reason)
}

func TestWebhook_NothingIsWrittenBeforeTheSenderIsKnown(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "basic", `{"auth": {"basic": {"user": "shop", "password": "canary-basic"}}}`)
	hook(app, "bearer", `{"auth": {"bearer": {"token": "canary-bearer"}}}`)
	hook(app, "own", `{"auth": {"bearer": {"token": "canary-own", "header": "X-Shop-Key"}}}`)
	hook(app, "both", `{"auth": {"basic": {"user": "shop", "password": "canary-basic"}, "signature": {"preset": "github", "secret": "canary-sign"}}}`)
	before := count(t, app, "SELECT COUNT(*) FROM events")
	c := app.Anonymous()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("shop:canary-basic"))
	for _, bad := range []string{"", "Basic eDp5", basic + "x", "Bearer canary-basic"} {
		a := c.With("Authorization", bad).Post("/hooks/basic", "{").WantCode(401, "UNAUTHENTICATED")
		require.Equal(t, `Basic realm="webhook"`, a.Header.Get("WWW-Authenticate"))
		c.With("Authorization", bad).Post("/hooks/bearer", "{").WantCode(401, "UNAUTHENTICATED")
		c.With("X-Shop-Key", bad).Post("/hooks/own", "{").WantCode(401, "UNAUTHENTICATED")
		c.With("Authorization", bad).Post("/hooks/both", "{").WantCode(401, "UNAUTHENTICATED")
	}
	c.With("Authorization", basic).Post("/hooks/both", "{").WantCode(401, "SIGNATURE_INVALID")
	require.NoError(t, app.Engine.FlushRequests(t.Context()))
	for _, table := range []string{"executions", "request_log", "steps", "wakeups", "change_log", "idempotency_keys"} {
		require.Zero(t, count(t, app, "SELECT COUNT(*) FROM "+table), table)
	}
	require.Equal(t, before, count(t, app, "SELECT COUNT(*) FROM events"))
	require.Equal(t, 16, refusals(t, app, "unauthenticated"))
	require.Equal(t, 1, refusals(t, app, "signature_invalid"))
	require.Equal(t, 5, count(t, app, "SELECT COUNT(*) FROM trigger_log"), "one row for each workflow, reason and minute")

	c.With("Authorization", basic).Post("/hooks/basic", "{}").Want(200)
	c.With("Authorization", "Bearer canary-bearer").Post("/hooks/bearer", "{}").Want(200)
	c.With("X-Shop-Key", "canary-own").Post("/hooks/own", "{}").Want(200)
	sign := inbound.Presets()["github"]
	sign.Secrets = []string{"canary-sign"}
	c.With("Authorization", basic).With("X-Hub-Signature-256", sign.Sign(nil, []byte("{}"))).Post("/hooks/both", "{}").Want(200)
	require.Equal(t, 4, executions(t, app))
}

// TestWebhook_SecretsStayInTheVault looks for canaries in everything that is stored,
// logged or exported.
func TestWebhook_SecretsStayInTheVault(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "both", `{"auth": {"basic": {"user": "shop", "password": "canary-basic"}, "bearer": {"token": "canary-bearer", "header": "X-Shop-Key"},
		"signature": {"preset": "github", "secret": "canary-sign"}}}`)
	sign := inbound.Presets()["github"]
	sign.Secrets = []string{"canary-sign"}
	signed := sign.Sign(nil, []byte(`{"a":1}`))
	api := app.As(app.Root)
	c := app.Anonymous().With("X-Shop-Key", "canary-bearer").With("X-Hub-Signature-256", signed).
		With("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("shop:canary-basic")))
	c.Post("/hooks/both", `{"a":1}`).Want(200)
	api.Post("/api/workflows:commands/both", `{"commands": [{"command": "set_trigger", "args": {"field": "auth", "value":
		{"basic": {"user": "shop", "password": "canary-changed"}}}}]}`).Want(200)
	app.Idle()
	require.NoError(t, app.Engine.FlushRequests(t.Context()))

	noLeaks(t, app, []string{"canary-", base64.StdEncoding.EncodeToString([]byte("shop:canary-basic")), signed},
		"/api/workflows:get/both", "/api/workflows:get/both?appends=nodes,versions", "/api/workflows:export/both", "/api/workflows:diff/both", "/api/executions:list",
		"/api/triggerLog:list", "/api/openapi.json")
	require.NotContains(t, string(api.Get("/api/workflows:export/both").Body), `"secret"`, "files carry no reference either")
}

// noLeaks looks for canaries in all tables, in the log and in what the API answers.
func noLeaks(t *testing.T, app *handlerstest.App, canaries []string, paths ...string) {
	t.Helper()
	found := []string{}
	look := func(where, text string) {
		for _, canary := range canaries {
			if strings.Contains(text, canary) {
				found = append(found, where)
			}
		}
	}
	tables, err := models.Tables(t.Context(), app.DB.Read())
	require.NoError(t, err)
	for _, table := range tables {
		rows, err := app.DB.Read().Query(t.Context(), "SELECT * FROM "+table)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, rows.Scan(into...))
			look(table, fmt.Sprintf("%s", values))
		}
		require.NoError(t, rows.Err())
	}
	look("log", app.Log.String())
	for _, path := range paths {
		look(path, string(app.As(app.Root).Get(path).Want(200).Body))
	}
	require.Empty(t, found)
}

func TestWebhook_SignaturesAreBoundToTime(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "slack", `{"auth": {"signature": {"preset": "slack", "secret": "s-1", "nextSecret": "s-2"}}}`)
	send := func(secret, body string, age time.Duration) *handlerstest.Answer {
		sign := inbound.Presets()["slack"]
		sign.Secrets = []string{secret}
		stamp := strconv.FormatInt(app.Clock.Now().Add(-age).Unix(), 10)
		signed := sign.Sign(inbound.Headers{{Name: "X-Slack-Request-Timestamp", Value: stamp}}, []byte(body))
		return app.Anonymous().With("X-Slack-Request-Timestamp", stamp).With("X-Slack-Signature", signed).Post("/hooks/slack", body)
	}
	send("s-1", `{"a":1}`, 0).Want(200)
	send("s-2", `{"a":2}`, 4*time.Minute).Want(200)
	send("s-2", `{"a":3}`, -4*time.Minute).Want(200)
	send("s-3", `{"a":4}`, 0).WantCode(401, "SIGNATURE_INVALID")
	send("s-1", `{"a":5}`, 6*time.Minute).WantCode(401, "REPLAY_WINDOW")
	send("s-1", `{"a":6}`, -6*time.Minute).WantCode(401, "REPLAY_WINDOW")
	require.Equal(t, 3, executions(t, app))
	again := send("s-1", `{"a":1}`, 0).Want(200)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.Equal(t, 3, executions(t, app), "a signature starts once")
	require.Equal(t, 1, refusals(t, app, "duplicate_key"))
}

func TestWebhook_ContentIsChecked(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "wh", `{"body": [{"path": "n", "type": "integer", "required": true}], "query": [{"path": "q", "type": "integer"}], "maxBody": "64KiB"}`)
	c := app.Anonymous()
	for name, r := range map[string]struct {
		kind, body, code string
		status           int
	}{
		"another type":    {"image/png", "x", "UNSUPPORTED_MEDIA_TYPE", 415},
		"no type":         {"", "x", "UNSUPPORTED_MEDIA_TYPE", 415},
		"broken JSON":     {"application/json", "{", "BAD_JSON", 400},
		"a key twice":     {"application/json", `{"n":1,"n":2}`, "BAD_JSON", 400},
		"deep JSON":       {"application/json", strings.Repeat("[", 1000), "BAD_JSON", 400},
		"bad UTF-8":       {"application/json", "\"\xff\"", "BAD_BODY", 400},
		"a document type": {"application/xml", `<!DOCTYPE a><a/>`, "BAD_BODY", 400},
		"a bad form":      {"application/x-www-form-urlencoded", "a=%zz", "BAD_BODY", 400},
		"a missing value": {"application/json", `{}`, "VALIDATION_FAILED", 400},
		"a wrong value":   {"application/json", `{"n":"x"}`, "VALIDATION_FAILED", 400},
		"too large":       {"application/json", `{"n":1,"x":"` + strings.Repeat("x", 64<<10) + `"}`, "BODY_TOO_LARGE", 413},
		"too many values": {"application/json", `[` + strings.Repeat("1,", 30_000) + `1]`, "VALIDATION_FAILED", 400},
	} {
		a := c.Send("POST", "/hooks/wh", r.kind, r.body)
		require.Equal(t, r.status, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, r.code, a.Code(), name)
		if r.code == "VALIDATION_FAILED" {
			require.Contains(t, string(a.Body), `"field":"body.n"`, name)
		}
	}
	c.With("Content-Encoding", "gzip").Send("POST", "/hooks/wh", "application/json", "{}").WantCode(415, "UNSUPPORTED_MEDIA_TYPE")
	require.Zero(t, executions(t, app))
	c.Send("POST", "/hooks/wh?q=x", "application/x-www-form-urlencoded", "n=7").Want(200)
	require.Equal(t, "ok", string(c.Send("POST", "/hooks/wh", "application/json", `{"n":"8"}`).Want(200).Body), "the usual answer")
	c.Send("POST", "/hooks/wh?q=x", "application/x-www-form-urlencoded", "n=7").Want(200)
	require.Contains(t, triggerOf(t, app), `"vars":{"n":7,"q":null}`)
	require.NoError(t, app.Engine.FlushRequests(t.Context()))
	require.Equal(t, 2, count(t, app, "SELECT COUNT(*) FROM request_log WHERE warnings LIKE '%query.q is no integer%'"))
}

func TestWebhook_LargeBodies(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "large", `{"maxBody": "10MiB"}`)
	hook(app, "small", `{"auth": {"basic": {"user": "a", "password": "b"}}}`)
	c := app.Anonymous()
	of := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	c.Post("/hooks/large", of(9<<20)).Want(200)
	c.Post("/hooks/small", of(1<<20)).WantCode(401, "UNAUTHENTICATED")
	for request, want := range map[string]string{
		"POST /hooks/large 10485761": "413", "POST /hooks/small 1048577": "413", "POST /hooks/none 1048577": "404", "PUT /hooks/small 1048577": "405",
		"POST /hooks/none 999999999999": "404", "POST /hooks/large 99999999999999999999": "400",
	} {
		parts := strings.Fields(request)
		require.Equal(t, want, declared(t, app, parts[0], parts[1], parts[2]), request)
	}
	require.Equal(t, 1, executions(t, app))
}

// declared sends a request that says how large its body is, without the body, and gives
// the status of the answer.
func declared(t *testing.T, app *handlerstest.App, method, path, size string) string {
	t.Helper()
	conn, err := net.Dial("tcp", app.Host)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n", method, path, app.Host, size)
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	return strings.Fields(line)[1]
}

func TestWebhook_RatesAndNetworks(t *testing.T) {
	t.Parallel()
	app := handlerstest.StartWith(t, handlerstest.Options{Config: handlers.Config{Proxies: []string{"127.0.0.1"}, ProxyHeader: "X-Forwarded-For"}})
	hook(app, "rate", `{"rate": 2}`)
	hook(app, "net", `{"auth": {"ips": ["203.0.113.0/24", "2001:db8::/32"]}}`)
	c := app.Anonymous()
	for range 2 {
		c.Post("/hooks/rate", "{}").Want(200)
	}
	a := c.Post("/hooks/rate", "{}").WantCode(429, "RATE_LIMITED")
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	app.Clock.Advance(500 * time.Millisecond)
	c.Post("/hooks/rate", "{}").Want(200)
	c.Post("/hooks/rate", "{}").Want(429)

	for address, want := range map[string]int{"203.0.113.9": 200, "203.0.114.9": 403, "2001:db8::1": 200, "10.0.0.1": 403} {
		c.With("X-Forwarded-For", address).Post("/hooks/net", "{}").Want(want)
	}
	c.Post("/hooks/net", "{}").WantCode(403, "IP_DENIED")
	require.Equal(t, 3, refusals(t, app, "ip_denied"))

	direct := handlerstest.Start(t)
	hook(direct, "net", `{"auth": {"ips": ["203.0.113.0/24"]}}`)
	direct.Anonymous().With("X-Forwarded-For", "203.0.113.9").Post("/hooks/net", "{}").WantCode(403, "IP_DENIED")
}

func TestWebhook_ConditionsAndRepeats(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "paid", `{"condition": "trigger.body.status == \"paid\"", "dedupe": "trigger.headers[\"x-delivery\"]", "response": {"body": "{{ system.execution.id }}"}}`)
	c := app.Anonymous()
	require.Empty(t, c.Post("/hooks/paid", `{"status":"open"}`).Want(200).Body)
	require.Equal(t, 1, refusals(t, app, "condition_false"))
	require.Equal(t, 1, count(t, app, "SELECT COUNT(*) FROM trigger_log WHERE explanation LIKE '%paid%'"), "the sentence that was false")
	c.Post("/hooks/paid", `{"status":{"a":1}}`).Want(200)
	require.Zero(t, executions(t, app))

	first := c.With("X-Delivery", "d-1").Post("/hooks/paid", `{"status":"paid"}`).Want(200)
	again := c.With("X-Delivery", "d-1").Post("/hooks/paid", `{"status":"paid","other":1}`).Want(200)
	require.Equal(t, string(first.Body), string(again.Body), "the first answer again")
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.NotEqual(t, string(first.Body), string(c.With("X-Delivery", "d-2").Post("/hooks/paid", `{"status":"paid"}`).Want(200).Body))
	c.Post("/hooks/paid", `{"status":"paid"}`).Want(200)
	c.Post("/hooks/paid", `{"status":"paid"}`).Want(200)
	require.Equal(t, 4, executions(t, app), "without a value nothing is a repeat")
}

func TestWebhook_TwoAtOnceStartOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	for key, atOnce := range map[string]bool{"later": false, "now": true} {
		nodes := keep
		if atOnce {
			nodes = answer
		}
		app.Workflow(handlerstest.Workflow{Key: key, Type: "webhook", Sync: atOnce, Nodes: nodes, Config: `{"dedupe": "trigger.body.id", "response": {"body": "{{ system.execution.id }}"}}`})
		bodies := make([]string, 16)
		var wg sync.WaitGroup
		for i := range bodies {
			wg.Go(func() { bodies[i] = string(app.Anonymous().Post("/hooks/"+key, `{"id":"one","n":4}`).Body) })
		}
		wg.Wait()
		for _, b := range bodies {
			require.Equal(t, bodies[0], b)
		}
		require.NotEmpty(t, bodies[0])
	}
	require.Equal(t, 2, executions(t, app))
}

func TestWebhook_AnswersAtOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	now := func(key, nodes string) {
		app.Workflow(handlerstest.Workflow{Key: key, Type: "webhook", Sync: true, Config: `{}`, Nodes: nodes})
	}
	now("answer", answer)
	now("output", `[{"key": "o", "type": "output", "config": {"value": "{{ trigger.body.n }}"}}, {"key": "m", "type": "response_message", "config": {"message": "Thanks"}}]`)
	now("last", `[{"key": "c", "type": "calculation", "config": {"expression": "trigger.body.n + 1"}}]`)
	now("ended", `[{"key": "e", "type": "end", "config": {"status": "succeeded"}}]`)
	now("refused", `[{"key": "m", "type": "response_message", "config": {"message": "Too much"}}, {"key": "e", "type": "end", "config": {"status": "failed"}}]`)
	now("broken", `[{"key": "c", "type": "calculation", "config": {"expression": "1 / 0"}}]`)
	now("text", `[{"key": "r", "type": "response", "config": {"body": "text", "text": "<b>{{ trigger.body.n }}</b>", "type": "text/html", "headers": [{"name": "Content-Security-Policy", "value": "default-src 'self'"}]}}]`)
	now("none", `[{"key": "r", "type": "response", "config": {"body": "none", "status": 204}}]`)
	now("injection", `[{"key": "r", "type": "response", "config": {"headers": [{"name": "X-A", "value": "{{ trigger.body.s }}"}]}}]`)
	c := app.Anonymous()
	a := c.Post("/hooks/answer", `{"n":21}`).Want(201)
	require.JSONEq(t, `{"twice":42}`, string(a.Body))
	require.Equal(t, []string{"42", "application/json; charset=utf-8", "sandbox"}, []string{a.Header.Get("X-Twice"), a.Header.Get("Content-Type"), a.Header.Get("Content-Security-Policy")})
	require.JSONEq(t, `{"data":7,"messages":[{"message":"Thanks"}]}`, string(c.Post("/hooks/output", `{"n":7}`).Want(200).Body))
	require.JSONEq(t, `{"data":8}`, string(c.Post("/hooks/last", `{"n":7}`).Want(200).Body))
	require.JSONEq(t, `{"data":null}`, string(c.Post("/hooks/ended", `{}`).Want(200).Body))
	refused := c.Post("/hooks/refused", `{}`).Want(400)
	require.Contains(t, string(refused.Body), `{"errors":[{"message":"Too much"}]`)
	broken := c.Post("/hooks/broken", `{}`).WantCode(500, "WORKFLOW_FAILED")
	require.NotContains(t, string(broken.Body), "DIVISION")
	require.NotContains(t, string(broken.Body), "Saved")
	text := c.Post("/hooks/text", `{"n":7}`).Want(200)
	require.Equal(t, "<b>7</b>", string(text.Body))
	require.Equal(t, []string{"sandbox"}, text.Header.Values("Content-Security-Policy"))
	require.Empty(t, c.Post("/hooks/none", `{}`).Want(204).Body)
	c.Post("/hooks/injection", `{"s":"a\r\nSet-Cookie: b"}`).WantCode(500, "WORKFLOW_FAILED")
	require.Zero(t, count(t, app, "SELECT COUNT(*) FROM executions WHERE status IN ('queued', 'running', 'waiting')"))
}

func TestResponse_AnswersAndGoesOn(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Workflow(handlerstest.Workflow{Key: "later", Type: "webhook", Sync: true, Config: `{"dedupe": "trigger.body.id"}`, Nodes: `[
		{"key": "r", "type": "response", "config": {"status": 202, "body": "text", "text": "got {{ trigger.body.id }}", "continue": true}},
		{"key": "d", "type": "delay", "config": {"for": "1h"}},
		{"key": "c", "type": "calculation", "config": {"expression": "1 / 0"}, "onError": "continue"},
		{"key": "s", "type": "response", "config": {"status": 500}}]`})
	a := app.Anonymous().Post("/hooks/later", `{"id":"d-1"}`).Want(202)
	require.Equal(t, "got d-1", string(a.Body))
	app.Idle()
	require.Equal(t, 1, count(t, app, "SELECT COUNT(*) FROM executions WHERE status = 'waiting' AND sync = 0"))
	again := app.Anonymous().Post("/hooks/later", `{"id":"d-1"}`).Want(202)
	require.Equal(t, "got d-1", string(again.Body))
	app.Clock.Advance(time.Hour + time.Second)
	require.Eventually(t, func() bool { return count(t, app, "SELECT COUNT(*) FROM executions WHERE status = 'succeeded'") == 1 }, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, 1, count(t, app, "SELECT COUNT(*) FROM steps WHERE node = 's' AND status = 'skipped'"))
	require.Equal(t, 1, executions(t, app))
}

func TestRequestLog_KeepsAndForgets(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "wh", `{"keepRequests": 3}`)
	hook(app, "quiet", `{"keepRequests": 0}`)
	for i := range 5 {
		app.Anonymous().With("X-Api-Key", "secret").Post("/hooks/wh", fmt.Sprintf(`{"i":%d}`, i)).Want(200)
		app.Anonymous().Post("/hooks/quiet", `{}`).Want(200)
		app.Clock.Advance(time.Second)
	}
	app.Anonymous().Post("/hooks/wh", "{").Want(400)
	w, err := models.WorkflowByKey(t.Context(), app.DB.Read(), "wh")
	require.NoError(t, err)
	list, err := app.Engine.Requests(t.Context(), models.SystemAccess(), w, "", 10)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, []any{400, "payload_invalid", "{", ""}, []any{list[0].Status, list[0].Reason, list[0].Body, list[0].ExecutionID})
	require.Equal(t, []any{200, "", `{"i":4}`}, []any{list[1].Status, list[1].Reason, list[1].Body})
	require.NotEmpty(t, list[1].ExecutionID)
	require.NotContains(t, list[1].Headers, "x-api-key")
	require.Equal(t, 3, count(t, app, "SELECT COUNT(*) FROM request_log"))
	app.Role("watcher", []string{"execution.view"})
	p := app.Person("wat", "watcher")
	access, err := app.DB.AccessOf(t.Context(), models.Person(p.ID, ""))
	require.NoError(t, err)
	seen, err := app.Engine.Requests(t.Context(), access, w, "", 10)
	require.NoError(t, err)
	require.Empty(t, seen[1].Body, "who may not see payloads sees none")
	require.Empty(t, seen[1].Headers)
}
