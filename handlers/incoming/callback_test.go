package incoming_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/inbound"
	"formrail/handlers/handlerstest"
)

func startAsking(t *testing.T) *handlerstest.App {
	t.Helper()
	app := handlerstest.Start(t)
	app.Collection(`{"name": "addresses", "title": "Addresses", "fields": [{"name": "url", "type": "text", "title": "Address", "maxLength": 1000}]}`)
	return app
}

// asking is a workflow that answers with the address of a step that waits for calls, and
// with what came in the end.
func asking(app *handlerstest.App, key, wait string) {
	app.Workflow(handlerstest.Workflow{Key: key, Type: "webhook", Config: `{}`, Nodes: `[
		{"key": "say", "type": "create_record", "config": {"collection": "addresses", "values": {"url": "{{ system.callbacks.c.url }}"}}},
		{"key": "c", "type": "wait_event", "config": ` + wait + `}, {"key": "o", "type": "output", "config": {"value": "{{ nodes.c.calls }}"}}]`})
}

// asked starts such a workflow and gives the path of the address.
func asked(t *testing.T, app *handlerstest.App, key string) string {
	t.Helper()
	app.Anonymous().Post("/hooks/"+key, `{"order": 7}`).Want(200)
	app.Idle()
	var said string
	require.NoError(t, app.DB.Read().QueryRow(t.Context(), "SELECT url FROM c_addresses ORDER BY id DESC LIMIT 1").Scan(&said))
	_, token, found := strings.Cut(said, "/api/callback:resume/")
	require.True(t, found, said)
	return "/api/callback:resume/" + token
}

func TestCallback_AsksForProofAndAnswersAsConfigured(t *testing.T) {
	t.Parallel()
	app := startAsking(t)
	asking(app, "bearer", `{"kind": "callback", "auth": {"bearer": {"token": "canary-bearer"}},
		"answer": {"status": 202, "body": "took {{ trigger.body.order }} for {{ system.execution.id }}", "headers": [{"name": "X-Shop", "value": "7"}]}}`)
	path := asked(t, app, "bearer")
	c := app.Anonymous()
	refused := c.Post(path, `{"a": 1}`).WantCode(401, "UNAUTHENTICATED")
	require.Equal(t, "Bearer", refused.Header.Get("WWW-Authenticate"))
	c.With("Authorization", "Bearer canary-other").Post(path, `{"a": `).WantCode(401, "UNAUTHENTICATED")
	c.With("Authorization", "Bearer canary-bearer").Post(path, `{"a": `).WantCode(400, "BAD_JSON")
	answer := c.With("Authorization", "Bearer canary-bearer").Post(path, `{"a": 1}`).Want(202)
	require.Regexp(t, `^took 7 for [0-9A-Z]{26}$`, string(answer.Body))
	require.Equal(t, "7", answer.Header.Get("X-Shop"))
	require.Equal(t, "sandbox", answer.Header.Get("Content-Security-Policy"))
	app.Idle()
	c.With("Authorization", "Bearer canary-bearer").Post(path, `{"a": 1}`).WantCode(409, "CALLBACK_USED")
	c.Post(path, `{"a": 1}`).WantCode(401, "UNAUTHENTICATED")

	asking(app, "basic", `{"kind": "callback", "auth": {"basic": {"user": "shop", "password": "canary-basic"}}}`)
	path = asked(t, app, "basic")
	require.Equal(t, `Basic realm="webhook"`, c.Post(path, `{}`).WantCode(401, "UNAUTHENTICATED").Header.Get("WWW-Authenticate"))
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("shop:canary-basic"))
	require.JSONEq(t, `{"data": {"received": true}}`, string(c.With("Authorization", basic).Post(path, `{}`).Want(200).Body))

	asking(app, "elsewhere", `{"kind": "callback", "auth": {"ips": ["203.0.113.0/24"]}}`)
	c.Post(asked(t, app, "elsewhere"), `{}`).WantCode(403, "IP_DENIED")
	app.Idle()
	noLeaks(t, app, []string{"canary-", basic}, "/api/workflows:get/bearer?appends=nodes,versions", "/api/workflows:export/bearer", "/api/workflows:diff/bearer",
		"/api/executions:list")
	require.NotContains(t, string(app.As(app.Root).Get("/api/workflows:export/bearer").Body), `"secret"`, "files carry no reference either")
}

func TestCallback_ASignedCallCountsOnce(t *testing.T) {
	t.Parallel()
	app := startAsking(t)
	asking(app, "signed", `{"kind": "callback", "times": 2, "auth": {"signature": {"preset": "github", "secret": "canary-sign"}}}`)
	path := asked(t, app, "signed")
	sign := inbound.Presets()["github"]
	sign.Secrets = []string{"canary-sign"}
	send := func(body string) *handlerstest.Answer {
		return app.Anonymous().With("X-Hub-Signature-256", sign.Sign(nil, []byte(body))).Post(path, body)
	}
	app.Anonymous().With("X-Hub-Signature-256", sign.Sign(nil, []byte(`{"n":2}`))).Post(path, `{"n":1}`).WantCode(401, "SIGNATURE_INVALID")
	require.Empty(t, send(`{"n":1}`).Want(200).Header.Get("Idempotent-Replayed"))
	require.Equal(t, "true", send(`{"n":1}`).Want(200).Header.Get("Idempotent-Replayed"))
	app.Idle()
	api := app.As(app.Root)
	require.Equal(t, "waiting", api.Get("/api/executions:list").Want(200).List()[0]["status"])
	send(`{"n":2}`).Want(200)
	app.Idle()
	require.Equal(t, "succeeded", api.Get("/api/executions:list").Want(200).List()[0]["status"])
	require.Equal(t, "true", send(`{"n":2}`).Want(200).Header.Get("Idempotent-Replayed"), "also when nobody waits any more")
	send(`{"n":3}`).WantCode(409, "CALLBACK_USED")
	noLeaks(t, app, []string{"canary-", sign.Sign(nil, []byte(`{"n":1}`))[len("sha256="):]})
}

// Secrets of steps are sealed however they come into a draft, and stay with their workflow.
func TestCallback_SecretsOfStepsAreSealedInEveryEdit(t *testing.T) {
	t.Parallel()
	app := startAsking(t)
	asking(app, "one", `{"kind": "callback", "auth": {"bearer": {"token": "canary-1"}}}`)
	asking(app, "two", `{"kind": "callback"}`)
	api := app.As(app.Root)
	edit := func(key, commands string) {
		api.Post("/api/workflows:commands/"+key, `{"commands": [`+commands+`]}`).Want(200)
	}
	config := func(key, node string) string {
		var out string
		for _, n := range api.Get("/api/workflows:get/" + key + "?appends=nodes").Want(200).Data()["nodes"].([]any) {
			if m, _ := n.(map[string]any); m["key"] == node {
				b, err := json.Marshal(m["config"])
				require.NoError(t, err)
				out = string(b)
			}
		}
		return out
	}
	require.Contains(t, config("one", "c"), `"secret"`)
	edit("one", `{"command": "set_config", "args": {"key": "c", "field": "auth", "value": {"bearer": {"token": "canary-2"}}}}`)
	edit("one", `{"command": "add_node", "args": {"key": "d", "type": "wait_event", "config": {"kind": "callback", "auth": {"basic": {"user": "x", "password": "canary-3"}}}}}`)
	edit("one", `{"command": "paste_nodes", "args": {"nodes": [{"key": "p", "type": "wait_event", "config": {"kind": "callback", "auth": {"bearer": {"token": "canary-4"}}}}]}}`)
	edit("one", `{"command": "duplicate_nodes", "args": {"keys": ["c"]}}`)
	edit("two", fmt.Sprintf(`{"command": "set_config", "args": {"key": "c", "field": "auth", "value": %s}}`, authOf(t, config("one", "c"))))
	require.NotContains(t, config("two", "c"), `"secret"`, "a secret serves its own workflow only")
	require.Contains(t, config("one", "d"), `"secret"`)

	content, err := json.Marshal(api.Get("/api/workflows:export/one").Want(200).Data())
	require.NoError(t, err)
	file := string(content)
	require.NotContains(t, file, `"secret"`)
	before := config("one", "c")
	api.Send("POST", "/api/workflows:import", "application/json", file).Want(200)
	require.Equal(t, before, config("one", "c"), "a file without secrets keeps those of the steps it replaces")
	noLeaks(t, app, []string{"canary-"}, "/api/workflows:get/one?appends=nodes,versions", "/api/workflows:diff/one")
}

// authOf is the protection in the settings of a step.
func authOf(t *testing.T, config string) string {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(config), &m))
	return string(m["auth"])
}
