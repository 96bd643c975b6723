package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/handlers/handlerstest"
	"formrail/models"
	"formrail/models/field"
)

const twoSteps = `[{"key": "sum", "type": "calculation", "config": {"expression": "trigger.data.amount"}},
  {"key": "say", "type": "response_message", "config": {"message": "{{ nodes.sum }}"}}]`

func TestWorkflows_AreDuplicated(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", twoSteps))
	made := api.Post("/api/workflows:duplicate/flow", `{"title": "Another one", "version": "live"}`).Want(200).Data()
	require.Equal(t, "another_one", made["key"])
	require.Equal(t, false, made["enabled"])
	require.Equal(t, false, made["published"])
	require.Empty(t, made["findings"])
	nodes := api.Get("/api/workflows/another_one/nodes:list").Want(200).List()
	config, _ := nodes[1]["config"].(map[string]any)
	require.Equal(t, fmt.Sprintf("{{ nodes.%s }}", nodes[0]["key"]), config["message"])
	api.Post("/api/workflows:publish/another_one", "").Want(200)

	require.Equal(t, true, api.Post("/api/workflows:duplicate/flow", `{"title": "At once", "sync": true}`).Want(200).Data()["sync"])
	api.Post("/api/workflows:duplicate/flow", `{"title": "Same", "key": "flow"}`).WantCode(400, "NOT_UNIQUE")
	api.Post("/api/workflows:duplicate/flow", `{}`).WantCode(400, "VALIDATION_FAILED")
	api.Post("/api/workflows:duplicate/flow", `{"title": "A", "type": "nothing"}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/workflows:duplicate/flow", `{"title": "A", "colour": 1}`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/workflows:duplicate/flow", `{"title": "A", "version": "9"}`).WantCode(404, "NOT_FOUND")
	api.Post("/api/workflows:duplicate/unknown", `{"title": "A"}`).WantCode(404, "NOT_FOUND")

	app.Role("reader", []string{"workflow.view"})
	app.As(app.Person("rea", "reader")).Post("/api/workflows:duplicate/flow", `{"title": "A"}`).WantCode(403, "NO_PERMISSION")
	keyed := api.With("Idempotency-Key", "duplicate-once")
	first := keyed.Post("/api/workflows:duplicate/flow", `{"title": "Once"}`).Want(200).Data()
	require.Equal(t, first["id"], keyed.Post("/api/workflows:duplicate/flow", `{"title": "Once"}`).Want(200).Data()["id"])
}

func TestWorkflows_TellWhichButtonsStartThem(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", sayThanks))
	require.Empty(t, api.Get("/api/workflows:usage/flow").Want(200).List())
	tree, err := field.ParseJSON([]byte(`{"key": "claims", "title": "Claims", "rows": [{"columns": [{"width": 12, "blocks": [
		{"id": "form", "type": "createForm", "collection": "reimbursements", "fields": ["projectName"],
		 "actions": [{"id": "send", "type": "submit", "title": "Send", "bindings": [{"workflow": "flow", "path": "", "order": 1}]}]}]}]}]}`))
	require.NoError(t, err)
	page, problems := models.ReadPage(tree)
	require.Empty(t, problems)
	app.Write(func(ctx context.Context, tx *models.Tx) error {
		return models.SavePage(ctx, tx, models.SystemAccess(), page)
	})

	used := api.Get("/api/workflows:usage/flow").Want(200).List()
	require.Equal(t, []map[string]any{{
		"kind": "button", "page": "claims", "pageTitle": "Claims", "block": "form", "collection": "reimbursements",
		"action": "send", "type": "submit", "title": "Send", "path": "",
	}}, used)
	api.Get("/api/workflows:usage/flow?deep=1").WantCode(400, "BAD_PARAMETER")
	api.Get("/api/workflows:usage/unknown").WantCode(404, "NOT_FOUND")
}

func TestWorkflows_TellHowVersionsDiffer(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", twoSteps))
	require.Empty(t, api.Get("/api/workflows:diff/flow").Want(200).List())
	api.Post("/api/workflows:commands/flow", `{"commands": [
		{"command": "set_config", "args": {"key": "say", "field": "message", "value": "Hello"}},
		{"command": "add_node", "args": {"type": "end", "key": "e"}}]}`).Want(200)
	a := api.Get("/api/workflows:diff/flow?from=1&to=draft").Want(200)
	require.Equal(t, "2", fmt.Sprint(a.Meta()["count"]))
	found := a.List()
	require.Equal(t, "config.message", found[0]["field"])
	require.Equal(t, "{{ nodes.sum }}", found[0]["was"])
	require.Equal(t, "Hello", found[0]["now"])
	require.Equal(t, "added", found[1]["kind"])
	require.Equal(t, "Added “End” after “Response message”", found[1]["sentence"])
	back := api.Get("/api/workflows:diff/flow?from=draft&to=live").Want(200).List()
	require.Equal(t, "removed", back[1]["kind"])

	api.Get("/api/workflows:diff/flow?from=7").WantCode(404, "NOT_FOUND")
	api.Get("/api/workflows:diff/flow?from=odd").WantCode(404, "NOT_FOUND")
	api.Get("/api/workflows:diff/flow?since=1").WantCode(400, "BAD_PARAMETER")
	api.Get("/api/workflows:diff/unknown").WantCode(404, "NOT_FOUND")
}

func TestWorkflows_GoOutAndComeBackAsFiles(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", twoSteps))
	exported := api.Get("/api/workflows:export/flow?version=live").Want(200)
	content, err := json.Marshal(exported.JSON()["data"])
	require.NoError(t, err)
	require.NotContains(t, string(content), `"id"`)
	same := api.Post("/api/workflows:import", string(content)).Want(200).Data()
	require.Equal(t, false, same["new"])
	require.Empty(t, same["differences"])

	planned := api.Post("/api/workflows:import?key=second&dryRun=true", string(content)).Want(200).Data()
	require.Equal(t, true, planned["new"])
	require.Nil(t, planned["workflow"])
	api.Get("/api/workflows:get/second").WantCode(404, "NOT_FOUND")
	done := api.Post("/api/workflows:import?key=second", string(content)).Want(200).Data()
	made, _ := done["workflow"].(map[string]any)
	require.Equal(t, "second", made["key"])
	require.Equal(t, false, made["enabled"])
	again, err := json.Marshal(api.Get("/api/workflows:export/second").Want(200).Data()["nodes"])
	require.NoError(t, err)
	require.Contains(t, string(content), string(again))

	api.Post("/api/workflows:import", `{"formrail": 2}`).WantCode(400, "DEFINITION_INVALID")
	api.Post("/api/workflows:import", `"text"`).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/workflows:import?colour=1", string(content)).WantCode(400, "BAD_PARAMETER")
	api.Post("/api/workflows:import?key=Nö", string(content)).Want(400)
	api.Get("/api/workflows:export/flow?version=2").WantCode(404, "NOT_FOUND")
	api.Get("/api/workflows:export/unknown").WantCode(404, "NOT_FOUND")
	app.Role("reader", []string{"workflow.view"})
	reader := app.As(app.Person("rea", "reader"))
	reader.Get("/api/workflows:export/flow").Want(200)
	reader.Post("/api/workflows:import", string(content)).WantCode(403, "NO_PERMISSION")
	require.Len(t, api.Get("/api/workflows:list").Want(200).List(), 2)
}

func TestWorkflows_GoOutAndComeBackTogether(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("one", twoSteps))
	app.Workflow(onCreate("two", `[]`))
	content, err := json.Marshal(api.Post("/api/workflows:export", `{"keys": ["one", "two"]}`).Want(200).JSON()["data"])
	require.NoError(t, err)
	api.Get("/api/workflows:export?keys=one,three").WantCode(404, "NOT_FOUND")
	api.Get("/api/workflows:export").WantCode(400, "BAD_PARAMETER")

	other := handlerstest.Start(t)
	other.Collection(reimbursements)
	there := other.As(other.Root)
	broken := strings.Replace(string(content), `"type":"response_message"`, `"type":"nothing"`, 1)
	a := there.Post("/api/workflows:import", broken).WantCode(400, "DEFINITION_INVALID")
	require.Contains(t, a.Errors()[0]["field"], "say.type")
	there.Post("/api/workflows:import", strings.Replace(string(content), `"key":"two"`, `"key":"one"`, 1)).WantCode(400, "NOT_UNIQUE")
	a = there.Post("/api/workflows:import", strings.Replace(string(content), `"title":"two"`, `"title":1`, 1)).WantCode(400, "DEFINITION_INVALID")
	require.Equal(t, "[1].title", a.Errors()[0]["field"])
	there.Post("/api/workflows:import?key=other", string(content)).WantCode(400, "BAD_PARAMETER")
	there.Post("/api/workflows:import", `[]`).WantCode(400, "BAD_PARAMETER")
	require.Empty(t, there.Get("/api/workflows:list").Want(200).List(), "nothing is half taken")

	require.Len(t, there.Post("/api/workflows:import?dryRun=true", string(content)).Want(200).List(), 2)
	require.Empty(t, there.Get("/api/workflows:list").Want(200).List())
	for _, done := range there.Post("/api/workflows:import", string(content)).Want(200).List() {
		require.Equal(t, true, done["new"])
		require.NotNil(t, done["workflow"])
	}
	back, err := json.Marshal(there.Get("/api/workflows:export?keys=one,two").Want(200).JSON()["data"])
	require.NoError(t, err)
	require.JSONEq(t, string(content), string(back))
}

func TestWorkflows_AFileOfAnotherInstallationNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", `[]`))
	content, err := json.Marshal(api.Get("/api/workflows:export/flow").Want(200).JSON()["data"])
	require.NoError(t, err)
	other := handlerstest.Start(t)
	a := other.As(other.Root).Post("/api/workflows:import", string(content)).WantCode(400, "DEFINITION_INVALID")
	require.Equal(t, "trigger.collection", a.Errors()[0]["field"])
}
