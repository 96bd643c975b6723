package incoming_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
	"formrail/handlers/handlerstest"
	"formrail/models"
)

const params = `"params": [
	{"name": "amount", "type": "number", "required": true, "min": 0.01, "max": 1000},
	{"name": "code", "type": "text", "pattern": "[A-Z]{3}", "default": "EUR"},
	{"name": "page", "in": "query", "type": "integer", "default": "1"},
	{"name": "X-Tenant", "in": "header", "type": "text"}]`

func endpoint(app *handlerstest.App, key, config string, atOnce bool) {
	app.Workflow(handlerstest.Workflow{
		Key: key, Type: "http_request", Sync: atOnce, Config: config,
		Nodes: `[{"key": "o", "type": "output", "config": {"value": "{{ trigger.params }}"}}]`,
	})
}

func TestEndpoint_ChecksItsContract(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	endpoint(app, "pay", `{"key": {"value": "canary-key"}, "successStatus": 201, `+params+`}`, true)
	c := app.Anonymous()
	c.Post("/api/http:trigger/pay", `{"amount":1}`).WantCode(401, "UNAUTHENTICATED")
	c = c.With("X-Api-Key", "canary-key")
	a := c.With("X-Tenant", "acme").Post("/api/http:trigger/pay?page=3", `{"amount":"12.50","code":"USD","other":true}`).Want(201)
	require.JSONEq(t, `{"data":{"amount":12.5,"code":"USD","page":3,"X-Tenant":"acme"}}`, string(a.Body))
	require.JSONEq(t, `{"data":{"amount":1,"code":"EUR","page":1,"X-Tenant":null}}`, string(c.Post("/api/http:trigger/pay", `{"amount":1}`).Want(201).Body))
	for body, field := range map[string]string{
		`{}`: "amount", `{"amount":0}`: "amount", `{"amount":1000.01}`: "amount", `{"amount":"x"}`: "amount", `{"amount":{}}`: "amount", `{"amount":1,"code":"eu"}`: "code",
		`[]`: "amount", ``: "amount",
	} {
		a := c.Post("/api/http:trigger/pay", body).WantCode(400, "VALIDATION_FAILED")
		require.Contains(t, string(a.Body), fmt.Sprintf(`"field":%q`, field), body)
	}
	c.Post("/api/http:trigger/pay?page=x", `{"amount":1}`).WantCode(400, "VALIDATION_FAILED")
	require.Equal(t, 2, executions(t, app))
	require.NotContains(t, triggerOf(t, app), "canary")
	c.Post("/hooks/pay", `{"amount":1}`).Want(404)
}

func TestEndpoint_TellsHowItGoes(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	endpoint(app, "later", `{"auth": "basic", "basic": {"user": "a", "password": "b"}, `+params+`}`, false)
	endpoint(app, "other", `{"auth": "none"}`, false)
	c := app.Anonymous().With("Authorization", "Basic YTpi")
	a := c.Post("/api/http:trigger/later", `{"amount":1}`).Want(202)
	id := fmt.Sprint(a.Data()["execution"].(map[string]any)["id"]) //nolint:forcetypeassert // of the test
	require.Equal(t, "/api/http:status/later/"+id, a.Header.Get("Location"))
	app.Idle()
	got := c.Get(a.Header.Get("Location")).Want(200).Data()
	require.Equal(t, []any{id, "succeeded"}, []any{got["id"], got["status"]})
	require.Contains(t, fmt.Sprint(got["output"]), "EUR")
	app.Anonymous().Get(a.Header.Get("Location")).WantCode(401, "UNAUTHENTICATED")
	app.Anonymous().Get("/api/http:status/other/"+id).WantCode(404, "NOT_FOUND")
	c.Get("/api/http:status/later/01ARZ3NDEKTSV4RRFFQ69G5FAV").WantCode(404, "NOT_FOUND")

	now := c.With("Prefer", "respond-async, wait=10").Post("/api/http:trigger/later", `{"amount":1}`).Want(200).Data()
	require.Equal(t, "succeeded", now["status"])
}

func TestEndpoint_RepeatsActOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	for key, atOnce := range map[string]bool{"now": true, "later": false} {
		endpoint(app, key, `{"auth": "none", "rate": 1000, `+params+`}`, atOnce)
		path := "/api/http:trigger/" + key
		c := app.Anonymous().With("Idempotency-Key", "key-0001")
		first := c.Post(path, `{"amount":1}`)
		again := c.Post(path, `{"amount":1}`).Want(first.Status)
		require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
		if atOnce {
			require.Equal(t, string(first.Body), string(again.Body))
		} else {
			require.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
		}
		c.Post(path, `{"amount":2}`).WantCode(422, "IDEMPOTENCY_KEY_REUSED")
		c.With("Idempotency-Key", "short").Post(path, `{"amount":2}`).Want(400)
		app.Anonymous().Post(path, `{"amount":1}`).Want(first.Status)
		app.Anonymous().Post(path, `{"amount":1}`).Want(first.Status)
	}
	require.Equal(t, 6, executions(t, app))
	app.Idle()
}

func TestEndpoint_People(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	endpoint(app, "mine", `{"auth": "user", "starters": ["caller"]}`, false)
	app.Role("caller", nil)
	calls, other := app.Person("cal", "caller"), app.Person("oth")
	app.Anonymous().Post("/api/http:trigger/mine", "{}").WantCode(401, "EMPTY_TOKEN")
	app.API("frl_wrong").Post("/api/http:trigger/mine", "{}").WantCode(401, "INVALID_TOKEN")
	app.API(app.Token(other, "workflows:run")).Post("/api/http:trigger/mine", "{}").WantCode(403, "WORKFLOW_NOT_ALLOWED")
	app.API(app.Token(calls, "records:read:*")).Post("/api/http:trigger/mine", "{}").WantCode(403, "SCOPE_MISSING")
	a := app.API(app.Token(calls, "workflows:run")).Post("/api/http:trigger/mine", "{}").Want(202)
	require.Contains(t, triggerOf(t, app), fmt.Sprintf(`"id":%d`, calls.ID))
	app.Role("rooter", nil)
	app.As(app.Root).Get(a.Header.Get("Location")).WantCode(403, "WORKFLOW_NOT_ALLOWED")
	app.API(app.Token(calls, "workflows:run")).Get(a.Header.Get("Location")).Want(200)
	app.Browser(calls).Send("POST", "/api/http:trigger/mine", "application/json", "{}").WantCode(401, "EMPTY_TOKEN")
}

func TestEndpoint_HeadAndOtherSites(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	endpoint(app, "site", `{"auth": "none", "rate": 1000, "methods": ["GET", "HEAD"], "cors": ["https://www.example.com"]}`, true)
	c := app.Anonymous()
	c.Send(http.MethodHead, "/api/http:trigger/site", "", "").Want(200)
	require.Contains(t, triggerOf(t, app), `"method":"GET"`)
	require.Equal(t, "GET, HEAD", c.Post("/api/http:trigger/site", "{}").Want(405).Header.Get("Allow"))

	ask := c.With("Origin", "https://www.example.com").With("Access-Control-Request-Method", "GET")
	a := ask.Send(http.MethodOptions, "/api/http:trigger/site", "", "").Want(204)
	require.Equal(t, []string{"https://www.example.com", "GET, HEAD"}, []string{a.Header.Get("Access-Control-Allow-Origin"), a.Header.Get("Access-Control-Allow-Methods")})
	a = c.With("Origin", "https://www.example.com").Get("/api/http:trigger/site").Want(200)
	require.Equal(t, []string{"https://www.example.com", "cross-origin"}, []string{a.Header.Get("Access-Control-Allow-Origin"), a.Header.Get("Cross-Origin-Resource-Policy")})
	for _, origin := range []string{"https://evil.example", "null", "http://www.example.com", "https://www.example.com.evil.example"} {
		require.Empty(t, c.With("Origin", origin).Get("/api/http:trigger/site").Want(200).Header.Get("Access-Control-Allow-Origin"), origin)
		ask.With("Origin", origin).Send(http.MethodOptions, "/api/http:trigger/site", "", "").Want(405)
	}
	require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"))
}

func TestEndpoint_IsExecutedByHand(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	app.Workflow(handlerstest.Workflow{
		Key: "pay", Type: "http_request", Sync: true, Disabled: true, Config: `{"key": {"value": "k"}, ` + params + `}`,
		Nodes: `[{"key": "r", "type": "response", "config": {"status": 201, "json": "{{ trigger.params.amount }}"}}, {"key": "o", "type": "output", "config": {"value": "never"}}]`,
	})
	api := app.As(app.Root)
	api.Post("/api/workflows:execute/pay?wait=10", `{"body": {"amount": "x"}}`).WantCode(400, "VALIDATION_FAILED")
	done := api.Post("/api/workflows:execute/pay?wait=10", `{"method": "put", "query": {"page": 2}, "headers": {"X-Tenant": "acme"}, "body": {"amount": 12.5}}`).Want(200).Data()
	require.Equal(t, "succeeded", done["execution"].(map[string]any)["status"]) //nolint:forcetypeassert // of the test
	require.Contains(t, triggerOf(t, app), `"params":{"X-Tenant":"acme","amount":12.5,"code":"EUR","page":2}`)
	require.Equal(t, 1, count(t, app, `SELECT COUNT(*) FROM executions WHERE output LIKE '%"status":201%'`), "it ends with what it would have answered")
	require.Equal(t, 1, count(t, app, "SELECT COUNT(*) FROM steps"))
}

func TestRequestLog_SendsAgain(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "again", `{"auth": {"basic": {"user": "a", "password": "b"}}, "dedupe": "trigger.body.id"}`)
	app.Anonymous().With("Authorization", "Basic YTpi").Post("/hooks/again", `{"id":"d-1"}`).Want(200)
	app.Anonymous().With("Authorization", "Basic YTpi").Send("POST", "/hooks/again", "text/plain", strings.Repeat("x", 70_000)).Want(200)
	w, err := models.WorkflowByKey(t.Context(), app.DB.Read(), "again")
	require.NoError(t, err)
	list, err := app.Engine.Requests(t.Context(), models.SystemAccess(), w, "", 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	app.Role("runner", []string{"workflow.run"})
	runner, err := app.DB.AccessOf(t.Context(), models.Person(app.Person("run", "runner").ID, ""))
	require.NoError(t, err)
	_, err = app.Engine.SendAgain(t.Context(), runner, "again", list[1].ID)
	require.True(t, models.IsCode(err, "NO_PERMISSION"), "what was sent may not be used by who may not see it")
	root, err := app.DB.AccessOf(t.Context(), models.Person(app.Root.ID, ""))
	require.NoError(t, err)
	done, err := app.Engine.SendAgain(t.Context(), root, "again", list[1].ID)
	require.NoError(t, err)
	require.False(t, done.Replayed, "it starts again although its key is known")
	require.Contains(t, triggerOf(t, app), `"kind":"replay"`)
	_, err = app.Engine.SendAgain(t.Context(), root, "again", list[0].ID)
	require.True(t, models.IsCode(err, "REQUEST_INCOMPLETE"))
	_, err = app.Engine.SendAgain(t.Context(), root, "again", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	require.True(t, models.IsKind(err, models.KindNotFound))
	require.Equal(t, 3, executions(t, app))
	sample, err := app.Engine.LastSample(t.Context(), root, w)
	require.NoError(t, err)
	require.Equal(t, []inbound.Declared{{Path: "id", Alias: "id", Type: "text"}}, sample.Body)
}

// TestRequests_HostileKeys sends names that mean something to other languages; they are
// ordinary keys down to the output of a script-free workflow.
func TestRequests_HostileKeys(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	hook(app, "keys", `{}`)
	for kind, body := range map[string]string{
		"application/json": `{"__proto__":{"constructor":{"prototype":1}},"a":{"__proto__":null}}`, "application/x-www-form-urlencoded": "__proto__[constructor][prototype]=1",
		"application/xml": `<__proto__><constructor>1</constructor></__proto__>`,
	} {
		app.Anonymous().Send("POST", "/hooks/keys", kind, body).Want(200)
	}
	app.Idle()
	require.Equal(t, 3, count(t, app, `SELECT COUNT(*) FROM executions WHERE status = 'succeeded' AND output LIKE '%__proto__%constructor%'`))
}

func TestSample_IsTakenOnce(t *testing.T) {
	t.Parallel()
	app := handlerstest.Start(t)
	root, err := app.DB.AccessOf(t.Context(), models.Person(app.Root.ID, ""))
	require.NoError(t, err)
	app.As(app.Root).Post("/api/workflows:create", `{"title": "Draft", "key": "draft", "type": "webhook", "config": {"auth": {"bearer": {"token": "canary"}}}}`).Want(200)
	hook(app, "live", `{}`)
	for _, key := range []string{"draft", "live"} {
		c := app.Anonymous().With("Authorization", "Bearer canary")
		w, err := models.WorkflowByKey(t.Context(), app.DB.Read(), key)
		require.NoError(t, err)
		c.Post("/hooks/draft", `{"a":1}`).Want(404)
		require.NoError(t, app.Engine.AwaitSample(root, w))
		if key == "draft" {
			app.Anonymous().Post("/hooks/draft", `{"a":1}`).Want(401)
		}
		c.Post("/hooks/"+key, `{"order":{"no":1}}`).Want(202)
		require.Zero(t, executions(t, app))
		sample, err := app.Engine.LastSample(t.Context(), root, w)
		require.NoError(t, err)
		require.Len(t, sample.Body, 2)
		require.NoError(t, app.Engine.AwaitSample(root, w))
		app.Clock.Advance(11 * time.Minute)
		c.Post("/hooks/draft", `{"a":1}`).Want(404)
	}
	app.Anonymous().Post("/hooks/live", `{"a":1}`).Want(200)
	require.Equal(t, 1, executions(t, app))
	w, err := models.WorkflowByKey(t.Context(), app.DB.Read(), "live")
	require.NoError(t, err)
	reader := models.Access{Principal: models.Person(app.Root.ID, ""), Layers: []models.Rights{{}}}
	require.Error(t, app.Engine.AwaitSample(reader, w))
}
