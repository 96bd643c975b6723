package handlers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const asksOutside = `[{"key": "say", "type": "update_record", "config": {"collection": "reimbursements", "filter": {"id": {"$eq": "{{ trigger.data.id }}"}}, "values": {"projectName": "{{ system.callbacks.c.url }}"}}},
  {"key": "c", "type": "wait_event", "config": {"kind": "callback", "fields": [{"name": "ok", "type": "boolean", "required": true}]}},
  {"key": "o", "type": "output", "config": {"value": "{{ nodes.c.body.ok }}"}}]`

func TestCallback_ResumesWhoeverGaveTheAddress(t *testing.T) {
	t.Parallel()
	app, api := start(t)
	app.Workflow(onCreate("flow", asksOutside))
	api.Post("/api/reimbursements:create?triggerWorkflows=flow", `{"projectName": "a", "amount": 1}`).Want(200)
	app.Idle()
	row := api.Get("/api/reimbursements:list").Want(200).List()[0]
	written, _ := row["projectName"].(string)
	_, path, found := strings.Cut(written, "/api/callback:resume/")
	require.True(t, found, written)
	path = "/api/callback:resume/" + path

	outside := app.Anonymous()
	outside.Get(path).Want(405)
	outside.Post(path, `{"ok": `).WantCode(400, "BAD_JSON")
	outside.Post(path, `{}`).WantCode(400, "VALIDATION_FAILED")
	outside.Post(path+"x", `{"ok": true}`).WantCode(404, "NOT_FOUND")
	outside.Send("POST", path, "application/json", `{"ok": true, "pad": "`+strings.Repeat("x", 2<<20)+`"}`).Want(413)
	outside.Post(path, `{"ok": true, "other": 1}`).Want(200)
	app.Idle()
	outside.Post(path, `{"ok": true}`).WantCode(409, "CALLBACK_USED")
	list := api.Get("/api/executions:list").Want(200).List()
	require.Equal(t, "succeeded", list[0]["status"])
}
